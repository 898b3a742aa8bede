#include "learn/transformer_layers.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WINDOWS   3
#define POSITIONS ((size_t)76)
#define SEED      7

/* Two heads, two blocks, windows of 5, 1 and 70 positions: the last is more
 * than attention takes at once. */
static const rk_tf_shape shape = {11, 16, 2, 2, 75};
static const uint32_t start[WINDOWS + 1] = {0, 5, 6, POSITIONS};
static uint32_t item[POSITIONS];
static uint32_t age[POSITIONS];
static const rk_tf_batch batch = {WINDOWS, start, item, age};

typedef struct net {
    rk_tf_layout l;
    rk_tf_room *room;
    float *w;
    float *g;
    float *to; /* (POSITIONS, d) the loss is the sum of h * to */
} net;


static void random_fill(float *x, size_t n, float size, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++)
        x[i] = size * (float)(2 * rk_rng_unit(&r) - 1);
}


static net net_new(void)
{
    net n = {0};

    assert_int_equal(rk_tf_layout_init(&n.l, &shape, NULL), RK_OK);
    assert_int_equal(rk_tf_room_new(&n.room, &shape, POSITIONS, WINDOWS, NULL),
                     RK_OK);
    n.w = rk_alloc_aligned(n.l.n, sizeof(float));
    n.g = rk_calloc(n.l.n, sizeof(float));
    n.to = rk_alloc_aligned(POSITIONS * shape.d, sizeof(float));
    assert_true(n.w && n.g && n.to);
    rk_tf_weights_draw(n.w, &n.l, &shape, SEED);
    random_fill(n.w + n.l.items, shape.n_items * shape.d, 0.3f, 2);
    random_fill(n.w + n.l.ages, shape.context * shape.d, 0.5f, 3);
    random_fill(n.to, POSITIONS * shape.d, 1, 4);
    for (uint32_t i = 0; i < WINDOWS; i++)
        for (uint32_t j = start[i]; j < start[i + 1]; j++) {
            item[j] = j * 7 % (uint32_t)shape.n_items;
            age[j] = start[i + 1] - 1 - j;
        }
    return n;
}


static void net_free(net *n)
{
    rk_tf_room_free(n->room);
    free(n->w);
    free(n->g);
    free(n->to);
}


static double loss_of(const net *n, float dropout)
{
    const float *h = rk_tf_forward(n->room, &n->l, n->w, &batch, dropout, SEED);
    double loss = 0;

    for (size_t i = 0; i < POSITIONS * shape.d; i++)
        loss += (double)h[i] * (double)n->to[i];
    return loss;
}


/* Along one random direction of weights [from, from + n): the slope measured
 * against the gradient's. */
static void slope_check(const net *n, size_t from, size_t count, float dropout)
{
    enum { MOST = 4096 };
    static float way[MOST];
    static float before[MOST];
    const double step = 2e-3;
    double expected = 0;
    double up;
    double down;
    double size = 0;

    assert_true(count <= MOST);
    random_fill(way, count, 1, 40 + from);
    memcpy(before, n->w + from, count * sizeof(*before));
    for (size_t i = 0; i < count; i++) {
        expected += (double)way[i] * (double)n->g[from + i];
        size += (double)n->g[from + i] * (double)n->g[from + i];
        n->w[from + i] = before[i] + (float)step * way[i];
    }
    up = loss_of(n, dropout);
    for (size_t i = 0; i < count; i++)
        n->w[from + i] = before[i] - (float)step * way[i];
    down = loss_of(n, dropout);
    memcpy(n->w + from, before, count * sizeof(*before));
    assert_true(size > 1e-6);
    assert_true(fabs((up - down) / (2 * step) - expected) <
                0.01 * sqrt(size) + 2e-3);
}


static void gradient_check(float dropout)
{
    net n = net_new();
    size_t d = shape.d;

    (void)loss_of(&n, dropout);
    {
        float *dh = rk_alloc_aligned(POSITIONS * d, sizeof(*dh));

        memcpy(dh, n.to, POSITIONS * d * sizeof(*dh));
        rk_tf_backward(n.room, &n.l, n.w, &batch, dh, n.g);
        free(dh);
    }
    slope_check(&n, n.l.items, shape.n_items * d, dropout);
    slope_check(&n, n.l.ages, shape.context * d, dropout);
    slope_check(&n, n.l.norm, d, dropout);
    for (size_t i = 0; i < shape.blocks; i++) {
        const rk_tf_block *b = &n.l.block[i];

        slope_check(&n, b->norm1, d, dropout);
        for (size_t part = 0; part < 3 * d; part += d / 4)
            slope_check(&n, b->qkv + part * d, d * d / 4, dropout);
        slope_check(&n, b->out, d * d, dropout);
        slope_check(&n, b->norm2, d, dropout);
        slope_check(&n, b->up, 4 * d * d, dropout);
        slope_check(&n, b->down, 4 * d * d, dropout);
    }
    net_free(&n);
}


static void test_gradients_are_the_slopes_of_the_loss(void **state)
{
    (void)state;
    gradient_check(0);
}


static void test_gradients_are_the_slopes_with_dropout_too(void **state)
{
    (void)state;
    gradient_check(0.3f);
}


static void test_no_position_sees_a_later_one_or_another_window(void **state)
{
    net n = net_new();
    size_t bytes = POSITIONS * shape.d * sizeof(float);
    float *before = rk_alloc_aligned(POSITIONS * shape.d, sizeof(float));
    const float *h;

    (void)state;
    h = rk_tf_forward(n.room, &n.l, n.w, &batch, 0, 0);
    memcpy(before, h, bytes);
    item[9] = (item[9] + 1) % (uint32_t)shape.n_items;
    h = rk_tf_forward(n.room, &n.l, n.w, &batch, 0, 0);
    for (size_t i = 0; i < POSITIONS; i++) {
        bool same = memcmp(before + i * shape.d, h + i * shape.d,
                           shape.d * sizeof(*h)) == 0;

        assert_int_equal(same, i < 9);
    }
    free(before);
    net_free(&n);
}


static void test_windows_do_not_depend_on_their_neighbours(void **state)
{
    net n = net_new();
    uint32_t alone_start[2] = {0, start[1]};
    rk_tf_batch alone = {1, alone_start, item, age};
    float *all = rk_alloc_aligned(POSITIONS * shape.d, sizeof(float));
    const float *h;

    (void)state;
    h = rk_tf_forward(n.room, &n.l, n.w, &batch, 0, 0);
    memcpy(all, h, POSITIONS * shape.d * sizeof(*all));
    h = rk_tf_forward(n.room, &n.l, n.w, &alone, 0, 0);
    for (size_t i = 0; i < start[1] * shape.d; i++)
        assert_true(fabsf(h[i] - all[i]) < 1e-5f);
    free(all);
    net_free(&n);
}


static void test_dropout_follows_its_seed(void **state)
{
    net n = net_new();
    double first = loss_of(&n, 0.5f);

    (void)state;
    assert_true(first == loss_of(&n, 0.5f));
    assert_true(first != loss_of(&n, 0));
    net_free(&n);
}


static void test_shapes_that_cannot_be_are_refused(void **state)
{
    static const rk_tf_shape bad[] = {
        {0, 16, 2, 2, 8},
        {11, 0, 2, 2, 8},
        {11, 12, 2, 2, 8},
        {11, 16, 2, 3, 8},
        {11, 16, 2, 0, 8},
        {11, 16, 0, 2, 8},
        {11, 16, 17, 2, 8},
        {11, 16, 2, 2, 0},
        {11, 16, 2, 2, 5000},
        {(size_t)1 << 40, 16, 2, 2, 8},
        {11, SIZE_MAX - 7, 2, 2, 8},
    };
    rk_tf_layout l;
    rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(rk_tf_layout_init(&l, &bad[i], &err), RK_EINVAL);
}


static void test_a_room_survives_each_failing_allocation(void **state)
{
    rk_tf_room *r;
    int rc = RK_ENOMEM;

    (void)state;
    for (size_t i = 1; rc != RK_OK; i++) {
        rk_mem_fail_at(i);
        rc = rk_tf_room_new(&r, &shape, POSITIONS, WINDOWS, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK ? i > 1 : rc == RK_ENOMEM && !r);
    }
    rk_tf_room_free(r);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_are_the_slopes_of_the_loss),
        cmocka_unit_test(test_gradients_are_the_slopes_with_dropout_too),
        cmocka_unit_test(test_no_position_sees_a_later_one_or_another_window),
        cmocka_unit_test(test_windows_do_not_depend_on_their_neighbours),
        cmocka_unit_test(test_dropout_follows_its_seed),
        cmocka_unit_test(test_shapes_that_cannot_be_are_refused),
        cmocka_unit_test(test_a_room_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

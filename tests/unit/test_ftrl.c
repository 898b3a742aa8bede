#include "learn/ftrl.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const rk_ftrl_opts mild = {0.3f, 1, 0, 0};


/* Algorithm 1 as printed, in double. */
typedef struct plain {
    double w;
    double z;
    double n;
} plain;


static void plain_step(plain *p, const rk_ftrl_opts *o, double g)
{
    double alpha = (double)o->alpha;
    double sigma = (sqrt(p->n + g * g) - sqrt(p->n)) / alpha;

    p->z += g - sigma * p->w;
    p->n += g * g;
    p->w = 0;
    if (fabs(p->z) > (double)o->l1)
        p->w = -(p->z - copysign((double)o->l1, p->z)) /
               (((double)o->beta + sqrt(p->n)) / alpha + (double)o->l2);
}


static void test_steps_are_those_of_the_algorithm(void **state)
{
    static const rk_ftrl_opts opts = {0.1f, 0.7f, 0.4f, 0.2f};
    enum { N = 11 };
    plain want[N] = {{0}};
    rk_rng r = {1};
    rk_ftrl f;

    (void)state;
    assert_int_equal(rk_ftrl_init(&f, N, &opts, NULL), RK_OK);
    for (size_t step = 0; step < 200; step++) {
        size_t first = step % 3;
        float g[N];

        for (size_t i = 0; i < N - first; i++) {
            g[i] = (float)(rk_rng_unit(&r) - 0.4);
            plain_step(&want[first + i], &opts, 2 * (double)g[i]);
        }
        rk_ftrl_step(&f, first, N - first, 2, g);
        for (size_t i = 0; i < N; i++)
            assert_true(fabs((double)f.w[i] - want[i].w) < 1e-4);
    }
    rk_ftrl_clear(&f);
}


/* Steps along the gradient of (w - target)^2 / 2 end near the target, or, where
 * the pull is under l1, at 0. */
static void test_weights_come_to_the_minimum(void **state)
{
    static const float target[] = {1, -0.5f, 0};
    rk_ftrl f;

    (void)state;
    assert_int_equal(rk_ftrl_init(&f, 3, &mild, NULL), RK_OK);
    for (size_t step = 0; step < 2000; step++)
        for (size_t i = 0; i < 3; i++) {
            float g = f.w[i] - target[i];

            rk_ftrl_step(&f, i, 1, 1, &g);
        }
    for (size_t i = 0; i < 3; i++)
        assert_true(fabsf(f.w[i] - target[i]) < 0.01f);
    rk_ftrl_clear(&f);
}


static void test_what_little_supports_is_exactly_zero(void **state)
{
    static const rk_ftrl_opts opts = {0.3f, 1, 5, 0};
    rk_rng r = {2};
    rk_ftrl f;

    (void)state;
    assert_int_equal(rk_ftrl_init(&f, 2, &opts, NULL), RK_OK);
    for (size_t step = 0; step < 100; step++) {
        float g[2] = {(float)(rk_rng_unit(&r) - 0.5) * 0.1f, -1};

        rk_ftrl_step(&f, 0, 2, 1, g);
    }
    assert_true(f.w[0] == 0);
    assert_true(f.w[1] > 0);
    rk_ftrl_clear(&f);
}


static void test_a_weight_started_elsewhere_stays_there(void **state)
{
    static const rk_ftrl_opts opts = {0.1f, 1, 0.2f, 0.3f};
    static const float none = 0;
    rk_ftrl f;

    (void)state;
    assert_int_equal(rk_ftrl_init(&f, 3, &opts, NULL), RK_OK);
    rk_ftrl_start(&f, 0, 0.25f);
    rk_ftrl_start(&f, 1, -2);
    rk_ftrl_start(&f, 2, 0);
    for (size_t i = 0; i < 3; i++)
        rk_ftrl_step(&f, i, 1, 1, &none);
    assert_true(fabsf(f.w[0] - 0.25f) < 1e-6f);
    assert_true(fabsf(f.w[1] + 2) < 1e-6f);
    assert_true(f.w[2] == 0);
    rk_ftrl_clear(&f);
}


static void test_options_out_of_range_are_refused(void **state)
{
    static const rk_ftrl_opts bad[] = {{0, 1, 0, 0},   {NAN, 1, 0, 0},
                                       {1, 0, 0, 0},   {1, 1, -1, 0},
                                       {1, 1, 0, NAN}, {INFINITY, 1, 0, 0}};
    rk_ftrl f;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(rk_ftrl_init(&f, 3, &bad[i], NULL), RK_EINVAL);
        rk_ftrl_clear(&f);
    }
    for (size_t fail = 1; fail <= 3; fail++) {
        rk_mem_fail_at(fail);
        assert_int_equal(rk_ftrl_init(&f, 3, &mild, NULL), RK_ENOMEM);
        rk_mem_fail_at(0);
        rk_ftrl_clear(&f);
    }
}


static void test_weights_can_be_taken(void **state)
{
    float *w;
    rk_ftrl f;

    (void)state;
    assert_int_equal(rk_ftrl_init(&f, 2, &mild, NULL), RK_OK);
    rk_ftrl_start(&f, 1, 3);
    w = rk_ftrl_take(&f);
    rk_ftrl_clear(&f);
    assert_true(w[1] == 3);
    free(w);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_those_of_the_algorithm),
        cmocka_unit_test(test_weights_come_to_the_minimum),
        cmocka_unit_test(test_what_little_supports_is_exactly_zero),
        cmocka_unit_test(test_a_weight_started_elsewhere_stays_there),
        cmocka_unit_test(test_options_out_of_range_are_refused),
        cmocka_unit_test(test_weights_can_be_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/softmax_loss.h"

#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More positions than one block has, and items that are no multiple of 8. */
#define N      ((size_t)213)
#define I      ((size_t)37)
#define D      ((size_t)16)
#define DRAWS  ((size_t)24)
#define TRIALS 4000
#define SCALE  0.25f

typedef struct setting {
    float rows[I * D];
    float bias[I];
    float h[N * D];
    uint32_t target[N];
    float d_rows[I * D];
    float d_bias[I];
    float dh[N * D];
    float *room;
} setting;


static void random_fill(float *x, size_t n, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(2 * rk_rng_unit(&r) - 1);
}


static setting *setting_new(void)
{
    setting *s = calloc(1, sizeof(*s));
    size_t room = rk_softmax_room(I, D);

    assert_non_null(s);
    s->room = malloc(room * sizeof(*s->room));
    assert_non_null(s->room);
    random_fill(s->rows, I * D, 1);
    random_fill(s->bias, I, 2);
    random_fill(s->h, N * D, 3);
    for (size_t i = 0; i < N; i++)
        s->target[i] = (uint32_t)(i * 5 % I);
    return s;
}


static void setting_free(setting *s)
{
    free(s->room);
    free(s);
}


static rk_softmax_items items_of(setting *s)
{
    return (rk_softmax_items){I, D, s->rows, s->bias, s->d_rows, s->d_bias};
}


static rk_softmax_positions positions_of(setting *s, size_t n)
{
    return (rk_softmax_positions){n, s->h, s->target, SCALE, s->dh};
}


/* In double, as the equation stands: p (I) of one position; returns its
 * loss. */
static double naive(const setting *s, size_t i, double *p)
{
    double sum = 0;
    double own;

    for (size_t j = 0; j < I; j++) {
        p[j] = (double)s->bias[j];
        for (size_t k = 0; k < D; k++)
            p[j] += (double)s->h[i * D + k] * (double)s->rows[j * D + k];
        p[j] = exp(p[j]);
        sum += p[j];
    }
    own = p[s->target[i]];
    for (size_t j = 0; j < I; j++)
        p[j] /= sum;
    return log(sum / own);
}


static void
test_the_loss_and_its_gradient_are_those_of_the_equation(void **state)
{
    setting *s = setting_new();
    rk_softmax_items items = items_of(s);
    rk_softmax_positions at = positions_of(s, N);
    static double d_rows[I * D];
    static double d_bias[I];
    double p[I];
    double loss = 0;
    double found = rk_softmax_loss(&items, &at, s->room);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        loss += naive(s, i, p);
        p[s->target[i]] -= 1;
        for (size_t k = 0; k < D; k++) {
            double dh = 0;

            for (size_t j = 0; j < I; j++) {
                dh += (double)SCALE * p[j] * (double)s->rows[j * D + k];
                d_rows[j * D + k] += (double)SCALE * p[j] *
                                     (double)s->h[i * D + k];
            }
            assert_true(fabs(dh - (double)s->dh[i * D + k]) < 1e-5);
        }
        for (size_t j = 0; j < I; j++)
            d_bias[j] += (double)SCALE * p[j];
    }
    assert_true(fabs(found - loss) < 1e-5 * loss);
    for (size_t j = 0; j < I * D; j++)
        assert_true(fabs(d_rows[j] - (double)s->d_rows[j]) < 1e-4);
    for (size_t j = 0; j < I; j++)
        assert_true(fabs(d_bias[j] - (double)s->d_bias[j]) < 1e-4);
    setting_free(s);
}


static void test_gradients_are_added_to_what_was_there(void **state)
{
    setting *s = setting_new();
    rk_softmax_items items = items_of(s);
    rk_softmax_positions at = positions_of(s, 5);
    float once;

    (void)state;
    (void)rk_softmax_loss(&items, &at, s->room);
    once = s->d_rows[3];
    (void)rk_softmax_loss(&items, &at, s->room);
    assert_true(once != 0);
    assert_true(fabsf(s->d_rows[3] - 2 * once) < 1e-6f);
    setting_free(s);
}


/* Each item drawn once with an expectation of one: nothing is estimated. */
static void test_a_sample_of_everything_is_the_full_loss(void **state)
{
    setting *s = setting_new();
    setting *t = setting_new();
    rk_softmax_items full = items_of(s);
    rk_softmax_items drawn = items_of(t);
    rk_softmax_positions at = positions_of(s, N);
    rk_softmax_positions also = positions_of(t, N);
    uint32_t all[I];
    float zero[I] = {0};
    double a;
    double b;

    (void)state;
    for (uint32_t j = 0; j < I; j++)
        all[j] = (j * 3 + 1) % I;
    a = rk_softmax_loss(&full, &at, s->room);
    b = rk_softmax_loss_sampled(&drawn, &also,
                                &(rk_softmax_sample){I, all, zero}, t->room);
    assert_true(fabs(a - b) < 1e-5 * a);
    for (size_t j = 0; j < N * D; j++)
        assert_true(fabsf(s->dh[j] - t->dh[j]) < 1e-5f);
    for (size_t j = 0; j < I * D; j++)
        assert_true(fabsf(s->d_rows[j] - t->d_rows[j]) < 1e-4f);
    for (size_t j = 0; j < I; j++)
        assert_true(fabsf(s->d_bias[j] - t->d_bias[j]) < 1e-4f);
    setting_free(s);
    setting_free(t);
}


/* exp(loss) is Z over the answer's share: its mean is the true one. */
static void test_the_sampled_sum_is_right_in_the_mean(void **state)
{
    setting *s = setting_new();
    rk_softmax_items items = items_of(s);
    rk_softmax_positions at = positions_of(s, 1);
    uint32_t drawn[DRAWS];
    float log_expected[DRAWS];
    double p[I];
    double expected = exp(naive(s, 0, p));
    double mean = 0;
    rk_rng rng = {5};

    (void)state;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        for (size_t j = 0; j < DRAWS; j++) {
            /* Item i has i + 1 of the lots. */
            uint32_t lot = rk_rng_below(&rng, I * (I + 1) / 2);
            uint32_t i = 0;

            for (; lot > i; i++)
                lot -= i + 1;
            drawn[j] = i;
            log_expected[j] = (float)log(DRAWS * (double)(i + 1) /
                                         (I * (I + 1) / 2.0));
        }
        mean += exp(rk_softmax_loss_sampled(
                    &items, &at,
                    &(rk_softmax_sample){DRAWS, drawn, log_expected},
                    s->room)) /
                TRIALS;
    }
    assert_true(fabs(mean - expected) < 0.03 * expected);
    setting_free(s);
}


static void test_great_logits_neither_overflow_nor_vanish(void **state)
{
    setting *s = setting_new();
    rk_softmax_items items = items_of(s);
    rk_softmax_positions at = positions_of(s, N);
    double loss;

    (void)state;
    for (size_t j = 0; j < I; j++)
        s->bias[j] = j % 2 ? 300.0f : -300.0f;
    loss = rk_softmax_loss(&items, &at, s->room);
    assert_true(isfinite(loss));
    for (size_t j = 0; j < N * D; j++)
        assert_true(isfinite(s->dh[j]));
    setting_free(s);
}


static void test_rooms_that_cannot_be_counted_are_the_largest(void **state)
{
    (void)state;
    assert_true(rk_softmax_room(SIZE_MAX / 2, 64) == SIZE_MAX);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_the_loss_and_its_gradient_are_those_of_the_equation),
        cmocka_unit_test(test_gradients_are_added_to_what_was_there),
        cmocka_unit_test(test_a_sample_of_everything_is_the_full_loss),
        cmocka_unit_test(test_the_sampled_sum_is_right_in_the_mean),
        cmocka_unit_test(test_great_logits_neither_overflow_nor_vanish),
        cmocka_unit_test(test_rooms_that_cannot_be_counted_are_the_largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

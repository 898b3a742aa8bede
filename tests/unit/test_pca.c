#include "learn/pca.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N     ((size_t)200)
#define WIDTH ((size_t)6)
#define STD   0.5f

static float x[N * WIDTH];


/* Coordinates with different spreads, so that directions are known: the axes
 * 3, 0, 5, 1, 4, 2 in that order. */
static int points(void **state)
{
    static const float spread[WIDTH] = {5, 3, 1, 8, 2, 4};
    rk_rng r = {4};

    (void)state;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < WIDTH; j++)
            x[i * WIDTH + j] = 100 +
                               spread[j] * (float)(2 * rk_rng_unit(&r) - 1);
    return 0;
}


static void
test_columns_have_no_mean_do_not_correlate_and_fall_in_size(void **state)
{
    enum { D = 3 };
    static float out[N * D];
    double cov[D][D] = {{0}};
    double mean[D] = {0};

    (void)state;
    assert_int_equal(rk_pca(x, N, WIDTH, D, STD, out, NULL), RK_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) {
            mean[j] += (double)out[i * D + j] / N;
            for (size_t k = 0; k < D; k++)
                cov[j][k] += (double)out[i * D + j] * (double)out[i * D + k] /
                             N;
        }
    for (size_t j = 0; j < D; j++) {
        assert_true(fabs(mean[j]) < 1e-4);
        for (size_t k = 0; k < j; k++)
            assert_true(fabs(cov[j][k]) < 1e-4);
    }
    assert_true(cov[0][0] > cov[1][1] && cov[1][1] > cov[2][2]);
    assert_true(fabs((cov[0][0] + cov[1][1] + cov[2][2]) / D -
                     (double)(STD * STD)) < 1e-4);
}


/* All directions: a turn and a scale, so that distances keep their ratio. */
static void test_nothing_is_lost_when_all_directions_are_kept(void **state)
{
    enum { D = 8 };
    static float out[N * D];
    double ratio = 0;

    (void)state;
    for (size_t i = 0; i < N * D; i++)
        out[i] = 7;
    assert_int_equal(rk_pca(x, N, WIDTH, D, STD, out, NULL), RK_OK);
    for (size_t i = 1; i < N; i++) {
        double before = 0;
        double after = 0;

        for (size_t j = 0; j < WIDTH; j++) {
            before += pow((double)(x[i * WIDTH + j] - x[j]), 2);
            after += pow((double)(out[i * D + j] - out[j]), 2);
        }
        ratio = i == 1 ? after / before : ratio;
        assert_true(fabs(after / before - ratio) < 1e-3 * ratio);
        assert_true(out[i * D + 6] == 7 && out[i * D + 7] == 7);
    }
}


static void test_values_that_are_not_finite_are_refused(void **state)
{
    static float out[N * 2];
    float kept = x[9];

    (void)state;
    x[9] = NAN;
    assert_int_equal(rk_pca(x, N, WIDTH, 2, STD, out, NULL), RK_EINVAL);
    x[9] = kept;
}


static void test_each_failing_allocation_is_survived(void **state)
{
    static float out[N * 2];
    int rc = RK_ENOMEM;
    size_t i;

    (void)state;
    for (i = 1; rc != RK_OK; i++) {
        rk_mem_fail_at(i);
        rc = rk_pca(x, N, WIDTH, 2, STD, out, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    }
    assert_true(i > 4);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_columns_have_no_mean_do_not_correlate_and_fall_in_size),
        cmocka_unit_test(test_nothing_is_lost_when_all_directions_are_kept),
        cmocka_unit_test(test_values_that_are_not_finite_are_refused),
        cmocka_unit_test(test_each_failing_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, points, NULL);
}

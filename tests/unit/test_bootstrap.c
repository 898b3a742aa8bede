#include "eval/bootstrap.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { N = 200 };

/* a, b correlated with a, and their difference. */
typedef struct sample {
    double a[N];
    double b[N];
} sample;


static void means(const void *ctx, const uint32_t *drawn, double *figures)
{
    const sample *s = ctx;

    figures[0] = figures[1] = 0;
    for (size_t i = 0; i < N; i++) {
        figures[0] += drawn[i] * s->a[i] / N;
        figures[1] += drawn[i] * s->b[i] / N;
    }
    figures[2] = figures[1] - figures[0];
    figures[3] = NAN;
}


static void sample_draw(sample *s, uint64_t seed)
{
    rk_rng rng = {seed};

    for (size_t i = 0; i < N; i++) {
        s->a[i] = rk_rng_unit(&rng);
        s->b[i] = s->a[i] + 0.1 * rk_rng_unit(&rng);
    }
}


/* The mean of a uniform variable is .5: 95 intervals of 100 should hold it. */
static void test_intervals_cover_as_often_as_they_say(void **state)
{
    size_t covered = 0;
    double low[4];
    double high[4];
    sample s;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        const rk_bootstrap b = {N, 4, 200, seed, means, &s};

        sample_draw(&s, seed * 1000);
        assert_int_equal(rk_bootstrap_run(&b, low, high, NULL), RK_OK);
        covered += low[0] <= 0.5 && 0.5 <= high[0];
    }
    assert_in_range(covered, 180, 198);
}


static void test_pairs_are_narrower_than_two_apart(void **state)
{
    double low[4];
    double high[4];
    double apart;
    sample s;
    const rk_bootstrap b = {N, 4, 0, 3, means, &s};

    (void)state;
    sample_draw(&s, 9);
    assert_int_equal(rk_bootstrap_run(&b, low, high, NULL), RK_OK);
    apart = hypot(high[0] - low[0], high[1] - low[1]);
    assert_true(high[2] - low[2] < apart / 5);
    assert_true(low[2] > 0.03 && high[2] < 0.07);
    assert_true(isnan(low[3]) && isnan(high[3]));
}


static void test_the_same_seed_gives_the_same_interval(void **state)
{
    double low[2][4];
    double high[2][4];
    sample s;
    const rk_bootstrap b = {N, 4, 50, 5, means, &s};

    (void)state;
    sample_draw(&s, 2);
    assert_int_equal(rk_bootstrap_run(&b, low[0], high[0], NULL), RK_OK);
    assert_int_equal(rk_bootstrap_run(&b, low[1], high[1], NULL), RK_OK);
    for (size_t i = 0; i < 3; i++)
        assert_true(low[0][i] == low[1][i] && high[0][i] == high[1][i]);
}


static void test_a_bootstrap_survives_each_allocation_failing(void **state)
{
    double low[4];
    double high[4];
    size_t n = 0;
    sample s;
    rk_bootstrap b = {N, 4, 20, 5, means, &s};
    int rc;

    (void)state;
    sample_draw(&s, 2);
    do {
        rk_mem_fail_at(++n);
        rc = rk_bootstrap_run(&b, low, high, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(rc == RK_OK || isnan(low[0]));
    } while (rc != RK_OK);
    assert_true(n > 3); /* figures, a column, and each thread's draws */
    b.n_resamples = 1000001;
    assert_int_equal(rk_bootstrap_run(&b, low, high, NULL), RK_EINVAL);
    b.n_resamples = 10;
    b.n_units = 0;
    assert_int_equal(rk_bootstrap_run(&b, low, high, NULL), RK_OK);
    assert_true(isnan(low[0]) && isnan(high[0]));
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals_cover_as_often_as_they_say),
        cmocka_unit_test(test_pairs_are_narrower_than_two_apart),
        cmocka_unit_test(test_the_same_seed_gives_the_same_interval),
        cmocka_unit_test(test_a_bootstrap_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

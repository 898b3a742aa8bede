#include "eval/scale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double found, double wanted)
{
    assert_true(fabs(found - wanted) <= 1e-9 * (1 + fabs(wanted)));
}


static void test_ends_of_an_axis_are_0_and_100(void **state)
{
    rk_scale s = rk_scale_over(2, 6, false);

    (void)state;
    assert_near(rk_scale_at(&s, 2), 0);
    assert_near(rk_scale_at(&s, 3), 25);
    assert_near(rk_scale_at(&s, 6), 100);
    s = rk_scale_over(1, 10000, true);
    assert_near(rk_scale_at(&s, 1), 0);
    assert_near(rk_scale_at(&s, 10), 25);
    assert_near(rk_scale_at(&s, 100), 50);
}


static void test_what_lies_outside_stays_on_the_axis(void **state)
{
    rk_scale s = rk_scale_over(1, 10, true);

    (void)state;
    assert_near(rk_scale_at(&s, 0.001), 0);
    assert_near(rk_scale_at(&s, 1e9), 100);
    assert_near(rk_scale_at(&s, 0), 0);
    assert_near(rk_scale_at(&s, -5), 0);
    assert_near(rk_scale_at(&s, NAN), 0);
}


static void test_degenerate_ends_make_an_axis_all_the_same(void **state)
{
    static const double odd[] = {0,   1,   -3,       1e-12,
                                 5e8, NAN, INFINITY, -INFINITY};
    const size_t n = sizeof(odd) / sizeof(odd[0]);

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (int log = 0; log < 2; log++) {
                rk_scale s = rk_scale_over(odd[i], odd[j], log);
                double ticks[6];
                size_t found = rk_scale_ticks(&s, ticks, 6);

                assert_true(isfinite(s.lo) && isfinite(s.hi));
                assert_true(s.lo < s.hi);
                assert_true(!log || s.lo > 0);
                assert_true(found <= 6);
            }
}


static void test_ticks_are_round_and_within_the_axis(void **state)
{
    static const double ends[][2] = {
        {0, 0.1834}, {0, 1}, {0.37, 0.41}, {-2, 7}, {0, 123456}};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        rk_scale s = rk_scale_over(ends[i][0], ends[i][1], false);
        double ticks[6];
        size_t n = rk_scale_ticks(&s, ticks, 6);

        assert_true(n >= 2);
        for (size_t j = 0; j < n; j++) {
            double step = ticks[1] - ticks[0];
            double unit = step / pow(10, floor(log10(step) + 1e-9));

            assert_true(ticks[j] >= s.lo - 1e-9 * step);
            assert_true(ticks[j] <= s.hi + 1e-9 * step);
            assert_true(fabs(unit - 1) < 1e-6 || fabs(unit - 2) < 1e-6 ||
                        fabs(unit - 5) < 1e-6);
        }
    }
}


static void test_ticks_of_a_logarithm_are_powers_of_ten(void **state)
{
    rk_scale s = rk_scale_over(3, 25000, true);
    double ticks[6];

    (void)state;
    assert_int_equal(rk_scale_ticks(&s, ticks, 6), 4);
    assert_near(ticks[0], 10);
    assert_near(ticks[3], 10000);
    assert_int_equal(rk_scale_ticks(&s, ticks, 2), 2);
    assert_int_equal(rk_scale_ticks(&s, ticks, 0), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_an_axis_are_0_and_100),
        cmocka_unit_test(test_what_lies_outside_stays_on_the_axis),
        cmocka_unit_test(test_degenerate_ends_make_an_axis_all_the_same),
        cmocka_unit_test(test_ticks_are_round_and_within_the_axis),
        cmocka_unit_test(test_ticks_of_a_logarithm_are_powers_of_ten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

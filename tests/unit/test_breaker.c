#include "core/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void fail_times(rk_breaker *b, int n, int64_t now)
{
    for (int i = 0; i < n; i++)
        rk_breaker_note(b, false, now);
}


static void test_breaker_opens_after_five_failures_in_a_row(void **state)
{
    rk_breaker b = {0};

    (void)state;
    fail_times(&b, 4, 1000);
    assert_int_equal(rk_breaker_wait_us(&b, 1000), 0);
    rk_breaker_note(&b, true, 1000);
    fail_times(&b, 4, 1000);
    assert_int_equal(rk_breaker_wait_us(&b, 1000), 0);
    fail_times(&b, 1, 1000);
    assert_int_equal(rk_breaker_wait_us(&b, 1000), RK_BREAKER_COOL_US);
    assert_int_equal(rk_breaker_wait_us(&b, 1000 + RK_BREAKER_COOL_US - 1), 1);
}


static void test_breaker_lets_one_trial_through_when_it_has_cooled(void **state)
{
    int64_t later = 1000 + RK_BREAKER_COOL_US;
    rk_breaker b = {0};

    (void)state;
    fail_times(&b, 5, 1000);
    assert_int_equal(rk_breaker_wait_us(&b, later), 0);
    rk_breaker_note(&b, false, later); /* the trial failed */
    assert_int_equal(rk_breaker_wait_us(&b, later), RK_BREAKER_COOL_US);
    rk_breaker_note(&b, true, later + RK_BREAKER_COOL_US);
    fail_times(&b, 4, later + RK_BREAKER_COOL_US);
    assert_int_equal(rk_breaker_wait_us(&b, later + RK_BREAKER_COOL_US), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker_opens_after_five_failures_in_a_row),
        cmocka_unit_test(
            test_breaker_lets_one_trial_through_when_it_has_cooled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

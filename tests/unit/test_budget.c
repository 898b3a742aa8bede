/* Arithmetic of what a request may spend. */
#include "llm/backend.h"
#include "llm/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_US INT64_C(86400000000)


static rk_cost cost(uint64_t tokens, uint64_t micros, int64_t took_us)
{
    return (rk_cost){{tokens, micros}, took_us};
}


static void assert_fits(const rk_budget *b, rk_cost c, int64_t elapsed_us)
{
    char why[RK_BUDGET_WHY];

    if (!rk_budget_fits(b, &c, elapsed_us, why))
        fail_msg("does not fit: %s", why);
    assert_string_equal(why, "");
}


static void assert_over(const rk_budget *b, rk_cost c, int64_t elapsed_us,
                        const char *expected)
{
    char why[RK_BUDGET_WHY];

    assert_false(rk_budget_fits(b, &c, elapsed_us, why));
    assert_string_equal(why, expected);
}


static void test_budget_without_limits_lets_all_be_asked(void **state)
{
    const rk_budget b = {0};

    (void)state;
    assert_false(rk_limits_any(&b.limits));
    assert_fits(&b, cost(UINT64_MAX, UINT64_MAX, INT64_MAX), INT64_MAX);
}


static void test_budget_holds_time_against_what_is_left_of_it(void **state)
{
    const rk_budget b = {.limits.deadline_us = 300000};

    (void)state;
    assert_true(rk_limits_any(&b.limits));
    assert_false(rk_limits_of_a_day(&b.limits));
    assert_fits(&b, cost(1, 0, 300000), 0);
    assert_fits(&b, cost(1, 0, 100000), 200000);
    assert_over(&b, cost(1, 0, 300001), 0, "deadline 300 ms");
    assert_over(&b, cost(1, 0, 100001), 200000, "deadline 300 ms");
    assert_over(&b, cost(1, 0, 0), 300000, "deadline 300 ms");
    assert_over(&b, cost(1, 0, INT64_MAX), INT64_MAX, "deadline 300 ms");
}


static void test_budget_lets_what_costs_nothing_be_had(void **state)
{
    const rk_budget b = {.limits = {.deadline_us = 1, .day = {1, 1}},
                         .day = {5, 5},
                         .closed = true};

    (void)state;
    assert_fits(&b, cost(0, 0, 0), 1000);
    assert_over(&b, cost(1, 0, 0), 0, "deadline 0.001 ms");
}


static void test_budget_counts_request_user_and_day(void **state)
{
    rk_budget b = {.limits = {.request = {100, 0},
                              .user_day = {1000, 0},
                              .day = {50000, 0}}};

    (void)state;
    assert_true(rk_limits_of_a_day(&b.limits));
    assert_fits(&b, cost(100, 9, 9), 9);
    assert_over(&b, cost(101, 0, 0), 0,
                "the request's 100 tokens leave no room");
    b.request.tokens = 100;
    assert_over(&b, cost(1, 0, 0), 0, "the request's 100 tokens are spent");
    b.request.tokens = 60;
    b.user_day.tokens = 920;
    assert_fits(&b, cost(20, 0, 0), 0);
    assert_over(&b, cost(21, 0, 0), 0,
                "the user's daily 1000 tokens leave no room");
    b.user_day.tokens = 0;
    b.day.tokens = 50000;
    assert_over(&b, cost(1, 0, 0), 0, "the day's 50000 tokens are spent");
}


static void test_budget_counts_money_as_well(void **state)
{
    rk_budget b = {.limits = {.request = {0, 2500000}, .day = {0, 3000000}}};

    (void)state;
    assert_fits(&b, cost(9999, 2500000, 0), 0);
    assert_over(&b, cost(1, 2500001, 0), 0,
                "the request's 2.5 of money leave no room");
    b.day.micros = 3000000;
    assert_over(&b, cost(1, 1, 0), 0, "the day's 3 of money are spent");
    assert_fits(&b, cost(1, 0, 0), 0); /* what is free goes on */
}


static void test_budget_does_not_overflow(void **state)
{
    rk_budget b = {.limits.day = {UINT64_MAX - 1, UINT64_MAX - 1}};
    rk_spent s = {UINT64_MAX - 1, 3};

    (void)state;
    b.day = (rk_spent){UINT64_MAX - 1, 1};
    b.request = (rk_spent){5, 1};
    assert_over(&b, cost(5, 1, 0), 0,
                "the day's 18446744073709551614 tokens are spent");
    rk_spent_add(&s, (rk_spent){7, 4});
    assert_true(s.tokens == UINT64_MAX);
    assert_true(s.micros == 7);
    assert_true(rk_micros(1e300, 2) == UINT64_MAX);
    assert_true(rk_micros(1, UINT64_MAX) == UINT64_MAX);
}


static void test_budget_rounds_money_up(void **state)
{
    (void)state;
    assert_true(rk_micros(0, 1000) == 0);
    assert_true(rk_micros(0.15, 1) == 1);
    assert_true(rk_micros(0.15, 1000) == 150);
    assert_true(rk_micros(10, 1000001) == 10000010);
}


static void test_budget_takes_the_tighter_of_two_limits(void **state)
{
    rk_limits l = {.deadline_us = 100, .request = {10, 0}, .day = {0, 5}};
    const rk_limits other = {.deadline_us = 200,
                             .request = {5, 7},
                             .user_day = {3, 0},
                             .day = {0, 9}};

    (void)state;
    rk_limits_tighten(&l, &other);
    assert_int_equal(l.deadline_us, 100);
    assert_int_equal(l.request.tokens, 5);
    assert_int_equal(l.request.micros, 7);
    assert_int_equal(l.user_day.tokens, 3);
    assert_int_equal(l.day.micros, 5);
    assert_int_equal(l.day.tokens, 0);
    rk_limits_tighten(&l, &(rk_limits){.deadline_us = 50});
    assert_int_equal(l.deadline_us, 50);
}


static void test_budget_day_rolls_over_at_midnight(void **state)
{
    (void)state;
    assert_int_equal(rk_budget_day(0), 0);
    assert_int_equal(rk_budget_day(DAY_US - 1), 0);
    assert_int_equal(rk_budget_day(DAY_US), 1);
    assert_int_equal(rk_budget_day(-1), -1);
    assert_int_equal(rk_budget_day(-DAY_US), -1);
    assert_int_equal(rk_budget_day(-DAY_US - 1), -2);
    assert_int_equal(rk_budget_day(20000 * DAY_US + 5), 20000);
}


static void test_budget_reckons_cost_from_tokens(void **state)
{
    rk_cost c = {0};
    rk_llm *m;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&m, RK_WRITER, NULL), RK_OK);
    rk_llm_guess_us_per_token(m, 250);
    rk_llm_guess_us_per_token(m, 9999); /* known already */
    m->info.price_in = 0.5;
    rk_cost_add(&c, m, 100);
    rk_cost_add(&c, m, 11);
    assert_int_equal(c.spent.tokens, 111);
    assert_int_equal(c.spent.micros, 56);
    assert_int_equal(c.took_us, 27750);
    rk_llm_guess_us_per_token(m, 0);
    rk_cost_add(&c, m, UINT64_MAX);
    assert_true(c.spent.tokens == UINT64_MAX);
    assert_true(c.took_us > 0);
    rk_llm_close(m);
}


/* Fewer tokens than tell a speed leave it unknown. */
static void test_a_model_learns_its_speed_and_stops_in_time(void **state)
{
    static const char *const few[] = {" war"};
    static const char *const many[] = {
        " a b c d e f g h i j k l m n o p q r s t"};
    rk_error err;
    float logp;
    rk_llm *m;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&m, RK_WRITER, NULL), RK_OK);
    assert_int_equal(rk_llm_likelihood(m, "x", few, 1, &logp, NULL, NULL), 0);
    assert_true(rk_llm_us_per_token(m) == 0);
    assert_int_equal(rk_llm_likelihood(m, "x", many, 1, &logp, NULL, NULL), 0);
    assert_int_equal(rk_llm_usage_of(m)->calls, 2);
    rk_llm_until(m, 1); /* long ago */
    assert_int_equal(rk_llm_likelihood(m, "x", many, 1, &logp, NULL, &err),
                     RK_ECANCELLED);
    assert_string_equal(err.msg, "the time is over");
    rk_llm_until(m, 0);
    assert_int_equal(rk_llm_likelihood(m, "x", many, 1, &logp, NULL, NULL), 0);
    rk_llm_close(m);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_without_limits_lets_all_be_asked),
        cmocka_unit_test(test_budget_holds_time_against_what_is_left_of_it),
        cmocka_unit_test(test_budget_lets_what_costs_nothing_be_had),
        cmocka_unit_test(test_budget_counts_request_user_and_day),
        cmocka_unit_test(test_budget_counts_money_as_well),
        cmocka_unit_test(test_budget_does_not_overflow),
        cmocka_unit_test(test_budget_rounds_money_up),
        cmocka_unit_test(test_budget_takes_the_tighter_of_two_limits),
        cmocka_unit_test(test_budget_day_rolls_over_at_midnight),
        cmocka_unit_test(test_budget_reckons_cost_from_tokens),
        cmocka_unit_test(test_a_model_learns_its_speed_and_stops_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

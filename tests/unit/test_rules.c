#include "data/rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static rk_rule rule(const char *text)
{
    rk_rule r;

    assert_int_equal(rk_rule_parse(&r, text, NULL), RK_OK);
    return r;
}


static void assert_rule(const char *text, const char *type, int when,
                        double value)
{
    rk_rule r = rule(text);

    assert_string_equal(r.type, type);
    assert_int_equal(r.when, when);
    assert_true(r.value == value);
}


static void test_rule_parse_reads_each_form(void **state)
{
    (void)state;
    assert_rule("view", "view", RK_ALWAYS, 0);
    assert_rule("rating>=4", "rating", RK_AT_LEAST, 4);
    assert_rule("rating<=2.5", "rating", RK_AT_MOST, 2.5);
    assert_rule("rating>-1", "rating", RK_ABOVE, -1);
    assert_rule("rating<1e3", "rating", RK_BELOW, 1000);
    assert_rule(" watch time >= 0.5 ", "watch time", RK_AT_LEAST, 0.5);
}


static void test_rule_parse_refuses_what_is_no_rule(void **state)
{
    static const char *const bad[] = {
        "",          " ",           ">=4",        "rating>=",  "rating>",
        "rating=4",  "rating==4",   "rating=>4",  "rating>=x", "rating>=4 5",
        "rating><4", "rating>=nan", "rating<inf", "rat\ning",  "rat\xFFing",
    };
    rk_error err;
    rk_rule r;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(rk_rule_parse(&r, bad[i], &err), RK_EFORMAT);
    rk_rule_parse(&r, "rating=>4", &err);
    assert_string_equal(err.msg, "'rating=>4': expected TYPE, TYPE>=N, "
                                 "TYPE<=N, TYPE>N or TYPE<N");
}


static void test_rule_parse_bounds_the_type(void **state)
{
    char text[80];
    rk_rule r;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[63] = '\0';
    assert_int_equal(rk_rule_parse(&r, text, NULL), RK_OK);
    assert_string_equal(r.type, text);
    text[63] = 'x';
    text[64] = '\0';
    assert_int_equal(rk_rule_parse(&r, text, NULL), RK_EFORMAT);
}


static void test_rules_label_follows_the_bounds(void **state)
{
    static const struct {
        const char *type;
        double value;
        int label;
    } known[] = {
        {"rating", 5, 1},       {"rating", 4, 1},
        {"rating", 3.9, 0},     {"rating", 2, -1},
        {"rating", 2.1, 0},     {"Purchase", 1, 1},
        {"temperature", 10, 0}, {"temperature", 10.1, 1},
        {"temperature", 0, 0},  {"temperature", -0.1, -1},
        {"view", 1, 0},         {"rating", NAN, 0},
    };
    rk_rules rules = {.n_positive = 3, .n_negative = 2};

    (void)state;
    rules.positive[0] = rule("rating>=4");
    rules.positive[1] = rule("purchase");
    rules.positive[2] = rule("temperature>10");
    rules.negative[0] = rule("rating<=2");
    rules.negative[1] = rule("temperature<0");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        rk_event e = {"U1", "B1", known[i].type, known[i].value, 0};

        assert_int_equal(rk_rules_label(&rules, &e), known[i].label);
    }
}


static void test_rules_label_lets_a_negative_rule_win(void **state)
{
    const rk_event e = {"U1", "B1", "rating", 3, 0};
    rk_rules rules = {.n_positive = 1, .n_negative = 1};

    (void)state;
    rules.positive[0] = rule("rating>=3");
    rules.negative[0] = rule("rating<=3");
    assert_int_equal(rk_rules_label(&rules, &e), -1);
    rules.n_negative = 0;
    assert_int_equal(rk_rules_label(&rules, &e), 1);
    rules.n_positive = 0;
    assert_int_equal(rk_rules_label(&rules, &e), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_parse_reads_each_form),
        cmocka_unit_test(test_rule_parse_refuses_what_is_no_rule),
        cmocka_unit_test(test_rule_parse_bounds_the_type),
        cmocka_unit_test(test_rules_label_follows_the_bounds),
        cmocka_unit_test(test_rules_label_lets_a_negative_rule_win),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

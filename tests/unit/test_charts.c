#include "eval/charts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t count(const char *text, const char *piece)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, piece)); p += strlen(piece))
        n++;
    return n;
}


static char *bars(const rk_bar *all, size_t n)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_chart_bars(
        &b, &(rk_bar_chart){
                .title = "t", .description = "d", .bars = all, .n_bars = n});
    return rk_buf_take(&b);
}


static char *dots(const rk_dot *all, size_t n)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_chart_dots(&b, &(rk_dot_chart){"t", "d", "x", "y", all, n});
    return rk_buf_take(&b);
}


static void test_markup_and_control_characters_stay_out(void **state)
{
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    rk_html_text(&b, "<b a=\"1\" c='2'>&\x01\x1b[2J\x7f\xc3\xa9");
    assert_string_equal(rk_buf_str(&b),
                        "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;[2J"
                        "\xc3\xa9");
    rk_buf_clear(&b);
}


static void test_each_bar_has_its_length_from_zero(void **state)
{
    const rk_bar all[] = {{"a", "best", 1, 0.9, 1.25, true},
                          {"b", "", 0.5, 0.4, 0.6, false}};
    char *svg = bars(all, 2);

    (void)state;
    /* The axis ends at 1.02 times the greatest whisker. */
    assert_non_null(strstr(svg, "width=\"78.43%\""));
    assert_non_null(strstr(svg, "width=\"39.22%\""));
    assert_int_equal(count(svg, "class=\"whisker\""), 6);
    assert_int_equal(count(svg, "class=\"best\""), 1);
    free(svg);
}


static void test_a_bar_without_a_number_is_not_drawn(void **state)
{
    const rk_bar all[] = {{"a", "", NAN, NAN, NAN, false},
                          {"b", "", 0, NAN, NAN, false}};
    char *svg = bars(all, 2);

    (void)state;
    assert_int_equal(count(svg, "<rect"), 1);
    assert_int_equal(count(svg, "class=\"whisker\""), 0);
    assert_null(strstr(svg, "nan"));
    free(svg);
}


static void test_a_mark_is_a_dashed_line_with_its_name(void **state)
{
    const rk_bar one = {"a", "", 0.5, NAN, NAN, false};
    const rk_published_figure mark = {"S<R", "m", 1};
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    rk_chart_bars(&b, &(rk_bar_chart){.title = "t",
                                      .description = "d",
                                      .bars = &one,
                                      .n_bars = 1,
                                      .marks = &mark,
                                      .n_marks = 1});
    assert_int_equal(count(rk_buf_str(&b), "class=\"mark\""), 1);
    assert_non_null(strstr(rk_buf_str(&b), "S&lt;R 1.0000, published"));
    rk_buf_clear(&b);
}


static void test_dots_that_have_no_place_are_left_out(void **state)
{
    const rk_dot all[] = {{"a", 10, 0.5, true},
                          {"b", NAN, 0.5, false},
                          {"c", 0, 0.5, false},
                          {"d", 10, NAN, false}};
    char *svg = dots(all, 4);

    (void)state;
    assert_int_equal(count(svg, "<circle"), 1);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    free(svg);
}


static void test_dots_that_are_none_or_equal_make_a_chart(void **state)
{
    const rk_dot same[] = {{"a", 10, 0.5, true}, {"b", 10, 0.5, false}};
    char *none = dots(NULL, 0);
    char *equal = dots(same, 2);

    (void)state;
    assert_int_equal(count(none, "<circle"), 0);
    assert_int_equal(count(equal, "<circle"), 2);
    assert_null(strstr(none, "nan"));
    assert_null(strstr(equal, "nan"));
    free(none);
    free(equal);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup_and_control_characters_stay_out),
        cmocka_unit_test(test_each_bar_has_its_length_from_zero),
        cmocka_unit_test(test_a_bar_without_a_number_is_not_drawn),
        cmocka_unit_test(test_a_mark_is_a_dashed_line_with_its_name),
        cmocka_unit_test(test_dots_that_have_no_place_are_left_out),
        cmocka_unit_test(test_dots_that_are_none_or_equal_make_a_chart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

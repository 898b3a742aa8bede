#include "core/json.h"
#include "core/mem.h"
#include "eval/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sample_report.h"

static rk_report *sample(const char *odd)
{
    rk_report *r = NULL;

    assert_int_equal(sample_report(&r, odd, NULL), RK_OK);
    return r;
}


static void test_rows_are_ordered_and_those_left_out_come_last(void **state)
{
    static const char *const wanted[] = {"auto",       "llm",     "ease",
                                         "embeddings", "popular", "slit"};
    rk_report *r = sample("llm");

    (void)state;
    assert_int_equal(r->n_rows, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(r->rows[i].name, wanted[i]);
    assert_int_equal(r->rows[5].n_users, 0);
    assert_int_equal(r->took_us, 182300000);
    rk_report_free(r);
}


static void test_a_report_owns_what_it_was_given(void **state)
{
    char name[] = "mine";
    rk_report *r = sample(name);

    (void)state;
    memset(name, 'x', 4);
    assert_string_equal(r->rows[1].name, "mine");
    assert_string_equal(r->rows[1].figures[0].metric, "ndcg@10");
    assert_string_equal(r->rows[1].parts[1].name, "200 events or more");
    rk_report_free(r);
}


static void test_bytes_that_are_no_text_become_question_marks(void **state)
{
    rk_report *r = sample("a\xff\xc3(b");
    char *json = rk_report_json(r);

    (void)state;
    assert_string_equal(r->rows[1].name, "a?\?(b");
    assert_non_null(json);
    free(json);
    rk_report_free(r);
}


static void test_a_contrast_is_found_from_both_sides(void **state)
{
    rk_report *r = sample("llm");
    double sign = 0;

    (void)state;
    assert_non_null(rk_report_contrast(r, "ease", "auto", &sign));
    assert_true(sign > 0);
    assert_non_null(rk_report_contrast(r, "auto", "ease", &sign));
    assert_true(sign < 0);
    assert_null(rk_report_contrast(r, "auto", "popular", &sign));
    assert_null(rk_report_contrast(r, "auto", "auto", &sign));
    rk_report_free(r);
}


static void test_json_says_null_where_there_is_no_number(void **state)
{
    rk_report *r = sample("llm");
    char *text = rk_report_json(r);
    json_t *whole = NULL;
    json_t *row;

    (void)state;
    assert_non_null(text);
    assert_int_equal(rk_json_parse(&whole, text, strlen(text), "r", NULL),
                     RK_OK);
    row = json_array_get(json_object_get(whole, "rows"), 0);
    row = json_array_get(json_object_get(row, "figures"), 3);
    assert_string_equal(json_string_value(json_object_get(row, "metric")),
                        "auc");
    assert_true(json_is_null(json_object_get(row, "value")));
    json_decref(whole);
    free(text);
    rk_report_free(r);
}


/* Counts of a piece in a text. */
static size_t count(const char *text, const char *piece)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, piece)); p += strlen(piece))
        n++;
    return n;
}


static void test_page_says_who_wins_and_who_is_level(void **state)
{
    rk_report *r = sample("llm");
    char *html = rk_report_html(r);

    (void)state;
    assert_non_null(html);
    assert_non_null(strstr(html, "auto comes first, with ndcg@10 0.1834, level "
                                 "with llm: the difference of 0.0005"));
    assert_int_equal(count(html, "<span class=\"badge\">level</span>"), 1);
    assert_int_equal(count(html, "<span class=\"badge\">best</span>"), 1);
    free(html);
    rk_report_free(r);
}


static void test_page_has_no_markup_from_outside(void **state)
{
    rk_report *r = sample(HOSTILE);
    char *html = rk_report_html(r);

    (void)state;
    assert_non_null(html);
    assert_null(strstr(html, "<script"));
    assert_non_null(strstr(html, "&lt;script&gt;alert(&#39;x&#39;)"));
    free(html);
    rk_report_free(r);
}


static void test_page_of_nothing_measured_says_so(void **state)
{
    const rk_report empty = {.protocol = "mine",
                             .summary = "",
                             .headline = "ndcg@10",
                             .command = "reckon compare"};
    char *html = rk_report_html(&empty);

    (void)state;
    assert_non_null(html);
    assert_non_null(strstr(html, "Nothing could be measured."));
    assert_null(strstr(html, "<svg"));
    free(html);
}


static void test_a_report_survives_each_failing_allocation(void **state)
{
    size_t n;
    rk_report *r = NULL;

    (void)state;
    rk_mem_fail_at(0);
    r = sample("llm");
    n = rk_mem_fail_at(0);
    rk_report_free(r);
    assert_true(n > 50);
    for (size_t i = 1; i <= n; i++) {
        rk_error err;

        rk_mem_fail_at(i);
        assert_int_equal(sample_report(&r, "llm", &err), RK_ENOMEM);
        assert_null(r);
    }
    rk_mem_fail_at(0);
}


static void test_a_page_survives_each_failing_allocation(void **state)
{
    rk_report *r = sample("llm");
    char *html;
    size_t n;

    (void)state;
    rk_mem_fail_at(0);
    html = rk_report_html(r);
    n = rk_mem_fail_at(0);
    assert_non_null(html);
    free(html);
    for (size_t i = 1; i <= n; i++) {
        rk_mem_fail_at(i);
        assert_null(rk_report_html(r));
    }
    rk_mem_fail_at(0);
    rk_report_free(r);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_ordered_and_those_left_out_come_last),
        cmocka_unit_test(test_a_report_owns_what_it_was_given),
        cmocka_unit_test(test_bytes_that_are_no_text_become_question_marks),
        cmocka_unit_test(test_a_contrast_is_found_from_both_sides),
        cmocka_unit_test(test_json_says_null_where_there_is_no_number),
        cmocka_unit_test(test_page_says_who_wins_and_who_is_level),
        cmocka_unit_test(test_page_has_no_markup_from_outside),
        cmocka_unit_test(test_page_of_nothing_measured_says_so),
        cmocka_unit_test(test_a_report_survives_each_failing_allocation),
        cmocka_unit_test(test_a_page_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

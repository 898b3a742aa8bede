#include "core/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(json_t **out, const char *text, rk_error *err)
{
    return rk_json_parse(out, text, strlen(text), "a.jsonl:3", err);
}


static void test_any_whole_document_is_read(void **state)
{
    static const char *const good[] = {"{\"a\": [1, 2.5, null]}", "[]", "3",
                                       "\"text\"", " true "};
    json_t *j;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(parse(&j, good[i], NULL), RK_OK);
        assert_non_null(j);
        json_decref(j);
    }
}


static void test_what_is_no_document_is_refused_with_its_place(void **state)
{
    static const char *const bad[] = {
        "",        "{",        "{} {}", "[1,]", "{\"a\": 1, \"a\": 2}",
        "{'a':1}", "\"\xff\"", "nul",   "1e999"};
    json_t *j;
    rk_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        j = (json_t *)1;
        assert_int_equal(parse(&j, bad[i], &err), RK_EFORMAT);
        assert_null(j);
        assert_int_equal(strncmp(err.msg, "a.jsonl:3: not JSON at byte ", 28),
                         0);
        assert_null(strchr(err.msg, '\n'));
    }
}


/* Thousands of brackets must not fill the stack. */
static void test_depth_is_bounded(void **state)
{
    static char deep[200001];
    json_t *j;

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    assert_int_equal(parse(&j, deep, NULL), RK_EFORMAT);
    for (size_t i = 0; i < sizeof(deep) - 1; i++)
        deep[i] = i < (sizeof(deep) - 1) / 2 ? '[' : ']';
    assert_int_equal(parse(&j, deep, NULL), RK_EFORMAT);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_whole_document_is_read),
        cmocka_unit_test(test_what_is_no_document_is_refused_with_its_place),
        cmocka_unit_test(test_depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

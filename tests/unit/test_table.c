#include "eval/table.h"

#include "../scratch.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>


static void put(scratch *s, const char *name, const char *bytes, size_t len)
{
    FILE *f = fopen(scratch_path(s, name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}


static void open_text(rk_table *t, scratch *s, const char *text)
{
    scratch_init(s);
    put(s, "t.tsv", text, strlen(text));
    assert_int_equal(rk_table_open(t, s->dir, "folder", "t.tsv", NULL), RK_OK);
}


static void close_text(rk_table *t, scratch *s)
{
    rk_table_close(t);
    scratch_clear(s);
}


static void test_rows_are_read_with_their_numbers(void **state)
{
    rk_table t;
    scratch s;

    (void)state;
    open_text(&t, &s, "a|b\r\n\n1|2\r\n|\n3|x y");
    assert_int_equal(rk_table_header(&t, "a|b", NULL), RK_OK);
    assert_int_equal(rk_table_next(&t, '|', 2, NULL), 1);
    assert_int_equal(t.line, 3);
    assert_string_equal(t.cells[0], "1");
    assert_string_equal(t.cells[1], "2");
    assert_int_equal(rk_table_next(&t, '|', 2, NULL), 1);
    assert_string_equal(t.cells[0], "");
    assert_string_equal(t.cells[1], "");
    assert_int_equal(rk_table_next(&t, '|', 2, NULL), 1);
    assert_int_equal(t.line, 5);
    assert_string_equal(t.cells[1], "x y");
    assert_int_equal(rk_table_next(&t, '|', 2, NULL), 0);
    assert_int_equal(rk_table_next(&t, '|', 2, NULL), 0);
    close_text(&t, &s);
}


/* The first row read as two cells, with this in the message. */
static void refused(const char *text, const char *says)
{
    rk_error err;
    rk_table t;
    scratch s;

    open_text(&t, &s, text);
    assert_int_equal(rk_table_next(&t, '\t', 2, &err), RK_EFORMAT);
    assert_int_equal(err.code, RK_EFORMAT);
    assert_true(strncmp(err.msg, s.dir, strlen(s.dir)) == 0);
    if (!strstr(err.msg, says))
        fail_msg("'%s' does not say '%s'", err.msg, says);
    close_text(&t, &s);
}


static void test_damaged_rows_are_refused_with_their_line(void **state)
{
    (void)state;
    refused("\n1\n", "t.tsv:2: expected 2 cells, found 1");
    refused("1\t2\t3\n", "t.tsv:1: expected 2 cells, found 3");
    refused("1\t\xc3\x28\n", "expected UTF-8 text, found byte 0xc3");
    refused("1\t\x01\n", "found byte 0x01");
    refused("1\r\t2\n", "found byte 0x0d");
}


static void test_a_wrong_header_is_refused(void **state)
{
    static const char *const wrong[] = {"", "a\tc\n", "a\n", "\n\n"};
    rk_error err;
    rk_table t;
    scratch s;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        open_text(&t, &s, wrong[i]);
        assert_int_equal(rk_table_header(&t, "a\tb", &err), RK_EFORMAT);
        assert_non_null(strstr(err.msg, "expected the header 'a\tb'"));
        close_text(&t, &s);
    }
}


static void test_a_nul_and_a_long_line_are_refused(void **state)
{
    size_t len = RK_TABLE_LINE + 1;
    char *line = rk_alloc_array(len, 1);
    rk_error err;
    rk_table t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put(&s, "t.tsv", "1\0\t2\n", 5);
    assert_int_equal(rk_table_open(&t, s.dir, "folder", "t.tsv", NULL), RK_OK);
    assert_int_equal(rk_table_next(&t, '\t', 2, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "found byte 0x00"));
    rk_table_close(&t);
    memset(line, 'x', len);
    put(&s, "t.tsv", line, len);
    assert_int_equal(rk_table_open(&t, s.dir, "folder", "t.tsv", NULL), RK_OK);
    assert_int_equal(rk_table_next(&t, '\t', 1, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "a line has at most 1048576"));
    rk_table_close(&t);
    put(&s, "t.tsv", line, len - 1);
    assert_int_equal(rk_table_open(&t, s.dir, "folder", "t.tsv", NULL), RK_OK);
    assert_int_equal(rk_table_next(&t, '\t', 1, &err), 1);
    rk_table_close(&t);
    free(line);
    scratch_clear(&s);
}


static void test_words_of_a_list_are_divided_by_any_number(void **state)
{
    char list[] = "  a bc   d ";
    char none[] = "   ";
    char *at = list;

    (void)state;
    assert_string_equal(rk_table_word(&at, ' '), "a");
    assert_string_equal(rk_table_word(&at, ' '), "bc");
    assert_string_equal(rk_table_word(&at, ' '), "d");
    assert_null(rk_table_word(&at, ' '));
    assert_null(rk_table_word(&at, ' '));
    at = none;
    assert_null(rk_table_word(&at, ' '));
}


static void test_a_missing_file_is_named_in_its_folder(void **state)
{
    rk_error err;
    rk_table t;
    scratch s;
    int rc;

    (void)state;
    scratch_init(&s);
    assert_int_equal(rk_table_open(&t, s.dir, "folder", "t.tsv", &err),
                     RK_ENOTFOUND);
    assert_non_null(strstr(err.msg, "/folder/t.tsv"));
    assert_null(t.bytes);
    put(&s, "t.tsv", "1\n", 2);
    for (size_t n = 1;; n++) {
        rk_mem_fail_at(n);
        rc = rk_table_open(&t, s.dir, "folder", "t.tsv", &err);
        rk_mem_fail_at(0);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        assert_null(t.bytes);
    }
    close_text(&t, &s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_read_with_their_numbers),
        cmocka_unit_test(test_damaged_rows_are_refused_with_their_line),
        cmocka_unit_test(test_a_wrong_header_is_refused),
        cmocka_unit_test(test_a_nul_and_a_long_line_are_refused),
        cmocka_unit_test(test_words_of_a_list_are_divided_by_any_number),
        cmocka_unit_test(test_a_missing_file_is_named_in_its_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/mem.h"
#include "data/import.h"
#include "row_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_reads(enum rk_kind kind, const char *text, size_t len,
                         const char *rows, const char *bad)
{
    rk_error err = {0};
    row_log log;

    row_log_init(&log);
    if (rk_import_jsonl(kind, "x.jsonl", text, len, &log.sink, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(rk_buf_str(&log.rows), rows);
    assert_string_equal(rk_buf_str(&log.bad), bad);
    row_log_clear(&log);
}


static void test_jsonl_makes_items_and_users(void **state)
{
    static const char items[] =
        "\xEF\xBB\xBF{\"id\":\"B1\",\"title\":\"T\",\"genres\":[\"a\",\"b\"],"
        "\"year\":2008,\"empty\":\"\",\"none\":null}\r\n"
        "\n  \t\r\n"
        "{\"itemid\":17,\"Title\":\" two\\nlines \"}";
    static const char users[] = "{\"id\":\"U1\"}\n{\"user_id\":\"U2\",\"a\":"
                                "true}\n";

    (void)state;
    assert_reads(RK_ITEMS, items, strlen(items),
                 "B1{title=T;genres=a|b;year=2008}\n"
                 "17{Title= two\nlines }\n",
                 "");
    assert_reads(RK_USERS, users, strlen(users), "U1{}\nU2{a=true}\n", "");
}


static void test_jsonl_makes_events_with_their_defaults(void **state)
{
    static const char text[] =
        "{\"user\":\"U1\",\"item\":\"B1\",\"type\":\"rating\",\"value\":4.5,"
        "\"at\":\"1970-01-01T00:00:02Z\"}\n"
        "{\"user\":\"U1\",\"item\":\"B2\",\"rating\":\"3\",\"time\":874724710."
        "5}"
        "\n\n"
        "{\"user\":\"U1\",\"item\":\"B3\",\"more\":[1]}\n";

    (void)state;
    assert_reads(RK_EVENTS, text, strlen(text),
                 "U1>B1 rating 4.5 @2000000\n"
                 "U1>B2 rating 3 @874724710500000\n"
                 "U1>B3 view 1 @3\n",
                 "");
}


static void test_jsonl_reports_bad_lines_and_goes_on(void **state)
{
    static const char text[] = "{\"id\":\"U1\"\n"
                               "[]\n"
                               "{}\n"
                               "{\"name\":\"x\",\"age\":3}\n"
                               "{\"id\":\"U\xFF\"}\n"
                               "{\"id\":\"U2\",\"a\":{}}\n"
                               "{\"id\":\"U3\",\"id\":\"U4\"}\n"
                               "{\"id\":\"\"}\n"
                               "\x1B\n"
                               "{\"id\":\"U5\",\"a\":1,\"A\":2}\n"
                               "{\"id\":\"U6\"}";

    (void)state;
    assert_reads(
        RK_USERS, text, strlen(text), "U6{}\n",
        "x.jsonl:1: not JSON at byte 10: '}' expected near end of file\n"
        "x.jsonl:2: expected an object, found an array\n"
        "x.jsonl:3: expected members, found none\n"
        "x.jsonl:4: expected members id (or user_id, userid), found name, "
        "age\n"
        "x.jsonl:5:9: byte 0xff is not UTF-8\n"
        "x.jsonl:6: 'a': expected a string, number or boolean or an array of "
        "these, found an object\n"
        "x.jsonl:7: not JSON at byte 15: duplicate object key near '\"id\"'\n"
        "x.jsonl:8: id has 0 bytes, must have 1 to 256\n"
        "x.jsonl:9: not JSON at byte 1: invalid token near '?'\n"
        "x.jsonl:10: two fields are named 'A'\n");
}


static void test_jsonl_refuses_a_nul_byte(void **state)
{
    static const char text[] = "{\"id\":\0\"U1\"}\n{\"id\":\"U2\"}\n";

    (void)state;
    assert_reads(RK_USERS, text, sizeof(text) - 1, "U2{}\n",
                 "x.jsonl:1:7: byte 0x00 is not text\n");
}


static void test_jsonl_goes_on_behind_a_line_that_is_too_long(void **state)
{
    rk_buf text;

    (void)state;
    rk_buf_init(&text);
    rk_buf_puts(&text, "{\"id\":\"U1\"}\n{\"id\":\"U2\",\"a\":\"");
    while (text.len < (1 << 20) + 100)
        rk_buf_puts(&text, "0123456789");
    rk_buf_puts(&text, "\"}\n{\"id\":\"U3\"}\n");
    assert_reads(RK_USERS, text.data, text.len, "U1{}\nU3{}\n",
                 "x.jsonl:2: expected a row of at most 1048576 bytes, found "
                 "1048668\n");
    rk_buf_clear(&text);
}


static void test_jsonl_bounds_the_number_of_members(void **state)
{
    rk_buf text;

    (void)state;
    rk_buf_init(&text);
    rk_buf_puts(&text, "{\"id\":\"U1\"");
    for (int i = 0; i < 1024; i++)
        rk_buf_printf(&text, ",\"f%d\":1", i);
    rk_buf_puts(&text, "}\n");
    assert_reads(RK_USERS, text.data, text.len, "",
                 "x.jsonl:1: expected at most 1024 members, found 1025\n");
    rk_buf_clear(&text);
}


static void test_jsonl_returns_what_the_sink_returned(void **state)
{
    static const char text[] = "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n";
    row_log log;

    (void)state;
    row_log_init(&log);
    log.fail_after = 2;
    assert_int_equal(
        rk_import_jsonl(RK_USERS, "x", text, strlen(text), &log.sink, NULL),
        RK_EBACKEND);
    assert_int_equal(log.n_rows, 2);
    row_log_clear(&log);
}


static void test_jsonl_survives_each_failing_allocation(void **state)
{
    static const char
        text[] = "{\"name\":\"x\"}\n{\"id\":\"U1\",\"a\":\"b\"}\n";
    size_t n_failed = 0;

    (void)state;
    for (size_t n = 1;; n++, n_failed++) {
        row_log log;
        int rc;

        row_log_init(&log);
        rk_buf_printf(&log.rows, "%200s", "");
        rk_buf_printf(&log.bad, "%200s", "");
        rk_mem_fail_at(n);
        rc = rk_import_jsonl(RK_USERS, "x", text, strlen(text), &log.sink,
                             NULL);
        rk_mem_fail_at(0);
        row_log_clear(&log);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
    }
    assert_true(n_failed >= 3);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl_makes_items_and_users),
        cmocka_unit_test(test_jsonl_makes_events_with_their_defaults),
        cmocka_unit_test(test_jsonl_reports_bad_lines_and_goes_on),
        cmocka_unit_test(test_jsonl_refuses_a_nul_byte),
        cmocka_unit_test(test_jsonl_goes_on_behind_a_line_that_is_too_long),
        cmocka_unit_test(test_jsonl_bounds_the_number_of_members),
        cmocka_unit_test(test_jsonl_returns_what_the_sink_returned),
        cmocka_unit_test(test_jsonl_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

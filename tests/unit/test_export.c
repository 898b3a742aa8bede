#include "core/rng.h"
#include "data/export.h"
#include "data/import.h"
#include "row_log.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Values that a format may lose. The first is of a record that lacks the
 * field: an empty value is no field. */
static const char *const nasty[] = {
    "",
    "plain",
    " leading",
    "trailing ",
    "\ttab\t",
    "say \"hi\"",
    "\"",
    "\"\"",
    "a,b",
    ",",
    "two\nlines",
    "two\r\nlines",
    "\n",
    "\r",
    "cr\rin the middle",
    "a|b|c",
    "|",
    "back\\slash\\",
    "\\u0041",
    "{\"json\":[1]}",
    "{{title}}",
    "#hash",
    "'single'",
    "null",
    "1e999",
    "007",
    "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
    "\xE2\x80\xAErtl\xE2\x80\xAC",
    "\xEF\xBB\xBF mark",
    "\x01\x1B[31m\x7F",
    "\xE2\x80\xA8",
};
enum { N_NASTY = sizeof(nasty) / sizeof(nasty[0]) };

static const char *const names[] = {"title", "x", "a \"name\", quoted",
                                    "item_id"};


/* The record of one nasty value, its fields and itself in caller's room. */
static void record_of(const char *value, rk_field fields[4], rk_record *r)
{
    bool any = *value != '\0';

    fields[0] = (rk_field){names[0], any ? value : "T"};
    fields[1] = (rk_field){names[1], value};
    fields[2] = (rk_field){names[2], value};
    fields[3] = (rk_field){names[3], "decoy"};
    *r = (rk_record){"B, \"1\"", fields, 4};
    if (!any) {
        fields[1] = fields[3];
        r->n_fields = 2;
    }
}


static void import(enum rk_format format, enum rk_kind kind, const rk_buf *text,
                   row_log *log)
{
    rk_error err = {0};
    int rc;

    if (format == RK_CSV)
        rc = rk_import_csv(kind, "x", text->data, text->len, &log->sink, &err);
    else
        rc = rk_import_jsonl(kind, "x", text->data, text->len, &log->sink,
                             &err);
    if (rc)
        fail_msg("%s", err.msg);
    assert_string_equal(rk_buf_str(&log->bad), "");
}


/* What comes back is written down by the same log as what went out. */
static void round_trip_items(enum rk_format format)
{
    row_log out, in;
    rk_buf text;

    rk_buf_init(&text);
    row_log_init(&out);
    row_log_init(&in);
    if (format == RK_CSV)
        rk_export_header(&text, RK_ITEMS, names, 4);
    for (size_t i = 0; i < N_NASTY; i++) {
        rk_field fields[4];
        rk_record r;

        record_of(nasty[i], fields, &r);
        row_log_row(&out, &r, NULL, NULL);
        rk_export_record(&text, format, &r, names, 4);
    }
    import(format, RK_ITEMS, &text, &in);
    assert_int_equal(in.n_rows, N_NASTY);
    assert_string_equal(rk_buf_str(&in.rows), rk_buf_str(&out.rows));
    rk_buf_clear(&text);
    row_log_clear(&out);
    row_log_clear(&in);
}


static void test_export_csv_of_nasty_values_is_read_back(void **state)
{
    (void)state;
    round_trip_items(RK_CSV);
}


static void test_export_jsonl_of_nasty_values_is_read_back(void **state)
{
    (void)state;
    round_trip_items(RK_JSONL);
}


static void round_trip_events(enum rk_format format)
{
    rk_rng rng = {11};
    row_log out, in;
    rk_buf text;

    rk_buf_init(&text);
    row_log_init(&out);
    row_log_init(&in);
    if (format == RK_CSV)
        rk_export_header(&text, RK_EVENTS, NULL, 0);
    for (size_t i = 0; i < 500; i++) {
        uint64_t bits = rk_rng_u64(&rng);
        rk_event e = {"U \"1\",", "B\\1", "watch, time", 0, 0};

        memcpy(&e.value, &bits, sizeof(e.value));
        if (!isfinite(e.value))
            e.value = -0.1;
        /* The years 1 to 9999. */
        e.at_us = INT64_C(-62135596800000000) +
                  (int64_t)(rk_rng_u64(&rng) % UINT64_C(315537897600000000));
        row_log_row(&out, NULL, &e, NULL);
        rk_export_event(&text, format, &e);
    }
    import(format, RK_EVENTS, &text, &in);
    assert_int_equal(in.n_rows, 500);
    assert_string_equal(rk_buf_str(&in.rows), rk_buf_str(&out.rows));
    rk_buf_clear(&text);
    row_log_clear(&out);
    row_log_clear(&in);
}


static void test_export_csv_of_events_is_read_back(void **state)
{
    (void)state;
    round_trip_events(RK_CSV);
}


static void test_export_jsonl_of_events_is_read_back(void **state)
{
    (void)state;
    round_trip_events(RK_JSONL);
}


static void test_export_writes_plain_rows_plainly(void **state)
{
    const rk_field fields[] = {{"title", "T, \"U\""}, {"year", "2008"}};
    const rk_record r = {"B1", fields, 2};
    const rk_event e = {"U1", "B1", "rating", 4, 1000000};
    const char *const columns[] = {"year", "title", "author"};
    rk_buf out;

    (void)state;
    rk_buf_init(&out);
    rk_export_header(&out, RK_ITEMS, columns, 3);
    rk_export_record(&out, RK_CSV, &r, columns, 3);
    rk_export_record(&out, RK_JSONL, &r, NULL, 0);
    rk_export_header(&out, RK_EVENTS, NULL, 0);
    rk_export_event(&out, RK_CSV, &e);
    rk_export_event(&out, RK_JSONL, &e);
    assert_string_equal(
        rk_buf_str(&out),
        "id,year,title,author\n"
        "B1,2008,\"T, \"\"U\"\"\",\n"
        "{\"id\":\"B1\",\"title\":\"T, \\\"U\\\"\",\"year\":\"2008\"}\n"
        "user,item,type,value,at\n"
        "U1,B1,rating,4,1970-01-01T00:00:01Z\n"
        "{\"user\":\"U1\",\"item\":\"B1\",\"type\":\"rating\",\"value\":4,"
        "\"at\":\"1970-01-01T00:00:01Z\"}\n");
    rk_buf_clear(&out);
}


static void test_format_of_goes_by_the_ending(void **state)
{
    enum rk_format format;

    (void)state;
    assert_int_equal(rk_format_of("a/b.csv", &format, NULL), RK_OK);
    assert_int_equal(format, RK_CSV);
    assert_int_equal(rk_format_of("b.JSONL", &format, NULL), RK_OK);
    assert_int_equal(format, RK_JSONL);
    assert_int_equal(rk_format_of("csv", &format, NULL), RK_EINVAL);
    assert_int_equal(rk_format_of("a.csv/b", &format, NULL), RK_EINVAL);
    assert_int_equal(rk_format_of("b.csv.gz", &format, NULL), RK_EINVAL);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export_csv_of_nasty_values_is_read_back),
        cmocka_unit_test(test_export_jsonl_of_nasty_values_is_read_back),
        cmocka_unit_test(test_export_csv_of_events_is_read_back),
        cmocka_unit_test(test_export_jsonl_of_events_is_read_back),
        cmocka_unit_test(test_export_writes_plain_rows_plainly),
        cmocka_unit_test(test_format_of_goes_by_the_ending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

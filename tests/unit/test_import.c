#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "row_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What reading `text` gives: its rows and its bad rows. */
static void assert_reads(enum rk_kind kind, const char *name, const char *text,
                         const char *rows, const char *bad)
{
    rk_error err = {0};
    row_log log;

    row_log_init(&log);
    if (rk_import_csv(kind, name, text, strlen(text), &log.sink, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(rk_buf_str(&log.rows), rows);
    assert_string_equal(rk_buf_str(&log.bad), bad);
    row_log_clear(&log);
}


/* A file that is refused as a whole. */
static void assert_refused(enum rk_kind kind, const char *name,
                           const char *text, const char *msg)
{
    rk_error err = {0};
    row_log log;

    row_log_init(&log);
    assert_int_equal(
        rk_import_csv(kind, name, text, strlen(text), &log.sink, &err),
        RK_EFORMAT);
    assert_string_equal(err.msg, msg);
    assert_int_equal(log.n_rows + log.n_bad, 0);
    row_log_clear(&log);
}


static void test_import_csv_makes_items(void **state)
{
    (void)state;
    assert_reads(RK_ITEMS, "items.csv",
                 "id,title,genres,note\n"
                 "B1,The Night Circus,fiction|fantasy,\n"
                 "B2,\"Red, White & Royal Blue\",, spaced \n",
                 "B1{title=The Night Circus;genres=fiction|fantasy}\n"
                 "B2{title=Red, White & Royal Blue;note= spaced }\n",
                 "");
    assert_reads(RK_ITEMS, "items.csv", "Title,ITEM_ID\nT,B1\n",
                 "B1{Title=T}\n", "");
}


static void test_import_csv_makes_users(void **state)
{
    (void)state;
    assert_reads(RK_USERS, "users.csv", "id\nU1\nU2\n", "U1{}\nU2{}\n", "");
    assert_reads(RK_USERS, "users.csv", "userid,age\nU1,29\n", "U1{age=29}\n",
                 "");
    assert_reads(RK_USERS, "users.csv", "user_id,id\nx,U1\n", "U1{user_id=x}\n",
                 "");
}


static void test_import_csv_makes_events(void **state)
{
    (void)state;
    assert_reads(RK_EVENTS, "events.csv",
                 "user,item,type,value,at,note\n"
                 "U1,B1,rating,4.5,1970-01-01T00:00:02Z,hello\n"
                 "U1,B2,view,,3,\n",
                 "U1>B1 rating 4.5 @2000000\n"
                 "U1>B2 view 1 @3000000\n",
                 "");
    assert_reads(RK_EVENTS, "events.csv",
                 "user_id,item_id,rating,timestamp\nU1,B1,3,874724710\n",
                 "U1>B1 rating 3 @874724710000000\n", "");
}


static void test_import_csv_gives_events_their_defaults(void **state)
{
    (void)state;
    assert_reads(RK_EVENTS, "e.csv", "item,user\nB1,U1\n\nB2\nB3,U2\n",
                 "U1>B1 view 1 @1\n"
                 "U2>B3 view 1 @3\n",
                 "e.csv:4: expected 2 columns, found 1\n");
    assert_reads(RK_EVENTS, "e.csv", "user,item,rating\nU1,B1,5\nU1,B2,\n",
                 "U1>B1 rating 5 @1\n"
                 "U1>B2 view 1 @2\n",
                 "");
    assert_reads(RK_EVENTS, "e.csv", "user,item,type\nU1,B1,rating\n", "",
                 "e.csv:2: expected a rating's value, found none\n");
}


static void test_import_csv_reports_bad_rows_and_goes_on(void **state)
{
    (void)state;
    assert_reads(RK_EVENTS, "events.csv",
                 "user,item,value,at\n"
                 "U1,B1,4\n"
                 "U1,B1,four,1\n"
                 "U1,\"B\n1\",4,\n"
                 "U1,,4,\n"
                 "U1,B1,4,yesterday\n"
                 "U1,B1,inf,\n"
                 "U1,B1,5,9\n",
                 "U1>B1 rating 5 @9000000\n",
                 "events.csv:2: expected 4 columns, found 3\n"
                 "events.csv:3:7: expected a number, found 'four'\n"
                 "events.csv:4: item holds a control character at byte 2\n"
                 "events.csv:6: item has 0 bytes, must have 1 to 256\n"
                 "events.csv:7:9: expected Unix seconds or a time like "
                 "2026-11-24T09:30:00Z, found 'yesterday'\n"
                 "events.csv:8:7: expected a number, found 'inf'\n");
    assert_reads(RK_USERS, "users.csv",
                 "id,name\nU1,a\nU2,ab \xFF\n\"U3\",\"x\ny\"\"z\",\nU4,d\n",
                 "U1{name=a}\nU4{name=d}\n",
                 "users.csv:3:7: byte 0xff is not UTF-8\n"
                 "users.csv:4: expected 2 columns, found 3 in a row of 2 "
                 "lines\n");
    assert_reads(RK_ITEMS, "items.csv", "id,title\nB1,\n,T\nB2,T\n",
                 "B2{title=T}\n",
                 "items.csv:2: an item needs a title, found none\n"
                 "items.csv:3: id has 0 bytes, must have 1 to 256\n");
}


/* A message may quote what a file holds, but not control a terminal. */
static void test_import_csv_quotes_nothing_raw(void **state)
{
    (void)state;
    assert_reads(RK_EVENTS, "e\x1B.csv",
                 "user,item,value\nU1,B1,\x1B[31mred\n"
                 "U1,B1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9\n",
                 "",
                 "e?.csv:2:7: expected a number, found '?[31mred'\n"
                 "e?.csv:3:7: expected a number, found "
                 "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?'\n");
}


static void test_import_csv_refuses_a_header_that_lacks_a_column(void **state)
{
    (void)state;
    assert_refused(RK_ITEMS, "items.csv", "name,year\nx,1\n",
                   "items.csv:1: expected columns id (or item_id, itemid) and "
                   "title, found name, year");
    assert_refused(RK_ITEMS, "items.csv", "id\nB1\n",
                   "items.csv:1: expected columns id (or item_id, itemid) and "
                   "title, found id");
    assert_refused(RK_USERS, "users.csv", "\n\nname;id\n",
                   "users.csv:3: expected columns id (or user_id, userid), "
                   "found name;id");
    assert_refused(RK_EVENTS, "events.csv", "user,book\x1B\n",
                   "events.csv:1: expected columns user (or user_id, userid) "
                   "and item (or item_id, itemid), found user, book");
    assert_refused(RK_EVENTS, "events.csv", "",
                   "events.csv: expected a header line, found no line");
}


static void test_import_csv_refuses_a_malformed_header(void **state)
{
    (void)state;
    assert_refused(RK_USERS, "u.csv", "id,name,Name\n",
                   "u.csv:1: columns 2 and 3 have the same name 'Name'");
    assert_refused(RK_USERS, "u.csv", "id,\x1B,\x1B\n",
                   "u.csv:1: columns 2 and 3 have the same name '?'");
    assert_refused(RK_USERS, "u.csv", ",id\n",
                   "u.csv:1: column 1 has a name of 0 bytes, must have 1 to "
                   "64");
    assert_refused(RK_USERS, "u.csv", "\xFF\xFEi\n",
                   "u.csv:1:1: byte 0xff is not UTF-8");
    assert_refused(RK_USERS, "u.csv", "id,\"name\nU1,x\n",
                   "u.csv:1:4: expected a closing quote, found none");
}


static void test_import_csv_refuses_too_many_columns(void **state)
{
    rk_error err;
    row_log log;
    rk_buf text;

    (void)state;
    rk_buf_init(&text);
    row_log_init(&log);
    rk_buf_puts(&text, "id");
    for (int i = 0; i < 1024; i++)
        rk_buf_printf(&text, ",c%d", i);
    assert_int_equal(
        rk_import_csv(RK_USERS, "u.csv", text.data, text.len, &log.sink, &err),
        RK_EFORMAT);
    assert_string_equal(err.msg,
                        "u.csv:1: expected at most 1024 columns, found 1025");
    rk_buf_clear(&text);
    row_log_clear(&log);
}


static void test_import_csv_goes_on_behind_a_row_that_is_too_long(void **state)
{
    rk_buf text;

    (void)state;
    rk_buf_init(&text);
    rk_buf_puts(&text, "id,name\nU1,a\nU2,\"");
    while (text.len < (1 << 20) + 100)
        rk_buf_puts(&text, "\nU666,evil");
    rk_buf_puts(&text, "\"\nU3,c\n");
    assert_reads(RK_USERS, "u.csv", text.data, "U1{name=a}\nU3{name=c}\n",
                 "u.csv:3: expected a row of at most 1048576 bytes, found "
                 "1048665\n");
    rk_buf_clear(&text);
}


static void test_import_csv_returns_what_the_sink_returned(void **state)
{
    static const char text[] = "id\nU1\nU2\nU3\n";
    rk_error err = {0};
    row_log log;

    (void)state;
    row_log_init(&log);
    log.fail_after = 2;
    assert_int_equal(
        rk_import_csv(RK_USERS, "u.csv", text, strlen(text), &log.sink, &err),
        RK_EBACKEND);
    assert_int_equal(err.code, RK_EBACKEND);
    assert_string_equal(rk_buf_str(&log.rows), "U1{}\nU2{}\n");
    row_log_clear(&log);
}


/* Counts reports, checks that they grow, stops at `stop_at` bytes. */
typedef struct watch {
    row_log log; /* its sink's context is this struct's first member */
    uint64_t last;
    uint64_t total;
    uint64_t stop_at;
    size_t n;
} watch;


static int watch_progress(void *ctx, uint64_t done, uint64_t total)
{
    watch *w = ctx;

    assert_true(done > w->last);
    w->last = done;
    w->total = total;
    w->n++;
    return w->stop_at && done >= w->stop_at;
}


static void test_import_reports_progress_and_stops_when_told(void **state)
{
    rk_error err;
    rk_buf text;
    watch w;

    (void)state;
    rk_buf_init(&text);
    rk_buf_puts(&text, "id\n");
    while (text.len < 300000)
        rk_buf_puts(&text, "U12345678\n");

    for (int stop = 0; stop < 2; stop++) {
        int rc;

        memset(&w, 0, sizeof(w));
        row_log_init(&w.log);
        w.log.sink.progress = watch_progress;
        w.stop_at = stop ? 100000 : 0;
        rc = rk_import_csv(RK_USERS, "u.csv", text.data, text.len, &w.log.sink,
                           &err);
        assert_int_equal(rc, stop ? RK_ECANCELLED : RK_OK);
        assert_int_equal(w.total, text.len);
        assert_int_equal(w.n, stop ? 2 : 5);
        if (stop)
            assert_in_range(w.log.n_rows, 10000, 14000);
        else
            assert_int_equal(w.last, text.len);
        row_log_clear(&w.log);
    }
    rk_buf_clear(&text);
}


static void test_import_csv_survives_each_failing_allocation(void **state)
{
    static const char text[] = "id,title\nB1,T\n\"B\n";
    static const char lacking[] = "id,name\n";
    size_t n_failed = 0;

    (void)state;
    for (size_t n = 1;; n++, n_failed++) {
        rk_row_sink sink = {0};
        int rc;

        /* Nothing reaches a sink before the memory is there. */
        rk_mem_fail_at(n);
        rc = rk_import_csv(RK_ITEMS, "i.csv", lacking, strlen(lacking), &sink,
                           NULL);
        rk_mem_fail_at(0);
        if (rc == RK_EFORMAT)
            break;
        assert_int_equal(rc, RK_ENOMEM);
    }
    assert_true(n_failed >= 4);

    n_failed = 0;
    for (size_t n = 1;; n++, n_failed++) {
        row_log log;
        int rc;

        row_log_init(&log);
        rk_buf_printf(&log.rows, "%200s", "");
        rk_buf_printf(&log.bad, "%200s", "");
        rk_mem_fail_at(n);
        rc = rk_import_csv(RK_ITEMS, "i.csv", text, strlen(text), &log.sink,
                           NULL);
        rk_mem_fail_at(0);
        row_log_clear(&log);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
    }
    assert_true(n_failed >= 4);
}


static void import_file(const char *ending, const char *text, int expected_rc,
                        const char *expected)
{
    char path[] = "/tmp/reckon-import-XXXXXX";
    char name[64];
    rk_error err = {0};
    row_log log;
    int rc;

    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof(name), "%s/u%s", path, ending);
    assert_int_equal(rk_file_write(name, text, strlen(text), NULL), RK_OK);
    row_log_init(&log);
    rc = rk_import_path(RK_USERS, name, &log.sink, &err);
    unlink(name);
    rmdir(path);
    assert_int_equal(rc, expected_rc);
    assert_string_equal(rc ? err.msg : rk_buf_str(&log.rows), expected);
    row_log_clear(&log);
}


static void test_import_path_goes_by_the_ending(void **state)
{
    (void)state;
    import_file(".csv", "id\nU1\n", RK_OK, "U1{}\n");
    import_file(".CSV", "id\nU1\n", RK_OK, "U1{}\n");
    import_file(".jsonl", "{\"id\":\"U1\"}\n", RK_OK, "U1{}\n");
    import_file(".ndjson", "{\"id\":\"U1\"}\n", RK_OK, "U1{}\n");
    import_file(".jsonl", "", RK_OK, "");
    import_file(".csv", "", RK_EFORMAT,
                "u.csv: expected a header line, found no line");
}


static void test_import_reports_the_place_of_an_unknown_item(void **state)
{
    static const char csv[] = "user,item\nu,known\nu,gone\nv,known\n";
    static const char jsonl[] = "{\"user\": \"u\", \"item\": \"gone\"}\n"
                                "{\"user\": \"u\", \"item\": \"known\"}\n";
    row_log log;

    (void)state;
    row_log_init(&log);
    log.unknown = "gone";
    assert_int_equal(rk_import_csv(RK_EVENTS, "e.csv", csv, sizeof(csv) - 1,
                                   &log.sink, NULL),
                     RK_OK);
    assert_int_equal(rk_import_jsonl(RK_EVENTS, "e.jsonl", jsonl,
                                     sizeof(jsonl) - 1, &log.sink, NULL),
                     RK_OK);
    assert_int_equal(log.n_rows, 3);
    assert_string_equal(rk_buf_str(&log.bad),
                        "e.csv:3:3: no such item: 'gone'\n"
                        "e.jsonl:1: no such item: 'gone'\n");
    row_log_clear(&log);
}


static void test_import_path_refuses_what_it_cannot_read(void **state)
{
    rk_row_sink sink = {0};
    rk_error err;

    (void)state;
    assert_int_equal(rk_import_path(RK_USERS, "a.csv/users.txt", &sink, &err),
                     RK_EINVAL);
    assert_string_equal(err.msg, "a.csv/users.txt: expected a name ending in "
                                 ".csv, .jsonl or .ndjson");
    assert_int_equal(rk_import_path(RK_USERS, "no/such.csv", &sink, &err),
                     RK_ENOTFOUND);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_csv_makes_items),
        cmocka_unit_test(test_import_csv_makes_users),
        cmocka_unit_test(test_import_csv_makes_events),
        cmocka_unit_test(test_import_csv_gives_events_their_defaults),
        cmocka_unit_test(test_import_csv_reports_bad_rows_and_goes_on),
        cmocka_unit_test(test_import_csv_quotes_nothing_raw),
        cmocka_unit_test(test_import_csv_refuses_a_header_that_lacks_a_column),
        cmocka_unit_test(test_import_csv_refuses_a_malformed_header),
        cmocka_unit_test(test_import_csv_refuses_too_many_columns),
        cmocka_unit_test(test_import_csv_goes_on_behind_a_row_that_is_too_long),
        cmocka_unit_test(test_import_csv_returns_what_the_sink_returned),
        cmocka_unit_test(test_import_reports_progress_and_stops_when_told),
        cmocka_unit_test(test_import_csv_survives_each_failing_allocation),
        cmocka_unit_test(test_import_reports_the_place_of_an_unknown_item),
        cmocka_unit_test(test_import_path_goes_by_the_ending),
        cmocka_unit_test(test_import_path_refuses_what_it_cannot_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

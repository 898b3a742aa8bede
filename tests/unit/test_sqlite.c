/* What is SQLite's own; what every backend does is tests/conformance/. */
#include "store/sqlite.h"

#include "../scratch.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static rk_store *open_store(const char *url)
{
    rk_error err = {0};
    rk_store *s;

    if (rk_store_open(&s, url, &err))
        fail_msg("%s", err.msg);
    return s;
}


static void assert_refused(const char *url, int code, const char *why)
{
    rk_store *s = (rk_store *)&url;
    rk_error err = {0};

    assert_int_equal(rk_store_open(&s, url, &err), code);
    assert_null(s);
    if (!strstr(err.msg, why))
        fail_msg("'%s' does not say '%s'", err.msg, why);
}


/* Runs SQL as another program would. */
static void by_hand(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}


static int number_by_hand(const char *path, const char *sql)
{
    sqlite3_stmt *st;
    sqlite3 *db;
    int n;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}


static int put_item(rk_store *s, const char *id, rk_error *err)
{
    rk_field f = {"title", id};

    return rk_store_put_record(s, RK_ITEMS, &(rk_record){id, &f, 1}, err);
}


static void test_store_url_is_a_path_with_or_without_its_scheme(void **state)
{
    rk_store_counts c;
    char url[600];
    rk_store *s;
    scratch d;

    (void)state;
    scratch_init(&d);
    s = open_store(scratch_path(&d, "a:b.db"));
    assert_int_equal(put_item(s, "x", NULL), RK_OK);
    rk_store_close(s);
    snprintf(url, sizeof(url), "sqlite:%s", scratch_path(&d, "a:b.db"));
    s = open_store(url);
    assert_int_equal(rk_store_counts_get(s, &c, NULL), RK_OK);
    assert_int_equal(c.n_items, 1);
    rk_store_close(s);
    scratch_clear(&d);
}


static void test_store_url_of_another_database_is_refused(void **state)
{
    (void)state;
    assert_refused("postgresql://localhost/x", RK_ENOTBUILT,
                   "store 'postgresql://...': this build has sqlite:PATH");
    assert_refused("", RK_EINVAL, "no path");
    assert_refused("sqlite:", RK_EINVAL, "store 'sqlite:' has no path");
}


static void test_sqlite_migrates_a_new_store_and_uses_wal(void **state)
{
    rk_store *s;
    scratch d;

    (void)state;
    scratch_init(&d);
    s = open_store(scratch_path(&d, "s.db"));
    assert_int_equal(number_by_hand(d.path, "PRAGMA user_version"),
                     rk_sqlite_migrations[rk_sqlite_n_migrations - 1].version);
    assert_int_equal(number_by_hand(d.path, "PRAGMA application_id"),
                     RK_SQLITE_APPLICATION);
    assert_int_equal(number_by_hand(d.path, "SELECT journal_mode = 'wal' FROM"
                                            " pragma_journal_mode"),
                     1);
    rk_store_close(s);
    scratch_clear(&d);
}


static void test_sqlite_refuses_a_newer_store_with_both_versions(void **state)
{
    scratch d;

    (void)state;
    scratch_init(&d);
    rk_store_close(open_store(scratch_path(&d, "s.db")));
    by_hand(d.path, "PRAGMA user_version = 99");
    assert_refused(d.path, RK_EFORMAT,
                   "s.db: the store has version 99, written by a newer "
                   "reckon; this one reads up to version 3");
    assert_int_equal(number_by_hand(d.path, "PRAGMA user_version"), 99);
    scratch_clear(&d);
}


static void test_sqlite_leaves_the_database_of_others_alone(void **state)
{
    scratch d;

    (void)state;
    scratch_init(&d);
    by_hand(scratch_path(&d, "s.db"), "CREATE TABLE a (x);"
                                      "CREATE TABLE b (x)");
    assert_refused(d.path, RK_EFORMAT,
                   "no reckon store, but a database with 2 tables");
    by_hand(d.path, "PRAGMA user_version = 1");
    assert_refused(d.path, RK_EFORMAT,
                   "no reckon store, but a database with 2 tables");
    assert_int_equal(
        number_by_hand(d.path, "SELECT count(*) FROM sqlite_schema"), 2);
    scratch_clear(&d);
}


static void test_sqlite_refuses_what_is_no_database(void **state)
{
    static const char text[2000] = "id,title\n1,The Night Circus\n";
    scratch d;

    (void)state;
    scratch_init(&d);
    assert_int_equal(
        rk_file_write(scratch_path(&d, "items.csv"), text, sizeof(text), NULL),
        RK_OK);
    assert_refused(d.path, RK_EFORMAT, "items.csv: ");
    assert_refused(d.dir, RK_EIO, d.dir);
    assert_refused(scratch_path(&d, "none/s.db"), RK_EIO, "none/s.db: ");
    scratch_clear(&d);
}


static void test_sqlite_says_that_a_store_was_cut_short(void **state)
{
    rk_record *r;
    rk_store *s;
    char *bytes;
    size_t len;
    scratch d;
    int rc;

    (void)state;
    scratch_init(&d);
    s = open_store(scratch_path(&d, "s.db"));
    assert_int_equal(put_item(s, "x", NULL), RK_OK);
    rk_store_close(s);
    assert_int_equal(rk_file_read(d.path, 1 << 20, &bytes, &len, NULL), RK_OK);
    for (size_t page = 4096; page < len; page += 4096) {
        assert_int_equal(rk_file_write(d.path, bytes, page, NULL), RK_OK);
        rc = rk_store_open(&s, d.path, NULL);
        if (rc == RK_OK)
            rc = rk_store_get_record(s, RK_ITEMS, "x", &r, NULL);
        if (rc == RK_OK)
            rk_record_free(r);
        rk_store_close(s);
        assert_true(rc == RK_EFORMAT || (rc == RK_OK && page > 16384));
    }
    free(bytes);
    scratch_clear(&d);
}


/* Children that wait for the starting shot, then open and write. */
static int racer(const char *path, int start, int number)
{
    char go;
    rk_store *s;
    int rc = read(start, &go, 1) == 0 ? RK_OK : RK_EIO;

    if (rc == RK_OK)
        rc = rk_store_open(&s, path, NULL);
    for (int i = 0; i < 10 && rc == RK_OK; i++) {
        char id[32];

        snprintf(id, sizeof(id), "%d-%d", number, i);
        rc = put_item(s, id, NULL);
    }
    if (rc == RK_OK)
        rk_store_close(s);
    return rc;
}


static void test_sqlite_lets_processes_create_one_store_at_once(void **state)
{
    enum { RACERS = 4 };
    rk_store_counts c;
    rk_store *s;
    scratch d;

    (void)state;
    for (int round = 0; round < 3; round++) {
        pid_t child[RACERS];
        int start[2];
        int status;

        scratch_init(&d);
        scratch_path(&d, "s.db");
        assert_int_equal(pipe(start), 0);
        for (int i = 0; i < RACERS; i++) {
            child[i] = fork();
            assert_true(child[i] >= 0);
            if (child[i] == 0) {
                close(start[1]);
                _exit(-racer(d.path, start[0], i));
            }
        }
        close(start[0]);
        close(start[1]);
        for (int i = 0; i < RACERS; i++) {
            assert_int_equal(waitpid(child[i], &status, 0), child[i]);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 0);
        }
        s = open_store(d.path);
        assert_int_equal(rk_store_counts_get(s, &c, NULL), RK_OK);
        assert_int_equal(c.n_items, RACERS * 10);
        assert_int_equal(c.change, RACERS * 10);
        rk_store_close(s);
        scratch_clear(&d);
    }
}


/* Some errors make SQLite undo the whole transaction: what follows must not
 * slip in on its own. */
static void test_sqlite_does_not_go_on_in_an_undone_transaction(void **state)
{
    const rk_store_backend *b = &rk_sqlite_backend;
    rk_store_counts c;
    rk_error err = {0};
    void *conn;

    (void)state;
    assert_int_equal(b->open(&conn, ":memory:", NULL), RK_OK);
    assert_int_equal(b->begin(conn, NULL), RK_OK);
    assert_int_equal(b->put_record(conn, RK_USERS, "u", "{}", NULL), RK_OK);
    sqlite3_exec(((rk_sqlite *)conn)->db, "ROLLBACK", NULL, NULL, NULL);
    assert_int_equal(b->put_record(conn, RK_USERS, "v", "{}", &err),
                     RK_EBACKEND);
    assert_non_null(strstr(err.msg, "undone"));
    assert_int_equal(b->commit(conn, &err), RK_EBACKEND);
    assert_int_equal(b->counts(conn, &c, NULL), RK_OK);
    assert_int_equal(c.n_users, 0);
    assert_int_equal(b->put_record(conn, RK_USERS, "v", "{}", NULL), RK_OK);
    b->close(conn);
}


static void test_sqlite_says_that_the_disk_is_full(void **state)
{
    const rk_store_backend *b = &rk_sqlite_backend;
    rk_store_counts c;
    rk_error err = {0};
    char big[8192];
    void *conn;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_int_equal(b->open(&conn, ":memory:", NULL), RK_OK);
    sqlite3_exec(((rk_sqlite *)conn)->db, "PRAGMA max_page_count = 1", NULL,
                 NULL, NULL);
    assert_int_equal(b->put_output(conn, "k", big, sizeof(big), &err), RK_EIO);
    assert_string_equal(err.msg, "sqlite: run: database or disk is full");
    assert_int_equal(b->counts(conn, &c, NULL), RK_OK);
    assert_int_equal(c.n_outputs, 0);
    b->close(conn);
}


static void test_store_open_stands_each_allocation_failing(void **state)
{
    rk_store *s;
    int rc;

    (void)state;
    for (size_t at = 1;; at++) {
        rk_mem_fail_at(at);
        rc = rk_store_open(&s, ":memory:", NULL);
        rk_mem_fail_at(0);
        rk_store_close(s);
        if (rc == RK_OK) {
            assert_true(at > 2);
            break;
        }
        assert_int_equal(rc, RK_ENOMEM);
        assert_null(s);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_url_is_a_path_with_or_without_its_scheme),
        cmocka_unit_test(test_store_url_of_another_database_is_refused),
        cmocka_unit_test(test_sqlite_migrates_a_new_store_and_uses_wal),
        cmocka_unit_test(test_sqlite_refuses_a_newer_store_with_both_versions),
        cmocka_unit_test(test_sqlite_leaves_the_database_of_others_alone),
        cmocka_unit_test(test_sqlite_refuses_what_is_no_database),
        cmocka_unit_test(test_sqlite_says_that_a_store_was_cut_short),
        cmocka_unit_test(test_sqlite_lets_processes_create_one_store_at_once),
        cmocka_unit_test(test_sqlite_does_not_go_on_in_an_undone_transaction),
        cmocka_unit_test(test_sqlite_says_that_the_disk_is_full),
        cmocka_unit_test(test_store_open_stands_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

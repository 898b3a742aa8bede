/* A process that imports is killed at random points: what it had said was
 * committed is there and whole, nothing is there in part, and importing again
 * to the end leaves the same store as one run that nobody disturbed. */
#include "store_suite.h"

#include "core/hash.h"
#include "core/rng.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

enum { BATCHES = 120, BATCH_EVENTS = 20, KILLS = 20 };


static int batch_put(rk_store *s, int batch)
{
    char item[16];
    char user[16];
    int rc = rk_store_begin(s, NULL);

    snprintf(item, sizeof(item), "i%d", batch);
    if (rc == RK_OK)
        rc = put_item(s, item, "t");
    for (int i = 0; i < BATCH_EVENTS && rc == RK_OK; i++) {
        snprintf(user, sizeof(user), "u%d", (batch + i) % 7);
        rc = put_event(s, user, item, "rating", i % 5 + 1, batch % 3 * 100 + i);
    }
    return rc == RK_OK ? rk_store_commit(s, NULL) : rc;
}


/* The whole import; each commit is told through `ack` (-1: to nobody). */
static int import_all(const char *path, int ack)
{
    rk_store *s;
    int rc = rk_store_open(&s, path, NULL);

    for (unsigned char batch = 0; batch < BATCHES && rc == RK_OK; batch++) {
        rc = batch_put(s, batch);
        if (rc == RK_OK && ack >= 0 && write(ack, &batch, 1) != 1)
            rc = RK_EIO;
    }
    rk_store_close(s);
    return rc;
}


/* Some hundred microseconds at most, to land anywhere within a batch. */
static void dawdle(rk_rng *r)
{
    volatile uint32_t n = rk_rng_below(r, 300000);

    while (n)
        n--;
}


/* Imports in a child, killed soon after it told of batch `after` (-1: soon
 * after it started). Returns how many batches it told of in all. */
static int import_killed(const char *path, int after, rk_rng *r)
{
    unsigned char batch;
    int n_acked = 0;
    int status;
    int ack[2];
    pid_t child;

    assert_int_equal(pipe(ack), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ack[0]);
        _exit(import_all(path, ack[1]) == RK_OK ? 0 : 1);
    }
    close(ack[1]);
    while (n_acked <= after && read(ack[0], &batch, 1) == 1)
        assert_int_equal(batch, n_acked++);
    dawdle(r);
    kill(child, SIGKILL);
    while (read(ack[0], &batch, 1) == 1)
        assert_int_equal(batch, n_acked++);
    close(ack[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || n_acked == BATCHES);
    return n_acked;
}


static void assert_sound(const char *path)
{
    sqlite3_stmt *st;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    sqlite3_close(db);
}


static int event_count(void *ctx, const rk_event *e, rk_error *err)
{
    (void)err;
    ((int *)ctx)[strtol(e->item + 1, NULL, 10)]++;
    return RK_OK;
}


static int item_count(void *ctx, const rk_record *r, rk_error *err)
{
    (void)err;
    ((int *)ctx)[strtol(r->id + 1, NULL, 10)]++;
    return RK_OK;
}


/* The first `n_acked` batches whole, the others whole or absent, and the
 * totals as the rows say. */
static void assert_whole(const char *path, int n_acked)
{
    int events[BATCHES] = {0};
    int items[BATCHES] = {0};
    uint64_t n_items = 0;
    rk_store_counts c;
    rk_store *s;

    assert_int_equal(rk_store_open(&s, path, NULL), RK_OK);
    assert_int_equal(rk_store_each_event(s, NULL, event_count, events, NULL),
                     RK_OK);
    assert_int_equal(
        rk_store_each_record(s, RK_ITEMS, 0, item_count, items, NULL), RK_OK);
    for (int i = 0; i < BATCHES; i++) {
        assert_int_equal(events[i], items[i] * BATCH_EVENTS);
        if (i < n_acked)
            assert_int_equal(items[i], 1);
        n_items += (uint64_t)items[i];
    }
    c = counts(s);
    assert_int_equal(c.n_items, n_items);
    assert_int_equal(c.n_events, n_items * BATCH_EVENTS);
    rk_store_close(s);
}


/* Of everything a store says. */
static uint64_t content_hash(const char *path)
{
    rk_store *s;
    rk_buf told;
    uint64_t hash;

    rk_buf_init(&told);
    assert_int_equal(rk_store_open(&s, path, NULL), RK_OK);
    rk_store_each_record(s, RK_ITEMS, 0, record_tell, &told, NULL);
    rk_store_each_record(s, RK_USERS, 0, record_tell, &told, NULL);
    rk_store_each_event(s, NULL, event_tell, &told, NULL);
    assert_false(told.failed);
    rk_buf_printf(&told, "%llu", (unsigned long long)counts(s).change);
    hash = rk_hash64(told.data, told.len);
    rk_store_close(s);
    rk_buf_clear(&told);
    return hash;
}


static void test_store_loses_nothing_acknowledged_when_killed(void **state)
{
    rk_rng r = {20};
    int most = 0;
    char path[512];
    char calm[512];
    scratch dir;

    (void)state;
    scratch_init(&dir);
    snprintf(path, sizeof(path), "%s", scratch_path(&dir, "killed.db"));
    snprintf(calm, sizeof(calm), "%s", scratch_path(&dir, "calm.db"));
    for (int i = 0; i < KILLS; i++) {
        /* Mostly among new batches, now and then among those done before. */
        int after = rk_rng_below(&r, 4) == 0
                        ? (int)rk_rng_below(&r, (uint32_t)most + 1)
                        : most + (int)rk_rng_below(&r, 6);
        int n_acked = import_killed(path, after - 1, &r);

        most = n_acked > most ? n_acked : most;
        assert_sound(path);
        assert_whole(path, most);
    }
    assert_true(most > 10);

    assert_int_equal(import_all(path, -1), RK_OK);
    assert_int_equal(import_all(calm, -1), RK_OK);
    assert_sound(path);
    assert_whole(path, BATCHES);
    assert_true(content_hash(path) == content_hash(calm));
    scratch_clear(&dir);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_loses_nothing_acknowledged_when_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

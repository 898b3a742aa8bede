#include "store/sqlite.h"

/* The sums of a row, from its column `at` on. */
static void sums_get(sqlite3_stmt *st, int at, rk_ledger_row *out)
{
    uint64_t *const counts[] = {
        &out->calls,         &out->prefix_tokens,    &out->candidate_tokens,
        &out->reused_tokens, &out->generated_tokens, &out->took_us,
        &out->cost_micros,   &out->n_users};

    for (int i = 0; i < 8; i++)
        *counts[i] = (uint64_t)sqlite3_column_int64(st, at + i);
}


static int add_one(rk_sqlite *c, const rk_ledger_row *row, rk_error *err)
{
    const uint64_t counts[] = {
        row->calls,         row->prefix_tokens,    row->candidate_tokens,
        row->reused_tokens, row->generated_tokens, row->took_us,
        row->cost_micros};
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_LEDGER_ADD, &st, err);

    if (rc == RK_OK) {
        sqlite3_bind_int64(st, 1, row->day);
        sqlite3_bind_text(st, 2, row->user, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, row->model, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 4, row->purpose, -1, SQLITE_STATIC);
        for (int i = 0; i < 7; i++)
            sqlite3_bind_int64(st, 5 + i,
                               (sqlite3_int64)(counts[i] < RK_LEDGER_MOST
                                                   ? counts[i]
                                                   : RK_LEDGER_MOST));
        rc = rk_sqlite_step(c, st, err);
    }
    rk_sqlite_give(c, SQL_LEDGER_ADD, st);
    return rc;
}


int rk_sqlite_add_ledger(void *conn, const rk_ledger_row *rows, size_t n,
                         rk_error *err)
{
    rk_sqlite *c = conn;
    int rc = rk_sqlite_enter(c, false, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = add_one(c, &rows[i], err);
    return rk_sqlite_leave(c, rc, err);
}


int rk_sqlite_sum_ledger(void *conn, int64_t day, const char *user,
                         rk_ledger_row *out, rk_error *err)
{
    enum rk_sqlite_sql which = user ? SQL_LEDGER_SUM_OF_USER : SQL_LEDGER_SUM;
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    *out = (rk_ledger_row){.day = day, .user = user};
    if (rc == RK_OK) {
        sqlite3_bind_int64(st, 1, day);
        if (user)
            sqlite3_bind_text(st, 2, user, -1, SQLITE_STATIC);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc > 0) {
        sums_get(st, 3, out);
        rc = RK_OK;
    }
    rk_sqlite_give(c, which, st);
    return rc;
}


int rk_sqlite_each_ledger(void *conn, int64_t since, rk_store_ledger_fn each,
                          void *ctx, rk_error *err)
{
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_LEDGER_ALL, &st, err);

    if (rc == RK_OK) {
        sqlite3_bind_int64(st, 1, since);
        rc = rk_sqlite_step(c, st, err);
    }
    while (rc > 0) {
        rk_ledger_row row = {
            .day = sqlite3_column_int64(st, 0),
            .model = (const char *)sqlite3_column_text(st, 1),
            .purpose = (const char *)sqlite3_column_text(st, 2),
            .user = ""};

        sums_get(st, 3, &row);
        rc = row.model && row.purpose ? each(ctx, &row, err)
                                      : rk_no_memory(err);
        if (rc >= 0)
            rc = rk_sqlite_step(c, st, err);
    }
    rk_sqlite_give(c, SQL_LEDGER_ALL, st);
    return rc;
}


int rk_sqlite_prune_ledger(void *conn, int64_t day, uint64_t *n, rk_error *err)
{
    rk_sqlite *c = conn;
    sqlite3_stmt *st = NULL;
    int rc = rk_sqlite_enter(c, false, err);

    *n = 0;
    if (rc)
        return rc;
    rc = rk_sqlite_take(c, SQL_LEDGER_PRUNE, &st, err);
    if (rc == RK_OK) {
        sqlite3_bind_int64(st, 1, day);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc == RK_OK)
        *n = (uint64_t)sqlite3_changes64(c->db);
    rk_sqlite_give(c, SQL_LEDGER_PRUNE, st);
    return rk_sqlite_leave(c, rc, err);
}

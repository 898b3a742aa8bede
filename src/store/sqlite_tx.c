#include "store/sqlite.h"

int rk_sqlite_fail(rk_sqlite *c, const char *what, rk_error *err)
{
    const char *why = sqlite3_errmsg(c->db);

    switch (sqlite3_errcode(c->db)) {
    case SQLITE_NOMEM: return rk_no_memory(err);
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return rk_fail(err, RK_EIO, "sqlite: %s: %s", what, why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return rk_fail(err, RK_EFORMAT, "sqlite: %s: %s", what, why);
    case SQLITE_BUSY:
        return rk_fail(err, RK_EBACKEND,
                       "sqlite: %s: another process has been writing for %d s",
                       what, RK_SQLITE_BUSY_MS / 1000);
    default: return rk_fail(err, RK_EBACKEND, "sqlite: %s: %s", what, why);
    }
}


int rk_sqlite_take(rk_sqlite *c, enum rk_sqlite_sql which, sqlite3_stmt **out,
                   rk_error *err)
{
    unsigned flags = c->taken[which] ? 0 : SQLITE_PREPARE_PERSISTENT;
    sqlite3_stmt *st = c->taken[which] ? NULL : c->cached[which];

    *out = NULL;
    if (!st) {
        int rc = sqlite3_prepare_v3(c->db, rk_sqlite_sql[which], -1, flags, &st,
                                    NULL);

        if (rc != SQLITE_OK)
            return rk_sqlite_fail(c, "prepare", err);
    }
    if (!c->taken[which]) {
        c->cached[which] = st;
        c->taken[which] = true;
    }
    *out = st;
    return RK_OK;
}


void rk_sqlite_give(rk_sqlite *c, enum rk_sqlite_sql which, sqlite3_stmt *st)
{
    if (!st)
        return;
    if (st != c->cached[which]) {
        sqlite3_finalize(st);
        return;
    }
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    c->taken[which] = false;
}


int rk_sqlite_step(rk_sqlite *c, sqlite3_stmt *st, rk_error *err)
{
    switch (sqlite3_step(st)) {
    case SQLITE_ROW: return 1;
    case SQLITE_DONE: return 0;
    default: return rk_sqlite_fail(c, "run", err);
    }
}


int rk_sqlite_run(rk_sqlite *c, enum rk_sqlite_sql which, rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK)
        rc = rk_sqlite_step(c, st, err);
    rk_sqlite_give(c, which, st);
    return rc;
}


static int totals_get(rk_sqlite *c, rk_store_counts *out, rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_TOTALS_GET, &st, err);

    if (rc == RK_OK)
        rc = rk_sqlite_step(c, st, err);
    if (rc == 0)
        rc = rk_fail(err, RK_EFORMAT, "sqlite: the store has no totals");
    if (rc > 0) {
        out->n_items = (uint64_t)sqlite3_column_int64(st, 0);
        out->n_users = (uint64_t)sqlite3_column_int64(st, 1);
        out->n_events = (uint64_t)sqlite3_column_int64(st, 2);
        out->n_outputs = (uint64_t)sqlite3_column_int64(st, 3);
        out->change = (uint64_t)sqlite3_column_int64(st, 4);
        rc = RK_OK;
    }
    rk_sqlite_give(c, SQL_TOTALS_GET, st);
    return rc;
}


static int totals_put(rk_sqlite *c, rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_TOTALS_PUT, &st, err);

    if (rc == RK_OK) {
        sqlite3_bind_int64(st, 1, (sqlite3_int64)c->totals.n_items);
        sqlite3_bind_int64(st, 2, (sqlite3_int64)c->totals.n_users);
        sqlite3_bind_int64(st, 3, (sqlite3_int64)c->totals.n_events);
        sqlite3_bind_int64(st, 4, (sqlite3_int64)c->totals.n_outputs);
        sqlite3_bind_int64(st, 5, (sqlite3_int64)c->totals.change);
        rc = rk_sqlite_step(c, st, err);
    }
    rk_sqlite_give(c, SQL_TOTALS_PUT, st);
    return rc;
}


/* Chosen lazily, because outputs come in long runs. In WAL mode NORMAL keeps
 * every commit whole and may lose the last ones with the power, not with the
 * process. */
static int sync_set(rk_sqlite *c, bool synced, rk_error *err)
{
    if (c->synced == synced)
        return RK_OK;
    if (sqlite3_exec(c->db,
                     synced ? "PRAGMA synchronous = FULL"
                            : "PRAGMA synchronous = NORMAL",
                     NULL, NULL, NULL) != SQLITE_OK)
        return rk_sqlite_fail(c, "set synchronous", err);
    c->synced = synced;
    return RK_OK;
}


void rk_sqlite_undo(rk_sqlite *c)
{
    /* Some errors have undone it already. */
    if (!sqlite3_get_autocommit(c->db))
        (void)rk_sqlite_run(c, SQL_ROLLBACK, NULL);
    c->counted = false;
}


static int start(rk_sqlite *c, bool synced, rk_error *err)
{
    int rc = sync_set(c, synced, err);

    if (rc == RK_OK)
        rc = rk_sqlite_run(c, SQL_BEGIN, err);
    if (rc)
        return rc;
    c->counted = false;
    rc = totals_get(c, &c->totals, err);
    if (rc)
        rk_sqlite_undo(c);
    return rc;
}


static int finish(rk_sqlite *c, rk_error *err)
{
    int rc = RK_OK;

    if (sqlite3_get_autocommit(c->db))
        rc = rk_fail(err, RK_EBACKEND,
                     "sqlite: an earlier error has undone the transaction");
    if (rc == RK_OK && c->counted)
        rc = totals_put(c, err);
    if (rc == RK_OK)
        rc = rk_sqlite_run(c, SQL_COMMIT, err);
    if (rc)
        rk_sqlite_undo(c);
    c->counted = false;
    return rc;
}


int rk_sqlite_enter(rk_sqlite *c, bool synced, rk_error *err)
{
    if (!c->open)
        return start(c, synced, err);
    if (sqlite3_get_autocommit(c->db))
        return rk_fail(err, RK_EBACKEND,
                       "sqlite: an earlier error has undone the transaction");
    return RK_OK;
}


int rk_sqlite_leave(rk_sqlite *c, int rc, rk_error *err)
{
    if (c->open)
        return rc;
    if (rc == RK_OK)
        return finish(c, err);
    rk_sqlite_undo(c);
    return rc;
}


int rk_sqlite_begin(void *conn, rk_error *err)
{
    rk_sqlite *c = conn;
    int rc = start(c, true, err);

    c->open = rc == RK_OK;
    return rc;
}


int rk_sqlite_commit(void *conn, rk_error *err)
{
    rk_sqlite *c = conn;

    c->open = false;
    return finish(c, err);
}


void rk_sqlite_rollback(void *conn)
{
    rk_sqlite *c = conn;

    c->open = false;
    rk_sqlite_undo(c);
}


int rk_sqlite_counts(void *conn, rk_store_counts *out, rk_error *err)
{
    rk_sqlite *c = conn;

    if (!c->open)
        return totals_get(c, out, err);
    *out = c->totals;
    return RK_OK;
}

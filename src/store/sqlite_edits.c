#include "store/sqlite.h"


int rk_sqlite_add_edit(void *conn, const rk_edit *e, uint64_t *version,
                       rk_error *err)
{
    const char *const texts[] = {e->kind, e->id, e->token, e->what, e->into};
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_enter(c, true, err);

    if (rc)
        return rc;
    rc = rk_sqlite_take(c, SQL_EDIT_ADD, &st, err);
    if (rc == RK_OK) {
        for (int i = 0; i < 5; i++)
            sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC);
        sqlite3_bind_double(st, 6, e->weight);
        sqlite3_bind_text(st, 7, e->who, -1, SQLITE_STATIC);
        sqlite3_bind_int64(st, 8, e->at_us);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc == RK_OK)
        *version = (uint64_t)sqlite3_last_insert_rowid(c->db);
    rk_sqlite_give(c, SQL_EDIT_ADD, st);
    return rk_sqlite_leave(c, rc, err);
}


int rk_sqlite_edits_version(void *conn, uint64_t *version, rk_error *err)
{
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_EDITS_VERSION, &st, err);

    if (rc == RK_OK)
        rc = rk_sqlite_step(c, st, err);
    if (rc > 0) {
        *version = (uint64_t)sqlite3_column_int64(st, 0);
        rc = RK_OK;
    }
    rk_sqlite_give(c, SQL_EDITS_VERSION, st);
    return rc;
}


/* False: no memory for a text. */
static bool edit_get(sqlite3_stmt *st, rk_edit *e)
{
    const char **const texts[] = {&e->kind, &e->id, &e->token, &e->what,
                                  &e->into};
    bool whole = true;

    for (int i = 0; i < 5; i++) {
        *texts[i] = (const char *)sqlite3_column_text(st, i);
        whole = whole && *texts[i];
    }
    e->weight = sqlite3_column_double(st, 5);
    e->who = (const char *)sqlite3_column_text(st, 6);
    e->at_us = sqlite3_column_int64(st, 7);
    e->version = (uint64_t)sqlite3_column_int64(st, 8);
    return whole && e->who;
}


int rk_sqlite_each_edit(void *conn, bool latest, rk_store_edit_fn each,
                        void *ctx, rk_error *err)
{
    enum rk_sqlite_sql which = latest ? SQL_EDITS_LATEST : SQL_EDITS_ALL;
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK)
        rc = rk_sqlite_step(c, st, err);
    while (rc > 0) {
        rk_edit e = {0};

        rc = edit_get(st, &e) ? each(ctx, &e, err) : rk_no_memory(err);
        if (rc >= 0)
            rc = rk_sqlite_step(c, st, err);
    }
    rk_sqlite_give(c, which, st);
    return rc;
}

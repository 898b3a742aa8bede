#include "store/sqlite.h"

/* The statement about this kind: users stand behind items. */
static enum rk_sqlite_sql about(enum rk_sqlite_sql items, enum rk_kind kind)
{
    return kind == RK_USERS ? items + 1 : items;
}


static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
    sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}


/* 1 with *same set, 0 when there is no such record, or a code. */
static int record_state(rk_sqlite *c, enum rk_kind kind, const char *id,
                        const char *fields, bool *same, rk_error *err)
{
    enum rk_sqlite_sql which = about(SQL_ITEM_STATE, kind);
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        bind_text(st, 1, id);
        bind_text(st, 2, fields);
        rc = rk_sqlite_step(c, st, err);
        *same = rc > 0 && sqlite3_column_int(st, 0) != 0;
    }
    rk_sqlite_give(c, which, st);
    return rc;
}


/* Inserts or updates, and counts the change. */
static int record_write(rk_sqlite *c, enum rk_kind kind, bool insert,
                        const char *id, const char *fields, rk_error *err)
{
    enum rk_sqlite_sql which = about(insert ? SQL_ITEM_INSERT : SQL_ITEM_UPDATE,
                                     kind);
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        bind_text(st, 1, id);
        bind_text(st, 2, fields);
        sqlite3_bind_int64(st, 3, (sqlite3_int64)c->totals.change + 1);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc == RK_OK) {
        c->totals.change++;
        c->counted = true;
        if (insert && kind == RK_ITEMS)
            c->totals.n_items++;
        if (insert && kind == RK_USERS)
            c->totals.n_users++;
    }
    rk_sqlite_give(c, which, st);
    return rc;
}


static int record_put(rk_sqlite *c, enum rk_kind kind, const char *id,
                      const char *fields, rk_error *err)
{
    bool same = false;
    int rc = record_state(c, kind, id, fields, &same, err);

    if (rc < 0 || same)
        return rc < 0 ? rc : RK_OK;
    return record_write(c, kind, rc == 0, id, fields, err);
}


int rk_sqlite_put_record(void *conn, enum rk_kind kind, const char *id,
                         const char *fields, rk_error *err)
{
    rk_sqlite *c = conn;
    int rc = rk_sqlite_enter(c, true, err);

    if (rc)
        return rc;
    return rk_sqlite_leave(c, record_put(c, kind, id, fields, err), err);
}


static void event_bind(sqlite3_stmt *st, const rk_event *e)
{
    bind_text(st, 1, e->user);
    bind_text(st, 2, e->item);
    bind_text(st, 3, e->type);
    sqlite3_bind_int64(st, 4, e->at_us);
    sqlite3_bind_double(st, 5, e->value);
}


/* 1 with *same set, 0 when there is no such event, or a code. */
static int event_state(rk_sqlite *c, const rk_event *e, bool *same,
                       rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, SQL_EVENT_STATE, &st, err);

    if (rc == RK_OK) {
        event_bind(st, e);
        rc = rk_sqlite_step(c, st, err);
        *same = rc > 0 && sqlite3_column_int(st, 0) != 0;
    }
    rk_sqlite_give(c, SQL_EVENT_STATE, st);
    return rc;
}


/* Inserts or updates, and counts the change. 1 when a row was written, 0 when
 * none was: the event is there already, or its user or item is not. */
static int event_write(rk_sqlite *c, bool insert, const rk_event *e,
                       rk_error *err)
{
    enum rk_sqlite_sql which = insert ? SQL_EVENT_INSERT : SQL_EVENT_UPDATE;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        event_bind(st, e);
        if (insert)
            sqlite3_bind_int64(st, 6, (sqlite3_int64)c->totals.change + 1);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc == RK_OK && sqlite3_changes(c->db) > 0) {
        c->counted = true;
        c->totals.change++;
        c->totals.n_events += insert;
        rc = 1;
    }
    rk_sqlite_give(c, which, st);
    return rc;
}


/* An event whose insertion wrote nothing for want of its user or item. */
static int event_put_unknown(rk_sqlite *c, const rk_event *e, rk_error *err)
{
    bool same;
    int rc = record_state(c, RK_ITEMS, e->item, "", &same, err);

    if (rc == 0)
        rc = rk_fail(err, RK_ENOTFOUND, "no such item: '%s'", e->item);
    if (rc > 0)
        rc = record_write(c, RK_USERS, true, e->user, "{}", err);
    if (rc == RK_OK)
        rc = event_write(c, true, e, err);
    return rc;
}


/* The insertion is tried first: it finds user and item itself, and most
 * events are new. */
static int event_put(rk_sqlite *c, const rk_event *e, rk_error *err)
{
    bool same = false;
    int rc = event_write(c, true, e, err);

    if (rc)
        return rc;
    rc = event_state(c, e, &same, err);
    if (rc < 0 || same)
        return rc;
    return rc ? event_write(c, false, e, err) : event_put_unknown(c, e, err);
}


int rk_sqlite_put_event(void *conn, const rk_event *e, rk_error *err)
{
    rk_sqlite *c = conn;
    int rc = rk_sqlite_enter(c, true, err);

    if (rc)
        return rc;
    rc = event_put(c, e, err);
    return rk_sqlite_leave(c, rc < 0 ? rc : RK_OK, err);
}


/* Calls `each` for every row of a bound statement. 1 when there were any, 0
 * when there were none, or a code. */
static int records_walk(rk_sqlite *c, sqlite3_stmt *st, rk_store_record_fn each,
                        void *ctx, rk_error *err)
{
    bool any = false;
    int rc;

    while ((rc = rk_sqlite_step(c, st, err)) > 0) {
        const char *id = (const char *)sqlite3_column_text(st, 0);
        const char *fields = (const char *)sqlite3_column_text(st, 1);

        if (!id || !fields)
            return rk_no_memory(err);
        rc = each(ctx, id, fields, (size_t)sqlite3_column_bytes(st, 1), err);
        if (rc < 0)
            return rc;
        any = true;
    }
    return rc < 0 ? rc : any;
}


int rk_sqlite_get_record(void *conn, enum rk_kind kind, const char *id,
                         rk_store_record_fn found, void *ctx, rk_error *err)
{
    enum rk_sqlite_sql which = about(SQL_ITEM_GET, kind);
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        bind_text(st, 1, id);
        rc = records_walk(c, st, found, ctx, err);
        if (rc == 0)
            rc = rk_fail(err, RK_ENOTFOUND, "no such %s: '%s'",
                         kind == RK_USERS ? "user" : "item", id);
    }
    rk_sqlite_give(c, which, st);
    return rc < 0 ? rc : RK_OK;
}


int rk_sqlite_each_record(void *conn, enum rk_kind kind, uint64_t since,
                          rk_store_record_fn each, void *ctx, rk_error *err)
{
    enum rk_sqlite_sql which = about(since ? SQL_ITEMS_SINCE : SQL_ITEMS_ALL,
                                     kind);
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc;

    if (since > INT64_MAX)
        return RK_OK; /* no counter has come so far */
    rc = rk_sqlite_take(c, which, &st, err);
    if (rc == RK_OK) {
        if (since)
            sqlite3_bind_int64(st, 1, (sqlite3_int64)since);
        rc = records_walk(c, st, each, ctx, err);
    }
    rk_sqlite_give(c, which, st);
    return rc < 0 ? rc : RK_OK;
}


static int events_walk(rk_sqlite *c, sqlite3_stmt *st, rk_store_event_fn each,
                       void *ctx, rk_error *err)
{
    int rc;

    while ((rc = rk_sqlite_step(c, st, err)) > 0) {
        const rk_event e = {
            .user = (const char *)sqlite3_column_text(st, 0),
            .item = (const char *)sqlite3_column_text(st, 1),
            .type = (const char *)sqlite3_column_text(st, 2),
            .value = sqlite3_column_double(st, 3),
            .at_us = sqlite3_column_int64(st, 4),
        };

        if (!e.user || !e.item || !e.type)
            return rk_no_memory(err);
        rc = each(ctx, &e, err);
        if (rc < 0)
            return rc;
    }
    return rc;
}


int rk_sqlite_each_event(void *conn, const char *user, rk_store_event_fn each,
                         void *ctx, rk_error *err)
{
    enum rk_sqlite_sql which = user ? SQL_EVENTS_OF_USER : SQL_EVENTS_ALL;
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        if (user)
            bind_text(st, 1, user);
        rc = events_walk(c, st, each, ctx, err);
    }
    rk_sqlite_give(c, which, st);
    return rc;
}

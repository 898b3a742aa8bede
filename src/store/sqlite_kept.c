#include "store/sqlite.h"

#include "core/mem.h"

/* 1 when a row was written, 0 when there was nothing to do, or a code. */
static int output_write(rk_sqlite *c, enum rk_sqlite_sql which, const char *key,
                        const void *bytes, size_t len, rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
        /* A NULL pointer would be NULL and not no bytes. */
        if (sqlite3_bind_blob64(st, 2, len ? bytes : "", len, SQLITE_STATIC) ==
            SQLITE_OK)
            rc = rk_sqlite_step(c, st, err);
        else
            rc = rk_sqlite_fail(c, "bind output", err);
    }
    if (rc == RK_OK && sqlite3_changes(c->db) > 0)
        rc = 1;
    rk_sqlite_give(c, which, st);
    return rc;
}


int rk_sqlite_put_output(void *conn, const char *key, const void *bytes,
                         size_t len, rk_error *err)
{
    rk_sqlite *c = conn;
    int rc = rk_sqlite_enter(c, false, err);

    if (rc)
        return rc;
    rc = output_write(c, SQL_OUTPUT_INSERT, key, bytes, len, err);
    if (rc > 0) {
        c->totals.n_outputs++;
        c->counted = true;
    } else if (rc == 0) {
        rc = output_write(c, SQL_OUTPUT_UPDATE, key, bytes, len, err);
    }
    return rk_sqlite_leave(c, rc < 0 ? rc : RK_OK, err);
}


/* Copies the one value of the row with this key, with a NUL behind it. */
static int value_get(rk_sqlite *c, enum rk_sqlite_sql which, const char *key,
                     char **value, size_t *len, rk_error *err)
{
    sqlite3_stmt *st;
    int rc = rk_sqlite_take(c, which, &st, err);

    if (rc == RK_OK) {
        sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
        rc = rk_sqlite_step(c, st, err);
        if (rc == 0)
            rc = rk_fail(err, RK_ENOTFOUND, "nothing is kept under '%s'", key);
    }
    if (rc > 0) {
        const void *found = sqlite3_column_blob(st, 0);

        *len = found ? (size_t)sqlite3_column_bytes(st, 0) : 0;
        *value = rk_strndup(found ? found : "", *len);
        rc = *value ? RK_OK : rk_no_memory(err);
    }
    rk_sqlite_give(c, which, st);
    return rc;
}


int rk_sqlite_get_output(void *conn, const char *key, void **bytes, size_t *len,
                         rk_error *err)
{
    char *value = NULL;
    int rc = value_get(conn, SQL_OUTPUT_GET, key, &value, len, err);

    *bytes = value;
    return rc;
}


int rk_sqlite_prune_outputs(void *conn, const char *prefix, size_t keep,
                            rk_error *err)
{
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_enter(c, false, err);

    if (rc)
        return rc;
    rc = rk_sqlite_take(c, SQL_OUTPUT_PRUNE, &st, err);
    if (rc == RK_OK) {
        sqlite3_bind_text(st, 1, prefix, -1, SQLITE_STATIC);
        sqlite3_bind_int64(st, 2, (sqlite3_int64)keep);
        rc = rk_sqlite_step(c, st, err);
    }
    if (rc == RK_OK) {
        c->totals.n_outputs -= (uint64_t)sqlite3_changes(c->db);
        c->counted = true;
    }
    rk_sqlite_give(c, SQL_OUTPUT_PRUNE, st);
    return rk_sqlite_leave(c, rc, err);
}


int rk_sqlite_put_note(void *conn, const char *name, const char *value,
                       rk_error *err)
{
    rk_sqlite *c = conn;
    sqlite3_stmt *st;
    int rc = rk_sqlite_enter(c, true, err);

    if (rc)
        return rc;
    rc = rk_sqlite_take(c, SQL_NOTE_PUT, &st, err);
    if (rc == RK_OK) {
        sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 2, value, -1, SQLITE_STATIC);
        rc = rk_sqlite_step(c, st, err);
    }
    rk_sqlite_give(c, SQL_NOTE_PUT, st);
    return rk_sqlite_leave(c, rc, err);
}


int rk_sqlite_get_note(void *conn, const char *name, char **value,
                       rk_error *err)
{
    size_t len;

    return value_get(conn, SQL_NOTE_GET, name, value, &len, err);
}

#include "store/sqlite.h"

#include "core/clock.h"
#include "core/mem.h"

/* One statement, so that what it reads is of one moment. */
static int schema_version(void *ctx, int *out, rk_error *err)
{
    static const char sql[] = "SELECT (SELECT * FROM pragma_user_version),"
                              " (SELECT * FROM pragma_application_id),"
                              " (SELECT count(*) FROM sqlite_schema)";
    rk_sqlite *c = ctx;
    sqlite3_stmt *st = NULL;
    int application = 0;
    int n_tables = 0;
    int rc;

    *out = 0;
    if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK)
        rc = rk_sqlite_step(c, st, err);
    else
        rc = rk_sqlite_fail(c, "open", err);
    if (rc > 0) {
        *out = sqlite3_column_int(st, 0);
        application = sqlite3_column_int(st, 1);
        n_tables = sqlite3_column_int(st, 2);
        rc = RK_OK;
        if (n_tables && application != RK_SQLITE_APPLICATION)
            rc = rk_fail(err, RK_EFORMAT,
                         "no reckon store, but a database with %d tables and "
                         "indexes",
                         n_tables);
    }
    sqlite3_finalize(st);
    return rc;
}


static int migration_begin(void *ctx, rk_error *err)
{
    return rk_sqlite_run(ctx, SQL_BEGIN, err);
}


static int migration_apply(void *ctx, const rk_migration *m, rk_error *err)
{
    rk_sqlite *c = ctx;
    char version[64];

    sqlite3_snprintf(sizeof(version), version, "PRAGMA user_version = %d",
                     m->version);
    if (sqlite3_exec(c->db, m->sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(c->db, version, NULL, NULL, NULL) != SQLITE_OK)
        return rk_sqlite_fail(c, "migrate", err);
    return RK_OK;
}


static int migration_commit(void *ctx, rk_error *err)
{
    return rk_sqlite_run(ctx, SQL_COMMIT, err);
}


static void migration_rollback(void *ctx)
{
    rk_sqlite_undo(ctx);
}


static int migrate(rk_sqlite *c, rk_error *err)
{
    const rk_migrator m = {schema_version,     migration_begin,
                           migration_apply,    migration_commit,
                           migration_rollback, c};

    return rk_migrate(&m, rk_sqlite_migrations, rk_sqlite_n_migrations, err);
}


/* SQLite does not wait on its own when two processes switch at once. */
static int wal_set(rk_sqlite *c, rk_error *err)
{
    int64_t until_us = rk_clock_us() + RK_SQLITE_BUSY_MS * INT64_C(1000);
    int rc;

    for (;;) {
        rc = sqlite3_exec(c->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((rc & 0xFF) != SQLITE_BUSY || rk_clock_us() > until_us)
            break;
        sqlite3_sleep(5);
    }
    return rc == SQLITE_OK ? RK_OK : rk_sqlite_fail(c, "set WAL mode", err);
}


static void close_conn(void *conn)
{
    rk_sqlite *c = conn;

    if (!c)
        return;
    for (int i = 0; i < N_SQL; i++)
        sqlite3_finalize(c->cached[i]);
    sqlite3_close(c->db);
    free(c);
}


static int settings_apply(rk_sqlite *c, rk_error *err)
{
    static const char sql[] = "PRAGMA trusted_schema = OFF;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -65536;" /* KiB */
                              "PRAGMA synchronous = FULL;";

    sqlite3_busy_timeout(c->db, RK_SQLITE_BUSY_MS);
    c->synced = true;
    if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return rk_sqlite_fail(c, "open", err);
    return RK_OK;
}


static int open_conn(void **conn, const char *where, rk_error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                      SQLITE_OPEN_NOMUTEX;
    rk_sqlite *c;
    rk_error why;
    int rc;

    *conn = NULL;
    c = rk_calloc(1, sizeof(*c));
    if (!c) {
        rc = rk_no_memory(err);
        goto done;
    }
    if (sqlite3_open_v2(where, &c->db, flags, NULL) == SQLITE_OK)
        rc = settings_apply(c, &why);
    else
        rc = rk_sqlite_fail(c, "open", &why);
    if (rc == RK_OK)
        rc = migrate(c, &why);
    if (rc == RK_OK)
        rc = wal_set(c, &why);
    if (rc) {
        rk_fail(err, rc, "%s: %s", where, why.msg);
        goto done;
    }
    *conn = c;
    c = NULL;

done:
    close_conn(c);
    return rc;
}

const rk_store_backend rk_sqlite_backend = {
    .scheme = "sqlite",
    .open = open_conn,
    .close = close_conn,
    .begin = rk_sqlite_begin,
    .commit = rk_sqlite_commit,
    .rollback = rk_sqlite_rollback,
    .put_record = rk_sqlite_put_record,
    .put_event = rk_sqlite_put_event,
    .get_record = rk_sqlite_get_record,
    .each_record = rk_sqlite_each_record,
    .each_event = rk_sqlite_each_event,
    .counts = rk_sqlite_counts,
    .put_output = rk_sqlite_put_output,
    .get_output = rk_sqlite_get_output,
    .prune_outputs = rk_sqlite_prune_outputs,
    .put_note = rk_sqlite_put_note,
    .get_note = rk_sqlite_get_note,
    .add_ledger = rk_sqlite_add_ledger,
    .sum_ledger = rk_sqlite_sum_ledger,
    .each_ledger = rk_sqlite_each_ledger,
    .prune_ledger = rk_sqlite_prune_ledger,
    .add_edit = rk_sqlite_add_edit,
    .edits_version = rk_sqlite_edits_version,
    .each_edit = rk_sqlite_each_edit,
};

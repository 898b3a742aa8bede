/* The SQLite backend's insides: the one place that includes sqlite3.h. Its
 * files are sqlite.c (opening), sqlite_sql.c (every line of SQL), sqlite_tx.c
 * (statements, transactions, totals), sqlite_rows.c (items, users, events),
 * sqlite_kept.c (outputs, notes), sqlite_ledger.c and sqlite_edits.c. */
#ifndef RK_STORE_SQLITE_H
#define RK_STORE_SQLITE_H

#include "store/backend.h"
#include "store/migrate.h"

#include <sqlite3.h>

#define RK_SQLITE_APPLICATION 1380668244 /* "RKST", in the file's header */
#define RK_SQLITE_BUSY_MS     10000      /* how long to wait for a writer */

/* Statements about items are followed by the same about users. */
enum rk_sqlite_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_TOTALS_GET,
    SQL_TOTALS_PUT,
    SQL_ITEM_GET,
    SQL_USER_GET,
    SQL_ITEM_STATE,
    SQL_USER_STATE,
    SQL_ITEM_INSERT,
    SQL_USER_INSERT,
    SQL_ITEM_UPDATE,
    SQL_USER_UPDATE,
    SQL_ITEMS_ALL,
    SQL_USERS_ALL,
    SQL_ITEMS_SINCE,
    SQL_USERS_SINCE,
    SQL_EVENT_STATE,
    SQL_EVENT_INSERT,
    SQL_EVENT_UPDATE,
    SQL_EVENTS_ALL,
    SQL_EVENTS_OF_USER,
    SQL_OUTPUT_INSERT,
    SQL_OUTPUT_UPDATE,
    SQL_OUTPUT_GET,
    SQL_OUTPUT_PRUNE,
    SQL_NOTE_PUT,
    SQL_NOTE_GET,
    SQL_LEDGER_ADD,
    SQL_LEDGER_SUM,
    SQL_LEDGER_SUM_OF_USER,
    SQL_LEDGER_ALL,
    SQL_LEDGER_PRUNE,
    SQL_EDIT_ADD,
    SQL_EDITS_VERSION,
    SQL_EDITS_ALL,
    SQL_EDITS_LATEST,
    N_SQL
};

extern const char *const rk_sqlite_sql[N_SQL];
extern const rk_migration rk_sqlite_migrations[];
extern const size_t rk_sqlite_n_migrations;

typedef struct rk_sqlite {
    sqlite3 *db;
    sqlite3_stmt *cached[N_SQL];
    bool taken[N_SQL];
    bool open;              /* between the caller's begin and commit */
    bool synced;            /* commits wait for the disk */
    bool counted;           /* totals differ from what the database holds */
    rk_store_counts totals; /* inside a transaction: what it will leave */
} rk_sqlite;

/* Fills `err` from the connection's last error; what was tried is `what`. */
int rk_sqlite_fail(rk_sqlite *c, const char *what, rk_error *err)
    __attribute__((cold));

/* A statement ready for binding, to be handed back. The cached one, or, when
 * a walk holds that, another. Bound text and bytes are not copied: they must
 * live until it is handed back. */
int rk_sqlite_take(rk_sqlite *c, enum rk_sqlite_sql which, sqlite3_stmt **out,
                   rk_error *err);
void rk_sqlite_give(rk_sqlite *c, enum rk_sqlite_sql which, sqlite3_stmt *st);

/* 1 a row, 0 the end, or a code. */
int rk_sqlite_step(rk_sqlite *c, sqlite3_stmt *st, rk_error *err);

/* A statement that takes and returns nothing. */
int rk_sqlite_run(rk_sqlite *c, enum rk_sqlite_sql which, rk_error *err);

/* Around each write: joins the caller's transaction, or makes one of its own.
 * `synced` false: the commit need not wait for the disk. Leaving with rc not
 * RK_OK undoes an own transaction; leaving returns rc or the commit's. */
int rk_sqlite_enter(rk_sqlite *c, bool synced, rk_error *err);
int rk_sqlite_leave(rk_sqlite *c, int rc, rk_error *err);

/* Undoes the transaction there is, if any. */
void rk_sqlite_undo(rk_sqlite *c);

/* The backend's table entries: see backend.h. */
int rk_sqlite_begin(void *conn, rk_error *err);
int rk_sqlite_commit(void *conn, rk_error *err);
void rk_sqlite_rollback(void *conn);
int rk_sqlite_counts(void *conn, rk_store_counts *out, rk_error *err);
int rk_sqlite_put_record(void *conn, enum rk_kind kind, const char *id,
                         const char *fields, rk_error *err);
int rk_sqlite_put_event(void *conn, const rk_event *e, rk_error *err);
int rk_sqlite_get_record(void *conn, enum rk_kind kind, const char *id,
                         rk_store_record_fn found, void *ctx, rk_error *err);
int rk_sqlite_each_record(void *conn, enum rk_kind kind, uint64_t since,
                          rk_store_record_fn each, void *ctx, rk_error *err);
int rk_sqlite_each_event(void *conn, const char *user, rk_store_event_fn each,
                         void *ctx, rk_error *err);
int rk_sqlite_put_output(void *conn, const char *key, const void *bytes,
                         size_t len, rk_error *err);
int rk_sqlite_get_output(void *conn, const char *key, void **bytes, size_t *len,
                         rk_error *err);
int rk_sqlite_prune_outputs(void *conn, const char *prefix, size_t keep,
                            rk_error *err);
int rk_sqlite_put_note(void *conn, const char *name, const char *value,
                       rk_error *err);
int rk_sqlite_get_note(void *conn, const char *name, char **value,
                       rk_error *err);
int rk_sqlite_add_ledger(void *conn, const rk_ledger_row *rows, size_t n,
                         rk_error *err);
int rk_sqlite_sum_ledger(void *conn, int64_t day, const char *user,
                         rk_ledger_row *out, rk_error *err);
int rk_sqlite_each_ledger(void *conn, int64_t since, rk_store_ledger_fn each,
                          void *ctx, rk_error *err);
int rk_sqlite_prune_ledger(void *conn, int64_t day, uint64_t *n, rk_error *err);
int rk_sqlite_add_edit(void *conn, const rk_edit *e, uint64_t *version,
                       rk_error *err);
int rk_sqlite_edits_version(void *conn, uint64_t *version, rk_error *err);
int rk_sqlite_each_edit(void *conn, bool latest, rk_store_edit_fn each,
                        void *ctx, rk_error *err);

#endif

/* What a backend does for rk_store: one file more makes one more of them.
 * store.c has done the checking (ids, fields, keys, one transaction at a
 * time, no writing during a walk) and the JSON; a backend keeps texts. All
 * that store.h promises about durability, order and what counts as a change
 * is the backend's to keep. */
#ifndef RK_STORE_BACKEND_H
#define RK_STORE_BACKEND_H

#include "store/store.h"

/* A record: its id and its fields as a JSON object, borrowed for the call.
 * A negative return ends the walk and is returned by it. */
typedef int (*rk_store_record_fn)(void *ctx, const char *id, const char *fields,
                                  size_t len, rk_error *err);
typedef int (*rk_store_event_fn)(void *ctx, const rk_event *e, rk_error *err);
typedef int (*rk_store_ledger_fn)(void *ctx, const rk_ledger_row *row,
                                  rk_error *err);
typedef int (*rk_store_edit_fn)(void *ctx, const rk_edit *e, rk_error *err);

typedef struct rk_store_backend {
    const char *scheme; /* of the URL: "sqlite" */

    /* `where` is the URL behind its scheme. */
    int (*open)(void **conn, const char *where, rk_error *err);
    void (*close)(void *conn);

    /* After a commit that failed the transaction is over, undone. */
    int (*begin)(void *conn, rk_error *err);
    int (*commit)(void *conn, rk_error *err);
    void (*rollback)(void *conn);

    int (*put_record)(void *conn, enum rk_kind kind, const char *id,
                      const char *fields, rk_error *err);
    int (*put_event)(void *conn, const rk_event *e, rk_error *err);

    /* Calls `found` once, or fails with RK_ENOTFOUND. */
    int (*get_record)(void *conn, enum rk_kind kind, const char *id,
                      rk_store_record_fn found, void *ctx, rk_error *err);
    int (*each_record)(void *conn, enum rk_kind kind, uint64_t since,
                       rk_store_record_fn each, void *ctx, rk_error *err);
    int (*each_event)(void *conn, const char *user, rk_store_event_fn each,
                      void *ctx, rk_error *err);
    int (*counts)(void *conn, rk_store_counts *out, rk_error *err);

    int (*put_output)(void *conn, const char *key, const void *bytes,
                      size_t len, rk_error *err);
    int (*get_output)(void *conn, const char *key, void **bytes, size_t *len,
                      rk_error *err);
    int (*prune_outputs)(void *conn, const char *prefix, size_t keep,
                         rk_error *err);
    int (*put_note)(void *conn, const char *name, const char *value,
                    rk_error *err);
    int (*get_note)(void *conn, const char *name, char **value, rk_error *err);

    int (*add_ledger)(void *conn, const rk_ledger_row *rows, size_t n,
                      rk_error *err);
    int (*sum_ledger)(void *conn, int64_t day, const char *user,
                      rk_ledger_row *out, rk_error *err);
    int (*each_ledger)(void *conn, int64_t since, rk_store_ledger_fn each,
                       void *ctx, rk_error *err);
    int (*prune_ledger)(void *conn, int64_t day, uint64_t *n, rk_error *err);

    int (*add_edit)(void *conn, const rk_edit *e, uint64_t *version,
                    rk_error *err);
    int (*edits_version)(void *conn, uint64_t *version, rk_error *err);
    int (*each_edit)(void *conn, bool latest, rk_store_edit_fn each, void *ctx,
                     rk_error *err);
} rk_store_backend;

extern const rk_store_backend rk_sqlite_backend;

#endif

/* Bringing a store's schema to what this build knows, one numbered step after
 * another. Knows no database: it works through a rk_migrator. */
#ifndef RK_STORE_MIGRATE_H
#define RK_STORE_MIGRATE_H

#include "core/error.h"

/* Makes a store of `version` out of one of the version before. A released
 * migration is never edited: a change of the schema is a new one. */
typedef struct rk_migration {
    int version; /* 1, 2, 3 ... */
    const char *sql;
} rk_migration;

typedef struct rk_migrator {
    /* The version the store has now; 0: it is new. Refuses what is no store
     * of ours. Called outside and inside of a transaction. */
    int (*version)(void *ctx, int *out, rk_error *err);
    /* Excludes every other writer; waits for one. */
    int (*begin)(void *ctx, rk_error *err);
    int (*apply)(void *ctx, const rk_migration *m, rk_error *err);
    int (*commit)(void *ctx, rk_error *err);
    void (*rollback)(void *ctx);
    void *ctx;
} rk_migrator;

/* Applies those of `list` (n) that the store lacks, each in a transaction of
 * its own; a store that lacks none is not locked. RK_EFORMAT, with both
 * versions, when the store's is newer than the list's last. */
int rk_migrate(const rk_migrator *m, const rk_migration *list, size_t n,
               rk_error *err);

#endif

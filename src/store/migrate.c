#include "store/migrate.h"

/* The store's version, refused when this build is too old for it. */
static int version_get(const rk_migrator *m, int newest, int *version,
                       rk_error *err)
{
    int rc = m->version(m->ctx, version, err);

    if (rc == RK_OK && *version > newest)
        rc = rk_fail(err, RK_EFORMAT,
                     "the store has version %d, written by a newer reckon; "
                     "this one reads up to version %d",
                     *version, newest);
    return rc;
}


static int migration_run(const rk_migrator *m, const rk_migration *step,
                         int newest, rk_error *err)
{
    int version;
    int rc;

    rc = m->begin(m->ctx, err);
    if (rc)
        return rc;
    /* Another process may have done it while we waited for the lock. */
    rc = version_get(m, newest, &version, err);
    if (rc == RK_OK && version < step->version)
        rc = m->apply(m->ctx, step, err);
    if (rc == RK_OK)
        rc = m->commit(m->ctx, err);
    if (rc)
        m->rollback(m->ctx);
    return rc;
}


int rk_migrate(const rk_migrator *m, const rk_migration *list, size_t n,
               rk_error *err)
{
    int newest = n ? list[n - 1].version : 0;
    int version;
    int rc;

    rc = version_get(m, newest, &version, err);
    for (size_t i = 0; rc == RK_OK && i < n; i++)
        if (list[i].version > version)
            rc = migration_run(m, &list[i], newest, err);
    return rc;
}

/* Rows into the store. A file goes in by batches, each whole or not at all,
 * and reading it again leaves the same store; with `strict` the file is one
 * batch. */
#include "data/import.h"
#include "core/clock.h"
#include "core/file.h"
#include "data/export.h"
#include "data/record.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#define BATCH      5000 /* rows a commit: what an interruption can lose */
#define FRESH_MOST 200  /* newer items whose texts are read at once */

typedef struct importing {
    rk_engine *engine;
    enum rk_kind kind;
    const rk_import_opts *opts;
    rk_import_report *report;
    uint64_t n_in_batch;
} importing;


static void bad_row(void *ctx, const char *where_and_why)
{
    importing *im = ctx;

    im->report->n_bad++;
    if (im->opts->on_bad_row)
        im->opts->on_bad_row(im->opts->bad_row_ctx, where_and_why);
}


static int put_row(rk_store *store, enum rk_kind kind, const rk_record *record,
                   const rk_event *event, rk_error *err)
{
    return record ? rk_store_put_record(store, kind, record, err)
                  : rk_store_put_event(store, event, err);
}


static int take_row(void *ctx, const rk_record *record, const rk_event *event,
                    rk_error *err)
{
    importing *im = ctx;
    rk_store *store = im->engine->store;
    int rc = put_row(store, im->kind, record, event, err);

    if (rc)
        return rc;
    im->report->n_rows++;
    if (++im->n_in_batch < BATCH || im->opts->strict)
        return RK_OK;
    im->n_in_batch = 0;
    rc = rk_store_commit(store, err);
    return rc ? rc : rk_store_begin(store, err);
}


static int told_progress(void *ctx, uint64_t done, uint64_t total)
{
    importing *im = ctx;
    const rk_progress *p = &im->opts->progress;

    return p->report ? p->report(p->ctx, "importing", done, total) : 0;
}


/* Items that came after a preparation are embedded and read now, so that the
 * next request need not wait for it. What cannot be read now, for lack of
 * a model, is tried again by the request that needs it. */
static int freshen(rk_engine *e, rk_error *err)
{
    rk_run run = rk_engine_run(e);
    char *prepared = NULL;
    int rc = RK_OK;

    if (rk_store_get_note(e->store, "prepared", &prepared, NULL) == RK_OK)
        rc = rk_engine_serving(e, &run, err);
    free(prepared);
    rk_run_clear(&run);
    return rc == RK_ENOMEM ? rc : RK_OK;
}


int rk_import_file(rk_engine *e, enum rk_kind kind, const char *path,
                   const rk_import_opts *opts, rk_import_report *report,
                   rk_error *err)
{
    static const rk_import_opts defaults = {0};
    rk_import_report ours;
    int64_t start = rk_clock_us();
    importing im = {e, kind, opts ? opts : &defaults, report ? report : &ours,
                    0};
    rk_row_sink sink = {take_row, bad_row, told_progress, &im};
    int rc;

    memset(im.report, 0, sizeof(*im.report));
    rc = rk_store_begin(e->store, err);
    if (rc)
        return rc;
    rc = rk_import_path(kind, path, &sink, err);
    if (rc == RK_OK && im.opts->strict && im.report->n_bad > 0)
        rc = rk_fail(err, RK_EFORMAT,
                     "%s: %llu bad rows; strict: nothing was imported", path,
                     (unsigned long long)im.report->n_bad);
    if (rc == RK_OK)
        rc = rk_store_commit(e->store, err);
    else
        rk_store_rollback(e->store);
    if (rc == RK_OK && kind == RK_ITEMS && im.report->n_rows <= FRESH_MOST)
        rc = freshen(e, err);
    im.report->took_us = rk_clock_us() - start;
    return rc;
}


/* All or nothing. */
static int put_all(rk_engine *e, enum rk_kind kind, const rk_record *records,
                   const rk_event *events, size_t n, rk_error *err)
{
    int rc = rk_store_begin(e->store, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rc = records ? rk_record_check(kind, &records[i], err)
                     : rk_event_check(&events[i], err);
        if (rc == RK_OK)
            rc = put_row(e->store, kind, records ? &records[i] : NULL,
                         events ? &events[i] : NULL, err);
    }
    if (rc == RK_OK)
        rc = rk_store_commit(e->store, err);
    else
        rk_store_rollback(e->store);
    return rc;
}


int rk_put_items(rk_engine *e, const rk_record *items, size_t n, rk_error *err)
{
    int rc = put_all(e, RK_ITEMS, items, NULL, n, err);

    return rc == RK_OK && n <= FRESH_MOST ? freshen(e, err) : rc;
}


int rk_put_users(rk_engine *e, const rk_record *users, size_t n, rk_error *err)
{
    return put_all(e, RK_USERS, users, NULL, n, err);
}


int rk_put_events(rk_engine *e, const rk_event *events, size_t n, rk_error *err)
{
    return put_all(e, RK_EVENTS, NULL, events, n, err);
}

/* For the targets that import rows: what was taken is what a store may hold,
 * and comes back when it is exported and read again. */
#ifndef FUZZ_ROWS_H
#define FUZZ_ROWS_H

#include "data/export.h"
#include "data/import.h"
#include "data/record.h"
#include "fuzz.h"

typedef int import_fn(enum rk_kind kind, const char *name, const char *bytes,
                      size_t len, const rk_row_sink *sink, rk_error *err);

typedef struct taken {
    enum rk_kind kind;
    rk_buf again; /* the rows as JSON Lines */
    size_t n_rows;
    size_t n_bad;
} taken;


static int take_row(void *ctx, const rk_record *record, const rk_event *event,
                    rk_error *err)
{
    taken *t = ctx;

    FUZZ_CHECK(!record == !!event);
    if (record) {
        FUZZ_CHECK(rk_record_check(t->kind, record, err) == RK_OK);
        rk_export_record(&t->again, RK_JSONL, record, NULL, 0);
    } else {
        FUZZ_CHECK(rk_event_check(event, err) == RK_OK);
        rk_export_event(&t->again, RK_JSONL, event);
    }
    t->n_rows++;
    return RK_OK;
}


static void take_bad(void *ctx, const char *where_and_why)
{
    taken *t = ctx;

    FUZZ_CHECK(*where_and_why != '\0');
    t->n_bad++;
}


static void import_and_read_back(import_fn *import, const uint8_t *data,
                                 size_t size)
{
    for (int kind = RK_ITEMS; kind <= RK_EVENTS; kind++) {
        taken first = {.kind = kind};
        taken second = {.kind = kind};
        rk_row_sink sink = {take_row, take_bad, NULL, &first};

        import(kind, "fuzz", (const char *)data, size, &sink, NULL);
        sink.ctx = &second;
        rk_import_jsonl(kind, "again", rk_buf_str(&first.again),
                        first.again.len, &sink, NULL);
        FUZZ_CHECK(second.n_bad == 0 && second.n_rows == first.n_rows);
        rk_buf_clear(&first.again);
        rk_buf_clear(&second.again);
    }
}

#endif

/* A row sink that writes down what it is given, for tests of what imports.
 *
 *   items, users   id{name=value;name=value}
 *   events         user>item type value @at_us
 *
 * one a line in `rows`; bad rows, one a line, in `bad`. */
#ifndef ROW_LOG_H
#define ROW_LOG_H

#include "core/buf.h"
#include "data/import.h"

#include <string.h>

typedef struct row_log {
    rk_buf rows;
    rk_buf bad;
    size_t n_rows;
    size_t n_bad;
    size_t fail_after;   /* rows, then RK_EBACKEND; 0: never */
    const char *unknown; /* an item nobody knows; NULL: all are known */
    rk_row_sink sink;
} row_log;


static int row_log_row(void *ctx, const rk_record *record,
                       const rk_event *event, rk_error *err)
{
    row_log *log = ctx;

    if (event && log->unknown && strcmp(event->item, log->unknown) == 0)
        return rk_fail(err, RK_ENOTFOUND, "no such item: '%s'", event->item);
    if (record) {
        rk_buf_printf(&log->rows, "%s{", record->id);
        for (size_t i = 0; i < record->n_fields; i++)
            rk_buf_printf(&log->rows, "%s%s=%s", i ? ";" : "",
                          record->fields[i].name, record->fields[i].value);
        rk_buf_puts(&log->rows, "}\n");
    } else {
        rk_buf_printf(&log->rows, "%s>%s %s %.17g @%lld\n", event->user,
                      event->item, event->type, event->value,
                      (long long)event->at_us);
    }
    log->n_rows++;
    if (log->fail_after && log->n_rows == log->fail_after) {
        if (err)
            err->code = RK_EBACKEND;
        return RK_EBACKEND;
    }
    return RK_OK;
}


static void row_log_bad(void *ctx, const char *where_and_why)
{
    row_log *log = ctx;

    rk_buf_printf(&log->bad, "%s\n", where_and_why);
    log->n_bad++;
}


static inline void row_log_init(row_log *log)
{
    *log = (row_log){0};
    log->sink.row = row_log_row;
    log->sink.bad = row_log_bad;
    log->sink.ctx = log;
}


static inline void row_log_clear(row_log *log)
{
    rk_buf_clear(&log->rows);
    rk_buf_clear(&log->bad);
}

#endif

#include "data/rows.h"

#include "core/clock.h"
#include "core/text.h"
#include "data/record.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_BYTES = 64 * 1024, FOUND_BYTES = 120 };

/* The names of each slot; where several are there, the first listed wins and
 * the others are fields like any other. */
static const struct {
    enum rk_kind kind;
    enum rk_slot slot;
    bool needed;
    const char *names[3];
} known[] = {
    {RK_ITEMS, RK_SLOT_ID, true, {"id", "item_id", "itemid"}},
    {RK_USERS, RK_SLOT_ID, true, {"id", "user_id", "userid"}},
    {RK_EVENTS, RK_SLOT_USER, true, {"user", "user_id", "userid"}},
    {RK_EVENTS, RK_SLOT_ITEM, true, {"item", "item_id", "itemid"}},
    {RK_EVENTS, RK_SLOT_TYPE, false, {"type"}},
    {RK_EVENTS, RK_SLOT_VALUE, false, {"value", "rating"}},
    {RK_EVENTS, RK_SLOT_AT, false, {"at", "timestamp", "time"}},
};

static const char *const needs[] = {
    [RK_ITEMS] = "id (or item_id, itemid) and title",
    [RK_USERS] = "id (or user_id, userid)",
    [RK_EVENTS] = "user (or user_id, userid) and item (or item_id, itemid)",
};


int rk_row_check(const char *bytes, size_t len, const char **bad, rk_error *err)
{
    size_t at;

    *bad = NULL;
    if (len > RK_ROW_BYTES)
        return rk_fail(err, RK_EFORMAT,
                       "expected a row of at most %d bytes, found %zu",
                       (int)RK_ROW_BYTES, len);
    if (!rk_text_is_utf8(bytes, len, &at)) {
        *bad = bytes + at;
        return rk_fail(err, RK_EFORMAT, "byte 0x%02x is not %s",
                       (unsigned char)**bad, **bad ? "UTF-8" : "text");
    }
    return RK_OK;
}


void rk_rows_init(rk_rows *rows, enum rk_kind kind, const char *name,
                  const char *bytes, size_t len, const rk_row_sink *sink)
{
    memset(rows, 0, sizeof(*rows));
    rows->kind = kind;
    rows->name = name;
    rows->bytes = bytes;
    rows->len = len;
    rows->sink = sink;
}


static size_t find(const rk_field *cells, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (rk_text_same(cells[i].name, name))
            return i;
    return RK_NO_COLUMN;
}


/* The names that are there, as a list that a terminal can show. */
static void list_names(rk_buf *out, const rk_field *cells, size_t n)
{
    if (n == 0)
        rk_buf_puts(out, "none");
    for (size_t i = 0; i < n; i++) {
        if (i)
            rk_buf_puts(out, ", ");
        if (out->len > FOUND_BYTES) {
            rk_buf_printf(out, "and %zu more", n - i);
            break;
        }
        rk_text_clean(out, cells[i].name);
    }
}


int rk_rows_map(rk_rows *rows, const rk_field *cells, size_t n,
                const char *what, rk_error *err)
{
    bool missing = false;
    rk_buf found;
    int rc;

    for (size_t i = 0; i < RK_N_SLOTS; i++)
        rows->slot[i] = RK_NO_COLUMN;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t at = RK_NO_COLUMN;

        if (known[i].kind != rows->kind)
            continue;
        for (size_t j = 0; j < 3 && known[i].names[j]; j++)
            if (at == RK_NO_COLUMN)
                at = find(cells, n, known[i].names[j]);
        rows->slot[known[i].slot] = at;
        missing |= known[i].needed && at == RK_NO_COLUMN;
    }
    if (rows->kind == RK_ITEMS)
        missing |= find(cells, n, "title") == RK_NO_COLUMN;
    if (!missing)
        return RK_OK;

    rk_buf_init(&found);
    list_names(&found, cells, n);
    rc = found.failed ? rk_no_memory(err)
                      : rk_fail(err, RK_EFORMAT, "expected %s %s, found %s",
                                what, needs[rows->kind], rk_buf_str(&found));
    rk_buf_clear(&found);
    return rc;
}


/* The value in a slot, "" where there is none. */
static const char *slot_value(const rk_rows *rows, const rk_field *cells,
                              enum rk_slot slot)
{
    size_t at = rows->slot[slot];

    return at == RK_NO_COLUMN ? "" : cells[at].value;
}


static int event_make(const rk_rows *rows, const rk_field *cells, rk_event *e,
                      size_t *bad, rk_error *why)
{
    const char *value = slot_value(rows, cells, RK_SLOT_VALUE);
    const char *at = slot_value(rows, cells, RK_SLOT_AT);

    e->user = slot_value(rows, cells, RK_SLOT_USER);
    e->item = slot_value(rows, cells, RK_SLOT_ITEM);
    e->type = slot_value(rows, cells, RK_SLOT_TYPE);
    e->value = 1;
    e->at_us = (int64_t)rows->n;
    if (!*e->type)
        e->type = *value ? "rating" : "view";

    *bad = rows->slot[RK_SLOT_VALUE];
    if (*value && !rk_text_to_double(value, &e->value))
        return rk_fail(why, RK_EINVAL, "expected a number, found '%.40s'",
                       value);
    /* A rating without a value is not a rating of 1. */
    if (!*value && rk_text_same(e->type, "rating"))
        return rk_fail(why, RK_EINVAL, "expected a rating's value, found none");

    *bad = rows->slot[RK_SLOT_AT];
    if (*at && !rk_time_parse(at, &e->at_us))
        return rk_fail(why, RK_EINVAL,
                       "expected Unix seconds or a time like "
                       "2026-11-24T09:30:00Z, found '%.40s'",
                       at);
    *bad = RK_NO_COLUMN;
    return rk_event_check(e, why);
}


/* Every cell is a field, but for the id and what is empty. */
static int record_make(rk_rows *rows, const rk_field *cells, size_t n,
                       rk_record *r, rk_error *why)
{
    r->id = slot_value(rows, cells, RK_SLOT_ID);
    r->fields = rows->fields;
    r->n_fields = 0;
    for (size_t i = 0; i < n; i++)
        if (i != rows->slot[RK_SLOT_ID] && *cells[i].value)
            rows->fields[r->n_fields++] = cells[i];
    return rk_record_check(rows->kind, r, why);
}


int rk_rows_take(rk_rows *rows, const rk_field *cells, size_t n, size_t *bad,
                 rk_error *why, rk_error *err)
{
    const rk_row_sink *sink = rows->sink;
    rk_record record;
    rk_event event;
    int rc;

    *bad = RK_NO_COLUMN;
    why->code = RK_OK;
    if (rows->kind == RK_EVENTS) {
        if (event_make(rows, cells, &event, bad, why))
            return RK_OK;
        rc = sink->row(sink->ctx, NULL, &event, why);
        *bad = rows->slot[RK_SLOT_ITEM];
        return rc == RK_OK || rc == RK_ENOTFOUND
                   ? RK_OK
                   : rk_fail(err, rc, "%s", why->msg);
    }
    if (record_make(rows, cells, n, &record, why))
        return RK_OK;
    return sink->row(sink->ctx, &record, NULL, err);
}


/* Quoted bytes must not reach a terminal raw, nor a character cut in two. */
static void make_printable(char *s)
{
    size_t bad;

    while (!rk_text_is_utf8(s, strlen(s), &bad))
        s[bad] = '?';
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = '?';
}


void rk_rows_where(const rk_rows *rows, uint64_t line, char out[128])
{
    snprintf(out, 128, "%.100s:%llu", rows->name, (unsigned long long)line);
}


static void message_write(const rk_rows *rows, uint64_t line, uint64_t column,
                          const char *why, char out[512])
{
    char where[128];

    rk_rows_where(rows, line, where);
    if (column)
        snprintf(out, 512, "%s:%llu: %s", where, (unsigned long long)column,
                 why);
    else
        snprintf(out, 512, "%s: %s", where, why);
    make_printable(out);
}


void rk_rows_report(const rk_rows *rows, const char *where_and_why)
{
    char msg[512];

    snprintf(msg, sizeof(msg), "%s", where_and_why);
    make_printable(msg);
    if (rows->sink->bad)
        rows->sink->bad(rows->sink->ctx, msg);
}


void rk_rows_bad(const rk_rows *rows, uint64_t line, uint64_t column,
                 const char *why)
{
    char msg[512];

    message_write(rows, line, column, why, msg);
    if (rows->sink->bad)
        rows->sink->bad(rows->sink->ctx, msg);
}


int rk_rows_fail(const rk_rows *rows, uint64_t line, uint64_t column,
                 const char *why, rk_error *err)
{
    char msg[512];

    message_write(rows, line, column, why, msg);
    return rk_fail(err, RK_EFORMAT, "%s", msg);
}


int rk_rows_progress(rk_rows *rows, const char *at, rk_error *err)
{
    const rk_row_sink *sink = rows->sink;
    size_t done = (size_t)(at - rows->bytes);

    if (done == rows->told ||
        (done - rows->told < PROGRESS_BYTES && done != rows->len))
        return RK_OK;
    rows->told = done;
    if (sink->progress && sink->progress(sink->ctx, done, rows->len))
        return rk_fail(err, RK_ECANCELLED, "%s: stopped after %zu of %zu bytes",
                       rows->name, done, rows->len);
    return RK_OK;
}

/* Rows of a CSV or JSON Lines file as records and events. Bytes are hostile:
 * every row is checked, a bad one is reported with its line, column and
 * reason, and the rest goes on. Memory is bounded by the row limit (1 MiB),
 * whatever the file's size. */
#ifndef RK_DATA_IMPORT_H
#define RK_DATA_IMPORT_H

#include "core/error.h"

typedef struct rk_row_sink {
    /* A good row: exactly one is not NULL. Borrowed for the call. Return
     * RK_OK, RK_ENOTFOUND for an event of an unknown item, which is a bad
     * row, or another negative code, which ends the reading. */
    int (*row)(void *ctx, const rk_record *record, const rk_event *event,
               rk_error *err);
    /* A bad row: "items.csv:17:3: expected 7 columns, found 6". */
    void (*bad)(void *ctx, const char *where_and_why);
    /* Bytes read so far, now and then; non-zero stops, with RK_ECANCELLED.
     * NULL: not asked. */
    int (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
    void *ctx;
} rk_row_sink;

/* CSV by RFC 4180: a header line, comma, double quotes, LF or CRLF, BOM
 * allowed. Columns of items: id (also item_id, itemid), title, the rest are
 * fields under their own names; empty values are no field. Users: id (also
 * user_id, userid), the rest fields. Events: user, item (also user_id,
 * item_id...), type (default "rating" in a row with a value, else "view"),
 * value (also rating; default 1, but a rating needs one), at (also timestamp,
 * time; Unix seconds or ISO 8601; default: the row's number in microseconds,
 * which keeps the file's order and makes reading it twice the same). Names
 * compare without ASCII case; of several names for one thing the first listed
 * here wins. Values are taken as they stand, spaces included.
 * JSON Lines: one object a line with the same names; a field's value may be
 * a string, number, boolean or an array of these (joined with '|').
 *
 * `name` is used in messages. RK_EFORMAT when the header itself is unusable
 * (with what was expected and found), or what the sink returned. */
int rk_import_csv(enum rk_kind kind, const char *name, const char *bytes,
                  size_t len, const rk_row_sink *sink, rk_error *err);
int rk_import_jsonl(enum rk_kind kind, const char *name, const char *bytes,
                    size_t len, const rk_row_sink *sink, rk_error *err);

/* By the path's ending (.csv, .jsonl, .ndjson), mapping the file; messages
 * have its name without the folder. */
int rk_import_path(enum rk_kind kind, const char *path, const rk_row_sink *sink,
                   rk_error *err);

#endif

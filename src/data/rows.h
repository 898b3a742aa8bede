/* Rows on their way in, whatever format they came in: names and values
 * become a record or an event and reach the sink, or are reported as bad.
 * Caller's storage; one thread. */
#ifndef RK_DATA_ROWS_H
#define RK_DATA_ROWS_H

#include "data/import.h"

enum { RK_ROW_BYTES = 1 << 20, RK_ROW_COLUMNS = 1024 };

/* Whether a row's bytes are of a bearable length, and text. RK_EFORMAT: *bad
 * is the first wrong byte, NULL for the length. */
int rk_row_check(const char *bytes, size_t len, const char **bad,
                 rk_error *err);

#define RK_NO_COLUMN SIZE_MAX

/* What reckon itself reads; every other column is a field of its own name. */
enum rk_slot {
    RK_SLOT_ID,
    RK_SLOT_USER,
    RK_SLOT_ITEM,
    RK_SLOT_TYPE,
    RK_SLOT_VALUE,
    RK_SLOT_AT,
    RK_N_SLOTS
};

typedef struct rk_rows {
    enum rk_kind kind;
    const char *name; /* of the file, for messages */
    const rk_row_sink *sink;
    const char *bytes;
    size_t len;
    size_t told;                     /* bytes, at the last report of progress */
    uint64_t n;                      /* rows so far, bad ones too */
    size_t slot[RK_N_SLOTS];         /* its column, or RK_NO_COLUMN */
    rk_field fields[RK_ROW_COLUMNS]; /* of the record being made */
} rk_rows;

void rk_rows_init(rk_rows *rows, enum rk_kind kind, const char *name,
                  const char *bytes, size_t len, const rk_row_sink *sink);

/* Finds which column gives what. RK_EFORMAT when a needed one is missing:
 * "expected columns id (or item_id, itemid) and title, found name, year",
 * `what` being "columns". RK_ENOMEM. */
int rk_rows_map(rk_rows *rows, const rk_field *cells, size_t n,
                const char *what, rk_error *err);

/* One row, in the columns of rk_rows_map(): gives it to the sink and returns
 * RK_OK or the sink's code. A row that is not good leaves its reason in `why`
 * and the cell at fault, or RK_NO_COLUMN, in *bad; the caller, who knows the
 * place, reports it. n is at most RK_ROW_COLUMNS. */
int rk_rows_take(rk_rows *rows, const rk_field *cells, size_t n, size_t *bad,
                 rk_error *why, rk_error *err);

/* "events.csv:17"; of a long name, its first 100 bytes. */
void rk_rows_where(const rk_rows *rows, uint64_t line, char out[128]);

/* Reports a bad row; column 0: no column. */
void rk_rows_bad(const rk_rows *rows, uint64_t line, uint64_t column,
                 const char *why);

/* The same where the message has its place already. */
void rk_rows_report(const rk_rows *rows, const char *where_and_why);

/* The same for what is wrong with the whole file: RK_EFORMAT. */
int rk_rows_fail(const rk_rows *rows, uint64_t line, uint64_t column,
                 const char *why, rk_error *err);

/* Tells the sink, now and then, that all before `at` was read; the last call
 * is with the end. RK_ECANCELLED. */
int rk_rows_progress(rk_rows *rows, const char *at, rk_error *err);

#endif

/* Rows of CSV by RFC 4180, read from bytes that may be hostile: comma, double
 * quotes, LF or CRLF, a byte order mark allowed, empty lines skipped. Values
 * are kept as they stand, spaces included. Memory is bounded by the row limit
 * (RK_ROW_BYTES of rows.h), whatever the length of the bytes. Caller's storage;
 * one thread. */
#ifndef RK_DATA_CSV_H
#define RK_DATA_CSV_H

#include "core/error.h"

typedef struct rk_csv_cell {
    const char *text; /* without its quotes, NUL-terminated */
    const char *at;   /* where it begins in the bytes */
} rk_csv_cell;

typedef struct rk_csv {
    /* The row read last; its text lives until the next one. */
    rk_csv_cell *cells; /* (RK_ROW_COLUMNS) */
    size_t n_cells;     /* may be more: they are counted but not kept */
    const char *row;    /* where it begins in the bytes */
    uint64_t line;      /* its first line, from 1 */
    const char *bad;    /* after RK_EFORMAT: the wrong byte, NULL if none */
    const char *next;   /* where the next row begins */
    uint64_t next_line; /* and its line */

    const char *end;
    char *text; /* (room) the cells' text, one after another */
    size_t room;
    size_t used;
} rk_csv;

/* `bytes` are borrowed until rk_csv_clear(). RK_ENOMEM. */
int rk_csv_init(rk_csv *r, const char *bytes, size_t len, rk_error *err);
void rk_csv_clear(rk_csv *r);

/* 1: a row. 0: the end. RK_EFORMAT: a bad row, said without its place; the
 * next call goes on behind it. A malformed row (a stray or unclosed quote)
 * costs its first line only; one that is merely too long or not UTF-8 ends
 * where its quotes say, so that no part of a text is taken for a row. */
int rk_csv_next(rk_csv *r, rk_error *err);

/* Line and column, both from 1, of a byte of the row read last; the column
 * counts bytes. */
void rk_csv_where(const rk_csv *r, const char *at, uint64_t *line,
                  uint64_t *column);

#endif

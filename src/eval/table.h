/* A text file of a protocol, read line by line into cells. The bytes may be
 * hostile: the file's size, a line's length and its cells are bounded, and
 * texts are UTF-8 without control characters. Caller's storage; one thread. */
#ifndef RK_EVAL_TABLE_H
#define RK_EVAL_TABLE_H

#include "core/error.h"

#define RK_TABLE_CELLS 8
#define RK_TABLE_LINE  ((size_t)1 << 20) /* bytes at most */

typedef struct rk_table {
    char *path;
    char *bytes;
    char *next;
    char *end;
    uint64_t line; /* of the row read last, from 1 */
    char *cells[RK_TABLE_CELLS];
} rk_table;

/* `dir`/`folder`/`name`, or `dir`/`name` when only that is there; for free().
 * NULL: no memory. */
char *rk_table_path(const char *dir, const char *folder, const char *name);

/* Reads such a file. RK_ENOTFOUND names the path; RK_EIO, RK_EFORMAT. */
int rk_table_open(rk_table *t, const char *dir, const char *folder,
                  const char *name, rk_error *err);
void rk_table_close(rk_table *t);

/* 1: `cells` has the next row's n cells, divided by `sep`, valid until the
 * table is closed; 0: the end; RK_EFORMAT "PATH:LINE: ...". Empty lines are
 * passed over. */
int rk_table_next(rk_table *t, char sep, size_t n, rk_error *err);

/* Passes over the first line, which must be this one. */
int rk_table_header(rk_table *t, const char *header, rk_error *err);

/* RK_EFORMAT with the path and line of the row read last in front. */
int rk_table_fail(const rk_table *t, rk_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

/* The next word of a list, divided by `sep`: ends it with a NUL and moves
 * `*s` past it; NULL at the end. */
char *rk_table_word(char **s, char sep);

#endif

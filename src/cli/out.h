/* What a person or a program reads: the answer goes to stdout, all else to
 * stderr. Text from the catalogue may hold anything, so it is written with
 * its control characters taken out: none of it moves a terminal's cursor. */
#ifndef RK_CLI_OUT_H
#define RK_CLI_OUT_H

#include "cli/cli.h"

#include <stdio.h>

enum out_style { OUT_PLAIN, OUT_BOLD, OUT_DIM, OUT_GOOD, OUT_BAD };

/* Looks at the terminal and NO_COLOR. */
void out_begin(cli *c);

/* Flushes stdout; EXIT_FAILED instead of EXIT_OK when it could not be
 * written. */
int out_end(const cli *c, int code);

/* Writes text from outside to stdout or stderr. */
void out_text(FILE *to, const char *text);

/* The same to stdout in a style, filled with spaces up to `width` columns
 * (negative: the spaces come first). */
void out_cell(const cli *c, enum out_style style, int width, const char *text);

/* A line of chatter on stderr, left out with --quiet. */
void out_note(const cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Columns that the text takes on a terminal. */
int out_width(const char *text);

/* "1,234,567" */
const char *out_count(uint64_t n, char room[32]);

/* A JSON string with its quotes. */
void out_json_string(FILE *to, const char *text);

/* Writes the library's JSON document and frees it; an exit code. NULL: it
 * found no memory. */
int out_json(const cli *c, char *json);

#endif

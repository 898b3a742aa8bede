/* Fields as JSON: what records in the store, JSON Lines and exports share.
 * Any thread. */
#ifndef RK_DATA_FIELDS_H
#define RK_DATA_FIELDS_H

#include "core/buf.h"
#include "core/error.h"

/* Appends `s` as a JSON string, with its quotes. */
void rk_fields_quote(rk_buf *out, const char *s);

/* Appends "name":"value","name":"value", without braces. */
void rk_fields_write(rk_buf *out, const rk_field *fields, size_t n);

/* The shortest decimal that reads back as this finite number. */
void rk_fields_number(double value, char out[32]);

/* Reads one JSON object, appending NAME NUL VALUE NUL for each member to
 * `text` and setting *n to their number. A value is a string, number or
 * boolean, or an array of these, joined with '|'; nulls are left out.
 * RK_EFORMAT, its message beginning with `where`; RK_ENOMEM. */
int rk_fields_parse(rk_buf *text, size_t *n, const char *bytes, size_t len,
                    const char *where, rk_error *err);

/* Points `fields` (n) into the text that rk_fields_parse() made; returns
 * what is behind it. */
const char *rk_fields_point(rk_field *fields, size_t n, const char *text);

#endif

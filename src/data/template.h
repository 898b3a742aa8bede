/* A profile's text from its fields: Mustache-like templates.
 *
 *   {{name}}             the field's value, cleaned for a prompt; "a|b|c"
 *                        becomes "a, b, c"; nothing if there is none
 *   {{#name}}...{{/name}}  only if the field is there
 *   {{^name}}...{{/name}}  only if it is not
 *
 * Where a list of the name is given (rk_template_fill), {{#name}}...{{/name}}
 * is there once for each of its rows, with the row's fields before those
 * outside, and {{number}} (1, 2, ...) and {{letter}} (A to Z, then nothing) of
 * the row; {{^name}}...{{/name}} only if the list is empty. Within a row the
 * name of a list, its own or another's, is one that is there if it has rows.
 *
 * Values are text: nothing in them is expanded again. All that is no tag stands
 * as it is written, spaces and newlines too: a tag that is alone on its line
 * leaves its newline there. */
#ifndef RK_DATA_TEMPLATE_H
#define RK_DATA_TEMPLATE_H

#include "core/buf.h"
#include "core/error.h"

/* Checks a template: RK_EFORMAT with the byte where it goes wrong (unclosed
 * tag, unclosed or crossing section, empty name). */
int rk_template_check(const char *template_text, rk_error *err);

/* Appends the text. Unlike the check it never fails: a template that was not
 * checked is expanded as far as it makes sense. */
void rk_template_expand(rk_buf *out, const char *template_text,
                        const rk_record *r);

/* One set of values. */
typedef struct rk_template_row {
    const rk_field *more; /* (n_more) text that was made for a template: put in
                             as it is, before the record's; names with case */
    size_t n_more;
    const rk_record *record; /* NULL: none; cleaned as above */
} rk_template_row;

typedef struct rk_template_list {
    const char *name;            /* with case */
    const rk_template_row *rows; /* (n) */
    size_t n;
} rk_template_list;

typedef struct rk_template_data {
    rk_template_row outer;         /* what stands outside of lists */
    const rk_template_list *lists; /* (n_lists) */
    size_t n_lists;
} rk_template_data;

/* The most bytes that rk_template_fill() makes of one template. */
#define RK_TEMPLATE_MOST (1 << 20)

/* Appends the text, with lists. RK_EINVAL: it would be too long; RK_ENOMEM. */
int rk_template_fill(rk_buf *out, const char *template_text,
                     const rk_template_data *data, rk_error *err);

/* The names that a template will be given, each list ended by NULL. */
typedef struct rk_template_names {
    const char *const *values;
    const char *const *lists; /* NULL: none; any name may stand in a row */
} rk_template_names;

/* rk_template_check(), and no name outside of lists but those. RK_EFORMAT with
 * the byte and the known names. */
int rk_template_check_names(const char *template_text,
                            const rk_template_names *known, rk_error *err);

#endif

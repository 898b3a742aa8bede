/* A profile's text from its fields: Mustache-like templates.
 *
 *   {{name}}             the field's value, cleaned for a prompt; "a|b|c"
 *                        becomes "a, b, c"; nothing if there is none
 *   {{#name}}...{{/name}}  only if the field is there
 *   {{^name}}...{{/name}}  only if it is not
 *
 * Values are text: nothing in them is expanded again. */
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

#endif

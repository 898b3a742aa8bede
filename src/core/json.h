/* JSON, by jansson: the one place that includes it. Bytes from outside are
 * read with rk_json_parse, which bounds depth and refuses duplicate keys.
 * Documents are put together by jansson's functions, which take NULL for what
 * found no memory and give NULL back. */
#ifndef RK_CORE_JSON_H
#define RK_CORE_JSON_H

#include "core/error.h"

#include <jansson.h>

/* Parses one whole document. `where` names the source in the message. The
 * caller releases *out with json_decref(). RK_EFORMAT. */
int rk_json_parse(json_t **out, const char *bytes, size_t len,
                  const char *where, rk_error *err);

/* The same of a document whose texts may hold NUL, as those of a vocabulary
 * do: json_string_length() tells. */
int rk_json_parse_with_nul(json_t **out, const char *bytes, size_t len,
                           const char *where, rk_error *err);

/* JSON has no NaN: null. */
json_t *rk_json_number(double value);
json_t *rk_json_text(const char *value); /* NULL: null */

/* What `one` makes of each of n things: all of them or NULL. */
json_t *rk_json_list(json_t *(*one)(const void *what, size_t i),
                     const void *what, size_t n);

/* The document as text, which the caller frees; takes `whole` over. NULL: no
 * memory. */
char *rk_json_take(json_t *whole);

/* A document on one line, every digit of its numbers kept; the caller frees
 * it. NULL: no memory. */
char *rk_json_line(const json_t *whole);

#endif

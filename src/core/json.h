/* JSON, by jansson: the one place that includes it. Bytes from outside are
 * read with rk_json_parse, which bounds depth and refuses duplicate keys. */
#ifndef RK_CORE_JSON_H
#define RK_CORE_JSON_H

#include "core/error.h"

#include <jansson.h>

/* Parses one whole document. `where` names the source in the message. The
 * caller releases *out with json_decref(). RK_EFORMAT. */
int rk_json_parse(json_t **out, const char *bytes, size_t len,
                  const char *where, rk_error *err);

#endif

#include "core/json.h"

#include "core/buf.h"

#include <math.h>

static int parse(json_t **out, const char *bytes, size_t len, size_t flags,
                 const char *where, rk_error *err)
{
    json_error_t why;

    *out = json_loadb(bytes, len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &why);
    if (*out)
        return RK_OK;
    return rk_fail(err, RK_EFORMAT, "%s: not JSON at byte %d: %s", where,
                   why.position, why.text);
}


int rk_json_parse(json_t **out, const char *bytes, size_t len,
                  const char *where, rk_error *err)
{
    return parse(out, bytes, len, 0, where, err);
}


int rk_json_parse_with_nul(json_t **out, const char *bytes, size_t len,
                           const char *where, rk_error *err)
{
    return parse(out, bytes, len, JSON_ALLOW_NUL, where, err);
}


json_t *rk_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}


json_t *rk_json_text(const char *value)
{
    return value ? json_string(value) : json_null();
}


json_t *rk_json_list(json_t *(*one)(const void *what, size_t i),
                     const void *what, size_t n)
{
    json_t *all = json_array();

    for (size_t i = 0; i < n && all; i++)
        if (json_array_append_new(all, one(what, i)) != 0) {
            json_decref(all);
            all = NULL;
        }
    return all;
}


static int add_text(const char *bytes, size_t len, void *out)
{
    rk_buf *b = out;

    rk_buf_add(b, bytes, len);
    return b->failed ? -1 : 0;
}


/* Through a buffer of ours, for json_dumps() goes on when it finds no
 * memory. */
char *rk_json_take(json_t *whole)
{
    rk_buf b;

    rk_buf_init(&b);
    if (!whole ||
        json_dump_callback(whole, add_text, &b,
                           JSON_INDENT(2) | JSON_REAL_PRECISION(7)) != 0)
        b.failed = true;
    json_decref(whole);
    return rk_buf_take(&b);
}


char *rk_json_line(const json_t *whole)
{
    rk_buf b;

    rk_buf_init(&b);
    if (json_dump_callback(whole, add_text, &b, JSON_COMPACT) != 0)
        b.failed = true;
    return rk_buf_take(&b);
}

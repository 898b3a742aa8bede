#include "core/json.h"

int rk_json_parse(json_t **out, const char *bytes, size_t len,
                  const char *where, rk_error *err)
{
    json_error_t why;

    *out = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &why);
    if (*out)
        return RK_OK;
    return rk_fail(err, RK_EFORMAT, "%s: not JSON at byte %d: %s", where,
                   why.position, why.text);
}

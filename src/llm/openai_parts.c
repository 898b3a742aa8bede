#include "llm/openai_parts.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = {"an object",    "a list", "a text",
                                    "whole number", "number", "true",
                                    "false",        "null"};


const char *rk_reply_kind(const json_t *value)
{
    return value ? kinds[json_typeof(value)] : "nothing";
}


int rk_reply_list(const json_t **out, const json_t *reply, const char *name,
                  rk_error *err)
{
    *out = json_object_get(reply, name);
    if (json_is_array(*out))
        return RK_OK;
    return rk_fail(err, RK_EFORMAT, "expected a list \"%s\", found %s", name,
                   rk_reply_kind(json_is_object(reply) ? *out : reply));
}


/* Fills slots (n) with the entries of the list in the order of their "index",
 * each there once. An only entry may go without. */
static int in_order(const json_t *list, const char *name, const json_t **slots,
                    size_t n, rk_error *err)
{
    if (json_array_size(list) != n)
        return rk_fail(err, RK_EFORMAT,
                       "expected %zu entries of \"%s\", found %zu", n, name,
                       json_array_size(list));
    memset(slots, 0, n * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        const json_t *entry = json_array_get(list, i);
        const json_t *index = json_object_get(entry, "index");
        json_int_t at = json_integer_value(index);

        if (!json_is_object(entry) ||
            (!json_is_integer(index) && (index || n > 1)))
            return rk_fail(
                err, RK_EFORMAT,
                "expected a whole number \"index\" in entry %zu of "
                "\"%s\", found %s",
                i, name, rk_reply_kind(json_is_object(entry) ? index : entry));
        if (at < 0 || (size_t)at >= n)
            return rk_fail(err, RK_EFORMAT,
                           "expected an \"index\" from 0 to %zu in \"%s\", "
                           "found %lld",
                           n - 1, name, (long long)at);
        if (slots[at])
            return rk_fail(err, RK_EFORMAT,
                           "expected each \"index\" once in \"%s\", found %lld "
                           "twice",
                           name, (long long)at);
        slots[at] = entry;
    }
    return RK_OK;
}


int rk_reply_ordered(const json_t ***out, const json_t *reply, const char *name,
                     size_t n, rk_error *err)
{
    const json_t *list;
    int rc = rk_reply_list(&list, reply, name, err);

    *out = NULL;
    if (rc)
        return rc;
    *out = rk_calloc(n, sizeof(void *));
    return *out ? in_order(list, name, *out, n, err) : rk_no_memory(err);
}


int rk_reply_number(double *out, const json_t *value, const char *what,
                    rk_error *err)
{
    *out = json_number_value(value);
    if (json_is_number(value) && isfinite((float)*out))
        return RK_OK;
    return rk_fail(
        err, RK_EFORMAT, "expected a finite number as %s, found %s", what,
        json_is_number(value) ? "one beyond floats" : rk_reply_kind(value));
}


int rk_reply_choice(const json_t **out, const json_t *reply, rk_error *err)
{
    const json_t **entries = NULL;
    int rc = rk_reply_ordered(&entries, reply, "choices", 1, err);

    *out = rc == RK_OK ? entries[0] : NULL;
    free(entries);
    return rc;
}

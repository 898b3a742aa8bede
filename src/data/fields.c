#include "data/fields.h"

#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing deeper than an array in an object is taken; the bound is here to
 * keep the parser from recursing into what will be refused. */
enum { DEPTH_MAX = 64 };


void rk_fields_quote(rk_buf *out, const char *s)
{
    const char *plain = s;

    rk_buf_putc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        rk_buf_add(out, plain, (size_t)(s - plain));
        plain = s + 1;
        if (c < 0x20)
            rk_buf_printf(out, "\\u%04x", c);
        else
            rk_buf_printf(out, "\\%c", c);
    }
    rk_buf_add(out, plain, (size_t)(s - plain));
    rk_buf_putc(out, '"');
}


void rk_fields_write(rk_buf *out, const rk_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            rk_buf_putc(out, ',');
        rk_fields_quote(out, fields[i].name);
        rk_buf_putc(out, ':');
        rk_fields_quote(out, fields[i].value);
    }
}


void rk_fields_number(double value, char out[32])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
}


static bool too_deep(const char *bytes, size_t len)
{
    bool in_string = false;
    size_t depth = 0;

    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == '[' || c == '{') && ++depth > DEPTH_MAX)
            return true;
        else if (!in_string && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}


static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return names[json_typeof(value)];
}


/* Appends a string, number or boolean; false when it is something else. */
static bool add_scalar(rk_buf *text, const json_t *value)
{
    char number[32];

    switch (json_typeof(value)) {
    case JSON_STRING: rk_buf_puts(text, json_string_value(value)); return true;
    case JSON_INTEGER:
        rk_buf_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    case JSON_REAL:
        rk_fields_number(json_real_value(value), number);
        rk_buf_puts(text, number);
        return true;
    case JSON_TRUE:
    case JSON_FALSE: rk_buf_puts(text, type_name(value)); return true;
    default: return false;
    }
}


/* Appends a member's value. Returns what in it is not to be had, or NULL. */
static const json_t *add_value(rk_buf *text, const json_t *value)
{
    bool first = true;

    if (!json_is_array(value))
        return add_scalar(text, value) ? NULL : value;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);

        if (json_is_null(one))
            continue;
        if (!first)
            rk_buf_putc(text, '|');
        if (!add_scalar(text, one))
            return one;
        first = false;
    }
    return NULL;
}


static int add_members(rk_buf *text, size_t *n, json_t *object,
                       const char *where, rk_error *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const json_t *wrong;

        if (json_is_null(value))
            continue;
        rk_buf_add(text, name, strlen(name) + 1);
        wrong = add_value(text, value);
        if (wrong)
            return rk_fail(err, RK_EFORMAT,
                           "%s: '%.64s': expected a string, number or boolean "
                           "or an array of these, found %s%s",
                           where, name, type_name(wrong),
                           wrong == value ? "" : " in an array");
        rk_buf_putc(text, '\0');
        (*n)++;
    }
    return text->failed ? rk_no_memory(err) : RK_OK;
}


int rk_fields_parse(rk_buf *text, size_t *n, const char *bytes, size_t len,
                    const char *where, rk_error *err)
{
    json_t *object = NULL;
    int rc;

    *n = 0;
    if (too_deep(bytes, len)) {
        rc = rk_fail(err, RK_EFORMAT,
                     "%s: expected JSON at most %d levels deep, found more",
                     where, (int)DEPTH_MAX);
        goto done;
    }
    rc = rk_json_parse(&object, bytes, len, where, err);
    if (rc)
        goto done;
    if (!json_is_object(object)) {
        rc = rk_fail(err, RK_EFORMAT, "%s: expected an object, found %s", where,
                     type_name(object));
        goto done;
    }
    rc = add_members(text, n, object, where, err);

done:
    json_decref(object);
    return rc;
}


const char *rk_fields_point(rk_field *fields, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        fields[i].name = text;
        text += strlen(text) + 1;
        fields[i].value = text;
        text += strlen(text) + 1;
    }
    return text;
}

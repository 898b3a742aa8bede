#include "data/record.h"

#include "core/mem.h"
#include "core/text.h"
#include "data/fields.h"

#include <math.h>
#include <string.h>

enum {
    ID_BYTES = 256,
    TYPE_BYTES = 63, /* what a rule can name */
    NAME_BYTES = 64,
    VALUE_BYTES = 64 * 1024,
    FIELDS_MAX = 256
};

/* The years 1 to 9999: what ISO 8601 writes in four digits. */
#define AT_MIN INT64_C(-62135596800000000)
#define AT_MAX INT64_C(253402300799999999)


const char *rk_record_get(const rk_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (rk_text_same(r->fields[i].name, name))
            return r->fields[i].value;
    return NULL;
}


/* The offset of the first control character of UTF-8 text, or its length. */
static size_t find_control(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t i = 0;

    while (p[i] >= 0x20 && p[i] != 0x7F && !(p[i] == 0xC2 && p[i + 1] < 0xA0))
        i++;
    return i;
}


/* A text that is used as a name: short, not empty, printable. */
static int check_name(const char *what, const char *s, size_t max,
                      rk_error *err)
{
    size_t len = s ? strlen(s) : 0;
    size_t bad;

    if (len == 0 || len > max)
        return rk_fail(err, RK_EINVAL, "%s has %zu bytes, must have 1 to %zu",
                       what, len, max);
    if (!rk_text_is_utf8(s, len, &bad))
        return rk_fail(err, RK_EINVAL, "%s is not UTF-8 at byte %zu", what,
                       bad + 1);
    bad = find_control(s);
    if (bad < len)
        return rk_fail(err, RK_EINVAL,
                       "%s holds a control character at byte %zu", what,
                       bad + 1);
    return RK_OK;
}


static int check_field(const rk_field *f, rk_error *err)
{
    size_t len, bad;
    int rc;

    rc = check_name("a field's name", f->name, NAME_BYTES, err);
    if (rc)
        return rc;
    if (rk_text_same(f->name, "id"))
        return rk_fail(err, RK_EINVAL,
                       "a field is named '%s', which is not "
                       "a field but the record's id",
                       f->name);
    if (!f->value)
        return rk_fail(err, RK_EINVAL, "field '%s' has no value", f->name);
    len = strlen(f->value);
    if (len > VALUE_BYTES)
        return rk_fail(err, RK_EINVAL, "field '%s' has %zu bytes, at most %d",
                       f->name, len, (int)VALUE_BYTES);
    if (!rk_text_is_utf8(f->value, len, &bad))
        return rk_fail(err, RK_EINVAL, "field '%s' is not UTF-8 at byte %zu",
                       f->name, bad + 1);
    return RK_OK;
}


/* Lengths first: with 256 fields there are 32,640 pairs to compare. */
static int check_distinct(const rk_record *r, rk_error *err)
{
    unsigned char len[FIELDS_MAX];

    for (size_t i = 0; i < r->n_fields; i++) {
        const char *name = r->fields[i].name;

        len[i] = (unsigned char)strlen(name);
        for (size_t j = 0; j < i; j++)
            if (len[i] == len[j] && rk_text_same(name, r->fields[j].name))
                return rk_fail(err, RK_EINVAL, "two fields are named '%s'",
                               name);
    }
    return RK_OK;
}


int rk_record_check(enum rk_kind kind, const rk_record *r, rk_error *err)
{
    int rc;

    if (kind != RK_ITEMS && kind != RK_USERS)
        return rk_fail(err, RK_EINVAL, "an event is not a record");
    rc = check_name("id", r->id, ID_BYTES, err);
    if (rc)
        return rc;
    if (r->n_fields > FIELDS_MAX)
        return rk_fail(err, RK_EINVAL, "%zu fields, at most %d", r->n_fields,
                       (int)FIELDS_MAX);
    for (size_t i = 0; i < r->n_fields && rc == RK_OK; i++)
        rc = check_field(&r->fields[i], err);
    if (rc == RK_OK)
        rc = check_distinct(r, err);
    if (rc == RK_OK && kind == RK_ITEMS) {
        const char *title = rk_record_get(r, "title");

        if (!title || !*title)
            rc = rk_fail(err, RK_EINVAL, "an item needs a title, found none");
    }
    return rc;
}


int rk_event_check(const rk_event *e, rk_error *err)
{
    int rc;

    rc = check_name("user", e->user, ID_BYTES, err);
    if (rc == RK_OK)
        rc = check_name("item", e->item, ID_BYTES, err);
    if (rc == RK_OK)
        rc = check_name("type", e->type, TYPE_BYTES, err);
    if (rc == RK_OK && !isfinite(e->value))
        rc = rk_fail(err, RK_EINVAL, "value is %g, must be finite", e->value);
    if (rc == RK_OK && (e->at_us < AT_MIN || e->at_us > AT_MAX))
        rc = rk_fail(err, RK_EINVAL,
                     "time is %lld us from 1970, must be in the years 1 to "
                     "9999",
                     (long long)e->at_us);
    return rc;
}


int rk_record_fields_json(const rk_record *r, char **json, rk_error *err)
{
    rk_buf out;

    rk_buf_init(&out);
    rk_buf_putc(&out, '{');
    rk_fields_write(&out, r->fields, r->n_fields);
    rk_buf_putc(&out, '}');
    *json = rk_buf_take(&out);
    return *json ? RK_OK : rk_no_memory(err);
}


/* One block: the record, its fields, and their text behind them. */
static rk_record *record_new(const char *id, size_t n, const rk_buf *text)
{
    size_t id_size = strlen(id) + 1;
    size_t size;
    rk_record *r;
    rk_field *fields;
    char *p;

    if (__builtin_mul_overflow(n, sizeof(rk_field), &size) ||
        __builtin_add_overflow(size, sizeof(rk_record) + id_size, &size) ||
        __builtin_add_overflow(size, text->len, &size))
        return NULL;
    r = rk_calloc(1, size);
    if (!r)
        return NULL;
    fields = (rk_field *)(r + 1);
    p = (char *)(fields + n);
    if (text->len)
        memcpy(p, text->data, text->len);
    p = (char *)rk_fields_point(fields, n, p);
    memcpy(p, id, id_size);
    r->id = p;
    r->fields = fields;
    r->n_fields = n;
    return r;
}


int rk_record_parse(rk_record **out, const char *id, const char *fields_json,
                    size_t len, rk_error *err)
{
    rk_buf text;
    size_t n;
    int rc;

    *out = NULL;
    rk_buf_init(&text);
    rc = rk_fields_parse(&text, &n, fields_json, len, "fields", err);
    if (rc)
        goto done;
    *out = record_new(id, n, &text);
    if (!*out)
        rc = rk_no_memory(err);

done:
    rk_buf_clear(&text);
    return rc;
}


rk_record *rk_record_copy(const rk_record *r)
{
    size_t head = sizeof(*r) + r->n_fields * sizeof(*r->fields);
    size_t size = head + strlen(r->id) + 1;
    rk_record *copy;
    rk_field *fields;
    char *text;

    for (size_t i = 0; i < r->n_fields; i++)
        size += strlen(r->fields[i].name) + strlen(r->fields[i].value) + 2;
    copy = rk_alloc_array(size, 1);
    if (!copy)
        return NULL;
    fields = (rk_field *)(copy + 1);
    text = (char *)copy + head;

    copy->id = text;
    text = stpcpy(text, r->id) + 1;
    copy->fields = fields;
    copy->n_fields = r->n_fields;
    for (size_t i = 0; i < r->n_fields; i++) {
        fields[i].name = text;
        text = stpcpy(text, r->fields[i].name) + 1;
        fields[i].value = text;
        text = stpcpy(text, r->fields[i].value) + 1;
    }
    return copy;
}


void rk_record_free(rk_record *r)
{
    free(r);
}

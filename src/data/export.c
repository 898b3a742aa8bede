#include "data/export.h"

#include "core/clock.h"
#include "core/text.h"
#include "data/fields.h"
#include "data/record.h"

#include <string.h>

int rk_format_of(const char *path, enum rk_format *out, rk_error *err)
{
    const char *base = strrchr(path, '/');
    const char *dot = strrchr(base ? base : path, '.');

    if (dot && rk_text_same(dot, ".csv"))
        *out = RK_CSV;
    else if (dot &&
             (rk_text_same(dot, ".jsonl") || rk_text_same(dot, ".ndjson")))
        *out = RK_JSONL;
    else
        return rk_fail(err, RK_EINVAL,
                       "%s: expected a name ending in .csv, .jsonl or .ndjson",
                       path);
    return RK_OK;
}


/* Quoted where RFC 4180 needs it, and where a laxer reader would trim. */
static void add_cell(rk_buf *out, const char *s)
{
    size_t len = strlen(s);
    bool quote = s[strcspn(s, ",\"\r\n")] != '\0' ||
                 (len && (s[0] == ' ' || s[len - 1] == ' '));

    if (!quote) {
        rk_buf_add(out, s, len);
        return;
    }
    rk_buf_putc(out, '"');
    for (;;) {
        size_t plain = strcspn(s, "\"");

        rk_buf_add(out, s, plain);
        s += plain;
        if (!*s)
            break;
        rk_buf_puts(out, "\"\"");
        s++;
    }
    rk_buf_putc(out, '"');
}


void rk_export_header(rk_buf *out, enum rk_kind kind,
                      const char *const *field_names, size_t n)
{
    if (kind == RK_EVENTS) {
        rk_buf_puts(out, "user,item,type,value,at\n");
        return;
    }
    rk_buf_puts(out, "id");
    for (size_t i = 0; i < n; i++) {
        rk_buf_putc(out, ',');
        add_cell(out, field_names[i]);
    }
    rk_buf_putc(out, '\n');
}


void rk_export_record(rk_buf *out, enum rk_format format, const rk_record *r,
                      const char *const *field_names, size_t n)
{
    if (format == RK_JSONL) {
        rk_buf_puts(out, "{\"id\":");
        rk_fields_quote(out, r->id);
        if (r->n_fields)
            rk_buf_putc(out, ',');
        rk_fields_write(out, r->fields, r->n_fields);
        rk_buf_puts(out, "}\n");
        return;
    }
    add_cell(out, r->id);
    for (size_t i = 0; i < n; i++) {
        const char *value = rk_record_get(r, field_names[i]);

        rk_buf_putc(out, ',');
        add_cell(out, value ? value : "");
    }
    rk_buf_putc(out, '\n');
}


void rk_export_event(rk_buf *out, enum rk_format format, const rk_event *e)
{
    char number[32];
    char at[32];

    rk_fields_number(e->value, number);
    rk_time_write(e->at_us, at);
    if (format == RK_JSONL) {
        const rk_field texts[] = {
            {"user", e->user}, {"item", e->item}, {"type", e->type}};

        rk_buf_putc(out, '{');
        rk_fields_write(out, texts, 3);
        rk_buf_printf(out, ",\"value\":%s,\"at\":\"%s\"}\n", number, at);
        return;
    }
    add_cell(out, e->user);
    rk_buf_putc(out, ',');
    add_cell(out, e->item);
    rk_buf_putc(out, ',');
    add_cell(out, e->type);
    rk_buf_printf(out, ",%s,%s\n", number, at);
}

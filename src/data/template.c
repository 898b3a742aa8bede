#include "data/template.h"

#include "core/text.h"
#include "data/record.h"

#include <ctype.h>
#include <string.h>

enum { SECTIONS_MAX = 16, NAME_BYTES = 64 };

/* A tag: {{name}}, {{#name}}, {{^name}} or {{/name}}. */
typedef struct tag {
    const char *at;   /* its first brace */
    const char *next; /* behind its last; NULL: it is never closed */
    char sigil;       /* '#' '^' '/', 0 for a value */
    const char *name; /* spaces trimmed */
    size_t len;
} tag;


/* The first tag in `p`; false when there is none. */
static bool tag_find(const char *p, tag *t)
{
    const char *end;

    t->at = strstr(p, "{{");
    if (!t->at)
        return false;
    p = t->at + 2;
    end = strstr(p, "}}");
    t->next = end ? end + 2 : NULL;
    if (!end)
        return true;
    t->sigil = '\0';
    if (*p == '#' || *p == '^' || *p == '/')
        t->sigil = *p++;
    while (p < end && isspace((unsigned char)*p))
        p++;
    while (end > p && isspace((unsigned char)end[-1]))
        end--;
    t->name = p;
    t->len = (size_t)(end - p);
    return true;
}


static bool same_name(const tag *a, const tag *b)
{
    return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}


static int refuse(const char *text, const tag *t, const char *why,
                  rk_error *err)
{
    return rk_fail(err, RK_EFORMAT, "template, byte %zu: %s",
                   (size_t)(t->at - text) + 1, why);
}


/* The tag by itself: closed, with a name that a field can have. */
static int tag_check(const char *text, const tag *t, rk_error *err)
{
    if (!t->next)
        return refuse(text, t, "expected '}}' behind the tag, found none", err);
    if (t->len == 0)
        return refuse(text, t, "expected a field's name, found none", err);
    if (t->len > NAME_BYTES)
        return refuse(text, t,
                      "expected a name of at most 64 bytes, found more", err);
    if (memchr(t->name, '{', t->len) || strchr("!>&=", *t->name))
        return refuse(text, t,
                      "expected {{name}}, {{#name}}, {{^name}} or {{/name}}, "
                      "found another tag",
                      err);
    return RK_OK;
}


int rk_template_check(const char *template_text, rk_error *err)
{
    tag open[SECTIONS_MAX];
    size_t depth = 0;
    const char *p = template_text;
    tag t;
    int rc;

    while (tag_find(p, &t)) {
        rc = tag_check(template_text, &t, err);
        if (rc)
            return rc;
        p = t.next;
        if (t.sigil == '/') {
            if (depth == 0)
                return refuse(template_text, &t,
                              "expected an open section, found none", err);
            if (!same_name(&open[--depth], &t))
                return rk_fail(err, RK_EFORMAT,
                               "template, byte %zu: expected {{/%.*s}}, found "
                               "{{/%.*s}}",
                               (size_t)(t.at - template_text) + 1,
                               (int)open[depth].len, open[depth].name,
                               (int)t.len, t.name);
        } else if (t.sigil) {
            if (depth == SECTIONS_MAX)
                return refuse(template_text, &t,
                              "expected at most 16 sections in one another, "
                              "found more",
                              err);
            open[depth++] = t;
        }
    }
    if (depth > 0)
        return refuse(template_text, &open[depth - 1],
                      "expected the section to be closed, found the end", err);
    return RK_OK;
}


/* The text that stands for a value: "a|b|c" as "a, b, c", each piece cleaned,
 * which may leave nothing of it. */
static void value_text(rk_buf *out, const char *value)
{
    rk_buf piece, clean;
    const char *p;
    size_t len;

    rk_buf_init(&piece);
    rk_buf_init(&clean);
    while (rk_text_next(&value, '|', &p, &len)) {
        rk_buf_reset(&piece);
        rk_buf_reset(&clean);
        rk_buf_add(&piece, p, len);
        rk_text_clean(&clean, rk_buf_str(&piece));
        if (piece.failed || clean.failed) {
            out->failed = true;
            break;
        }
        if (clean.len && out->len)
            rk_buf_puts(out, ", ");
        rk_buf_add(out, rk_buf_str(&clean), clean.len);
    }
    rk_buf_clear(&piece);
    rk_buf_clear(&clean);
}


/* The text of the field a tag names, nothing when it is not there. */
static void tag_text(rk_buf *out, const tag *t, const rk_record *r)
{
    char name[NAME_BYTES + 1];
    const char *value;

    rk_buf_reset(out);
    if (t->len > NAME_BYTES)
        return;
    memcpy(name, t->name, t->len);
    name[t->len] = '\0';
    value = rk_record_get(r, name);
    if (value)
        value_text(out, value);
}


void rk_template_expand(rk_buf *out, const char *template_text,
                        const rk_record *r)
{
    const char *p = template_text;
    size_t depth = 0;
    size_t hidden = 0; /* the depth where hiding began; 0: nothing is hidden */
    rk_buf text;
    tag t;

    rk_buf_init(&text);
    while (tag_find(p, &t) && t.next) {
        if (!hidden)
            rk_buf_add(out, p, (size_t)(t.at - p));
        p = t.next;
        if (t.sigil == '/') {
            hidden = hidden == depth ? 0 : hidden;
            depth -= depth > 0;
            continue;
        }
        tag_text(&text, &t, r);
        out->failed |= text.failed;
        if (t.sigil) {
            depth++;
            if (!hidden && (text.len > 0) == (t.sigil == '^'))
                hidden = depth;
        } else if (!hidden) {
            rk_buf_add(out, rk_buf_str(&text), text.len);
        }
    }
    if (!hidden)
        rk_buf_puts(out, p);
    rk_buf_clear(&text);
}

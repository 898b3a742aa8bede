#include "data/template.h"

#include "core/text.h"
#include "data/record.h"

#include <ctype.h>
#include <stdint.h>
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


/* While a template is filled. */
typedef struct filler {
    rk_buf *out;
    rk_buf text; /* of the tag at hand */
    const rk_template_data *data;
    size_t begin; /* length of `out` before */
    size_t most;
} filler;

/* A row of a list; `row` NULL: outside of lists. */
typedef struct place {
    const rk_template_row *row;
    size_t number; /* from 1 */
} place;


static const rk_template_list *list_named(const rk_template_data *d,
                                          const char *name)
{
    for (size_t i = 0; i < d->n_lists; i++)
        if (strcmp(d->lists[i].name, name) == 0)
            return &d->lists[i];
    return NULL;
}


/* What one row says of a name. Text that was made for it stands as it is, a
 * record's value is cleaned. Whether the row knows the name. */
static bool row_text(rk_buf *out, const rk_template_row *r, const char *name)
{
    const char *value;

    for (size_t i = 0; i < r->n_more; i++) {
        if (strcmp(r->more[i].name, name) == 0) {
            rk_buf_puts(out, r->more[i].value);
            return true;
        }
    }
    value = r->record ? rk_record_get(r->record, name) : NULL;
    if (value)
        value_text(out, value);
    return value != NULL;
}


/* The text of what a name stands for, nothing when it is not there. Of a list
 * only whether it has rows is told. */
static void name_text(filler *f, const char *name, place at)
{
    const rk_template_list *list = list_named(f->data, name);

    rk_buf_reset(&f->text);
    if (list) {
        if (list->n)
            rk_buf_puts(&f->text, "-");
        return;
    }
    if (at.row && strcmp(name, "number") == 0) {
        rk_buf_printf(&f->text, "%zu", at.number);
        return;
    }
    if (at.row && strcmp(name, "letter") == 0) {
        if (at.number <= 26)
            rk_buf_putc(&f->text, (char)('A' + at.number - 1));
        return;
    }
    if (at.row && row_text(&f->text, at.row, name))
        return;
    row_text(&f->text, &f->data->outer, name);
}


/* The tag's name; "" for one that is too long to be a field's. */
static void tag_name(const tag *t, char name[NAME_BYTES + 1])
{
    size_t len = t->len > NAME_BYTES ? 0 : t->len;

    memcpy(name, t->name, len);
    name[len] = '\0';
}


/* The end tag of the section whose body begins at `p`; false: none. */
static bool section_end(const char *p, tag *t)
{
    size_t depth = 1;

    while (tag_find(p, t) && t->next) {
        if (t->sigil == '/' && --depth == 0)
            return true;
        depth += t->sigil == '#' || t->sigil == '^';
        p = t->next;
    }
    return false;
}


static bool is_full(const filler *f)
{
    return f->out->failed || f->out->len - f->begin > f->most;
}


/* Fills the text from `p` to `end`; a list's rows are filled where it is not
 * in another's, so the work is bounded by rows times text. */
static void fill_range(filler *f, const char *p, const char *end, place at)
{
    char name[NAME_BYTES + 1];
    size_t depth = 0;
    size_t hidden = 0; /* the depth where hiding began; 0: nothing is hidden */
    const rk_template_list *list;
    tag t, close;

    while (!is_full(f) && tag_find(p, &t) && t.at < end && t.next) {
        if (!hidden)
            rk_buf_add(f->out, p, (size_t)(t.at - p));
        p = t.next;
        if (t.sigil == '/') {
            hidden = hidden == depth ? 0 : hidden;
            depth -= depth > 0;
            continue;
        }
        tag_name(&t, name);
        list = at.row || hidden || t.sigil != '#' ? NULL
                                                  : list_named(f->data, name);
        if (list && section_end(p, &close)) {
            for (size_t i = 0; i < list->n && !is_full(f); i++)
                fill_range(f, p, close.at, (place){&list->rows[i], i + 1});
            p = close.next;
            continue;
        }
        name_text(f, name, at);
        f->out->failed |= f->text.failed;
        if (t.sigil) {
            depth++;
            if (!hidden && (f->text.len > 0) == (t.sigil == '^'))
                hidden = depth;
        } else if (!hidden && !list_named(f->data, name)) {
            rk_buf_add(f->out, rk_buf_str(&f->text), f->text.len);
        }
    }
    if (!hidden && p < end)
        rk_buf_add(f->out, p, (size_t)(end - p));
}


int rk_template_fill(rk_buf *out, const char *template_text,
                     const rk_template_data *data, rk_error *err)
{
    filler f = {
        .out = out, .data = data, .begin = out->len, .most = RK_TEMPLATE_MOST};

    rk_buf_init(&f.text);
    fill_range(&f, template_text, template_text + strlen(template_text),
               (place){0});
    rk_buf_clear(&f.text);
    if (out->failed)
        return rk_no_memory(err);
    if (is_full(&f))
        return rk_fail(err, RK_EINVAL,
                       "a template's text: expected at most %d bytes, found "
                       "more",
                       RK_TEMPLATE_MOST);
    return RK_OK;
}


void rk_template_expand(rk_buf *out, const char *template_text,
                        const rk_record *r)
{
    rk_template_data data = {.outer = {.record = r}};
    filler f = {.out = out, .data = &data, .begin = out->len, .most = SIZE_MAX};

    rk_buf_init(&f.text);
    fill_range(&f, template_text, template_text + strlen(template_text),
               (place){0});
    rk_buf_clear(&f.text);
}


static bool is_one_of(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}


/* "noun, noun_plural, liked": what may stand outside of lists. */
static void names_write(rk_buf *out, const rk_template_names *known)
{
    for (const char *const *n = known->values; *n; n++)
        rk_buf_printf(out, "%s%s", out->len ? ", " : "", *n);
    for (const char *const *n = known->lists; n && *n; n++)
        rk_buf_printf(out, "%s%s", out->len ? ", " : "", *n);
}


int rk_template_check_names(const char *template_text,
                            const rk_template_names *known, rk_error *err)
{
    const char *p = template_text;
    char name[NAME_BYTES + 1];
    size_t inside = 0; /* a list: how many sections are open, with its own */
    rk_buf names;
    tag t;
    int rc = rk_template_check(template_text, err);

    rk_buf_init(&names);
    while (rc == RK_OK && tag_find(p, &t)) {
        p = t.next;
        tag_name(&t, name);
        if (inside) {
            inside += t.sigil == '#' || t.sigil == '^';
            inside -= t.sigil == '/';
        } else if (t.sigil == '#' && is_one_of(known->lists, name)) {
            inside = 1;
        } else if (!is_one_of(known->values, name) &&
                   !is_one_of(known->lists, name)) {
            names_write(&names, known);
            rc = rk_fail(err, RK_EFORMAT,
                         "template, byte %zu: unknown name '%s', expected one "
                         "of %s",
                         (size_t)(t.at - template_text) + 1, name,
                         rk_buf_str(&names));
        }
    }
    rk_buf_clear(&names);
    return rc;
}

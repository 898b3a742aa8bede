/* Answers and cards as JSON documents. */
#include "core/buf.h"
#include "core/json.h"

#include "reckon.h"

#include <math.h>

/* JSON has no NaN: null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}


static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}


/* Appends what `one` makes of each of n things: all of them or NULL. */
static json_t *list_of(json_t *(*one)(const void *what, size_t i),
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


/* The document as text; takes it over. Through a buffer of ours, for
 * json_dumps() goes on when it finds no memory. */
static char *written(json_t *whole)
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


static json_t *line_json(const void *card, size_t i)
{
    const rk_line *l = &((const rk_card *)card)->lines[i];

    return json_pack("{s:o, s:o, s:o}", "section", text(l->section), "name",
                     text(l->name), "value", text(l->value));
}


char *rk_card_json(const rk_card *card)
{
    return written(
        json_pack("{s:o}", "lines", list_of(line_json, card, card->n_lines)));
}


static json_t *reason_json(const void *item, size_t i)
{
    const rk_reason *r = &((const rk_ranked *)item)->reasons[i];

    return json_pack("{s:o, s:o, s:o, s:o}", "kind", text(r->kind), "evidence",
                     text(r->evidence), "text", text(r->text), "weight",
                     number(r->weight));
}


static json_t *item_json(const void *answer, size_t i)
{
    const rk_ranked *r = &((const rk_answer *)answer)->items[i];

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                     text(r->id), "title", text(r->title), "score",
                     number(r->score), "probability", number(r->probability),
                     "source", text(r->source), "heading", text(r->heading),
                     "why", text(r->why), "reasons",
                     list_of(reason_json, r, r->n_reasons));
}


static json_t *stage_json(const void *answer, size_t i)
{
    const rk_stage *s = &((const rk_answer *)answer)->stages[i];

    return json_pack("{s:o, s:o, s:I, s:I, s:I}", "name", text(s->name),
                     "detail", text(s->detail), "n_in", (json_int_t)s->n_in,
                     "n_out", (json_int_t)s->n_out, "took_us",
                     (json_int_t)s->took_us);
}


char *rk_answer_json(const rk_answer *a)
{
    json_t *usage = json_pack(
        "{s:I, s:I, s:I, s:I}", "prefix_tokens",
        (json_int_t)a->usage.prefix_tokens, "candidate_tokens",
        (json_int_t)a->usage.candidate_tokens, "reused_tokens",
        (json_int_t)a->usage.reused_tokens, "embedded_texts",
        (json_int_t)a->usage.embedded_texts);

    return written(json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "request_id",
        text(a->request_id), "way", text(a->way), "level", text(a->level),
        "user", text(a->user), "took_us", (json_int_t)a->took_us, "usage",
        usage, "items", list_of(item_json, a, a->n_items), "stages",
        list_of(stage_json, a, a->n_stages)));
}

/* Answers and cards as JSON documents. */
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


char *rk_card_json(const rk_card *card)
{
    json_t *lines = json_array();
    json_t *whole = json_pack("{s:o}", "lines", lines);
    char *out;

    for (size_t i = 0; i < card->n_lines; i++)
        json_array_append_new(lines,
                              json_pack("{s:o, s:o, s:o}", "section",
                                        text(card->lines[i].section), "name",
                                        text(card->lines[i].name), "value",
                                        text(card->lines[i].value)));
    out = whole ? json_dumps(whole, JSON_INDENT(2)) : NULL;
    json_decref(whole);
    return out;
}


static json_t *reasons_json(const rk_ranked *item)
{
    json_t *all = json_array();

    for (size_t i = 0; i < item->n_reasons; i++) {
        const rk_reason *r = &item->reasons[i];

        json_array_append_new(
            all, json_pack("{s:o, s:o, s:o, s:o}", "kind", text(r->kind),
                           "evidence", text(r->evidence), "text", text(r->text),
                           "weight", number(r->weight)));
    }
    return all;
}


static json_t *items_json(const rk_answer *a)
{
    json_t *all = json_array();

    for (size_t i = 0; i < a->n_items; i++) {
        const rk_ranked *r = &a->items[i];

        json_array_append_new(
            all,
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                      text(r->id), "title", text(r->title), "score",
                      number(r->score), "probability", number(r->probability),
                      "source", text(r->source), "heading", text(r->heading),
                      "why", text(r->why), "reasons", reasons_json(r)));
    }
    return all;
}


static json_t *stages_json(const rk_answer *a)
{
    json_t *all = json_array();

    for (size_t i = 0; i < a->n_stages; i++) {
        const rk_stage *s = &a->stages[i];

        json_array_append_new(
            all, json_pack("{s:o, s:o, s:I, s:I, s:I}", "name", text(s->name),
                           "detail", text(s->detail), "n_in",
                           (json_int_t)s->n_in, "n_out", (json_int_t)s->n_out,
                           "took_us", (json_int_t)s->took_us));
    }
    return all;
}


char *rk_answer_json(const rk_answer *a)
{
    json_t *usage = json_pack(
        "{s:I, s:I, s:I, s:I}", "prefix_tokens",
        (json_int_t)a->usage.prefix_tokens, "candidate_tokens",
        (json_int_t)a->usage.candidate_tokens, "reused_tokens",
        (json_int_t)a->usage.reused_tokens, "embedded_texts",
        (json_int_t)a->usage.embedded_texts);
    json_t *whole = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "request_id",
        text(a->request_id), "way", text(a->way), "level", text(a->level),
        "user", text(a->user), "took_us", (json_int_t)a->took_us, "usage",
        usage, "items", items_json(a), "stages", stages_json(a));
    char *out = whole
                    ? json_dumps(whole, JSON_INDENT(2) | JSON_REAL_PRECISION(7))
                    : NULL;

    json_decref(whole);
    return out;
}

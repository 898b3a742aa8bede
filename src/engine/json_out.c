/* Answers, previews and cards as JSON documents. */
#include "core/json.h"

#include "reckon.h"


static json_t *line_json(const void *card, size_t i)
{
    const rk_line *l = &((const rk_card *)card)->lines[i];

    return json_pack("{s:o, s:o, s:o}", "section", rk_json_text(l->section),
                     "name", rk_json_text(l->name), "value",
                     rk_json_text(l->value));
}


char *rk_card_json(const rk_card *card)
{
    return rk_json_take(json_pack(
        "{s:o}", "lines", rk_json_list(line_json, card, card->n_lines)));
}


static json_t *part_json(const void *preview, size_t i)
{
    const rk_preview_part *p = &((const rk_preview *)preview)->parts[i];

    return json_pack("{s:o, s:o, s:o, s:o}", "part", rk_json_text(p->part),
                     "id", rk_json_text(p->id), "text", rk_json_text(p->text),
                     "n_tokens",
                     p->n_tokens < 0 ? json_null() : json_integer(p->n_tokens));
}


char *rk_preview_json(const rk_preview *p)
{
    return rk_json_take(
        json_pack("{s:o, s:o, s:b, s:o}", "mode", rk_json_text(p->mode),
                  "model", rk_json_text(p->model), "chat", (int)p->chat,
                  "parts", rk_json_list(part_json, p, p->n_parts)));
}


static json_t *reason_json(const void *item, size_t i)
{
    const rk_reason *r = &((const rk_ranked *)item)->reasons[i];

    return json_pack("{s:o, s:o, s:o, s:o}", "kind", rk_json_text(r->kind),
                     "evidence", rk_json_text(r->evidence), "text",
                     rk_json_text(r->text), "weight",
                     rk_json_number(r->weight));
}


static json_t *item_json(const void *answer, size_t i)
{
    const rk_ranked *r = &((const rk_answer *)answer)->items[i];

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
        rk_json_text(r->id), "title", rk_json_text(r->title), "score",
        rk_json_number(r->score), "probability", rk_json_number(r->probability),
        "source", rk_json_text(r->source), "heading", rk_json_text(r->heading),
        "why", rk_json_text(r->why), "why_by", rk_json_text(r->why_by),
        "why_refused", rk_json_text(r->why_refused), "reasons",
        rk_json_list(reason_json, r, r->n_reasons));
}


static json_t *stage_json(const void *answer, size_t i)
{
    const rk_stage *s = &((const rk_answer *)answer)->stages[i];

    return json_pack("{s:o, s:o, s:I, s:I, s:I}", "name", rk_json_text(s->name),
                     "detail", rk_json_text(s->detail), "n_in",
                     (json_int_t)s->n_in, "n_out", (json_int_t)s->n_out,
                     "took_us", (json_int_t)s->took_us);
}


char *rk_answer_json(const rk_answer *a)
{
    json_t *usage = json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "prefix_tokens",
        (json_int_t)a->usage.prefix_tokens, "candidate_tokens",
        (json_int_t)a->usage.candidate_tokens, "reused_tokens",
        (json_int_t)a->usage.reused_tokens, "embedded_texts",
        (json_int_t)a->usage.embedded_texts, "generated_tokens",
        (json_int_t)a->usage.generated_tokens);

    return rk_json_take(json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "request_id",
        rk_json_text(a->request_id), "way", rk_json_text(a->way), "level",
        rk_json_text(a->level), "user", rk_json_text(a->user), "took_us",
        (json_int_t)a->took_us, "usage", usage, "items",
        rk_json_list(item_json, a, a->n_items), "stages",
        rk_json_list(stage_json, a, a->n_stages)));
}

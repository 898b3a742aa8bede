/* A report as a JSON document. */
#include "core/json.h"
#include "eval/report.h"

static json_t *figure_json(const rk_figure *f)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "metric", rk_json_text(f->metric),
                     "value", rk_json_number(f->value), "low",
                     rk_json_number(f->low), "high", rk_json_number(f->high));
}


static json_t *figure_at(const void *row, size_t i)
{
    return figure_json(&((const rk_contender *)row)->figures[i]);
}


static json_t *part_at(const void *row, size_t i)
{
    const rk_part *p = &((const rk_contender *)row)->parts[i];

    return json_pack("{s:o, s:o, s:I, s:o}", "by", rk_json_text(p->by), "name",
                     rk_json_text(p->name), "n_users", (json_int_t)p->n_users,
                     "figure", figure_json(&p->figure));
}


static json_t *usage_json(const rk_usage *u)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "prefix_tokens",
                     (json_int_t)u->prefix_tokens, "candidate_tokens",
                     (json_int_t)u->candidate_tokens, "reused_tokens",
                     (json_int_t)u->reused_tokens, "embedded_texts",
                     (json_int_t)u->embedded_texts);
}


static json_t *row_at(const void *report, size_t i)
{
    const rk_contender *c = &((const rk_report *)report)->rows[i];

    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     rk_json_text(c->name), "note", rk_json_text(c->note),
                     "n_users", (json_int_t)c->n_users, "figures",
                     rk_json_list(figure_at, c, c->n_figures), "parts",
                     rk_json_list(part_at, c, c->n_parts), "train_s",
                     rk_json_number(c->train_s), "p50_us",
                     rk_json_number(c->p50_us), "p95_us",
                     rk_json_number(c->p95_us), "usage", usage_json(&c->usage));
}


static json_t *contrast_at(const void *report, size_t i)
{
    const rk_contrast *c = &((const rk_report *)report)->contrasts[i];

    return json_pack("{s:o, s:o, s:o}", "a", rk_json_text(c->a), "b",
                     rk_json_text(c->b), "difference",
                     figure_json(&c->difference));
}


static json_t *published_at(const void *report, size_t i)
{
    const rk_published_figure *p = &((const rk_report *)report)->published[i];

    return json_pack("{s:o, s:o, s:o}", "name", rk_json_text(p->name), "metric",
                     rk_json_text(p->metric), "value",
                     rk_json_number(p->value));
}


static json_t *note_at(const void *report, size_t i)
{
    return rk_json_text(((const rk_report *)report)->notes[i]);
}


char *rk_report_json(const rk_report *r)
{
    return rk_json_take(json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
        "protocol", rk_json_text(r->protocol), "summary",
        rk_json_text(r->summary), "headline", rk_json_text(r->headline),
        "command", rk_json_text(r->command), "seed", (json_int_t)r->seed,
        "n_items", (json_int_t)r->n_items, "n_users", (json_int_t)r->n_users,
        "took_us", (json_int_t)r->took_us, "rows",
        rk_json_list(row_at, r, r->n_rows), "contrasts",
        rk_json_list(contrast_at, r, r->n_contrasts), "published",
        rk_json_list(published_at, r, r->n_published), "notes",
        rk_json_list(note_at, r, r->n_notes)));
}

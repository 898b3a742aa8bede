#include "cli/answer.h"

#include "cli/out.h"

#include <math.h>
#include <string.h>

#define TITLE_MAX  56 /* columns of a title before its line grows longer */
#define REASON_MAX 32

/* A number right-aligned in its column; NaN leaves it empty. */
static void write_score(const cli *c, double v)
{
    char text[48] = "";

    if (!isnan(v))
        snprintf(text, sizeof(text), "%.3f", v);
    out_cell(c, OUT_PLAIN, -10, text);
}


static void write_weight(const cli *c, double v)
{
    char text[48] = "";

    if (!isnan(v))
        snprintf(text, sizeof(text), "%+.2f", v);
    out_cell(c, v < 0 ? OUT_BAD : OUT_PLAIN, -8, text);
}


static void write_percent(const cli *c, double probability)
{
    char text[16];

    if (isnan(probability))
        return;
    snprintf(text, sizeof(text), "%.0f%%", 100 * probability);
    out_cell(c, OUT_PLAIN, -6, text);
}


/* "The Three-Body Problem (B27381)" */
static void write_title(const cli *c, const rk_ranked *r, int width)
{
    int used = out_width(r->title) + out_width(r->id) + 3;

    out_cell(c, OUT_BOLD, 0, r->title);
    out_cell(c, OUT_DIM, 0, " (");
    out_cell(c, OUT_DIM, 0, r->id);
    out_cell(c, OUT_DIM, width > used ? width - used + 1 : 0, ")");
}


static int title_width(const rk_answer *a)
{
    int most = 4;

    for (size_t i = 0; i < a->n_items; i++) {
        int w = out_width(a->items[i].title) + out_width(a->items[i].id) + 3;

        most = w > most ? w : most;
    }
    return most < TITLE_MAX ? most : TITLE_MAX;
}


static bool any_probability(const rk_answer *a)
{
    for (size_t i = 0; i < a->n_items; i++)
        if (!isnan(a->items[i].probability))
            return true;
    return false;
}


/* Never silently: what answered is said when it is not what was asked. */
static void write_level(const cli *c, const rk_answer *a)
{
    if (!a->level || !a->way || strcmp(a->level, a->way) == 0)
        return;
    out_cell(c, OUT_BAD, 0, "asked for ");
    out_cell(c, OUT_BAD, 0, a->way);
    out_cell(c, OUT_BAD, 0, ", answered by: ");
    out_cell(c, OUT_BAD, 0, a->level);
    putchar('\n');
}


/* What the reason rests on; the item itself says nothing here. */
static const char *label_of(const rk_ranked *r, const rk_reason *e)
{
    bool says_more = e->evidence[0] && strcmp(e->evidence, r->id) != 0;

    return says_more ? e->evidence : e->kind;
}


static void write_reasons(const cli *c, const rk_ranked *r, size_t max,
                          int indent)
{
    size_t n = r->n_reasons < max ? r->n_reasons : max;
    int width = 0;

    for (size_t i = 0; i < n; i++) {
        int w = out_width(label_of(r, &r->reasons[i]));

        width = w > width ? w : width;
    }
    width = width < REASON_MAX ? width : REASON_MAX;
    for (size_t i = 0; i < n; i++) {
        const rk_reason *e = &r->reasons[i];

        out_cell(c, OUT_PLAIN, indent, "");
        out_cell(c, OUT_PLAIN, width, label_of(r, e));
        write_weight(c, e->weight);
        out_text(stdout, "  ");
        out_text(stdout, e->text);
        putchar('\n');
    }
    if (n < r->n_reasons)
        printf("%*sand %zu more: reckon explain\n", indent, "",
               r->n_reasons - n);
}


/* Who wrote the sentence, where it was not rules alone. */
static void write_author(const cli *c, const rk_ranked *r, int indent)
{
    bool refused = r->why_refused && r->why_refused[0];

    if (!refused && (!r->why_by || strcmp(r->why_by, "rules") == 0))
        return;
    out_cell(c, OUT_DIM, indent, "");
    out_cell(c, OUT_DIM, 0, "by ");
    out_cell(c, OUT_DIM, 0, r->why_by);
    if (refused) {
        out_cell(c, OUT_DIM, 0, "; its own was refused: it ");
        out_cell(c, OUT_DIM, 0, r->why_refused);
    }
    putchar('\n');
}


static void write_item(const cli *c, const rk_answer *a, size_t i,
                       const answer_opts *opts, int width)
{
    const rk_ranked *r = &a->items[i];

    printf("%3zu  ", i + 1);
    write_title(c, r, width);
    write_score(c, r->score);
    write_percent(c, r->probability);
    putchar('\n');
    if (r->why && r->why[0]) {
        out_text(stdout, "     ");
        out_text(stdout, r->why);
        putchar('\n');
        write_author(c, r, 5);
    }
    if (opts->reasons)
        write_reasons(c, r, r->n_reasons, 7);
}


static bool same_heading(const rk_ranked *a, const rk_ranked *b)
{
    if (!a->heading || !b->heading)
        return a->heading == b->heading;
    return strcmp(a->heading, b->heading) == 0;
}


/* Whether item i is the first under its heading. */
static bool opens_group(const rk_answer *a, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (same_heading(&a->items[j], &a->items[i]))
            return false;
    return true;
}


void answer_list(const cli *c, const rk_answer *a, const answer_opts *opts)
{
    int width = title_width(a);

    write_level(c, a);
    if (a->n_items == 0)
        puts("no items");
    else
        printf("  #  %-*s%10s%s\n", width, "item", "score",
               any_probability(a) ? " likes" : "");
    for (size_t i = 0; i < a->n_items; i++) {
        if (!opens_group(a, i))
            continue;
        if (a->items[i].heading) {
            out_cell(c, OUT_GOOD, 0, a->items[i].heading);
            putchar('\n');
        }
        for (size_t j = i; j < a->n_items; j++)
            if (same_heading(&a->items[i], &a->items[j]))
                write_item(c, a, j, opts, width);
    }
    if (opts->trace)
        answer_trace(c, a);
}


void answer_verdict(const cli *c, const rk_answer *a, size_t max_reasons)
{
    const rk_ranked *r = a->items;
    bool likes;

    write_level(c, a);
    if (a->n_items == 0) {
        puts("no items");
        return;
    }
    write_title(c, r, 0);
    out_text(stdout, ": ");
    if (isnan(r->probability)) {
        printf("score %.3f, no probability (too little to calibrate on)\n",
               r->score);
    } else {
        likes = r->probability >= 0.5;
        out_cell(c, likes ? OUT_GOOD : OUT_BAD, 0, likes ? "like" : "dislike");
        printf(", probability of a like %.2f, score %.3f\n", r->probability,
               r->score);
    }
    if (r->why && r->why[0]) {
        out_text(stdout, r->why);
        putchar('\n');
        write_author(c, r, 0);
    }
    write_reasons(c, r, max_reasons, 2);
}


void answer_trace(const cli *c, const rk_answer *a)
{
    int width = 5;

    for (size_t i = 0; i < a->n_stages; i++) {
        int w = out_width(a->stages[i].name);

        width = w > width ? w : width;
    }
    printf("\n%-*s%10s%10s%12s  what it did\n", width, "stage", "in", "out",
           "ms");
    for (size_t i = 0; i < a->n_stages; i++) {
        const rk_stage *s = &a->stages[i];

        out_cell(c, OUT_BOLD, width, s->name);
        printf("%10zu%10zu%12.1f%s", s->n_in, s->n_out,
               (double)s->took_us / 1000, s->detail[0] ? "  " : "");
        out_text(stdout, s->detail);
        putchar('\n');
    }
    printf("request %s took %.1f ms; tokens: %llu in prefixes, %llu in "
           "candidates, %llu reused; texts embedded: %llu\n",
           a->request_id, (double)a->took_us / 1000,
           (unsigned long long)a->usage.prefix_tokens,
           (unsigned long long)a->usage.candidate_tokens,
           (unsigned long long)a->usage.reused_tokens,
           (unsigned long long)a->usage.embedded_texts);
}


/* Doctor's lines begin with a state. */
static enum out_style style_of(const char *text)
{
    static const char *const bad[] = {"missing", "stale", "half-set"};

    if (strcmp(text, "ok") == 0)
        return OUT_GOOD;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (strcmp(text, bad[i]) == 0)
            return OUT_BAD;
    return OUT_PLAIN;
}


void answer_card(const cli *c, const rk_card *card)
{
    const char *section = NULL;
    int width = 0;

    for (size_t i = 0; i < card->n_lines; i++) {
        int w = out_width(card->lines[i].name);

        width = w > width ? w : width;
    }
    width = width < REASON_MAX ? width : REASON_MAX;
    for (size_t i = 0; i < card->n_lines; i++) {
        const rk_line *l = &card->lines[i];

        if (!section || strcmp(section, l->section) != 0) {
            out_cell(c, OUT_BOLD, 0, l->section);
            putchar('\n');
            section = l->section;
        }
        out_text(stdout, "  ");
        out_cell(c, style_of(l->name), width, l->name);
        out_text(stdout, "  ");
        out_text(stdout, l->value);
        putchar('\n');
    }
}

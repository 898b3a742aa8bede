#include "eval/report.h"

#include "core/mem.h"
#include "core/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct rk_report_box {
    rk_report report; /* first: what the caller holds */
    rk_contender *rows;
    rk_contrast *contrasts;
    rk_published_figure *published;
    const char **notes;
    size_t rows_cap;
    size_t contrasts_cap;
    size_t published_cap;
    size_t notes_cap;
    void **kept; /* (n_kept) texts, figures and parts */
    size_t n_kept;
    size_t kept_cap;
    bool failed;
};


/* Takes over an allocation; NULL says that there was none to take. */
static void *keep(rk_report_box *box, void *block)
{
    void **kept = NULL;

    if (block)
        kept = rk_grow(box->kept, box->n_kept, &box->kept_cap, sizeof(*kept));
    if (!kept) {
        free(block);
        box->failed = true;
        return NULL;
    }
    box->kept = kept;
    kept[box->n_kept++] = block;
    return block;
}


/* A copy in which every byte that is no UTF-8 is a question mark: names come
 * from command lines and catalogues. */
static const char *keep_text(rk_report_box *box, const char *text)
{
    char *copy = keep(box, rk_strdup(text ? text : ""));
    size_t bad;

    if (!copy)
        return "";
    while (!rk_text_is_utf8(copy, strlen(copy), &bad))
        copy[bad] = '?';
    return copy;
}


static void keep_figure(rk_report_box *box, rk_figure *f)
{
    f->metric = keep_text(box, f->metric);
}


static const rk_figure *keep_figures(rk_report_box *box, const rk_figure *from,
                                     size_t n)
{
    rk_figure *all = n ? keep(box, rk_calloc(n, sizeof(*all))) : NULL;

    for (size_t i = 0; i < n && all; i++) {
        all[i] = from[i];
        keep_figure(box, &all[i]);
    }
    return all;
}


static const rk_part *keep_parts(rk_report_box *box, const rk_part *from,
                                 size_t n)
{
    rk_part *all = n ? keep(box, rk_calloc(n, sizeof(*all))) : NULL;

    for (size_t i = 0; i < n && all; i++) {
        all[i] = from[i];
        all[i].by = keep_text(box, from[i].by);
        all[i].name = keep_text(box, from[i].name);
        keep_figure(box, &all[i].figure);
    }
    return all;
}


int rk_report_box_new(rk_report_box **out, const rk_report *head, rk_error *err)
{
    rk_report_box *box = rk_calloc(1, sizeof(*box));

    *out = NULL;
    if (!box)
        return rk_no_memory(err);
    box->report = (rk_report){
        .protocol = keep_text(box, head->protocol),
        .summary = keep_text(box, head->summary),
        .headline = keep_text(box, head->headline),
        .command = keep_text(box, head->command),
        .seed = head->seed,
        .n_items = head->n_items,
        .n_users = head->n_users,
    };
    if (box->failed) {
        rk_report_box_free(box);
        return rk_no_memory(err);
    }
    *out = box;
    return RK_OK;
}


void rk_report_box_free(rk_report_box *box)
{
    if (!box)
        return;
    for (size_t i = 0; i < box->n_kept; i++)
        free(box->kept[i]);
    free(box->kept);
    free(box->rows);
    free(box->contrasts);
    free(box->published);
    free(box->notes);
    free(box);
}


void rk_report_free(rk_report *report)
{
    rk_report_box_free((rk_report_box *)report);
}


void rk_report_add_row(rk_report_box *box, const rk_contender *row)
{
    rk_report *r = &box->report;
    rk_contender *rows = rk_grow(box->rows, r->n_rows, &box->rows_cap,
                                 sizeof(*rows));
    rk_contender copy = *row;

    if (!rows) {
        box->failed = true;
        return;
    }
    box->rows = rows;
    copy.name = keep_text(box, row->name);
    copy.note = keep_text(box, row->note);
    copy.figures = keep_figures(box, row->figures, row->n_figures);
    copy.parts = keep_parts(box, row->parts, row->n_parts);
    rows[r->n_rows++] = copy;
}


void rk_report_add_left_out(rk_report_box *box, const char *name,
                            const char *why)
{
    rk_contender row = {.name = name,
                        .note = why,
                        .train_s = NAN,
                        .p50_us = NAN,
                        .p95_us = NAN};

    rk_report_add_row(box, &row);
}


void rk_report_add_contrast(rk_report_box *box, const rk_contrast *contrast)
{
    rk_report *r = &box->report;
    rk_contrast *all = rk_grow(box->contrasts, r->n_contrasts,
                               &box->contrasts_cap, sizeof(*all));
    rk_contrast copy = *contrast;

    if (!all) {
        box->failed = true;
        return;
    }
    box->contrasts = all;
    copy.a = keep_text(box, contrast->a);
    copy.b = keep_text(box, contrast->b);
    keep_figure(box, &copy.difference);
    all[r->n_contrasts++] = copy;
}


void rk_report_add_published(rk_report_box *box,
                             const rk_published_figure *figure)
{
    rk_report *r = &box->report;
    rk_published_figure *all = rk_grow(box->published, r->n_published,
                                       &box->published_cap, sizeof(*all));

    if (!all) {
        box->failed = true;
        return;
    }
    box->published = all;
    all[r->n_published++] = (rk_published_figure){
        keep_text(box, figure->name), keep_text(box, figure->metric),
        figure->value};
}


void rk_report_add_note(rk_report_box *box, const char *fmt, ...)
{
    rk_report *r = &box->report;
    const char **notes = rk_grow(box->notes, r->n_notes, &box->notes_cap,
                                 sizeof(*notes));
    char text[600];
    va_list args;

    if (!notes) {
        box->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    rk_text_end_whole(text);
    box->notes = notes;
    notes[r->n_notes++] = keep_text(box, text);
}


/* What rows are ordered by; the least for who was left out. */
static double place_of(const rk_contender *row, const char *metric)
{
    const rk_figure *f = rk_contender_figure(row, metric);

    if (row->n_users == 0 || !f || isnan(f->value))
        return -INFINITY;
    return f->value;
}


/* By insertion, as rows are few and equal ones keep their order. */
static void order(rk_contender *rows, size_t n, const char *metric)
{
    for (size_t i = 1; i < n; i++) {
        rk_contender row = rows[i];
        double place = place_of(&row, metric);
        size_t j = i;

        for (; j > 0 && place_of(&rows[j - 1], metric) < place; j--)
            rows[j] = rows[j - 1];
        rows[j] = row;
    }
}


int rk_report_finish(rk_report_box *box, int64_t took_us, rk_report **out,
                     rk_error *err)
{
    rk_report *r = &box->report;

    *out = NULL;
    if (box->failed) {
        rk_report_box_free(box);
        return rk_no_memory(err);
    }
    order(box->rows, r->n_rows, r->headline);
    r->rows = box->rows;
    r->contrasts = box->contrasts;
    r->published = box->published;
    r->notes = box->notes;
    r->took_us = took_us;
    *out = r;
    return RK_OK;
}


const rk_figure *rk_contender_figure(const rk_contender *row,
                                     const char *metric)
{
    for (size_t i = 0; i < row->n_figures; i++)
        if (strcmp(row->figures[i].metric, metric) == 0)
            return &row->figures[i];
    return NULL;
}


const rk_contrast *rk_report_contrast(const rk_report *r, const char *a,
                                      const char *b, double *sign)
{
    for (size_t i = 0; i < r->n_contrasts; i++) {
        const rk_contrast *c = &r->contrasts[i];

        *sign = strcmp(c->a, a) == 0 ? 1 : -1;
        if ((strcmp(c->a, a) == 0 && strcmp(c->b, b) == 0) ||
            (strcmp(c->a, b) == 0 && strcmp(c->b, a) == 0))
            return c;
    }
    return NULL;
}

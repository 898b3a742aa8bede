/* A report as one page for people. Reads from the answer to the details: which
 * way wins, the charts, who gains, every figure, and how to make it again. */
#include "core/mem.h"
#include "eval/charts.h"
#include "eval/report.h"
#include "eval/report_style.h"
#include "eval/report_tables.h"

#include <math.h>
#include <string.h>


static void card_begin(rk_buf *out, const char *title, const char *text)
{
    rk_buf_printf(out, "<section class=\"card\"><h2>%s</h2>\n", title);
    if (text)
        rk_buf_printf(out, "<p class=\"soft\">%s</p>\n", text);
}


static void card_end(rk_buf *out)
{
    rk_buf_puts(out, "</section>\n");
}


static double headline_of(const rk_report *r, size_t row)
{
    const rk_figure *f = rk_contender_figure(&r->rows[row], r->headline);

    return f ? f->value : NAN;
}


/* The best beside the second, by the interval of their difference. */
static void verdict(rk_buf *out, const rk_report *r)
{
    const char *second = r->rows[1].name;
    double sign;
    const rk_contrast *c = rk_report_contrast(r, second, r->rows[0].name,
                                              &sign);
    double low = c ? c->difference.low : NAN;
    double high = c ? c->difference.high : NAN;

    if (!c) {
        rk_buf_puts(out, "; next is ");
        rk_html_text(out, second);
        rk_buf_puts(out, " with ");
        rk_html_figure(out, headline_of(r, 1));
        rk_buf_puts(out, ". Their difference was not tested.");
        return;
    }
    if (low <= 0 && high >= 0) {
        rk_buf_puts(out, ", level with ");
        rk_html_text(out, second);
        rk_buf_puts(out, ": the difference of ");
    } else {
        rk_buf_puts(out, ", ahead of ");
        rk_html_text(out, second);
        rk_buf_puts(out, " by ");
    }
    rk_html_figure(out, sign * c->difference.value);
    rk_buf_puts(out, " (95% interval ");
    rk_html_interval(out, sign > 0 ? low : -high, sign > 0 ? high : -low);
    rk_buf_puts(out, low <= 0 && high >= 0 ? ") includes 0."
                                           : "). The interval excludes 0.");
}


/* The answer in a sentence or two. */
static void headline(rk_buf *out, const rk_report *r)
{
    size_t n = rk_report_judged(r);

    if (n == 0) {
        rk_buf_puts(out, "Nothing could be measured.");
        return;
    }
    rk_html_text(out, r->rows[0].name);
    rk_buf_puts(out, n > 1 ? " comes first, with " : " reaches ");
    rk_html_text(out, r->headline);
    rk_buf_putc(out, ' ');
    rk_html_figure(out, headline_of(r, 0));
    if (n > 1)
        verdict(out, r);
    else
        rk_buf_putc(out, '.');
}


static void fact(rk_buf *out, const char *name, unsigned long long value)
{
    rk_buf_printf(out, "<div><dt>%s</dt><dd>%llu</dd></div>\n", name, value);
}


static void top(rk_buf *out, const rk_report *r)
{
    rk_buf_puts(out, "<header><p class=\"eyebrow\">reckon &middot; ");
    rk_html_text(out, r->protocol);
    rk_buf_puts(out, "</p>\n<h1>");
    headline(out, r);
    rk_buf_puts(out, "</h1>\n<p>");
    rk_html_text(out, r->summary);
    rk_buf_puts(out, "</p>\n<dl class=\"facts\">\n");
    fact(out, "Users asked", r->n_users);
    fact(out, "Items", r->n_items);
    fact(out, "Ways measured", rk_report_judged(r));
    fact(out, "Seed", (unsigned long long)r->seed);
    rk_buf_printf(out,
                  "<div><dt>Took</dt><dd>%.1f s</dd></div>\n</dl></header>\n",
                  (double)r->took_us / 1e6);
}


static rk_bar bar_of(const rk_report *r, size_t row, const rk_figure *f)
{
    return (rk_bar){
        .name = r->rows[row].name,
        .tag = rk_report_standing(r, row),
        .value = f ? f->value : NAN,
        .low = f ? f->low : NAN,
        .high = f ? f->high : NAN,
        .best = row == 0,
    };
}


/* Published figures of the headline's metric, into marks (n_published). */
static size_t marks_of(const rk_report *r, rk_published_figure *marks)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_published; i++)
        if (strcmp(r->published[i].metric, r->headline) == 0)
            marks[n++] = r->published[i];
    return n;
}


static void quality(rk_buf *out, const rk_report *r, rk_bar *bars,
                    rk_published_figure *marks)
{
    rk_bar_chart chart = {
        .title = "The headline figure of each way",
        .description = "Bars with 95% whiskers, the best first; dashed lines "
                       "are published figures. The table of all figures holds "
                       "the same numbers.",
        .bars = bars,
        .n_bars = rk_report_judged(r),
        .marks = marks,
        .n_marks = marks_of(r, marks),
    };

    card_begin(out, "How well each way predicts", NULL);
    rk_buf_puts(out, "<p class=\"soft\">");
    rk_html_text(out, r->headline);
    rk_buf_puts(out, ", higher is better. Whiskers: 95% interval of the mean "
                     "over users.</p>\n");
    for (size_t i = 0; i < chart.n_bars; i++)
        bars[i] = bar_of(r, i, rk_contender_figure(&r->rows[i], r->headline));
    rk_chart_bars(out, &chart);
    card_end(out);
}


static void speed(rk_buf *out, const rk_report *r, rk_dot *dots)
{
    rk_dot_chart chart = {
        .title = "Quality against time for one user",
        .description = "Each dot is a way: to the left is faster, higher up "
                       "is better. The table of costs holds the same numbers.",
        .x_label = "microseconds for one user (median, log scale)",
        .y_label = r->headline,
        .dots = dots,
        .n_dots = rk_report_judged(r),
    };

    for (size_t i = 0; i < chart.n_dots; i++)
        dots[i] = (rk_dot){r->rows[i].name, r->rows[i].p50_us,
                           headline_of(r, i), i == 0};
    card_begin(out, "Quality against speed",
               "Up is better, left is faster: the best buy is in the upper "
               "left corner.");
    rk_chart_dots(out, &chart);
    card_end(out);
}


static const rk_part *part_of(const rk_contender *row, const rk_part *like)
{
    for (size_t i = 0; i < row->n_parts; i++)
        if (strcmp(row->parts[i].by, like->by) == 0 &&
            strcmp(row->parts[i].name, like->name) == 0)
            return &row->parts[i];
    return NULL;
}


/* The greatest end of an interval among all parts, so that small charts share
 * one axis. */
static double parts_high(const rk_report *r)
{
    double high = 0;

    for (size_t i = 0; i < rk_report_judged(r); i++)
        for (size_t j = 0; j < r->rows[i].n_parts; j++) {
            const rk_figure *f = &r->rows[i].parts[j].figure;

            high = fmax(high, fmax(f->value, f->high));
        }
    return high;
}


static void one_slice(rk_buf *out, const rk_report *r, const rk_part *slice,
                      rk_bar *bars)
{
    size_t n = 0;
    rk_bar_chart chart = {.title = slice->name,
                          .description = "The headline figure of these users.",
                          .bars = bars,
                          .high = parts_high(r)};

    for (size_t i = 0; i < rk_report_judged(r); i++) {
        const rk_part *p = part_of(&r->rows[i], slice);

        if (!p)
            continue;
        bars[n] = bar_of(r, i, &p->figure);
        bars[n++].tag = "";
    }
    chart.n_bars = n;
    rk_buf_puts(out, "<figure><h3>");
    rk_html_text(out, slice->name);
    rk_buf_puts(out, "</h3><figcaption>by ");
    rk_html_text(out, slice->by);
    rk_buf_printf(out, ", %zu users</figcaption>\n", slice->n_users);
    rk_chart_bars(out, &chart);
    rk_buf_puts(out, "</figure>\n");
}


static void slices(rk_buf *out, const rk_report *r, rk_bar *bars)
{
    if (rk_report_judged(r) == 0 || r->rows[0].n_parts == 0)
        return;
    card_begin(out, "Who gains",
               "The same figure for parts of the users; all on one scale.");
    rk_buf_puts(out, "<div class=\"many\">\n");
    for (size_t i = 0; i < r->rows[0].n_parts; i++)
        one_slice(out, r, &r->rows[0].parts[i], bars);
    rk_buf_puts(out, "</div>\n");
    card_end(out);
}


static void tables(rk_buf *out, const rk_report *r)
{
    if (rk_report_judged(r) > 0) {
        card_begin(out, "Every figure", NULL);
        rk_report_table_figures(out, r);
        card_end(out);
    }
    if (r->n_contrasts > 0) {
        card_begin(out, "Differences, paired by user", NULL);
        rk_report_table_contrasts(out, r);
        card_end(out);
    }
    if (rk_report_judged(r) > 0) {
        card_begin(out, "What it costs", NULL);
        rk_report_table_costs(out, r);
        card_end(out);
    }
    if (r->n_published > 0) {
        card_begin(out, "Published figures", NULL);
        rk_report_table_published(out, r);
        card_end(out);
    }
}


/* Rows with a note: those left out, or those judged. */
static void row_notes(rk_buf *out, const rk_report *r, bool judged,
                      const char *title)
{
    bool begun = false;

    for (size_t i = 0; i < r->n_rows; i++) {
        const rk_contender *row = &r->rows[i];

        if ((row->n_users > 0) != judged || (judged && !row->note[0]))
            continue;
        if (!begun) {
            card_begin(out, title, NULL);
            rk_buf_puts(out, "<ul>\n");
        }
        begun = true;
        rk_buf_puts(out, "<li><strong>");
        rk_html_text(out, row->name);
        rk_buf_puts(out, "</strong>: ");
        rk_html_text(out, row->note[0] ? row->note : "no reason was given");
        rk_buf_puts(out, "</li>\n");
    }
    if (begun) {
        rk_buf_puts(out, "</ul>\n");
        card_end(out);
    }
}


static void bottom(rk_buf *out, const rk_report *r)
{
    row_notes(out, r, false, "Left out, and why");
    row_notes(out, r, true, "What to know of some ways");
    if (r->n_notes > 0) {
        card_begin(out, "Notes", NULL);
        rk_buf_puts(out, "<ul>\n");
        for (size_t i = 0; i < r->n_notes; i++) {
            rk_buf_puts(out, "<li>");
            rk_html_text(out, r->notes[i]);
            rk_buf_puts(out, "</li>\n");
        }
        rk_buf_puts(out, "</ul>\n");
        card_end(out);
    }
    card_begin(out, "Make it again", NULL);
    rk_buf_puts(out, "<pre>");
    rk_html_text(out, r->command);
    rk_buf_printf(out,
                  "</pre>\n<p class=\"soft\">Seed %llu: the same seed and "
                  "build give the same figures.</p>\n",
                  (unsigned long long)r->seed);
    card_end(out);
}


static void page(rk_buf *out, const rk_report *r, rk_bar *bars, rk_dot *dots,
                 rk_published_figure *marks)
{
    rk_buf_puts(out,
                "<!DOCTYPE html>\n<html lang=\"en\"><head>\n"
                "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                "content=\"width=device-width,initial-scale=1\">\n<title>");
    rk_html_text(out, r->protocol);
    rk_buf_puts(out, " - reckon</title>\n<style>\n");
    rk_buf_puts(out, rk_report_style);
    rk_buf_puts(out, "</style>\n</head><body><main>\n");
    top(out, r);
    if (rk_report_judged(r) > 0) {
        quality(out, r, bars, marks);
        speed(out, r, dots);
        slices(out, r, bars);
    }
    tables(out, r);
    bottom(out, r);
    rk_buf_puts(out, "</main></body></html>\n");
}


char *rk_report_html(const rk_report *r)
{
    rk_bar *bars = rk_calloc(r->n_rows + 1, sizeof(*bars));
    rk_dot *dots = rk_calloc(r->n_rows + 1, sizeof(*dots));
    rk_published_figure *marks = rk_calloc(r->n_published + 1, sizeof(*marks));
    char *text = NULL;
    rk_buf out;

    rk_buf_init(&out);
    if (bars && dots && marks) {
        page(&out, r, bars, dots, marks);
        text = rk_buf_take(&out);
    }
    rk_buf_clear(&out);
    free(bars);
    free(dots);
    free(marks);
    return text;
}

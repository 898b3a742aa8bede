#include "eval/report_tables.h"

#include "eval/charts.h"
#include "eval/report.h"

#include <math.h>
#include <string.h>

#define MOST_METRICS 24


size_t rk_report_judged(const rk_report *r)
{
    size_t n = 0;

    while (n < r->n_rows && r->rows[n].n_users > 0)
        n++;
    return n;
}


const char *rk_report_standing(const rk_report *r, size_t row)
{
    const rk_contrast *c;
    double sign;

    if (row == 0)
        return "best";
    c = rk_report_contrast(r, r->rows[0].name, r->rows[row].name, &sign);
    return c && c->difference.low <= 0 && c->difference.high >= 0 ? "level"
                                                                  : "";
}


static void begin(rk_buf *out, const char *caption)
{
    rk_buf_puts(out, "<div class=\"wide\" tabindex=\"0\"><table><caption>");
    rk_html_text(out, caption);
    rk_buf_puts(out, "</caption>\n<thead><tr>");
}


static void column(rk_buf *out, const char *name)
{
    rk_buf_puts(out, "<th scope=\"col\">");
    rk_html_text(out, name);
    rk_buf_puts(out, "</th>");
}


static void row_head(rk_buf *out, const char *name, const char *badge)
{
    rk_buf_puts(out, "<th scope=\"row\">");
    rk_html_text(out, name);
    if (badge[0])
        rk_buf_printf(out, "<span class=\"badge\">%s</span>", badge);
    rk_buf_puts(out, "</th>");
}


static void end(rk_buf *out)
{
    rk_buf_puts(out, "</tbody></table></div>\n");
}


static bool has(const char *const *all, size_t n, const char *one)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i], one) == 0)
            return true;
    return false;
}


/* Every metric that some row has a number of, the headline's first. */
static size_t metrics_of(const rk_report *r, const char **metrics)
{
    size_t n = 0;

    metrics[n++] = r->headline;
    for (size_t i = 0; i < rk_report_judged(r); i++) {
        const rk_contender *row = &r->rows[i];

        for (size_t j = 0; j < row->n_figures && n < MOST_METRICS; j++)
            if (isfinite(row->figures[j].value) &&
                !has(metrics, n, row->figures[j].metric))
                metrics[n++] = row->figures[j].metric;
    }
    return n;
}


static double most(const rk_report *r, const char *metric)
{
    double best = NAN;

    for (size_t i = 0; i < rk_report_judged(r); i++) {
        const rk_figure *f = rk_contender_figure(&r->rows[i], metric);

        if (f)
            best = fmax(best, f->value);
    }
    return best;
}


static void figure_cell(rk_buf *out, const rk_figure *f, double best)
{
    bool bold = f && f->value == best;

    rk_buf_puts(out, bold ? "<td><strong>" : "<td>");
    rk_html_figure(out, f ? f->value : NAN);
    rk_buf_puts(out, bold ? "</strong>" : "");
    if (f && isfinite(f->low)) {
        rk_buf_puts(out, "<small>");
        rk_html_interval(out, f->low, f->high);
        rk_buf_puts(out, "</small>");
    }
    rk_buf_puts(out, "</td>");
}


void rk_report_table_figures(rk_buf *out, const rk_report *r)
{
    const char *metrics[MOST_METRICS];
    size_t n = metrics_of(r, metrics);

    begin(out, "Means over users with their 95% intervals. The greatest of a "
               "column is bold; level: the difference from the best is within "
               "chance.");
    column(out, "Way");
    for (size_t j = 0; j < n; j++)
        column(out, metrics[j]);
    rk_buf_puts(out, "</tr></thead>\n<tbody>");
    for (size_t i = 0; i < rk_report_judged(r); i++) {
        rk_buf_puts(out, i == 0 ? "<tr class=\"top\">" : "<tr>");
        row_head(out, r->rows[i].name, rk_report_standing(r, i));
        for (size_t j = 0; j < n; j++)
            figure_cell(out, rk_contender_figure(&r->rows[i], metrics[j]),
                        most(r, metrics[j]));
        rk_buf_puts(out, "</tr>\n");
    }
    end(out);
}


void rk_report_table_contrasts(rk_buf *out, const rk_report *r)
{
    begin(out, "The second's figure minus the first's, for the same users. "
               "Where the interval includes 0, the two are level.");
    column(out, "Compared");
    column(out, "Metric");
    column(out, "Difference");
    column(out, "95% interval");
    column(out, "Verdict");
    rk_buf_puts(out, "</tr></thead>\n<tbody>");
    for (size_t i = 0; i < r->n_contrasts; i++) {
        const rk_contrast *c = &r->contrasts[i];
        const rk_figure *f = &c->difference;
        bool level = f->low <= 0 && f->high >= 0;

        rk_buf_puts(out, "<tr><th scope=\"row\">");
        rk_html_text(out, c->a);
        rk_buf_puts(out, " &rarr; ");
        rk_html_text(out, c->b);
        rk_buf_puts(out, "</th><td>");
        rk_html_text(out, f->metric);
        rk_buf_puts(out, f->value > 0 ? "</td><td>+" : "</td><td>");
        rk_html_figure(out, f->value);
        rk_buf_puts(out, "</td><td>");
        rk_html_interval(out, f->low, f->high);
        rk_buf_printf(out, "</td><td>%s</td></tr>\n",
                      level ? "level" : (f->value > 0 ? "better" : "worse"));
    }
    end(out);
}


static void number_cell(rk_buf *out, double v, int decimals)
{
    if (isfinite(v))
        rk_buf_printf(out, "<td>%.*f</td>", decimals, v);
    else
        rk_buf_puts(out, "<td>-</td>");
}


static void count_cell(rk_buf *out, uint64_t n)
{
    rk_buf_printf(out, "<td>%llu</td>", (unsigned long long)n);
}


void rk_report_table_costs(rk_buf *out, const rk_report *r)
{
    static const char *const columns[] = {
        "Way",         "Users",           "Training, s",
        "Median, µs",  "95th percentile", "Prefix tokens",
        "Item tokens", "Reused tokens",   "Texts embedded"};

    begin(out, "Training in seconds; answering one user in microseconds, half "
               "of them faster than the median; what the language models "
               "read.");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        column(out, columns[i]);
    rk_buf_puts(out, "</tr></thead>\n<tbody>");
    for (size_t i = 0; i < rk_report_judged(r); i++) {
        const rk_contender *c = &r->rows[i];

        rk_buf_puts(out, "<tr>");
        row_head(out, c->name, "");
        count_cell(out, c->n_users);
        number_cell(out, c->train_s, 2);
        number_cell(out, c->p50_us, 1);
        number_cell(out, c->p95_us, 1);
        count_cell(out, c->usage.prefix_tokens);
        count_cell(out, c->usage.candidate_tokens);
        count_cell(out, c->usage.reused_tokens);
        count_cell(out, c->usage.embedded_texts);
        rk_buf_puts(out, "</tr>\n");
    }
    end(out);
}


void rk_report_table_published(rk_buf *out, const rk_report *r)
{
    begin(out, "What others published for the same protocol; not run here.");
    column(out, "Name");
    column(out, "Metric");
    column(out, "Value");
    rk_buf_puts(out, "</tr></thead>\n<tbody>");
    for (size_t i = 0; i < r->n_published; i++) {
        const rk_published_figure *p = &r->published[i];

        rk_buf_puts(out, "<tr>");
        row_head(out, p->name, "");
        rk_buf_puts(out, "<td>");
        rk_html_text(out, p->metric);
        rk_buf_puts(out, "</td><td>");
        rk_html_figure(out, p->value);
        rk_buf_puts(out, "</td></tr>\n");
    }
    end(out);
}

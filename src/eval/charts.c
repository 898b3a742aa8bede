#include "eval/charts.h"

#include "eval/scale.h"

#include <math.h>
#include <string.h>

#define BAR_ROW   40 /* pixels: a line of text and the bar under it */
#define BAR_AT    20
#define BAR_HIGH  12
#define MARK_LINE 18 /* of a published figure's label */
#define DOTS_HIGH 340
#define DOTS_FOOT 46
#define DOTS_HEAD 18
#define N_TICKS   6


void rk_html_text(rk_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        switch (*p) {
        case '&': rk_buf_puts(out, "&amp;"); break;
        case '<': rk_buf_puts(out, "&lt;"); break;
        case '>': rk_buf_puts(out, "&gt;"); break;
        case '"': rk_buf_puts(out, "&quot;"); break;
        case '\'': rk_buf_puts(out, "&#39;"); break;
        default:
            if ((unsigned char)*p >= 0x20 && *p != 0x7f)
                rk_buf_putc(out, *p);
        }
    }
}


void rk_html_figure(rk_buf *out, double value)
{
    if (isfinite(value))
        rk_buf_printf(out, "%.4f", value);
    else
        rk_buf_puts(out, "-");
}


void rk_html_interval(rk_buf *out, double low, double high)
{
    if (isfinite(low) && isfinite(high))
        rk_buf_printf(out, "[%.4f, %.4f]", low, high);
}


static void begin(rk_buf *out, size_t height, const char *title,
                  const char *description)
{
    rk_buf_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
                  "width=\"100%%\" height=\"%zu\">\n<title>",
                  height);
    rk_html_text(out, title);
    rk_buf_puts(out, "</title>\n<desc>");
    rk_html_text(out, description);
    rk_buf_puts(out, "</desc>\n");
}


static void line(rk_buf *out, const char *kind, double x1, double y1, double x2,
                 double y2)
{
    rk_buf_printf(out,
                  "<line class=\"%s\" x1=\"%.2f%%\" y1=\"%.1f\" x2=\"%.2f%%\" "
                  "y2=\"%.1f\"/>\n",
                  kind, x1, y1, x2, y2);
}


static rk_scale bar_scale(const rk_bar_chart *c)
{
    double lo = fmin(0, c->low);
    double hi = fmax(0, c->high);

    for (size_t i = 0; i < c->n_bars; i++) {
        lo = fmin(fmin(lo, c->bars[i].value), c->bars[i].low);
        hi = fmax(fmax(hi, c->bars[i].value), c->bars[i].high);
    }
    for (size_t i = 0; i < c->n_marks; i++)
        hi = fmax(hi, c->marks[i].value);
    return rk_scale_over(lo, hi * 1.02, false);
}


static void bar_shape(rk_buf *out, const rk_scale *s, const rk_bar *b,
                      size_t top)
{
    double zero = rk_scale_at(s, 0);
    double end = rk_scale_at(s, b->value);

    if (isnan(b->value))
        return;
    rk_buf_printf(out,
                  "<rect class=\"%s\" x=\"%.2f%%\" y=\"%zu\" width=\"%.2f%%\" "
                  "height=\"%d\" rx=\"2\"/>\n",
                  b->best ? "best" : "bar", fmin(zero, end), top + BAR_AT,
                  fabs(end - zero), BAR_HIGH);
}


static void bar_text(rk_buf *out, const rk_bar *b, size_t top)
{
    rk_buf_printf(out, "<text class=\"%s\" x=\"0\" y=\"%zu\">",
                  b->best ? "name strong" : "name", top + 14);
    rk_html_text(out, b->name);
    if (b->tag[0]) {
        rk_buf_puts(out, " <tspan class=\"tag\">");
        rk_html_text(out, b->tag);
        rk_buf_puts(out, "</tspan>");
    }
    rk_buf_printf(out,
                  "</text>\n<text class=\"value\" x=\"100%%\" y=\"%zu\" "
                  "text-anchor=\"end\">",
                  top + 14);
    rk_html_figure(out, b->value);
    rk_buf_puts(out, " <tspan class=\"tag\">");
    rk_html_interval(out, b->low, b->high);
    rk_buf_puts(out, "</tspan></text>\n");
}


static void bar_whiskers(rk_buf *out, const rk_scale *s, const rk_bar *b,
                         size_t top)
{
    double low = rk_scale_at(s, b->low);
    double high = rk_scale_at(s, b->high);
    double middle = (double)top + BAR_AT + BAR_HIGH / 2.0;

    if (isnan(b->value) || isnan(b->low) || isnan(b->high))
        return;
    line(out, "whisker", low, middle, high, middle);
    line(out, "whisker", low, middle - 4, low, middle + 4);
    line(out, "whisker", high, middle - 4, high, middle + 4);
}


static void mark_line(rk_buf *out, const rk_scale *s,
                      const rk_published_figure *m, double y)
{
    double x = rk_scale_at(s, m->value);

    line(out, "mark", x, 0, x, y + 4);
}


/* The label stands on that side of its line where there is more room. */
static void mark_label(rk_buf *out, const rk_scale *s,
                       const rk_published_figure *m, double y)
{
    double x = rk_scale_at(s, m->value);
    bool left = x > 50;

    rk_buf_printf(out,
                  "<text class=\"published\" x=\"%.2f%%\" dx=\"%d\" "
                  "y=\"%.1f\" text-anchor=\"%s\">",
                  x, left ? -5 : 5, y, left ? "end" : "start");
    rk_html_text(out, m->name);
    rk_buf_putc(out, ' ');
    rk_html_figure(out, m->value);
    rk_buf_puts(out, ", published</text>\n");
}


void rk_chart_bars(rk_buf *out, const rk_bar_chart *c)
{
    rk_scale s = bar_scale(c);
    size_t bottom = c->n_bars * BAR_ROW;

    begin(out, bottom + c->n_marks * MARK_LINE + 8, c->title, c->description);
    /* What is painted later lies over what came before: marks over bars, text
     * over marks. */
    for (size_t i = 0; i < c->n_bars; i++)
        bar_shape(out, &s, &c->bars[i], i * BAR_ROW);
    for (size_t i = 0; i < c->n_marks; i++)
        mark_line(out, &s, &c->marks[i],
                  (double)(bottom + (i + 1) * MARK_LINE));
    for (size_t i = 0; i < c->n_marks; i++)
        mark_label(out, &s, &c->marks[i],
                   (double)(bottom + (i + 1) * MARK_LINE));
    for (size_t i = 0; i < c->n_bars; i++) {
        bar_whiskers(out, &s, &c->bars[i], i * BAR_ROW);
        bar_text(out, &c->bars[i], i * BAR_ROW);
    }
    rk_buf_puts(out, "</svg>\n");
}


static bool is_drawn(const rk_dot *d)
{
    return isfinite(d->x) && d->x > 0 && isfinite(d->y);
}


static void dot_scales(const rk_dot_chart *c, rk_scale *x, rk_scale *y)
{
    double x_lo = NAN;
    double x_hi = NAN;
    double y_lo = NAN;
    double y_hi = NAN;
    double room;

    for (size_t i = 0; i < c->n_dots; i++) {
        if (!is_drawn(&c->dots[i]))
            continue;
        x_lo = fmin(x_lo, c->dots[i].x); /* fmin leaves NaN out */
        x_hi = fmax(x_hi, c->dots[i].x);
        y_lo = fmin(y_lo, c->dots[i].y);
        y_hi = fmax(y_hi, c->dots[i].y);
    }
    /* Room at the ends for the dots and their names. */
    *x = rk_scale_over(x_lo / 2, x_hi * 2, true);
    room = (y_hi - y_lo) * 0.12;
    *y = rk_scale_over(y_lo - room, y_hi + room, false);
}


/* Pixels from the top. */
static double height_of(const rk_scale *y, double value)
{
    return DOTS_HEAD + (DOTS_HIGH - DOTS_FOOT - DOTS_HEAD) *
                           (1 - rk_scale_at(y, value) / 100);
}


static void grid(rk_buf *out, const rk_scale *x, const rk_scale *y)
{
    const double bottom = DOTS_HIGH - DOTS_FOOT;
    double ticks[N_TICKS];
    size_t n = rk_scale_ticks(y, ticks, N_TICKS);

    for (size_t i = 0; i < n; i++) {
        double at = height_of(y, ticks[i]);

        line(out, "grid", 0, at, 100, at);
        rk_buf_printf(out,
                      "<text class=\"tick\" x=\"0\" y=\"%.1f\">%.4g</text>\n",
                      at - 4, ticks[i]);
    }
    n = rk_scale_ticks(x, ticks, N_TICKS);
    for (size_t i = 0; i < n; i++) {
        double at = rk_scale_at(x, ticks[i]);

        line(out, "grid", at, DOTS_HEAD, at, bottom);
        rk_buf_printf(out,
                      "<text class=\"tick\" x=\"%.2f%%\" y=\"%.1f\" "
                      "text-anchor=\"middle\">%.10g</text>\n",
                      at, bottom + 16, ticks[i]);
    }
    line(out, "axis", 0, bottom, 100, bottom);
}


/* How far down a name must go not to lie on one that was written before, in
 * lines of 13 pixels. */
static double name_height(const rk_dot_chart *c, size_t i, const rk_scale *x,
                          const rk_scale *y)
{
    double at = height_of(y, c->dots[i].y) + 4;

    for (size_t tries = 0; tries < 4; tries++) {
        bool free = true;

        for (size_t j = 0; j < i && free; j++)
            free = !is_drawn(&c->dots[j]) ||
                   fabs(rk_scale_at(x, c->dots[j].x) -
                        rk_scale_at(x, c->dots[i].x)) > 22 ||
                   fabs(height_of(y, c->dots[j].y) + 4 - at) > 12;
        if (free)
            break;
        at += 13;
    }
    return fmin(at, DOTS_HIGH - DOTS_FOOT - 4);
}


static void one_dot(rk_buf *out, const rk_dot_chart *c, size_t i,
                    const rk_scale *x, const rk_scale *y)
{
    const rk_dot *d = &c->dots[i];
    double at = rk_scale_at(x, d->x);
    bool left = at > 70;

    rk_buf_printf(out,
                  "<circle class=\"%s\" cx=\"%.2f%%\" cy=\"%.1f\" "
                  "r=\"%d\"/>\n<text class=\"%s\" x=\"%.2f%%\" dx=\"%d\" "
                  "y=\"%.1f\" text-anchor=\"%s\">",
                  d->best ? "best" : "bar", at, height_of(y, d->y),
                  d->best ? 7 : 5, d->best ? "name strong" : "name", at,
                  left ? -10 : 10, name_height(c, i, x, y),
                  left ? "end" : "start");
    rk_html_text(out, d->name);
    rk_buf_puts(out, "</text>\n");
}


void rk_chart_dots(rk_buf *out, const rk_dot_chart *c)
{
    rk_scale x;
    rk_scale y;

    dot_scales(c, &x, &y);
    begin(out, DOTS_HIGH, c->title, c->description);
    grid(out, &x, &y);
    for (size_t i = 0; i < c->n_dots; i++)
        if (is_drawn(&c->dots[i]))
            one_dot(out, c, i, &x, &y);
    rk_buf_puts(out, "<text class=\"tick\" x=\"0\" y=\"2\">");
    rk_html_text(out, c->y_label);
    rk_buf_printf(out,
                  "</text>\n<text class=\"tick\" x=\"50%%\" y=\"%d\" "
                  "text-anchor=\"middle\">",
                  DOTS_HIGH - 10);
    rk_html_text(out, c->x_label);
    rk_buf_puts(out, "</text>\n</svg>\n");
}

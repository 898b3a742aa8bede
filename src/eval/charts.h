/* Charts as inline SVG, with nothing from elsewhere: no script, font or link.
 * Lengths along an axis are in hundredths and text is in pixels, so that a
 * chart fits any width with letters that can be read. Colours come from the
 * page's style (classes "best", "bar", "mark", ...); nothing is told by colour
 * alone. All text is escaped. A buffer that found no memory says so itself. */
#ifndef RK_EVAL_CHARTS_H
#define RK_EVAL_CHARTS_H

#include "core/buf.h"

#include "reckon.h"

typedef struct rk_bar {
    const char *name;
    const char *tag; /* behind the name: "best"; "" */
    double value;    /* NaN: no bar, and it says so */
    double low;      /* NaN: no whiskers */
    double high;
    bool best;
} rk_bar;

typedef struct rk_bar_chart {
    const char *title; /* for who cannot see it */
    const char *description;
    const rk_bar *bars;
    size_t n_bars;
    const rk_published_figure *marks; /* dashed lines across the bars */
    size_t n_marks;
    double low; /* that the axis must hold, besides what is drawn */
    double high;
} rk_bar_chart;

void rk_chart_bars(rk_buf *out, const rk_bar_chart *chart);

typedef struct rk_dot {
    const char *name;
    double x; /* above 0; else, or where y is NaN, it is not drawn */
    double y;
    bool best;
} rk_dot;

typedef struct rk_dot_chart {
    const char *title;
    const char *description;
    const char *x_label; /* of a logarithmic axis */
    const char *y_label;
    const rk_dot *dots;
    size_t n_dots;
} rk_dot_chart;

void rk_chart_dots(rk_buf *out, const rk_dot_chart *chart);

/* Text from outside between tags or in a quoted attribute: markup is escaped
 * and control characters are left out. */
void rk_html_text(rk_buf *out, const char *text);

/* A figure as the page shows it, with four digits behind the point everywhere,
 * so that figures can be compared by eye; "-" for NaN. */
void rk_html_figure(rk_buf *out, double value);

/* "[0.1795, 0.1850]"; nothing where there is no interval. */
void rk_html_interval(rk_buf *out, double low, double high);

#endif

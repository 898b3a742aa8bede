#include "eval/scale.h"

#include <math.h>

rk_scale rk_scale_over(double lo, double hi, bool log)
{
    if (!isfinite(lo))
        lo = log ? 1 : 0;
    if (!isfinite(hi))
        hi = lo;
    if (log && lo <= 0)
        lo = hi > 0 ? hi / 10 : 1;
    if (hi < lo)
        hi = lo;
    /* One value alone stands in the middle, or at the end of its own length
     * from 0. */
    if (hi == lo && log) {
        lo /= 10;
        hi *= 10;
    } else if (hi == lo) {
        hi = lo + (lo == 0 ? 1 : fabs(lo));
    }
    return (rk_scale){lo, hi, log};
}


double rk_scale_at(const rk_scale *s, double value)
{
    double share;

    if (isnan(value) || (s->log && value <= 0))
        return 0;
    share = s->log ? (log(value) - log(s->lo)) / (log(s->hi) - log(s->lo))
                   : (value - s->lo) / (s->hi - s->lo);
    return 100 * fmin(fmax(share, 0), 1);
}


static size_t powers(const rk_scale *s, double *ticks, size_t max)
{
    double first = ceil(log10(s->lo) - 1e-9);
    double last = floor(log10(s->hi) + 1e-9);
    double step = 1;
    size_t n = 0;

    while ((last - first) / step + 1 > (double)max)
        step++;
    for (; n < max && first + (double)n * step <= last; n++)
        ticks[n] = pow(10, first + (double)n * step);
    return n;
}


/* The least round step with which no more than `max` ticks fit. */
static double step_for(double span, size_t max)
{
    static const double round[] = {1, 2, 5, 10};
    double least = span / (double)max;
    double unit = pow(10, floor(log10(least)));

    for (size_t i = 0; i < 3; i++)
        if (round[i] * unit >= least)
            return round[i] * unit;
    return 10 * unit;
}


size_t rk_scale_ticks(const rk_scale *s, double *ticks, size_t max)
{
    double first;
    double step;
    size_t n = 0;

    if (max == 0)
        return 0;
    if (s->log)
        return powers(s, ticks, max);
    step = step_for(s->hi - s->lo, max);
    /* By whole steps, so that errors do not add up. */
    first = ceil(s->lo / step - 1e-9);
    while (n < max && (first + (double)n) * step <= s->hi + 1e-9 * step) {
        ticks[n] = (first + (double)n) * step;
        n++;
    }
    return n;
}

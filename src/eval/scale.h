/* Where a value lies along an axis, in hundredths of its length. Plain values;
 * any thread. */
#ifndef RK_EVAL_SCALE_H
#define RK_EVAL_SCALE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rk_scale {
    double lo, hi; /* lo < hi, both finite; above 0 where `log` is set */
    bool log;
} rk_scale;

/* The axis from lo to hi. Ends that are no numbers, equal, the wrong way about
 * or, with `log`, not above 0 are moved to the nearest axis that can be. */
rk_scale rk_scale_over(double lo, double hi, bool log);

/* 0 at lo, 100 at hi, and no further; NaN gives 0. */
double rk_scale_at(const rk_scale *s, double value);

/* Round values within the axis, least first, of which `max` at most: steps of
 * 1, 2 or 5 times a power of ten, or powers of ten. */
size_t rk_scale_ticks(const rk_scale *s, double *ticks, size_t max);

#endif

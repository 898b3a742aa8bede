/* The bootstrap (Efron & Tibshirani 1993, ch. 13): a figure is computed again
 * on resamples of its units, drawn with replacement, and its interval is read
 * off the percentiles. Units are users or clusters of them. Resample r depends
 * on the seed, r and n only, so two contestants are compared on the same ones
 * (paired), however many threads there are. */
#ifndef RK_EVAL_BOOTSTRAP_H
#define RK_EVAL_BOOTSTRAP_H

#include "core/error.h"

/* Figures (n_figures) of one resample: drawn (n_units) says how often each
 * unit is in it. Called from several threads. */
typedef void (*rk_figures_fn)(const void *ctx, const uint32_t *drawn,
                              double *figures);

typedef struct rk_bootstrap {
    size_t n_units;
    size_t n_figures;
    size_t n_resamples; /* 0: 1000 */
    uint64_t seed;
    rk_figures_fn figures;
    const void *ctx;
} rk_bootstrap;

/* low, high (n_figures): the 2.5 and 97.5 percentiles, NaN where no resample
 * has the figure. RK_EINVAL (over a million resamples), RK_ENOMEM. */
int rk_bootstrap_run(const rk_bootstrap *b, double *low, double *high,
                     rk_error *err);

#endif

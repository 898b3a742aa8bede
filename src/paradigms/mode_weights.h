/* How the features of a mode are weighed: by what is compiled in, or by what a
 * listwise logistic regression (learn/fuse.h) learns from the lists. */
#ifndef RK_PARADIGMS_MODE_WEIGHTS_H
#define RK_PARADIGMS_MODE_WEIGHTS_H

#include "paradigms/mode.h"

typedef struct rk_mode_features {
    size_t n;           /* features of a candidate */
    const float *usual; /* (n) weights that are compiled in */
    bool must_earn;     /* learnt weights stay only where they rank lists that
                           they have not seen better than the usual ones */
    /* Of all of a list's candidates, float32 (a->n, n). */
    int (*of)(const rk_mode_ask *a, float *x, rk_error *err);
} rk_mode_features;

/* Learns weights (n) from the lists, asking with a snapshot that has `learnt`.
 * With too few lists, or nothing earned, the usual ones stand: zeros where
 * they must be earned, see rk_mode_weights(). */
int rk_mode_weigh(float *weights, const rk_mode_features *f,
                  const rk_llm_learnt *learnt, const rk_mode_lists *l,
                  rk_error *err);

/* Each of n_features columns of x (n, n_features) to mean 0 and spread 1; to 0
 * where all are equal. */
int rk_mode_standardise(float *x, size_t n, size_t n_features, rk_error *err);

/* `weights`, or the usual ones where they are all 0. */
const float *rk_mode_weights(const float *weights, const float *usual,
                             size_t n);

#endif

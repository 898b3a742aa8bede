/* FTRL-proximal, an online optimiser with a rate for each weight and an exact
 * zero for what little supports (McMahan et al., "Ad Click Prediction: a View
 * from the Trenches", KDD 2013, algorithm 1). For a gradient g of weight w:
 *
 *   sigma = (sqrt(n + g^2) - sqrt(n)) / alpha
 *   z += g - sigma w,  n += g^2
 *   w  = 0 when |z| <= l1,
 *        else -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2)
 *
 * One thread each. */
#ifndef RK_LEARN_FTRL_H
#define RK_LEARN_FTRL_H

#include "core/error.h"

typedef struct rk_ftrl_opts {
    float alpha; /* > 0 */
    float beta;  /* > 0 */
    float l1;    /* >= 0 */
    float l2;    /* >= 0 */
} rk_ftrl_opts;

typedef struct rk_ftrl {
    rk_ftrl_opts opts;
    size_t n_weights;
    float *w; /* (n_weights), to be read */
    float *z;
    float *root; /* sqrt(n) */
} rk_ftrl;

/* All weights 0. RK_EINVAL (an option out of its range), RK_ENOMEM; then the
 * caller's storage may be cleared all the same. */
int rk_ftrl_init(rk_ftrl *f, size_t n_weights, const rk_ftrl_opts *opts,
                 rk_error *err);
void rk_ftrl_clear(rk_ftrl *f);

/* Starts a weight elsewhere than at 0, before its first step. */
void rk_ftrl_start(rk_ftrl *f, size_t i, float w);

/* One step of `count` weights from `first` on, along the gradient scale g
 * (count). */
void rk_ftrl_step(rk_ftrl *f, size_t first, size_t count, float scale,
                  const float *g);

/* The weights (n_weights) become the caller's, to free(). */
float *rk_ftrl_take(rk_ftrl *f);

#endif

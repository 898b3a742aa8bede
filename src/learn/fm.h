/* Factorisation machine (Rendle, "Factorization Machines", ICDM 2010, eqs. 1
 * and 5) for a like or a dislike, from sparse features:
 *
 *   y(x) = w0 + sum_j w_j x_j + sum_{j < l} <v_j, v_l> x_j x_l
 *        = w0 + sum_j w_j x_j
 *          + 1/2 sum_f [ (sum_j v_jf x_j)^2 - sum_j v_jf^2 x_j^2 ]
 *
 *   w  float32 (n), V float32 (n, k), row-major; p(like) = sigmoid(y)
 *
 * trained on log loss by FTRL-proximal (learn/ftrl.h), row by row, each epoch
 * in another seeded order. With k = 0 it is a plain sparse logistic regression.
 * Immutable once made; any thread. */
#ifndef RK_LEARN_FM_H
#define RK_LEARN_FM_H

#include "data/csr.h"
#include "learn/ftrl.h"

#define RK_FM_MAX 256 /* the largest k */

typedef struct rk_fm_opts {
    size_t k;
    size_t n_epochs;
    uint64_t seed;
    rk_ftrl_opts linear; /* of w0 and w; w0 without l1 and l2 */
    rk_ftrl_opts pairs;  /* of V, which starts at random, |v| <= start */
    float start;
} rk_fm_opts;

/* k 8, 10 epochs, mild penalties. */
extern const rk_fm_opts rk_fm_defaults;

typedef struct rk_fm {
    size_t n; /* features */
    size_t k;
    float w0;
    const float *w;
    const float *v;
    void *owned[2]; /* w and V, or NULL when a bundle's */
} rk_fm;

/* y 0 or 1 (rows->n_rows); opts NULL: the defaults. RK_EINVAL (no rows, an
 * option out of its range), RK_ENOMEM. O(epochs entries k). */
int rk_fm_fit(rk_fm **out, const rk_csr *rows, const uint8_t *y,
              const rk_fm_opts *opts, rk_error *err);
void rk_fm_free(rk_fm *m);

/* The log-odds of a row of n entries; columns past m->n count nothing. */
float rk_fm_logit(const rk_fm *m, const uint32_t *col, const float *x,
                  size_t n);

/* All rows' log-odds, float32 (rows->n_rows). */
void rk_fm_logits(const rk_fm *m, const rk_csr *rows, float *logits);

/* The same as parts: linear (n), and of each pair j < l of the row's entries
 * pairs (n (n - 1) / 2), in the order (0, 1), (0, 2), ..., (1, 2), ... Returns
 * w0 + the linear parts + the pairs, added in double in this order. */
double rk_fm_parts(const rk_fm *m, const uint32_t *col, const float *x,
                   size_t n, double *linear, double *pairs);

/* The slopes of y by the row's own rows of V: float32 (n, k). */
void rk_fm_slopes(const rk_fm *m, const uint32_t *col, const float *x, size_t n,
                  float *slopes);

/* As "<name>.fm.w" (w0 first) and "<name>.fm.v". The getter borrows; n = 0: any
 * number of features. RK_ENOTFOUND, RK_EFORMAT. */
int rk_fm_put(const rk_fm *m, const char *name, rk_bundle_writer *w,
              rk_error *err);
int rk_fm_get(rk_fm **out, const char *name, const rk_bundle *b, size_t n,
              rk_error *err);

#endif

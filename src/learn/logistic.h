/* L2-regularised logistic regression on a few dense features:
 *
 *   p(y = 1 | x) = 1 / (1 + exp(-(w'z + b))),  z = (x - mean) / sd
 *
 * minimising sum of log-losses + l2/2 ||w||^2 (the bias is free) by Newton's
 * method (IRLS; Hastie, Tibshirani, Friedman 2009, section 4.4.1). Each
 * feature's part w_j z_j adds up to the logit, so a prediction can be
 * explained. Immutable once made. */
#ifndef RK_LEARN_LOGISTIC_H
#define RK_LEARN_LOGISTIC_H

#include "core/error.h"

#define RK_LOGISTIC_MAX 32

typedef struct rk_logistic {
    uint32_t n; /* features */
    float bias;
    float weight[RK_LOGISTIC_MAX];
    float mean[RK_LOGISTIC_MAX];
    float sd[RK_LOGISTIC_MAX]; /* never 0 */
} rk_logistic;

/* x float32 (m, n) row-major, y 0 or 1 (m). Features that never change get
 * weight 0. `sign` (n; NULL: all free): a feature with +1 may only get a
 * weight >= 0, with -1 only <= 0; a weight that wants the other side is held
 * at 0. RK_EINVAL when there are no rows or only one class, or a value
 * is not finite; *out is then as it was. Each of some ten steps is O(m n^2);
 * no memory is asked for. */
int rk_logistic_fit(rk_logistic *out, const float *x, const uint8_t *y,
                    size_t m, size_t n, float l2, const int8_t *sign,
                    rk_error *err);

/* The log-odds; parts (n), if not NULL, get each feature's share:
 * logit = bias + sum of parts. */
float rk_logistic_logit(const rk_logistic *m, const float *x, float *parts);
float rk_sigmoid(float logit);

/* The other way round, no further than 16 from 0, where a float knows no
 * difference from certainty; NaN for NaN. */
float rk_log_odds(float p);

/* Area under the ROC curve by ranks, ties count half (Mann-Whitney), in
 * O(m log m). 0.5 when one class is absent; NaN when a score is NaN or there
 * is no memory. */
double rk_auc(const float *score, const uint8_t *y, size_t m);

#endif

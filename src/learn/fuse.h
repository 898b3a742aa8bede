/* Fusing scorers: a listwise logistic regression over z-scored features, each
 * list one user's candidates with one truth among them:
 *
 *   min over w of  -sum_lists log softmax(X w)_truth + l2/2 ||w - prior||^2
 *
 * (conditional logit; McFadden 1974; ListNet top-one, Cao et al., ICML 2007),
 * by Newton's method. Unless asked otherwise every weight stays >= 0: a scorer
 * that seems to rank backwards is left out, not turned round. Learn it on
 * validation targets that the scorers were trained without. */
#ifndef RK_LEARN_FUSE_H
#define RK_LEARN_FUSE_H

#include "core/error.h"

#define RK_FUSE_MAX 48

/* Replaces each score by (score - mean) / sd over its n; all zero when they
 * are all the same. */
void rk_zscore(float *scores, size_t n);

typedef struct rk_lists {
    const float *x;        /* float32 (n_lists, n_candidates, n_features) */
    const uint32_t *truth; /* (n_lists) the position of each list's truth, or
                              UINT32_MAX for a list to leave out */
    size_t n_lists;
    size_t n_candidates;
    size_t n_features; /* 1 to RK_FUSE_MAX */
} rk_lists;

typedef struct rk_fuse_opts {
    const float *prior; /* (n_features) */
    float l2;
    bool either_sign; /* weights may be negative */
} rk_fuse_opts;

/* w (n_features). RK_EINVAL when no list has a truth, or a feature is not
 * finite; w is then the prior. Each of some ten steps is O(n_lists
 * n_candidates n_features^2). */
int rk_fuse_fit(float *w, const rk_lists *lists, const rk_fuse_opts *opts,
                rk_error *err);

/* Whether learning is worth it: weights learnt on every other list rank the
 * rest's truths better than `plain` (n_features) does, by NDCG@10, by more than
 * a standard error of the difference; both halves are tried on each other.
 * Fails as rk_fuse_fit() does. */
int rk_fuse_earns(bool *earns, const rk_lists *lists, const rk_fuse_opts *opts,
                  const float *plain, rk_error *err);

#endif

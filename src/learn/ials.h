/* iALS as a learner ("ials"): item factors Q from alternating least squares
 * (learn/ials_run.h), and one solve for each history that is asked about:
 *
 *   (sum over i of w_i q_i q_i' + a0 Q'Q + ridge(sum of w, I) I) p
 *       = sum over i of w_i q_i,     score(j) = p.q_j
 *
 * in two columns: "ials" with w_i = 1, "ials.recent" with w_i = decay^age(i),
 * where age counts the history's items from the newest (0). A history that was
 * not trained on is the normal case; a solve takes O(n d^2 + d^3). */
#ifndef RK_LEARN_IALS_H
#define RK_LEARN_IALS_H

#include "learn/ials_run.h"
#include "learn/learner.h"

extern const rk_learner rk_learner_ials;

typedef struct rk_ials {
    rk_model model;
    rk_ials_opts opts;
    float decay;        /* of "ials.recent" */
    const float *items; /* (n_items, d) Q */
    float *gram;        /* (d, d) a0 Q'Q, owned */
    float *owned;       /* `items`, or NULL when a bundle's */
} rk_ials;

/* One history's factors, float32 (d); zeros when none of its items is known.
 * room (RK_IALS_ROOM(d)) floats. */
#define RK_IALS_BLOCK   128
#define RK_IALS_ROOM(d) ((d) * ((d) + RK_IALS_BLOCK) + RK_IALS_BLOCK)
void rk_ials_fold(const rk_ials *m, const uint32_t *history, size_t n,
                  float decay, float *p, float *room);

/* What suits the histories' density: see ials.c. */
rk_ials_opts rk_ials_defaults(const rk_histories *h, uint64_t seed);

/* Trains with options of the caller's: for tuning. Else as the learner's. */
int rk_ials_train(rk_model **out, const rk_histories *h,
                  const rk_train_opts *opts, const rk_ials_opts *how,
                  size_t n_epochs, rk_error *err);

#endif

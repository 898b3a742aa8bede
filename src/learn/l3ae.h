/* L3AE: EASE held to what the items' texts say of them (Moon et al., "LLM-
 * Enhanced Linear Autoencoders for Recommendation", CIKM 2025):
 *
 *   B = argmin |X - XB|^2 + (lambda - E) |B|^2 + E |B - C|^2,  B_ii = 0
 *
 * where C is EASE over the text vectors (learn/semantic.h). Scored and served
 * as EASE is, by the same decays. One matrix (n_items, n_items) in training.
 * Immutable. */
#ifndef RK_LEARN_L3AE_H
#define RK_LEARN_L3AE_H

#include "learn/learner.h"

/* "l3ae": columns l3ae.7, l3ae.9, l3ae.97, by their decay. */
extern const rk_learner rk_learner_l3ae;

typedef struct rk_l3ae_opts {
    float lambda;      /* all of B's penalty, over 0 */
    float e;           /* the part of it that holds B to C; may be more */
    float lambda_text; /* over 0; C's own */
} rk_l3ae_opts;

/* B float32 (n_items, n_items), yours to free; the side's vectors, of one row
 * for each item. RK_EINVAL (a lambda), RK_ENOMEM, RK_ECANCELLED. */
int rk_l3ae_matrix(float **b, const rk_histories *h, const rk_side *side,
                   const rk_l3ae_opts *opts, const rk_progress *progress,
                   rk_error *err);

#endif

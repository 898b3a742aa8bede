/* EASE: an item-to-item linear model with a closed form (Steck, "Embarrassingly
 * Shallow Autoencoders for Sparse Data", WWW 2019, eq. 8):
 *
 *   P = (X'X + lambda I)^-1,  B_ij = -P_ij / P_jj,  B_ii = 0
 *
 * and scored for the next item with the history decayed by recency:
 *
 *   score(u, j) = sum over i in history of decay^age(i) B_ij
 *
 * where age counts liked events from the newest (0). Training is O(n_items^3)
 * in one matrix (n_items, n_items); serving keeps the largest |B_ij| of each
 * row. Immutable. */
#ifndef RK_LEARN_EASE_H
#define RK_LEARN_EASE_H

#include "learn/learner.h"

/* "ease": columns ease.7, ease.9, ease.97, by their decay. */
extern const rk_learner rk_learner_ease;

/* P float32 (n, n), both triangles, becomes B in place. RK_ENOMEM. */
int rk_ease_weights(float *p, size_t n, rk_error *err);

/* P float32 (n_items, n_items), both triangles, yours to free. An item twice in
 * a history counts once. RK_EINVAL (a lambda that is not over 0), RK_ENOMEM. */
int rk_ease_inverse(float **p, const rk_histories *h, float lambda,
                    rk_error *err);

/* B float32 (n_items, n_items), yours to free. As rk_ease_inverse; or
 * RK_ECANCELLED. */
int rk_ease_matrix(float **b, const rk_histories *h, float lambda,
                   const rk_progress *progress, rk_error *err);

#endif

/* SLIT: what comes next after the last few items, linear and in closed form
 * (Choe et al., "Session-aware Linear Item-Item Models for Session-based
 * Recommendation", WWW 2021, with the whole history as one session).
 * At each place t of a history, for decay D and the items i_0 ... i_(t-1)
 * before it,
 *
 *   s_t = sum over a < t of D^(t-1-a) e(i_a)
 *   B   = argmin sum over t of |s_t' B - e(i_t)|^2 + lambda |B|^2
 *       = (Q + lambda I)^-1 T,   Q = sum of s_t s_t',  T = sum of s_t e(i_t)'
 *
 * and score(u) = s_u' B. Q and T need no s_t: the items of places a < b of a
 * history of m meet at every t in b+1 ... m-1, which adds up to
 *
 *   D^(b-a) (1 - D^(2 (m-1-b))) / (1 - D^2).
 *
 * One matrix for each decay; a last column divides the scores of the middle
 * one by popularity^0.3. Serving keeps the largest entries of each row.
 * Immutable. */
#ifndef RK_LEARN_SLIT_H
#define RK_LEARN_SLIT_H

#include "learn/learner.h"

/* "slit": columns slit.4, slit.7, slit.87 by their decay, slit.pop. */
extern const rk_learner rk_learner_slit;

/* B float32 (n_items, n_items), yours to free. RK_EINVAL (decay not in 0 to 1,
 * lambda not over 0), RK_ENOMEM. */
int rk_slit_matrix(float **b, const rk_histories *h, float decay, float lambda,
                   rk_error *err);

#endif

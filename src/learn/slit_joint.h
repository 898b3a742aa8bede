/* SLIT with two speeds of forgetting in one regression (learn/slit.h has the
 * model and its paper). A place t of a history is described by
 *
 *   s_t = (short_t, long_t),  each  sum over a < t of D^(t-1-a) e(i_a)
 *
 * with its own D, and B (2 n_items, n_items) = (Q + lambda I)^-1 T as there. An
 * item may then call for another when it is the last thing that was had, and
 * not when it lies further back; adding up two models cannot say that. Q's
 * block (x, y) gets, from the items of places a < b of a history of m,
 *
 *   D_x^(b-a) (1 - (D_x D_y)^(m-1-b)) / (1 - D_x D_y)
 *
 * at (i_a, i_b), and with D_y^(b-a) at (i_b, i_a). Three times the memory of
 * SLIT and nearly five times its work: O(11 n_items^3). Immutable. */
#ifndef RK_LEARN_SLIT_JOINT_H
#define RK_LEARN_SLIT_JOINT_H

#include "learn/learner.h"

#define RK_SLIT_SPEEDS 2

/* "slit_joint": column slit.joint. */
extern const rk_learner rk_learner_slit_joint;

/* B float32 (RK_SLIT_SPEEDS n_items, n_items), yours to free: the rows of the
 * first decay first. RK_EINVAL (a decay not in 0 to 1, lambda not over 0),
 * RK_ENOMEM. */
int rk_slit_joint_matrix(float **b, const rk_histories *h,
                         const float decays[RK_SLIT_SPEEDS], float lambda,
                         rk_error *err);

#endif

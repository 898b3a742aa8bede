/* A factorisation machine as a model of what comes next (learner "fm"): Rendle,
 * "Factorization Machines", ICDM 2010, on two groups of features, as in
 * "Factorizing Personalized Markov Chains" (Rendle et al., WWW 2010):
 *
 *   question  the newest items of a history, x = decay^age
 *   target    the item, x = 1, and its tokens, x = their weights
 *
 *   y(q, t) = w0 + b_t + <s_q, s_t>,    s = sum over the group of x_j v_j
 *   b_t     = sum over t of w_j x_j + 1/2 (|s_t|^2 - sum over t of |v_j|^2
 * x_j^2)
 *
 * Pairs inside the question are the same for every target and left out. An item
 * has one vector as a question and another as a target. Log loss with negatives
 * drawn evenly from the items that somebody had, by FTRL-proximal
 * (learn/ftrl.h). A target that nobody had is known by its tokens alone, so a
 * cold item can be ranked; without tokens it scores 0. Scores are <s_q, s_t> +
 * b_t: one multiplication of matrices for many users. */
#ifndef RK_LEARN_FM_RANKER_H
#define RK_LEARN_FM_RANKER_H

#include "learn/ftrl.h"
#include "learn/learner.h"

extern const rk_learner rk_learner_fm;

#define RK_FM_RANKER_MAX 256 /* the largest k */

typedef struct rk_fm_ranker_opts {
    size_t k;
    size_t n_epochs;
    uint32_t n_negatives; /* for each positive */
    uint32_t recent;      /* items of a history, 1 to 64 */
    float decay;          /* over 0 to 1 */
    rk_ftrl_opts linear;
    rk_ftrl_opts pairs;
} rk_fm_ranker_opts;

rk_fm_ranker_opts rk_fm_ranker_defaults(void);

/* Options of the caller's: for tuning. Else as the learner's `train`. */
int rk_fm_ranker_train(rk_model **out, const rk_histories *h,
                       const rk_train_opts *opts, const rk_fm_ranker_opts *how,
                       rk_error *err);

#endif

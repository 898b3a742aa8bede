/* EASE over events and tokens (Jeunen, Van Balen & Goethals, "Closed-Form
 * Models for Collaborative Filtering with Side-Information", RecSys 2020).
 *
 * Collective: tokens stand under the users as if each were one who had the
 * items that carry it, so the Gram matrix X'X becomes X'X + alpha^2 T T' for
 * tokens T (n_items, n_tokens). Additive: (1 - a) B + a C, with B from the
 * users and C from the tokens alone. Otherwise as EASE. Every token's part of a
 * score is a sum that can be told. One matrix (n_items, n_items) in training.
 * Immutable. */
#ifndef RK_LEARN_TOKENS_EASE_H
#define RK_LEARN_TOKENS_EASE_H

#include "learn/learner.h"

/* "tokens_ease": columns tokens.collective, tokens.additive. */
extern const rk_learner rk_learner_tokens_ease;

/* B float32 (n_items, n_items), yours to free. RK_EINVAL (lambda not over 0),
 * RK_ENOMEM. */
int rk_tokens_ease_collective(float **b, const rk_histories *h,
                              const rk_csr *tokens, float lambda, float alpha,
                              rk_error *err);

/* (1 - share) B + share C, with lambda_tokens for C. As above. */
int rk_tokens_ease_additive(float **b, const rk_histories *h,
                            const rk_csr *tokens, float lambda,
                            float lambda_tokens, float share, rk_error *err);

#endif

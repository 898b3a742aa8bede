/* What a user thinks of each token: ridge regression of their likes and
 * dislikes on the tokens of what they had, over a background of the whole
 * catalogue (implicit weighting: Hu, Koren, Volinsky, ICDM 2008):
 *
 *   theta = (sum_e t_e t_e' + a T'T / n_items + lambda I)^-1
 *           (sum_e y_e (t_e - mean) + sum_p y_p e_p)
 *
 * t_e the token weights of event e's item, y_e +1 or -1; e_p one row a token
 * named in the profile, y_p its weight, negative for a dislike. The score of
 * an item is the sum over its tokens of (t_ik - mean_k) theta_k: every part
 * has a name. */
#ifndef RK_LEARN_TOKEN_RIDGE_H
#define RK_LEARN_TOKEN_RIDGE_H

#include "data/corpus.h"
#include "data/csr.h"

typedef struct rk_token_model {
    size_t n_tokens;
    float lambda;      /* 1 */
    float background;  /* a: 10, as many average items that say nothing */
    const float *mean; /* (n_tokens) mean token weight over the catalogue */
    const float *gram; /* (n_tokens, n_tokens) T'T / n_items */
} rk_token_model;

typedef struct rk_token_weight {
    uint32_t token;
    float weight; /* negative: disliked */
} rk_token_weight;

/* mean and gram of an item-token matrix (n_items, n_tokens), in O(sum over
 * items of tokens^2 + n_tokens^2). RK_ENOMEM. */
int rk_token_model_fit(rk_token_model **out, const rk_csr *items,
                       rk_error *err);
void rk_token_model_free(rk_token_model *m);

/* theta float32 (n_tokens), zero after a failure. `items` has a row for every
 * item a history likes or dislikes; merely seen ones are passed over.
 * O(n_tokens^3 / 3). RK_EINVAL for an item or token out of range,
 * RK_ENOMEM. */
int rk_token_taste(const rk_token_model *m, const rk_csr *items,
                   const rk_seen *history, size_t n,
                   const rk_token_weight *profile, size_t n_profile,
                   float *theta, rk_error *err);

/* Score of one item's tokens (n): sum of parts; parts (n) may be NULL. The
 * tokens an item lacks add -mean_k theta_k, gathered in *rest (NULL
 * allowed): score = *rest + sum of parts. O(n_tokens). */
float rk_token_score(const rk_token_model *m, const float *theta,
                     const uint32_t *tokens, const float *weights, size_t n,
                     float *parts, float *rest);

#endif

/* A trained map from what a user read to what they read next, in the space
 * of text vectors: ridge regression in closed form, so that an item or user
 * with a text alone is scored like any other.
 *
 * With unit vectors v_i float32 (d), for every user and every liked event t
 * after their first:
 *
 *   s_t = sum over likes a before t of decay^(t-1-a) (v_a - mean),
 *         divided by its norm                              the state
 *   M   = argmin sum_t ||M' s_t - (v_t - mean)||^2 + lambda ||M||^2
 *       = (S'S + lambda I)^-1 S'T                           (d, d)
 *   score(u, j) = (M' s_u)' (v_j - mean)
 *
 * (the sequential linear model of Choe et al., WWW 2021, carried from items to
 * vectors). Immutable once made. */
#ifndef RK_LEARN_BILINEAR_H
#define RK_LEARN_BILINEAR_H

#include "data/corpus.h"

typedef struct rk_bilinear {
    size_t d;
    float decay;
    const float *mean; /* (d) mean item vector */
    const float *map;  /* (d, d) M */
} rk_bilinear;

/* vectors float32 (c->n_items, d). lambda 0: 10; decay 0: 0.8, else between
 * 0 and 1. O(likes d^2 + d^3). RK_EINVAL when no user liked two items (there
 * is nothing to learn from) or a vector is not finite, RK_ENOMEM. */
int rk_bilinear_fit(rk_bilinear **out, const rk_corpus *c, const float *vectors,
                    size_t d, float lambda, float decay, rk_error *err);
void rk_bilinear_free(rk_bilinear *m);

/* state (d), a unit vector: from the likes of a history and a profile's vector
 * (NULL: none), which weighs `profile_weight` times an endless history, so
 *
 *   sum over likes of decay^age (v - mean)
 *       + profile_weight / (1 - decay) (profile - mean),
 *
 * divided by its norm: a profile speaks loudest where the history is short.
 * `vectors` has a row for every item liked. False when there is nothing to go
 * by; state is then zero. O(n d). */
bool rk_bilinear_state(const rk_bilinear *m, const float *vectors,
                       const rk_seen *history, size_t n, const float *profile,
                       float profile_weight, float *state);

/* query (d) = M' state, with score(j) = query'v_j + constant: search an index
 * with it. O(d^2). */
void rk_bilinear_query(const rk_bilinear *m, const float *state, float *query);

#endif

/* What a user thinks of each direction of the vector space: kernel ridge
 * regression of their likes (+1) and dislikes (-1) on the centred vectors of
 * what they had (Saunders, Gammerman, Vovk, ICML 1998, eq. 6):
 *
 *   K_ab  = (v_a - mean)'(v_b - mean)
 *   alpha = (K + lambda I)^-1 y
 *   taste = sum_a alpha_a (v_a - mean)                          float32 (d)
 *   score(j) = taste'(v_j - mean) = sum_a alpha_a K_aj
 *
 * The score is a sum over the user's own events, so each of them can be named
 * with its part. Cost: n^2 d + n^3 for n events. */
#ifndef RK_LEARN_VECTOR_TASTE_H
#define RK_LEARN_VECTOR_TASTE_H

#include "data/corpus.h"

#define RK_VECTOR_TASTE_EVENTS 128 /* the newest labelled ones count */

typedef struct rk_vector_taste {
    size_t n;
    uint32_t item[RK_VECTOR_TASTE_EVENTS]; /* each item once, newest first */
    int8_t label[RK_VECTOR_TASTE_EVENTS];
    float alpha[RK_VECTOR_TASTE_EVENTS];
} rk_vector_taste;

/* vectors float32 (n_items, d), mean and direction (d); lambda 0: 1. With no
 * labelled event, direction is zero. RK_ENOMEM. */
int rk_vector_taste_fit(rk_vector_taste *out, float *direction,
                        const float *vectors, const float *mean, size_t d,
                        const rk_seen *history, size_t n, float lambda,
                        rk_error *err);

/* Event a's part of item j's score. */
float rk_vector_taste_part(const rk_vector_taste *t, size_t a,
                           const float *vectors, const float *mean, size_t d,
                           uint32_t item);

#endif

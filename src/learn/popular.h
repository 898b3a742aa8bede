/* Popularity: how often an item was liked, recent events weighing more.
 *
 *   score(i) = log(1 + sum over likes of i of 2^(-age / half_life))
 *
 * The floor that every other model has to beat. Immutable; any thread. */
#ifndef RK_LEARN_POPULAR_H
#define RK_LEARN_POPULAR_H

#include "learn/learner.h"

/* Behind the common door, over histories and so without half-life: the column
 * "popular", log(1 + users who had it). */
extern const rk_learner rk_learner_popular;

/* scores float32 (n_items). `half_life_days` 0: no decay. Ages are counted
 * from the newest event of the corpus. */
void rk_popular_fit(const rk_corpus *c, double half_life_days, float *scores);

/* Smoothed share of likes among an item's likes and dislikes:
 * (likes + a m) / (likes + dislikes + a), m the catalogue's own share (0.5
 * without any), a = 5. rates float32 (n_items). RK_ENOMEM. */
int rk_like_rate_fit(const rk_corpus *c, float *rates, rk_error *err);

/* The rate of an item that was judged `judged` times, had it not been for so
 * many of those likes and dislikes. */
float rk_like_rate_without(float rate, uint32_t judged, uint32_t likes,
                           uint32_t dislikes);

#endif

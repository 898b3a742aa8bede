/* From a user's profile to item scores, for somebody without a history: ridge
 * regression of likes on profile vectors (Gantner et al., "Learning
 * Attribute-to-Feature Mappings for Cold-Start Recommendations", ICDM 2010, in
 * closed form). For users with a profile vector and likes, h_u the vector less
 * the mean and y_u the likes over the square root of their number, so that who
 * likes much does not outweigh the others,
 *
 *   base = mean of y_u
 *   W    = argmin sum of |h_u' W - (y_u - base)|^2 + lambda |W|^2
 *        = (H'H + lambda I)^-1 H'Y
 *   score(h) = base + (h - mean)' W
 *
 * so that a profile that says nothing gets the popular items. Immutable; any
 * thread. */
#ifndef RK_LEARN_USER_MAP_H
#define RK_LEARN_USER_MAP_H

#include "data/bundle.h"
#include "data/histories.h"

typedef struct rk_user_map {
    size_t n_items;
    size_t d;
    const float *mean;    /* (d) */
    const float *base;    /* (n_items) */
    const float *weights; /* W (d, n_items) */
    bool borrowed;        /* these three, from a bundle */
} rk_user_map;

/* vectors float32 (h->n_users, d); a row of zeros is no profile. Without any
 * user to learn from, all scores are 0. RK_EINVAL (a lambda that is not over
 * 0), RK_ENOMEM; after a failure there is nothing to clear. */
int rk_user_map_fit(rk_user_map *out, const float *vectors, size_t d,
                    const rk_histories *h, float lambda, rk_error *err);
void rk_user_map_clear(rk_user_map *m);

/* scores float32 (n_items), overwritten. O(d n_items). */
void rk_user_map_score(const rk_user_map *m, const float *vector,
                       float *scores);

/* As "user_map.mean", ".base" and ".weights". The getter borrows; RK_ENOTFOUND,
 * RK_EFORMAT. */
int rk_user_map_put(const rk_user_map *m, rk_bundle_writer *w, rk_error *err);
int rk_user_map_get(rk_user_map *out, const rk_bundle *b, size_t n_items,
                    size_t d, rk_error *err);

#endif

/* Learning yes or no from events, the same for every way: each event is put
 * to the way as a question about a user who has not had it yet. */
#ifndef RK_PARADIGMS_LIKING_H
#define RK_PARADIGMS_LIKING_H

#include "paradigms/paradigm.h"

/* The features of some items for one user, float32 (n_items, n). */
typedef int (*rk_features_fn)(const rk_snapshot *s, const rk_who *who,
                              const uint32_t *items, size_t n_items, float *x,
                              void *ctx, rk_error *err);

/* Fits the logistic model of likes (1) against dislikes (0) on at most
 * `max_events` events spread over all users; for each, the user's history and
 * the item's like rate are without that event (leave-one-out). `sign` as in
 * rk_logistic_fit(). Not fitted, and no error, when the events hold fewer than
 * 10 of either. */
int rk_liking_fit(rk_like_model *out, const rk_workshop *w,
                  const rk_snapshot *s, rk_features_fn features, void *ctx,
                  size_t n, const int8_t *sign, size_t max_events,
                  rk_error *err);

/* A user of the workshop as one who asks, with this history. The tokens live
 * in `room`. */
void rk_liking_who(const rk_workshop *w, size_t user, const rk_seen *history,
                   size_t n, rk_token_weight room[], rk_who *who);

/* Learns how much each of `n` features says about what a user likes next:
 * for up to `max_users` users, their last like among 49 items drawn from the
 * rest (rk_fuse_fit; `prior` and result in `weights`). The snapshot must have
 * been learned without those likes: `held` (n_users) are they, and the
 * workshop's corpus ends before them. */
int rk_ranking_fit(float *weights, const rk_workshop *w, const rk_snapshot *s,
                   const rk_seen *held, rk_features_fn features, void *ctx,
                   size_t n, size_t max_users, const float *prior,
                   rk_error *err);

#endif

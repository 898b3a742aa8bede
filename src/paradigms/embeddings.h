/* What the embeddings way ranks by, for those who learn to weigh it. */
#ifndef RK_PARADIGMS_EMBEDDINGS_H
#define RK_PARADIGMS_EMBEDDINGS_H

#include "paradigms/liking.h"

/* An rk_features_fn: what comes next, and the log-odds of a like. `ctx` is the
 * run; NULL: nothing is kept. */
int rk_embeddings_features(const rk_snapshot *s, const rk_who *who,
                           const uint32_t *items, size_t n, float *x, void *ctx,
                           rk_error *err);

/* Their weights (RK_EMBEDDINGS_WEIGHTS), learnt on likes that neither snapshot
 * nor the workshop's corpus has seen: held (n_users). */
int rk_embeddings_weigh(float *weights, const rk_workshop *w,
                        const rk_snapshot *s, const rk_seen *held,
                        rk_error *err);

#endif

/* The training loop of learn/transformer.h: windows, batches, checkpoints. */
#ifndef RK_LEARN_TRANSFORMER_TRAIN_H
#define RK_LEARN_TRANSFORMER_TRAIN_H

#include "learn/transformer.h"

/* Bytes and flop of training. */
void rk_transformer_estimate(const rk_histories *h,
                             const rk_transformer_opts *o, rk_estimate *out);

/* Trains m->owned, (m->layout.n) and not yet filled, from `opts->seed` or
 * from the checkpoint. RK_ENOMEM, RK_ECANCELLED, RK_EIO (checkpoint). */
int rk_transformer_fit(rk_transformer *m, const rk_histories *h,
                       const rk_train_opts *opts, const rk_transformer_opts *o,
                       rk_error *err);

/* Mean NDCG@10 of truth (who->n_users) among all items that are not in the
 * user's history. NaN for nobody. */
int rk_transformer_ndcg(const rk_transformer *m, const rk_histories *who,
                        const uint32_t *truth, double *out, rk_error *err);

#endif

/* What long training leaves after each epoch, to go on from: weights and the
 * optimiser's moments, in a bundle that names what it belongs to. */
#ifndef RK_LEARN_TRANSFORMER_CHECKPOINT_H
#define RK_LEARN_TRANSFORMER_CHECKPOINT_H

#include "learn/transformer.h"

typedef struct rk_checkpoint {
    float *w;       /* (n) */
    float *moments; /* (2, n) */
    size_t n;
    uint64_t fingerprint;
} rk_checkpoint;

/* Of everything that the weights after an epoch follow from. */
uint64_t rk_transformer_fingerprint(const rk_transformer *m,
                                    const rk_histories *h,
                                    const rk_train_opts *opts,
                                    const rk_transformer_opts *o);

/* Replaces the file in one go. RK_EIO, RK_ENOMEM. */
int rk_checkpoint_save(const rk_checkpoint *c, const char *path,
                       uint64_t epochs, uint64_t steps, rk_error *err);

/* Fills weights and moments. False, with all of it untouched, when there is
 * no such file, when it belongs to something else or is damaged. */
bool rk_checkpoint_load(const rk_checkpoint *c, const char *path,
                        uint64_t *epochs, uint64_t *steps);

#endif

/* A self-attentive model of what comes next, trained by the cross-entropy of
 * every next item over the whole catalogue (learn/transformer_layers.h: Kang &
 * McAuley 2018; the loss: Klenitskiy & Vasilev 2023).
 *
 *   score(u, j) = h . e_j + b_j    h: the last position of u's newest items
 *
 * Training is over windows of `context` positions that are cut anew in every
 * epoch, by AdamW with a cosine rate. Each batch is a fixed number of shards,
 * whose gradients are summed in order: the answer depends on the seed and the
 * build, not on the number of threads. */
#ifndef RK_LEARN_TRANSFORMER_H
#define RK_LEARN_TRANSFORMER_H

#include "learn/learner.h"
#include "learn/transformer_layers.h"

/* After an epoch: means over its positions, NaN where nobody is watched. */
typedef struct rk_transformer_epoch {
    size_t epoch; /* from 1 */
    size_t epochs;
    double loss;
    double ndcg; /* at 10, of those watched */
} rk_transformer_epoch;

typedef struct rk_transformer_opts {
    size_t d;
    size_t blocks;
    size_t heads;
    size_t context;
    size_t epochs;
    size_t batch;      /* windows */
    size_t warm_up;    /* batches over which the rate rises */
    size_t full_items; /* larger catalogues are sampled */
    size_t n_sampled;  /* draws for each shard of a batch */
    float dropout;
    float rate;       /* at its greatest */
    float decay;      /* of weights */
    bool use_vectors; /* items begin at their texts' vectors, if any */
    void (*each_epoch)(void *ctx, const rk_transformer_epoch *e);
    void *ctx;
} rk_transformer_opts;

rk_transformer_opts rk_transformer_defaults(enum rk_effort effort);

typedef struct rk_transformer {
    rk_model base;
    rk_tf_shape shape;
    rk_tf_layout layout;
    const float *w; /* (layout.n) */
    float *owned;   /* the same, or NULL when borrowed from a bundle */
} rk_transformer;

/* The learner's own train, with its options; `o` NULL: defaults of the effort,
 * whose estimate is also what `max_bytes` is held against. RK_EINVAL for
 * options that cannot be, when no history has two items and when the loss does
 * not stay finite; else as learner.h says. */
int rk_transformer_train(rk_model **out, const rk_histories *h,
                         const rk_train_opts *opts,
                         const rk_transformer_opts *o, rk_error *err);

extern const rk_learner rk_learner_transformer;

#endif

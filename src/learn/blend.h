/* Several learners as one. Each column of each model is brought to one scale
 * over the items,
 *
 *   x = (s - mean) / sd,  and where scores are like probabilities  x = asinh
 * 2x,
 *
 * which is a logarithm for all but the smallest: products of evidence, not
 * sums. A user's score is their weighted sum,
 *
 *   score(u, j) = sum_c w_c x_c(u, j),
 *
 * with weights learnt by a listwise logistic regression (learn/fuse.h) on items
 * that the models were trained without; then the models are trained again on
 * all there is, and the weights stay. Immutable once made; any thread may
 * score. */
#ifndef RK_LEARN_BLEND_H
#define RK_LEARN_BLEND_H

#include "learn/learner.h"

#define RK_BLEND_MODELS 16

typedef struct rk_blend_opts {
    /* Ends with NULL; NULL: every learner that the effort allows, in kind and
     * in work, whose needs are met, and that fits max_bytes. One that is named
     * must be trainable. */
    const rk_learner *const *learners;
    rk_train_opts train; /* of each */
    size_t n_lists;      /* users that teach at most; 0: 6000 */
    size_t n_candidates; /* of a list; 0: 200 */
} rk_blend_opts;

typedef struct rk_blend {
    size_t n_items;
    size_t n_models;
    rk_model *models[RK_BLEND_MODELS]; /* owned */
    size_t n_columns;                  /* of all models */
    float *weights;                    /* (n_columns) owned */
    char *left_out; /* "slit: needs 5.2 GiB ...; ..." or "" */
} rk_blend;

/* Trains the learners on `h` and learns the weights from what came next:
 * truth (h->n_users), RK_NO_ID where it is not known; where nobody's is, all
 * columns count the same. RK_EINVAL: no learner can be trained, or one that
 * was named cannot. */
int rk_blend_train(rk_blend **out, const rk_histories *h, const uint32_t *truth,
                   const rk_blend_opts *opts, rk_error *err);

/* The same learners with the same weights, trained on other histories. */
int rk_blend_retrain(rk_blend **out, const rk_blend *like,
                     const rk_histories *h, const rk_blend_opts *opts,
                     rk_error *err);
void rk_blend_free(rk_blend *b);

/* scores float32 (who->n_users, n_items), overwritten; the histories' own
 * items are scored too. Where `parts` is not NULL, the same score by model,
 * float32 (who->n_users, n_models, n_items), which adds up to it. */
int rk_blend_score(const rk_blend *b, const rk_histories *who, float *scores,
                   float *parts, rk_error *err);

/* Tensors "blend.*" and each model's own; the getter as rk_learner.get. */
int rk_blend_put(const rk_blend *b, rk_bundle_writer *w, rk_error *err);
int rk_blend_get(rk_blend **out, const rk_bundle *bundle, size_t n_items,
                 rk_error *err);

#endif

/* A trained model that is a few item-to-item matrices, as learn/item_rows.h
 * serves them, each read with decays of its own: what ease, l3ae, slit and
 * their like have in common once their matrices are solved for. Column
 * c * n_decays + k of its scores is matrix c by decays[c][k]. Immutable once
 * its matrices are kept; any thread. */
#ifndef RK_LEARN_ROWS_MODEL_H
#define RK_LEARN_ROWS_MODEL_H

#include "learn/item_rows.h"
#include "learn/learner.h"

#define RK_ROWS_MATRICES 3 /* at most */

/* What all models of a learner have in common; static. */
typedef struct rk_rows_plan {
    const rk_learner *learner;
    size_t keep; /* entries of each row */
    size_t n_matrices;
    const char *names[RK_ROWS_MATRICES]; /* of their tensors: "<name>.rows" */
    size_t n_decays;                     /* of each, 1 to RK_DECAYS */
    const float *decays;                 /* (n_matrices, n_decays) */
} rk_rows_plan;

typedef struct rk_rows_model {
    rk_model base;
    const rk_rows_plan *plan;
    rk_item_rows rows[RK_ROWS_MATRICES]; /* the first n_matrices */
} rk_rows_model;

/* Without its matrices: each is to be kept before the model is asked anything.
 * RK_ENOMEM. */
int rk_rows_model_new(rk_rows_model **out, const rk_rows_plan *plan,
                      size_t n_items, rk_error *err);

/* Matrix `c`, once, from b float32 (n_items, n_items). RK_ENOMEM. */
int rk_rows_model_keep(rk_rows_model *m, size_t c, const float *b,
                       rk_error *err);

/* With all of its matrices, b float32 (n_matrices, n_items, n_items).
 * RK_ENOMEM. */
int rk_rows_model_of(rk_model **out, const rk_rows_plan *plan, const float *b,
                     size_t n_items, rk_error *err);

/* The bytes of all that a model of the plan keeps. */
double rk_rows_model_bytes(const rk_rows_plan *plan, size_t n_items);

/* As the learner's table wants them, of a model that is a rk_rows_model. A
 * learner of more columns than the matrices have fills in the others. */
int rk_rows_model_score(const rk_model *m, const rk_histories *who,
                        float *scores, rk_error *err);
int rk_rows_model_put(const rk_model *m, rk_bundle_writer *w, rk_error *err);
void rk_rows_model_free(rk_model *m);

/* Borrows. RK_ENOTFOUND, RK_EFORMAT, RK_ENOMEM. */
int rk_rows_model_get(rk_model **out, const rk_rows_plan *plan,
                      const rk_bundle *b, size_t n_items, rk_error *err);

#endif

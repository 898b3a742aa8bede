/* Histories like this one, and what came next in them (learner "neighbours"):
 * vector multiplication session kNN (Ludewig & Jannach, "Evaluation of
 * session-based recommendation algorithms", User Modeling and User-Adapted
 * Interaction 2018) with the order of STAN (Garg et al., SIGIR 2019).
 *
 *   w(i)   = forget^age(i)                    of the asked history, newest 0
 *   sim(v) = sum over shared i of w(i) log(1 + U / n_i) / n_v^norm
 *
 * Of the k most similar histories, each item j of v at place t scores
 *
 *   "neighbours"      sim(v) sum over shared i at places s < t of
 *                     w(i) fade^(t - s - 1)
 *   "neighbours.any"  sim(v)
 *
 * n_i counts the users in the list of i, n_v the items of v. The model is the
 * histories themselves with an inverted index, and is read where it lies in a
 * bundle. An item's list holds at most RK_NEIGHBOURS_LIST users, evenly drawn.
 * Scoring costs O(recent * list + k * longest). */
#ifndef RK_LEARN_SEQUENCE_NEIGHBOURS_H
#define RK_LEARN_SEQUENCE_NEIGHBOURS_H

#include "learn/learner.h"

#define RK_NEIGHBOURS_LIST 4096

extern const rk_learner rk_learner_neighbours;

typedef struct rk_neighbours_opts {
    uint32_t k;      /* neighbours, 1 to 100000 */
    uint32_t recent; /* items of the asked history that are looked up */
    float forget;    /* over 0 to 1 */
    float fade;      /* 0 to 1 */
    float norm;      /* 0 to 1 */
} rk_neighbours_opts;

/* Options of the caller's: for tuning. Else as the learner's `train`. */
int rk_neighbours_train(rk_model **out, const rk_histories *h,
                        const rk_train_opts *opts,
                        const rk_neighbours_opts *how, rk_error *err);

#endif

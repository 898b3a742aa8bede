/* What one contestant's scores were worth, user by user. Caller's storage;
 * adding uses rk_threads() threads. */
#ifndef RK_EVAL_MARKS_H
#define RK_EVAL_MARKS_H

#include "eval/judge.h"
#include "eval/kinds.h"

#define RK_FIRST 10 /* how long a list novelty and diversity look at */

typedef struct rk_marks {
    const rk_task *task;
    const rk_questions *q;
    rk_kinds kinds;
    uint32_t *popularity; /* (n_items) likes in what is trained on */
    float *novelty;       /* (n_items) -log2 of the share of users */
    uint32_t *first;      /* (n_users, RK_FIRST) items; RK_NO_ID: no more */
    float *listed;        /* (n_users, n_candidates) room for their scores */
    double *rank;         /* (truth_start[n_users]) of each truth */
    double *value; /* (n_users, RK_N_METRICS), NaN: none. RK_TASK_LIKE: the
                      score stands for the AUC */
} rk_marks;

int rk_marks_init(rk_marks *m, const rk_task *t, const rk_questions *q,
                  rk_error *err);
void rk_marks_clear(rk_marks *m);

/* Of users [first, first + n) from `scores` (n, n_items), which are spoilt. */
void rk_marks_add(rk_marks *m, size_t first, size_t n, float *scores);

#endif

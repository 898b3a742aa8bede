/* From marks to figures: means over users with their intervals, in all and in
 * slices, and the difference of two contestants. Any thread. */
#ifndef RK_EVAL_TALLY_H
#define RK_EVAL_TALLY_H

#include "eval/marks.h"

/* Fills metrics, slices, n_users and per_user of `v`, which keeps nothing of
 * `m`. After a failure per_user is NULL. */
int rk_tally(const rk_marks *m, const rk_judge_opts *opts, rk_verdict *v,
             rk_error *err);

/* b minus a from their per_user: see rk_judge_difference(). */
int rk_tally_difference(rk_measure *out, const rk_questions *q, const double *a,
                        const double *b, const rk_judge_opts *opts,
                        rk_error *err);

#endif

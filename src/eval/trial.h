/* An evaluation under way, and how it is reported: who was judged on what,
 * everyone against the best, and the notes. Private to evaluate.c. */
#ifndef RK_EVAL_TRIAL_H
#define RK_EVAL_TRIAL_H

#include "core/buf.h"
#include "eval/contestants.h"
#include "eval/report.h"

#define RK_TRIAL_ROWS 32 /* ways at most */

/* One contestant on one set of questions. */
typedef struct rk_judged {
    char *name;
    const rk_questions *questions;
    rk_verdict verdict;
} rk_judged;

typedef struct rk_trial {
    rk_engine *engine;
    const rk_protocol *protocol;
    const rk_evaluate_opts *opts;
    enum rk_effort effort;
    const char *ways[RK_TRIAL_ROWS];
    size_t n_ways;
    rk_corpus *corpus; /* of the store, for "mine" */
    rk_task *task;
    rk_school school;
    rk_judged judged[2 * RK_TRIAL_ROWS]; /* also on the mixed questions */
    size_t n_judged;
    rk_report_box *box;
    rk_buf command;
} rk_trial;

/* Users who are asked. */
size_t rk_trial_n_asked(const rk_questions *q);

/* Makes the box of the report, once the task is loaded. */
int rk_trial_begin(rk_trial *t, rk_error *err);

void rk_trial_add_row(rk_trial *t, const rk_verdict *v);

/* Everyone against the best of those who were asked the same. */
int rk_trial_add_contrasts(rk_trial *t, rk_error *err);

void rk_trial_add_notes(rk_trial *t);

#endif

/* Building what a request returns. */
#ifndef RK_ENGINE_ANSWER_H
#define RK_ENGINE_ANSWER_H

#include "engine/engine.h"
#include "engine/teller.h"

/* An answer while it is being built: owns its run and every text. */
typedef struct rk_answer_box {
    rk_answer answer; /* first: what the caller holds */
    rk_run run;
    rk_teller teller; /* zeroed: rules write every sentence */
    rk_ranked *items;
    rk_stage *stages;
    int64_t started_us;
} rk_answer_box;

int rk_answer_box_new(rk_answer_box **out, rk_engine *e, const char *way,
                      const char *user, rk_error *err);

/* Takes the candidates in their order, explained by `explain` (which may
 * be NULL), and those that it has not read by the fused order. */
typedef int (*rk_explain_fn)(const rk_snapshot *s, const rk_who *who,
                             const rk_candidate *c, rk_reasons *out,
                             rk_run *run, rk_error *err);

int rk_answer_box_items(rk_answer_box *box, const rk_snapshot *s,
                        const rk_who *who, const rk_candidates *c, size_t n,
                        rk_explain_fn explain, rk_error *err);

/* Sets the level and closes the books: stages, usage, time. Afterwards the
 * box is a finished rk_answer. */
int rk_answer_box_close(rk_answer_box *box, rk_engine *e, const char *level,
                        rk_error *err);

#endif

/* From all that was asked for down to what the budget has room for.
 *
 * A way that asks a model is reckoned before it is asked: it runs once with a
 * run that only counts the tokens of what is not kept already
 * (rk_run.reckon), so the cost is that of the very questions. Then it reads
 *
 *   1. all candidates, if that fits;
 *   2. else the most of them, from the best of the fused order on, two at
 *      least;
 *   3. else, or when the deadline is hit on the way, those whose readings are
 *      kept from before and cost nothing.
 *
 * Those it has not read stand behind in the fused order, marked `unread`. Where
 * nothing can be read the caller answers by the fused order alone. */
#ifndef RK_ENGINE_CASCADE_H
#define RK_ENGINE_CASCADE_H

#include "paradigms/paradigm.h"

typedef struct rk_cascade {
    size_t n_read;           /* of the candidates, which stand first */
    char why[RK_BUDGET_WHY]; /* not all were; "" when they were */
} rk_cascade;

/* Scores what the budget has room for of candidates that stand best first;
 * without a budget, all. Others stay as they were, behind those, in their old
 * order. */
int rk_cascade_read(rk_cascade *out, const rk_snapshot *s,
                    const rk_paradigm *way, const rk_who *who,
                    rk_candidates *io, rk_run *run, rk_error *err);

/* The same for candidates in any order, then all sorted; run->short_of says
 * what was left out. RK_ECANCELLED, with the limit, when none can be read; the
 * candidates are then as they were, in some order. */
int rk_cascade_order(const rk_snapshot *s, const rk_paradigm *way,
                     const rk_who *who, rk_candidates *io, rk_run *run,
                     rk_error *err);

/* Whether the budget has room for what a way asks to propose k items: RK_OK,
 * or RK_ECANCELLED with the limit. */
int rk_cascade_may_recall(const rk_snapshot *s, const rk_paradigm *way,
                          const rk_who *who, size_t k, rk_run *run,
                          rk_error *err);

#endif

/* Who proposes items: a table of sources, each one small function. */
#ifndef RK_ENGINE_RECALL_H
#define RK_ENGINE_RECALL_H

#include "paradigms/paradigm.h"

#define RK_RECALL_EACH                                                         \
    100 /* items a source proposes, unless more are asked                      \
         */

/* The union of what every source that has what it needs proposes, up to `k`
 * each. Scores mean nothing yet. */
int rk_recall(const rk_snapshot *s, const rk_who *who, size_t k,
              rk_candidates *out, rk_run *run, rk_error *err);

#endif

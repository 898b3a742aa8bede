/* Leave-one-out over a store: each user's last like is taken away with all
 * that follows it, everything is learnt anew from the rest, and each way is
 * asked for it. Nothing that is learnt has seen a held event.
 *
 * Full ranking: what a way answers when asked as a request asks it, seen items
 * left out; a truth that recall does not propose is a miss. Short lists: the
 * truth at a drawn place among `n_short` - 1 items drawn from what the user
 * has not had, for the ways that ask the writer. */
#ifndef RK_EVAL_LEAVE_ONE_OUT_H
#define RK_EVAL_LEAVE_ONE_OUT_H

#include "eval/metrics.h"

#include "reckon.h"

typedef struct rk_loo_opts {
    size_t short_users; /* whose short lists are ranked; 0: 60 */
    size_t n_short;     /* 0: 20 */
    rk_progress progress;
} rk_loo_opts;

typedef struct rk_loo_row {
    const char *name;
    bool on_short_list;
    rk_figures figures;
} rk_loo_row;

#define RK_LOO_ROWS 16

/* Fails as rk_prepare() does. */
int rk_leave_one_out(rk_engine *e, const rk_loo_opts *opts,
                     rk_loo_row rows[RK_LOO_ROWS], size_t *n_rows,
                     rk_error *err);

#endif

/* Proposing and ranking: the middle of a request's walk, which evaluation
 * walks the same way. */
#ifndef RK_ENGINE_PROPOSE_H
#define RK_ENGINE_PROPOSE_H

#include "engine/recall.h"

/* The best items for a user, scored and sorted, of what the run lets be
 * proposed. `way` NULL: auto. A way that only ranks is given the best of the
 * fused order, as many as the settings say but `n` at least. What comes out is
 * more than `n` as a rule: the caller takes the first. */
int rk_propose(const rk_snapshot *s, const rk_paradigm *way, const rk_who *who,
               size_t n, rk_candidates *out, rk_run *run, rk_error *err);

/* Scores and sorts given candidates. With a budget, a way that asks a model
 * reads as many as it has room for (engine/cascade.h). Both fail with
 * RK_ECANCELLED when there is room for none. */
int rk_propose_order(const rk_snapshot *s, const rk_paradigm *way,
                     const rk_who *who, rk_candidates *io, rk_run *run,
                     rk_error *err);

/* A candidate that the request names. RK_ENOTFOUND: no such item. */
int rk_propose_given(const rk_snapshot *s, const char *id, rk_candidates *out,
                     rk_error *err);

#endif

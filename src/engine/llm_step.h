/* The language model's say in `auto`: it reads the first items of the fused
 * order, and each may move by so many places.
 *
 *   score(item) = fused(item) + w(history) z(item)
 *
 * z is the score of the llm way, z-scored over the items read (0 for one that
 * the budget left unread); w is learnt for three lengths of history, from
 * nothing: see rk_llm_step_fit(). The order is the best by that score in which
 * no item stands more than settings->auto_llm_moves places from where it stood
 * (learn/bounded.h). The scores of the answer are then those that stood at the
 * places: what an item's move changed is its part of the score. So without a
 * move nothing of an answer differs, and no answer depends on the order in
 * which candidates were given. */
#ifndef RK_ENGINE_LLM_STEP_H
#define RK_ENGINE_LLM_STEP_H

#include "engine/cascade.h"

/* Why the model has no say for anybody, in words; NULL: it has. */
const char *rk_llm_step_lacks(const rk_snapshot *s);

/* Moves candidates that stand in the fused order. out->n_read is how many the
 * model read, 0 when it has no say for this user, and out->why what kept it
 * from reading (all of) them: the budget, or a model that is not there, which
 * is no failure. */
int rk_llm_step(rk_cascade *out, const rk_snapshot *s, const rk_who *who,
                rk_candidates *io, rk_run *run, rk_error *err);

/* Learns w (RK_LLM_STEP_SPANS) with a snapshot that has not seen `held`
 * (n_users) and is fused by learnt weights: on at most 60 users whose held like
 * is among the first of their fused order, a listwise logistic regression
 * over the fused score and z. Readings are kept, so they cost once. Weights
 * that do not rank better than the fused order on lists they were not learnt
 * from, by more than a standard error, are 0 (rk_fuse_earns); with fewer
 * than 20 such lists they are what is believed before anything is learnt. */
int rk_llm_step_fit(float *w, const rk_workshop *shop, const rk_snapshot *s,
                    const rk_seen *held, rk_error *err);

#endif

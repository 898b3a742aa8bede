/* What other users' histories say: the blend of collaborative models
 * (learn/blend.h), asked once a request. */
#ifndef RK_ENGINE_OTHERS_H
#define RK_ENGINE_OTHERS_H

#include "paradigms/paradigm.h"

/* The score of every fitted item for this user, float32 (n_fitted), in the
 * blend's unit; NULL when there is no blend or nothing was liked. Borrowed from
 * the run, which answers again at no cost. */
int rk_others_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                     const float **scores, rk_error *err);

/* The like in the history that speaks loudest for an item in the item-to-item
 * model, RK_NO_ID when none does. */
uint32_t rk_others_witness(const rk_snapshot *s, const rk_who *who,
                           uint32_t item);

/* Trains the learners on a corpus; weights are learnt from `held` (n_users),
 * likes that it ends before, or taken over from `like`: one of the two. NULL
 * when no learner can be trained. */
int rk_others_fit(rk_blend **out, const rk_workshop *w, const rk_seen *held,
                  const rk_blend *like, rk_error *err);

#endif

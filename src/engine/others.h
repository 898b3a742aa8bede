/* What other users' histories say: the blend of collaborative models
 * (learn/blend.h), asked once a request. */
#ifndef RK_ENGINE_OTHERS_H
#define RK_ENGINE_OTHERS_H

#include "paradigms/paradigm.h"

/* The score of every item for this user, float32 (n_items), in the blend's
 * unit; what nobody had yet gets what the models say of items whose texts make
 * them as likely. To who liked nothing: what the user map says, or NULL. NULL
 * without a blend, too. Borrowed from the run, which answers again at no
 * cost. */
int rk_others_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                     const float **scores, rk_error *err);

/* What a like still says as a witness when one more has come after it. */
#define RK_WITNESS_DECAY 0.8f

/* The like in the history that speaks loudest for an item in the item-to-item
 * model, RK_NO_ID when none does. */
uint32_t rk_others_witness(const rk_snapshot *s, const rk_who *who,
                           uint32_t item);

/* Trains learners on a corpus, `only` those (ends with NULL) or all that the
 * effort allows, and learns their weights from `held` (n_users), likes that the
 * corpus ends before. RK_EINVAL when none can be trained. */
int rk_others_fit(rk_blend **out, const rk_workshop *w, const rk_seen *held,
                  const rk_learner *const *only, rk_error *err);

/* The same learners and weights on another corpus. */
int rk_others_refit(rk_blend **out, const rk_workshop *w, const rk_blend *like,
                    rk_error *err);

#endif

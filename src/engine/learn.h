/* Everything that is learnt from events, into a bundle. */
#ifndef RK_ENGINE_LEARN_H
#define RK_ENGINE_LEARN_H

#include "paradigms/paradigm.h"

/* The workshop has corpus, snapshot with the catalogue's side, users' vectors
 * and tokens, run and progress; `out` gets every learned tensor. The fusion's
 * weights are learnt first, on a trial: everything is fitted without each
 * user's last like, in a bundle at `trial_path`, which is removed again. */
int rk_learn(const rk_workshop *w, const char *trial_path, rk_error *err);

/* How much memory a learner may take. */
#define RK_LEARN_MAX_BYTES ((size_t)8 << 30)

#endif

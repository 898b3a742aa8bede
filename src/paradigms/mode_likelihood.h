/* What other modes use of the mode that reads likelihoods. */
#ifndef RK_PARADIGMS_MODE_LIKELIHOOD_H
#define RK_PARADIGMS_MODE_LIKELIHOOD_H

#include "paradigms/lines.h"
#include "paradigms/mode.h"

/* One candidate's features (RK_LIKELIHOOD_FEATURES), from readings. */
void rk_likelihood_features(const rk_lines *l, size_t i, float *x);

/* The weights of them: what was learnt, or what is compiled in. */
const float *rk_likelihood_weights(const rk_snapshot *s);

/* weights . features, less what the reading after dislikes counts against it:
 * as much as the gain does, times a ratio of one half at most. */
float rk_likelihood_score(const rk_snapshot *s, const rk_lines *l, size_t i,
                          const float *weights, rk_mode_note note);

/* Tokens of both lists and the lines behind each. */
float rk_likelihood_tokens(const rk_mode_size *z);

const rk_like_model *rk_likelihood_like(const rk_snapshot *s);
int rk_likelihood_explain(const rk_snapshot *s, const rk_who *who,
                          const rk_candidate *c, const float *parts,
                          rk_reasons *out, rk_error *err);

#endif

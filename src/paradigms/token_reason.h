/* What one token of an item says of a user, with what taught it: a word of the
 * profile, or the events that carry it. */
#ifndef RK_PARADIGMS_TOKEN_REASON_H
#define RK_PARADIGMS_TOKEN_REASON_H

#include "paradigms/paradigm.h"

/* Adds the reason "thriller, which the user disliked in Gone Girl and The
 * Firm".
 *
 *   theta   what the user thinks of the token: its sign says liked or disliked
 *   weight  the token's part of the score
 *
 * RK_ENOMEM. */
int rk_token_reason_add(rk_reasons *out, const rk_snapshot *s,
                        const rk_who *who, uint32_t token, float theta,
                        float weight, rk_error *err);

#endif

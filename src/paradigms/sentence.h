/* One sentence of why, built by rules from the reasons: it can name nothing
 * that a reason does not. */
#ifndef RK_PARADIGMS_SENTENCE_H
#define RK_PARADIGMS_SENTENCE_H

#include "paradigms/paradigm.h"

/* Sorts the reasons and writes out->why: the strongest for the verdict, then
 * the strongest against it. `by` says who judged, in words. Reasons of kind
 * "model" are not quoted. */
int rk_sentence_write(rk_reasons *out, const char *title, float probability,
                      const char *by, rk_error *err);

#endif

/* The two towers of the probe (mode_probe.c): the states that they stand on,
 * the users and items that they learn from, and what they make of candidates.
 * Not for several threads. */
#ifndef RK_PARADIGMS_PROBE_TOWERS_H
#define RK_PARADIGMS_PROBE_TOWERS_H

#include "paradigms/mode.h"

/* Learns from the last likes of users whom no list asks. Nothing is learnt
 * where nobody can teach. */
int rk_probe_towers_fit(rk_two_tower *out, const rk_mode_lists *lists,
                        rk_error *err);

/* Tokens that this costs once. */
float rk_probe_towers_tokens(const rk_workshop *w, const rk_mode_size *z);

/* What the towers make of each candidate, float32 (n). RK_ENOTREADY: they were
 * not trained, or on other features. */
int rk_probe_towers_read(const rk_mode_ask *a, float *out, rk_error *err);

#endif

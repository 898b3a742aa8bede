/* Made-up users who liked items at random.
 *
 * A line's prior is its likelihood in a list like the user's, whoever made it:
 * what a stranger's list makes likely is form, era and fame, and none of it is
 * taste. A bare heading is a worse stranger, for a model reads the first line
 * of a list otherwise than the sixteenth. This is the contextual calibration of
 * Zhao et al. ("Calibrate Before Use", ICML 2021) with a list of chance items
 * for the content-free input. docs/evaluation.md has both measured.
 *
 * Lists of different strangers have no item in common, so that each item can
 * be read after a list that does not name it. */
#ifndef RK_PARADIGMS_STRANGERS_H
#define RK_PARADIGMS_STRANGERS_H

#include "paradigms/snapshot.h"

/* Draws items of the catalogue that learning saw: as many as a prompt tells of,
 * or fewer where the catalogue is small. By hashes of their lines, so that new
 * items change few of them, new ids none, and readings stay kept. likes
 * (RK_STRANGERS, *n) is yours; NULL and *n 0 for a catalogue of fewer than
 * 2 RK_STRANGERS items. */
int rk_strangers_draw(uint32_t **likes, size_t *n, const rk_snapshot *s,
                      rk_error *err);

/* The prompt of stranger k < RK_STRANGERS, yours to free: the heading alone
 * where there are none; NULL: no memory. */
char *rk_stranger_prompt(const rk_snapshot *s, size_t k);

/* Whether stranger k likes an item. */
bool rk_stranger_likes(const rk_snapshot *s, size_t k, uint32_t item);

#endif

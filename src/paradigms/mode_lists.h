/* The lists that modes learn from and are tried on (paradigms/mode.h): the
 * last like of sample users among 19 items at random that they have not had,
 * and the history before it. A user's list depends on nobody else, so that
 * what was read of it stays read. */
#ifndef RK_PARADIGMS_MODE_LISTS_H
#define RK_PARADIGMS_MODE_LISTS_H

#include "paradigms/mode.h"

/* Of some 40 users, 200 with full effort, none of whom the workshop leaves
 * out. A catalogue that is too small for a list gives none. Clear it in any
 * case. */
int rk_mode_lists_make(rk_mode_lists *l, const rk_workshop *w, rk_error *err);
void rk_mode_lists_clear(rk_mode_lists *l);

/* The mean list's tokens, or so. RK_ENOMEM. */
int rk_mode_lists_size(const rk_mode_lists *l, rk_mode_size *size,
                       rk_error *err);

/* The place of a user's last like that has not been had before and has at
 * least 3 likes before it, among their n events; n: there is none. */
size_t rk_mode_last_like(const rk_seen *seen, size_t n);

/* Sorts items by id: the order in which a mode sees them. */
void rk_mode_sort(const rk_snapshot *s, uint32_t *items, size_t n);

#endif

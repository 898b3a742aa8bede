/* What was learnt from texts, carried over to items that came or changed since.
 * For whoever makes a snapshot: before this, it has blend, vectors and tokens.
 */
#ifndef RK_PARADIGMS_CARRY_H
#define RK_PARADIGMS_CARRY_H

#include "paradigms/snapshot.h"

/* Points text_map and text_x at what the blend has. Where items are newer or
 * changed their rows are made anew, and all rows lie in *room, yours to free,
 * which is NULL otherwise and after a failure. RK_ENOMEM, or RK_EINVAL for a
 * text map of other vectors. */
int rk_carry_texts(rk_snapshot *s, float **room, rk_error *err);

/* Points user_map at `map`, of the fitted items, which is made one of all
 * items: a newer one has the mean of what its nearest ten have. RK_ENOMEM. */
int rk_carry_profiles(rk_snapshot *s, rk_user_map *map, rk_error *err);

#endif

/* What blend.c and blend_train.c share. */
#ifndef RK_LEARN_BLEND_INTERNAL_H
#define RK_LEARN_BLEND_INTERNAL_H

#include "learn/blend.h"

/* How many users' columns are made at once. */
size_t rk_blend_batch(const rk_blend *b);

/* All columns of some users, scaled: model m's are float32 (n_users, its
 * columns, n_items) and begin at x + n_users * n_items * (columns of those
 * before it). */
int rk_blend_columns(const rk_blend *b, const rk_histories *who, float *x,
                     rk_error *err);

#endif

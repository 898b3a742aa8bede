/* The control that tells whether a gain comes from what texts mean: every item
 * gets the vector and tokens of another, drawn with a seed. What is gained by
 * mere extra numbers stays, what is gained by their meaning goes. */
#ifndef RK_EVAL_SHUFFLE_H
#define RK_EVAL_SHUFFLE_H

#include "engine/workshop.h"

/* Of all items of `r`, in place. RK_ENOMEM: nothing was shuffled that is used
 * on. */
int rk_shuffle_texts(rk_readings *r, uint64_t seed, rk_error *err);

#endif

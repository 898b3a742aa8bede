/* Trained numbers, and a matrix of them out of a bundle. Any thread. */
#ifndef RK_LEARN_FLOATS_H
#define RK_LEARN_FLOATS_H

#include "data/bundle.h"

bool rk_floats_finite(const float *x, size_t n);

/* The float32 tensor `name` of exactly this shape, where rk_bundle_get takes 0
 * for any, and all of it finite; borrowed from the bundle. RK_ENOTFOUND,
 * RK_EFORMAT. */
int rk_floats_get(const rk_bundle *b, const char *name, size_t rows,
                  size_t cols, const float **out, rk_error *err);

#endif

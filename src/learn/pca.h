/* The directions in which vectors differ most (Pearson 1901): eigenvectors of
 * their covariance, the largest first. */
#ifndef RK_LEARN_PCA_H
#define RK_LEARN_PCA_H

#include "core/error.h"

#include <stddef.h>

/* out float32 (n, d) = the rows of x (n, width), less their mean, along the
 * first d directions, the whole scaled to a standard deviation of `std`.
 * Columns past `width` are left as they were. RK_EINVAL (values that are not
 * finite), RK_ENOMEM. */
int rk_pca(const float *x, size_t n, size_t width, size_t d, float std,
           float *out, rk_error *err);

#endif

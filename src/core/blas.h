/* Dense linear algebra by BLAS and LAPACK: the one place that includes them.
 * All matrices are row-major float32. BLAS uses rk_threads() threads. */
#ifndef RK_CORE_BLAS_H
#define RK_CORE_BLAS_H

#include "core/error.h"

#include <stddef.h>

/* C (m, n) = alpha op(A) op(B) + beta C, op transposing where asked;
 * op(A) is (m, k), op(B) is (k, n). */
void rk_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
             float alpha, const float *a, const float *b, float beta, float *c);

/* G (n, n) = A' A + beta G for A (m, n): both triangles are filled. */
void rk_gram(size_t m, size_t n, const float *a, float beta, float *g);

float rk_dot(const float *a, const float *b, size_t n);
void rk_axpy(size_t n, float alpha, const float *x, float *y); /* y += a x */

/* Inverts a symmetric positive definite matrix (n, n) in place, both
 * triangles. RK_EINVAL when it is not positive definite. */
int rk_spd_invert(float *a, size_t n, rk_error *err);

/* Solves A X = B for symmetric positive definite A (n, n) and B (n, m),
 * row-major: B becomes X, A is destroyed. RK_EINVAL as above. */
int rk_spd_solve(float *a, size_t n, float *b, size_t m, rk_error *err);

#endif

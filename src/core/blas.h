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

/* A matrix inside a larger one: rows `ld` floats apart. */
typedef struct rk_block {
    const float *at;
    size_t ld;
    bool transpose;
} rk_block;

/* Where a product goes: C = alpha product + beta C. */
typedef struct rk_into {
    float *at;
    size_t ld;
    float alpha;
    float beta;
} rk_into;

/* rk_gemm on blocks: C (m, n) from op(A) (m, k) and op(B) (k, n). */
void rk_gemm_block(size_t m, size_t n, size_t k, rk_block a, rk_block b,
                   rk_into c);

/* Between begin and end BLAS uses the calling thread alone, in the whole
 * process: where threads of our own call it side by side. Any thread; pairs
 * may overlap and nest. */
void rk_blas_alone_begin(void);
void rk_blas_alone_end(void);

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

/* Eigenvectors of a symmetric matrix (n, n), which they replace: row i belongs
 * to values[i], ascending. RK_EINVAL when there is no convergence, as with
 * values that are not finite; RK_ENOMEM. */
int rk_eigen(float *a, size_t n, float *values, rk_error *err);

#endif

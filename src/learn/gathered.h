/* Small symmetric systems over rows gathered into contiguous memory:
 *
 *   (G + ridge I + R'R) x = R'w
 *
 *   G     float32 (d, d), row-major, symmetric, positive semidefinite
 *   R     float32 (n, d), row-major
 *   w     float32 (n); NULL: ones
 *
 * which is each row's step of alternating least squares. The width d is a
 * multiple of 16, so that every row is whole vector registers. Kernels are
 * chosen at run time. Any thread. */
#ifndef RK_LEARN_GATHERED_H
#define RK_LEARN_GATHERED_H

#include <stdbool.h>
#include <stddef.h>

#define RK_GATHERED_STEP 16
#define RK_GATHERED_MAX  1024 /* the widest d */

typedef struct rk_gathered {
    const float *rows;
    size_t n;
    size_t d;
    const float *weight;
    const float *gram;
    float ridge; /* > 0 */
} rk_gathered;

typedef struct rk_gathered_kernels {
    const char *name;

    /* Conjugate gradients (Hestenes & Stiefel 1952): at most `steps` from the
     * x given, fewer when nothing is left. room (4 d). O(steps (n d + d^2)). */
    void (*cg)(const rk_gathered *s, size_t steps, float *x, float *room);

    /* a (d, d) += R'R, its upper triangle at least, and x (d) += R'w. */
    void (*add)(const rk_gathered *s, float *a, float *x);

    /* Solves A x = b by Cholesky from the upper triangle of a, which is
     * destroyed; x holds b before. False, x then without meaning, when A is
     * not positive definite. O(d^3). */
    bool (*solve)(float *a, size_t d, float *x);
} rk_gathered_kernels;

/* The kernels that run on this machine, best first; NULL past the last, which
 * is plain C. */
const rk_gathered_kernels *rk_gathered_at(size_t i);

/* x = the solution for rows that are all gathered; room (d, d). */
bool rk_gathered_exact(const rk_gathered *s, float *x, float *room);

#endif

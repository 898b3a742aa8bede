/* AdamW (Loshchilov & Hutter 2019, algorithm 2): Adam with weight decay taken
 * off the weights themselves.
 *
 *   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2
 *   w -= rate (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + decay w)
 *
 * The gradient may come in several parts, which are summed in order. */
#ifndef RK_LEARN_ADAMW_H
#define RK_LEARN_ADAMW_H

#include <stddef.h>
#include <stdint.h>

typedef struct rk_adamw {
    float b1;
    float b2;
    float eps;
    float decay;
} rk_adamw;

typedef struct rk_adamw_state {
    float *w; /* (n) weights */
    float *m; /* (n) */
    float *v; /* (n) */
} rk_adamw_state;

/* Step t (from 1) over weights [begin, end); part p of the gradient begins at
 * g + p * stride and is set to zero for the next step. Ranges that do not
 * overlap may be done by different threads; the answer does not depend on
 * where they are cut. */
typedef struct rk_adamw_step {
    uint64_t t;
    float rate;
    float *g;
    size_t n_parts;
    size_t stride;
} rk_adamw_step;

void rk_adamw_update(const rk_adamw *a, const rk_adamw_step *s,
                     rk_adamw_state to, size_t begin, size_t end);

#endif

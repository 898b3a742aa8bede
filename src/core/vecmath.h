/* Elementwise float32 kernels of neural networks: exponentials, the softmax of
 * a row, GELU, layer norm, dropout. The widest instructions of the processor
 * are picked when first asked for; sums are taken in the same order by each
 * kernel set, which differ by rounding only. Any thread. */
#ifndef RK_CORE_VECMATH_H
#define RK_CORE_VECMATH_H

#include <stddef.h>
#include <stdint.h>

typedef struct rk_vecmath {
    const char *name;

    /* -INFINITY when n is 0. */
    float (*max)(size_t n, const float *x);

    /* x = exp(x - shift), relative error under 3e-7; returns the sum. Below
     * -87 it is about 1e-38, -INFINITY included. `shift` is not less than any
     * x by more than 87. */
    float (*exp_sum)(size_t n, float *x, float shift);

    /* y = GELU(x) in its tanh form (Hendrycks & Gimpel 2016), and x becomes
     * the derivative, which is all that going back needs. */
    void (*gelu)(size_t n, float *x, float *y);

    /* One row of layer norm (Ba et al. 2016) without an offset:
     * unit = (x - mean) / sqrt(var + 1e-6), y = unit * gain. d is a multiple
     * of 8. Returns 1 / sqrt(var + 1e-6). */
    float (*norm)(size_t d, const float *x, const float *gain, float *unit,
                  float *y);

    /* Its gradient: dx += ..., d_gain += dy * unit. */
    void (*norm_back)(size_t d, const float *dy, const float *gain,
                      const float *unit, float inverse, float *dx,
                      float *d_gain);

    /* y = x * scale where mask >= least, else 0; may be in place. */
    void (*drop)(size_t n, const float *x, const uint8_t *mask, unsigned least,
                 float scale, float *y);

    /* dx = p * (dx - sum(p * dx)) * scale: the gradient of softmax. */
    void (*softmax_back)(size_t n, const float *p, float scale, float *dx);
} rk_vecmath;

/* The best for this machine. Never NULL. */
const rk_vecmath *rk_vecmath_best(void);

/* The i-th that this machine can run, best first, the portable one last; NULL
 * past the end. */
const rk_vecmath *rk_vecmath_at(size_t i);

#endif

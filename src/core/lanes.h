/* Eight float32 lanes in the compiler's own vectors: one body of code, compiled
 * once for each instruction set by those who include this. Lanes pass by
 * pointer or within one function, since how they are passed between functions
 * depends on the instruction set. */
#ifndef RK_CORE_LANES_H
#define RK_CORE_LANES_H

#include <stdint.h>
#include <string.h>

#define RK_LANES     8
#define RK_BODY      static inline __attribute__((always_inline))
#define RK_LEAST_EXP (-87.0f)

typedef float rk_v8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t rk_i8 __attribute__((vector_size(32), aligned(4)));

/* One value in every lane. */
#define RK_ALL(x) ((rk_v8){x, x, x, x, x, x, x, x})


RK_BODY void rk_greater(rk_v8 *a, const rk_v8 *b)
{
    rk_i8 mask = *a > *b;
    rk_i8 x;
    rk_i8 y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    x = (x & mask) | (y & ~mask);
    memcpy(a, &x, sizeof(x));
}


/* exp(x) = 2^n exp(f), n the whole number nearest to x / ln 2, so that f is
 * in [-.35, .35]. Adding 1.5 * 2^23 leaves n in the lowest bits, which are
 * then shifted to where a float has its exponent. */
RK_BODY void rk_exp8(rk_v8 *x)
{
    const rk_v8 magic = RK_ALL(12582912.0f);
    const rk_v8 least = RK_ALL(RK_LEAST_EXP);
    rk_v8 t;
    rk_v8 n;
    rk_v8 f;
    rk_v8 p;
    rk_i8 bits;
    rk_i8 power;

    rk_greater(x, &least);
    t = *x * RK_ALL(1.44269504f) + magic;
    n = t - magic;
    f = *x - n * RK_ALL(0.693145752f);
    f -= n * RK_ALL(1.42860677e-6f);
    p = RK_ALL(1.3981999507e-3f);
    p = p * f + RK_ALL(8.3334519073e-3f);
    p = p * f + RK_ALL(4.1665795894e-2f);
    p = p * f + RK_ALL(1.6666665459e-1f);
    p = p * f + RK_ALL(0.5f);
    p = p * f * f + f + RK_ALL(1.0f);
    memcpy(&power, &t, sizeof(power));
    memcpy(&bits, &p, sizeof(bits));
    bits += power << 23;
    memcpy(x, &bits, sizeof(bits));
}


RK_BODY float rk_sum8(const rk_v8 *x)
{
    const rk_v8 v = *x;

    return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

#endif

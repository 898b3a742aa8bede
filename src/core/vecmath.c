#include "core/vecmath.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* Eight lanes in the compiler's own vectors: one body, compiled once for each
 * instruction set. They pass by pointer or inside one function, since how
 * they are passed between functions depends on the instruction set. */
#define LANES 8
#define BODY  static inline __attribute__((always_inline))

typedef float v8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t i8 __attribute__((vector_size(32), aligned(4)));

#define LEAST_EXP (-87.0f)
#define EPSILON   1e-6f


/* One value in every lane. */
#define ALL(x) ((v8){x, x, x, x, x, x, x, x})


BODY void greater(v8 *a, const v8 *b)
{
    i8 mask = *a > *b;
    i8 x;
    i8 y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    x = (x & mask) | (y & ~mask);
    memcpy(a, &x, sizeof(x));
}


/* exp(x) = 2^n exp(f), n the whole number nearest to x / ln 2, so that f is
 * in [-.35, .35]. Adding 1.5 * 2^23 leaves n in the lowest bits, which are
 * then shifted to where a float has its exponent. */
BODY void exp8(v8 *x)
{
    const v8 magic = ALL(12582912.0f);
    const v8 least = ALL(LEAST_EXP);
    v8 t;
    v8 n;
    v8 f;
    v8 p;
    i8 bits;
    i8 power;

    greater(x, &least);
    t = *x * ALL(1.44269504f) + magic;
    n = t - magic;
    f = *x - n * ALL(0.693145752f);
    f -= n * ALL(1.42860677e-6f);
    p = ALL(1.3981999507e-3f);
    p = p * f + ALL(8.3334519073e-3f);
    p = p * f + ALL(4.1665795894e-2f);
    p = p * f + ALL(1.6666665459e-1f);
    p = p * f + ALL(0.5f);
    p = p * f * f + f + ALL(1.0f);
    memcpy(&power, &t, sizeof(power));
    memcpy(&bits, &p, sizeof(bits));
    bits += power << 23;
    memcpy(x, &bits, sizeof(bits));
}


BODY float sum8(const v8 *x)
{
    const v8 v = *x;

    return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}


/* The first n of LANES values; the others are `rest`. */
BODY void load(v8 *x, const float *from, size_t n, float rest)
{
    float room[LANES];

    for (size_t j = 0; j < LANES; j++)
        room[j] = j < n ? from[j] : rest;
    memcpy(x, room, sizeof(room));
}


BODY float add_max(size_t n, float *x, const float *b)
{
    v8 best = ALL(-INFINITY);
    float most = -INFINITY;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        v8 v = *(const v8 *)(x + i) + *(const v8 *)(b + i);

        *(v8 *)(x + i) = v;
        greater(&best, &v);
    }
    for (; i < n; i++) {
        x[i] += b[i];
        most = x[i] > most ? x[i] : most;
    }
    for (size_t j = 0; j < LANES; j++)
        most = best[j] > most ? best[j] : most;
    return most;
}


BODY float exp_sum(size_t n, float *x, float shift)
{
    const v8 by = ALL(shift);
    v8 sum = ALL(0.0f);
    v8 v;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        v = *(const v8 *)(x + i) - by;
        exp8(&v);
        *(v8 *)(x + i) = v;
        sum += v;
    }
    if (i < n) {
        load(&v, x + i, n - i, -INFINITY);
        v -= by;
        exp8(&v);
        memcpy(x + i, &v, (n - i) * sizeof(*x));
        for (size_t j = 0; i + j < n; j++)
            sum[j] += v[j];
    }
    return sum8(&sum);
}


/* x s(u) with u = 2 sqrt(2 / pi) (x + .044715 x^3) and s the logistic
 * function; its derivative is s + x s (1 - s) u'. */
BODY void gelu8(v8 *x, v8 *y)
{
    const v8 one = ALL(1.0f);
    const v8 far = ALL(-80.0f);
    v8 v = *x;
    v8 square = v * v;
    v8 u = ALL(1.5957691216f) * v * (one + ALL(0.044715f) * square);
    v8 slope = ALL(1.5957691216f) * (one + ALL(0.134145f) * square);
    v8 e;
    v8 s;

    /* exp(-u) stays finite: under -80 s is nothing beside 1 all the same. */
    greater(&u, &far);
    e = -u;
    exp8(&e);
    s = one / (one + e);
    *y = v * s;
    *x = s + *y * (one - s) * slope;
}


BODY void gelu(size_t n, float *x, float *y)
{
    v8 v;
    v8 out;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        v = *(const v8 *)(x + i);
        gelu8(&v, &out);
        *(v8 *)(x + i) = v;
        *(v8 *)(y + i) = out;
    }
    if (i < n) {
        load(&v, x + i, n - i, 0);
        gelu8(&v, &out);
        memcpy(x + i, &v, (n - i) * sizeof(*x));
        memcpy(y + i, &out, (n - i) * sizeof(*y));
    }
}


BODY float norm(size_t d, const float *x, const float *gain, float *unit,
                float *y)
{
    v8 sum = ALL(0.0f);
    v8 squares = ALL(0.0f);
    float mean;
    float inverse;

    for (size_t i = 0; i < d; i += LANES)
        sum += *(const v8 *)(x + i);
    mean = sum8(&sum) / (float)d;
    for (size_t i = 0; i < d; i += LANES) {
        v8 v = *(const v8 *)(x + i) - ALL(mean);

        *(v8 *)(unit + i) = v;
        squares += v * v;
    }
    inverse = 1 / sqrtf(sum8(&squares) / (float)d + EPSILON);
    for (size_t i = 0; i < d; i += LANES) {
        v8 v = *(const v8 *)(unit + i) * ALL(inverse);

        *(v8 *)(unit + i) = v;
        *(v8 *)(y + i) = v * *(const v8 *)(gain + i);
    }
    return inverse;
}


/* NOLINTNEXTLINE(readability-function-size): one row of four arrays */
BODY void norm_back(size_t d, const float *dy, const float *gain,
                    const float *unit, float inverse, float *dx, float *d_gain)
{
    v8 sum = ALL(0.0f);
    v8 along = ALL(0.0f);
    float mean;
    float part;

    for (size_t i = 0; i < d; i += LANES) {
        v8 v = *(const v8 *)(dy + i);
        v8 x = *(const v8 *)(unit + i);
        v8 g = v * *(const v8 *)(gain + i);

        *(v8 *)(d_gain + i) += v * x;
        sum += g;
        along += g * x;
    }
    mean = sum8(&sum) / (float)d;
    part = sum8(&along) / (float)d;
    for (size_t i = 0; i < d; i += LANES) {
        v8 g = *(const v8 *)(dy + i) * *(const v8 *)(gain + i);

        *(v8 *)(dx + i) += ALL(inverse) * (g - ALL(mean) -
                                           *(const v8 *)(unit + i) * ALL(part));
    }
}


BODY void drop(size_t n, const float *x, const uint8_t *mask, unsigned least,
               float scale, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * (mask[i] >= least ? scale : 0.0f);
}


BODY void softmax_back(size_t n, const float *p, float scale, float *dx)
{
    v8 sum = ALL(0.0f);
    float all = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        sum += *(const v8 *)(p + i) * *(const v8 *)(dx + i);
    for (size_t j = i; j < n; j++)
        all += p[j] * dx[j];
    all += sum8(&sum);
    for (i = 0; i < n; i++)
        dx[i] = p[i] * (dx[i] - all) * scale;
}


/* The bodies compiled for one instruction set, and their table. */
#define KERNELS(SET, TARGET)                                                   \
    TARGET static float add_max_##SET(size_t n, float *x, const float *b)      \
    {                                                                          \
        return add_max(n, x, b);                                               \
    }                                                                          \
    TARGET static float exp_sum_##SET(size_t n, float *x, float shift)         \
    {                                                                          \
        return exp_sum(n, x, shift);                                           \
    }                                                                          \
    TARGET static void gelu_##SET(size_t n, float *x, float *y)                \
    {                                                                          \
        gelu(n, x, y);                                                         \
    }                                                                          \
    TARGET static float norm_##SET(size_t d, const float *x,                   \
                                   const float *gain, float *unit, float *y)   \
    {                                                                          \
        return norm(d, x, gain, unit, y);                                      \
    }                                                                          \
    TARGET static void norm_back_##SET(                                        \
        size_t d, const float *dy, const float *gain, const float *unit,       \
        float inverse, float *dx, float *d_gain)                               \
    {                                                                          \
        norm_back(d, dy, gain, unit, inverse, dx, d_gain);                     \
    }                                                                          \
    TARGET static void drop_##SET(size_t n, const float *x,                    \
                                  const uint8_t *mask, unsigned least,         \
                                  float scale, float *y)                       \
    {                                                                          \
        drop(n, x, mask, least, scale, y);                                     \
    }                                                                          \
    TARGET static void softmax_back_##SET(size_t n, const float *p,            \
                                          float scale, float *dx)              \
    {                                                                          \
        softmax_back(n, p, scale, dx);                                         \
    }

#define TABLE(SET)                                                             \
    {                                                                          \
#SET, add_max_##SET, exp_sum_##SET, gelu_##SET, norm_##SET,            \
            norm_back_##SET, drop_##SET, softmax_back_##SET                    \
    }


static bool always(void)
{
    return true;
}


KERNELS(portable, )

#if defined(__x86_64__) && defined(__GNUC__)
#define X86 1


static bool have_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}


KERNELS(avx2, __attribute__((target("avx2,fma"))))
#endif

static const struct choice {
    rk_vecmath kernels;
    bool (*supported)(void);
} table[] = {
#ifdef X86
    {TABLE(avx2), have_avx2},
#endif
    {TABLE(portable), always},
};


const rk_vecmath *rk_vecmath_at(size_t i)
{
    for (size_t j = 0; j < sizeof(table) / sizeof(*table); j++)
        if (table[j].supported() && i-- == 0)
            return &table[j].kernels;
    return NULL;
}


/* Threads that come here first at the same time all choose the same, so a
 * plain atomic pointer is enough. */
const rk_vecmath *rk_vecmath_best(void)
{
    static const rk_vecmath *_Atomic best;
    const rk_vecmath *k = atomic_load_explicit(&best, memory_order_relaxed);

    if (!k) {
        k = rk_vecmath_at(0);
        atomic_store_explicit(&best, k, memory_order_relaxed);
    }
    return k;
}

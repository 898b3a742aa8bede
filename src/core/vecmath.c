#include "core/vecmath.h"

#include "core/dispatch.h"
#include "core/lanes.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-6f


/* The first n of RK_LANES values; the others are `rest`. */
RK_BODY void load(rk_v8 *x, const float *from, size_t n, float rest)
{
    float room[RK_LANES];

    for (size_t j = 0; j < RK_LANES; j++)
        room[j] = j < n ? from[j] : rest;
    memcpy(x, room, sizeof(room));
}


RK_BODY float max(size_t n, const float *x)
{
    rk_v8 best = RK_ALL(-INFINITY);
    float most = -INFINITY;
    size_t i = 0;

    for (; i + RK_LANES <= n; i += RK_LANES)
        rk_greater(&best, (const rk_v8 *)(x + i));
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t j = 0; j < RK_LANES; j++)
        most = best[j] > most ? best[j] : most;
    return most;
}


RK_BODY float exp_sum(size_t n, float *x, float shift)
{
    const rk_v8 by = RK_ALL(shift);
    rk_v8 sum = RK_ALL(0.0f);
    rk_v8 v;
    size_t i = 0;

    for (; i + RK_LANES <= n; i += RK_LANES) {
        v = *(const rk_v8 *)(x + i) - by;
        rk_exp8(&v);
        *(rk_v8 *)(x + i) = v;
        sum += v;
    }
    if (i < n) {
        load(&v, x + i, n - i, -INFINITY);
        v -= by;
        rk_exp8(&v);
        memcpy(x + i, &v, (n - i) * sizeof(*x));
        for (size_t j = 0; i + j < n; j++)
            sum[j] += v[j];
    }
    return rk_sum8(&sum);
}


/* x s(u) with u = 2 sqrt(2 / pi) (x + .044715 x^3) and s the logistic
 * function; its derivative is s + x s (1 - s) u'. */
RK_BODY void gelu8(rk_v8 *x, rk_v8 *y)
{
    const rk_v8 one = RK_ALL(1.0f);
    const rk_v8 far = RK_ALL(-80.0f);
    rk_v8 v = *x;
    rk_v8 square = v * v;
    rk_v8 u = RK_ALL(1.5957691216f) * v * (one + RK_ALL(0.044715f) * square);
    rk_v8 slope = RK_ALL(1.5957691216f) * (one + RK_ALL(0.134145f) * square);
    rk_v8 e;
    rk_v8 s;

    /* exp(-u) stays finite: under -80 s is nothing beside 1 all the same. */
    rk_greater(&u, &far);
    e = -u;
    rk_exp8(&e);
    s = one / (one + e);
    *y = v * s;
    *x = s + *y * (one - s) * slope;
}


RK_BODY void gelu(size_t n, float *x, float *y)
{
    rk_v8 v;
    rk_v8 out;
    size_t i = 0;

    for (; i + RK_LANES <= n; i += RK_LANES) {
        v = *(const rk_v8 *)(x + i);
        gelu8(&v, &out);
        *(rk_v8 *)(x + i) = v;
        *(rk_v8 *)(y + i) = out;
    }
    if (i < n) {
        load(&v, x + i, n - i, 0);
        gelu8(&v, &out);
        memcpy(x + i, &v, (n - i) * sizeof(*x));
        memcpy(y + i, &out, (n - i) * sizeof(*y));
    }
}


RK_BODY float norm(size_t d, const float *x, const float *gain, float *unit,
                   float *y)
{
    rk_v8 sum = RK_ALL(0.0f);
    rk_v8 squares = RK_ALL(0.0f);
    float mean;
    float inverse;

    for (size_t i = 0; i < d; i += RK_LANES)
        sum += *(const rk_v8 *)(x + i);
    mean = rk_sum8(&sum) / (float)d;
    for (size_t i = 0; i < d; i += RK_LANES) {
        rk_v8 v = *(const rk_v8 *)(x + i) - RK_ALL(mean);

        *(rk_v8 *)(unit + i) = v;
        squares += v * v;
    }
    inverse = 1 / sqrtf(rk_sum8(&squares) / (float)d + EPSILON);
    for (size_t i = 0; i < d; i += RK_LANES) {
        rk_v8 v = *(const rk_v8 *)(unit + i) * RK_ALL(inverse);

        *(rk_v8 *)(unit + i) = v;
        *(rk_v8 *)(y + i) = v * *(const rk_v8 *)(gain + i);
    }
    return inverse;
}


/* NOLINTNEXTLINE(readability-function-size): one row of four arrays */
RK_BODY void norm_back(size_t d, const float *dy, const float *gain,
                       const float *unit, float inverse, float *dx,
                       float *d_gain)
{
    rk_v8 sum = RK_ALL(0.0f);
    rk_v8 along = RK_ALL(0.0f);
    float mean;
    float part;

    for (size_t i = 0; i < d; i += RK_LANES) {
        rk_v8 v = *(const rk_v8 *)(dy + i);
        rk_v8 x = *(const rk_v8 *)(unit + i);
        rk_v8 g = v * *(const rk_v8 *)(gain + i);

        *(rk_v8 *)(d_gain + i) += v * x;
        sum += g;
        along += g * x;
    }
    mean = rk_sum8(&sum) / (float)d;
    part = rk_sum8(&along) / (float)d;
    for (size_t i = 0; i < d; i += RK_LANES) {
        rk_v8 g = *(const rk_v8 *)(dy + i) * *(const rk_v8 *)(gain + i);

        *(rk_v8 *)(dx + i) += RK_ALL(inverse) *
                              (g - RK_ALL(mean) -
                               *(const rk_v8 *)(unit + i) * RK_ALL(part));
    }
}


RK_BODY void drop(size_t n, const float *x, const uint8_t *mask, unsigned least,
                  float scale, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * (mask[i] >= least ? scale : 0.0f);
}


RK_BODY void softmax_back(size_t n, const float *p, float scale, float *dx)
{
    rk_v8 sum = RK_ALL(0.0f);
    float all = 0;
    size_t i = 0;

    for (; i + RK_LANES <= n; i += RK_LANES)
        sum += *(const rk_v8 *)(p + i) * *(const rk_v8 *)(dx + i);
    for (size_t j = i; j < n; j++)
        all += p[j] * dx[j];
    all += rk_sum8(&sum);
    for (i = 0; i < n; i++)
        dx[i] = p[i] * (dx[i] - all) * scale;
}


/* The bodies compiled for one instruction set, and their table.
 * NOLINTBEGIN(bugprone-macro-parentheses): TARGET is an attribute */
#define KERNELS(SET, TARGET)                                                   \
    TARGET static float max_##SET(size_t n, const float *x)                    \
    {                                                                          \
        return max(n, x);                                                      \
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
#SET, max_##SET, exp_sum_##SET, gelu_##SET, norm_##SET,                \
            norm_back_##SET, drop_##SET, softmax_back_##SET                    \
    }
/* NOLINTEND(bugprone-macro-parentheses) */


KERNELS(portable, )

#ifdef RK_X86
KERNELS(avx2, __attribute__((target("avx2,fma"))))
#endif

static const rk_build builds[] = {
#ifdef RK_X86
    {&(const rk_vecmath)TABLE(avx2), rk_runs_avx2},
#endif
    {&(const rk_vecmath)TABLE(portable), rk_runs_anywhere},
};

#define N_BUILDS (sizeof(builds) / sizeof(*builds))


const rk_vecmath *rk_vecmath_at(size_t i)
{
    return rk_build_at(builds, N_BUILDS, i);
}


const rk_vecmath *rk_vecmath_best(void)
{
    static const void *_Atomic best;

    return rk_build_best(builds, N_BUILDS, &best);
}

#include "learn/blend_scale.h"

#include "core/threads.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16

typedef struct table {
    float *first;
    size_t n;
    bool is_log;
} table;

/* log(x) for x >= 1: exponent and a polynomial of the mantissa in [sqrt(1/2),
 * sqrt(2)), error under 1e-6. Branch-free, so that a loop over it becomes
 * vector code. */
static inline float fast_log(float x)
{
    uint32_t bits;
    uint32_t up;
    int32_t exponent;
    float m;
    float s;
    float s2;

    memcpy(&bits, &x, sizeof(bits));
    up = bits - 0x3f3504f3u; /* sqrt(1/2) */
    exponent = (int32_t)up >> 23;
    bits = (up & 0x007fffffu) + 0x3f3504f3u;
    memcpy(&m, &bits, sizeof(m));
    s = (m - 1) / (m + 1);
    s2 = s * s;
    return (float)exponent * 0.69314718f +
           2 * s * (1 + s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7))));
}


static inline float squash(float z)
{
    float x = 2 * fabsf(z);

    return copysignf(fast_log(x + sqrtf(x * x + 1)), z);
}


/* Partial sums in lanes: float32 adds of the same length everywhere, so the
 * answer does not depend on how the compiler vectorises. */
static float lane_sum(const float lanes[LANES])
{
    double sum = 0;

    for (size_t k = 0; k < LANES; k++)
        sum += (double)lanes[k];
    return (float)sum;
}


static float mean_of(const float *x, size_t n)
{
    float lanes[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] += x[i + k];
    for (size_t k = 0; i < n; i++, k++)
        lanes[k] += x[i];
    return lane_sum(lanes) / (float)n;
}


static float variance_of(const float *x, size_t n, float mean)
{
    float lanes[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] += (x[i + k] - mean) * (x[i + k] - mean);
    for (size_t k = 0; i < n; i++, k++)
        lanes[k] += (x[i] - mean) * (x[i] - mean);
    return lane_sum(lanes) / (float)n;
}


static bool all_same(const float *x, size_t n)
{
    size_t i = 1;

    while (i < n && x[i] == x[0])
        i++;
    return i >= n;
}


static void scale_row(float *x, size_t n, bool is_log)
{
    float mean;
    float per_sd;

    if (all_same(x, n)) {
        memset(x, 0, n * sizeof(*x));
        return;
    }
    mean = mean_of(x, n);
    per_sd = 1 / sqrtf(fmaxf(variance_of(x, n, mean), 1e-30f));
    if (is_log)
        for (size_t i = 0; i < n; i++)
            x[i] = (x[i] - mean) * per_sd;
    else
        for (size_t i = 0; i < n; i++)
            x[i] = squash((x[i] - mean) * per_sd);
}


static void scale_rows(void *ctx, size_t begin, size_t end)
{
    const table *r = ctx;

    for (size_t i = begin; i < end; i++)
        scale_row(r->first + i * r->n, r->n, r->is_log);
}


void rk_blend_scale(float *rows, size_t n_rows, size_t n, bool is_log)
{
    table r = {rows, n, is_log};

    if (n > 0)
        rk_parallel(n_rows, scale_rows, &r);
}

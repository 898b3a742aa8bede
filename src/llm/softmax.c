#include "llm/softmax.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Four numbers in one register of any x86-64 or arm64. */
typedef float floats __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));

#define LANES 4
#define BLOCK 1024 /* summed as float; the blocks' sums are added as double */


static inline floats all(float x)
{
    return (floats){x, x, x, x};
}


static inline floats four(const float *x)
{
    floats v;

    memcpy(&v, x, sizeof(v));
    return v;
}


static inline floats larger(floats a, floats b)
{
    ints first = a > b;

    return (floats)((first & (ints)a) | (~first & (ints)b));
}


/* exp(x) for x <= 0, relative error below 3e-7: 2^whole by the exponent bits,
 * 2^part for part in [-0.5, 0.5] by the Taylor series. Below -87 the answer
 * is that of -87, which no sum with a 1 in it can feel. */
static inline floats exp_below_zero(floats x)
{
    floats y = larger(x, all(-87.0f)) * 1.44269504f;
    ints whole = __builtin_convertvector(y - 0.5f, ints);
    floats part = (y - __builtin_convertvector(whole, floats)) * 0.693147181f;
    floats p = all(1.0f / 5040.0f);

    p = p * part + 1.0f / 720.0f;
    p = p * part + 1.0f / 120.0f;
    p = p * part + 1.0f / 24.0f;
    p = p * part + 1.0f / 6.0f;
    p = p * part + 0.5f;
    p = p * part + 1.0f;
    p = p * part + 1.0f;
    return p * (floats)((whole + 127) << 23);
}


static float largest(const float *x, size_t n)
{
    floats a = all(x[0]);
    floats b = a;
    float most = x[0];
    size_t i = 0;

    for (; i + (size_t)2 * LANES <= n; i += (size_t)2 * LANES) {
        a = larger(four(x + i), a);
        b = larger(four(x + i + LANES), b);
    }
    a = larger(a, b);
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t j = 0; j < LANES; j++)
        most = a[j] > most ? a[j] : most;
    return most;
}


static double sum_of_exp(const float *x, size_t n, float most)
{
    floats a = all(0);
    floats b = all(0);
    double sum = 0;
    size_t i = 0;

    for (; i + (size_t)2 * LANES <= n; i += (size_t)2 * LANES) {
        a += exp_below_zero(four(x + i) - most);
        b += exp_below_zero(four(x + i + LANES) - most);
    }
    for (; i < n; i++)
        sum += exp((double)x[i] - most);
    a += b;
    for (size_t j = 0; j < LANES; j++)
        sum += (double)a[j];
    return sum;
}


double rk_softmax_total(const float *x, size_t n)
{
    float most = largest(x, n);
    double sum = 0;

    for (size_t i = 0; i < n; i += BLOCK)
        sum += sum_of_exp(x + i, n - i < BLOCK ? n - i : BLOCK, most);
    return most + log(sum);
}

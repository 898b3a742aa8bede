#include "vector/kernels.h"

#include "core/dispatch.h"

#include <string.h>

/* Widest lane count of the portable kernel: wide enough for a compiler to
 * keep the sums in vector registers of any machine. */
#define LANES 8


float rk_dot_f32_portable(const float *a, const float *b, size_t d)
{
    float sum[LANES] = {0};
    float total = 0;
    size_t i = 0;

    for (; i + LANES <= d; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < d; i++)
        total += a[i] * b[i];
    for (size_t j = 0; j < LANES; j++)
        total += sum[j];
    return total;
}


int32_t rk_dot_i8_portable(const int8_t *a, const int8_t *b, size_t d)
{
    int32_t sum = 0;

    for (size_t i = 0; i < d; i++)
        sum += (int32_t)a[i] * b[i];
    return sum;
}


void rk_scan_i8_portable(const int8_t *rows, size_t n, size_t d,
                         const int8_t *query, int32_t *sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] = rk_dot_i8_portable(rows + i * d, query, d);
}


void rk_scan_bits_portable(const uint8_t *block, size_t n_groups,
                           const uint8_t *tables, uint32_t sums[RK_BLOCK])
{
    memset(sums, 0, RK_BLOCK * sizeof(*sums));
    for (size_t g = 0; g < n_groups; g++, block += 16, tables += 16)
        for (size_t i = 0; i < 16; i++) {
            sums[i] += tables[block[i] & 15];
            sums[i + 16] += tables[block[i] >> 4];
        }
}


static const rk_kernels portable = {
    "portable",          rk_dot_f32_portable,   rk_dot_i8_portable,
    rk_scan_i8_portable, rk_scan_bits_portable,
};

static const rk_build builds[] = {
#ifdef RK_X86
    {&rk_kernels_avx512, rk_have_avx512},
    {&rk_kernels_avx2, rk_runs_avx2},
#endif
    {&portable, rk_runs_anywhere},
};

#define N_BUILDS (sizeof(builds) / sizeof(*builds))


const rk_kernels *rk_kernels_at(size_t i)
{
    return rk_build_at(builds, N_BUILDS, i);
}


static const rk_kernels *chosen(void)
{
    static const void *_Atomic best;

    return rk_build_best(builds, N_BUILDS, &best);
}


float rk_dot_f32(const float *a, const float *b, size_t d)
{
    return chosen()->dot_f32(a, b, d);
}


int32_t rk_dot_i8(const int8_t *a, const int8_t *b, size_t d)
{
    return chosen()->dot_i8(a, b, d);
}


void rk_scan_i8(const int8_t *rows, size_t n, size_t d, const int8_t *query,
                int32_t *sums)
{
    chosen()->scan_i8(rows, n, d, query, sums);
}


void rk_scan_bits(const uint8_t *block, size_t n_groups, const uint8_t *tables,
                  uint32_t sums[RK_BLOCK])
{
    chosen()->scan_bits(block, n_groups, tables, sums);
}


const char *rk_kernels_name(void)
{
    return chosen()->name;
}

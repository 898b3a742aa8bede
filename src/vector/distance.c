#include "vector/vector.h"

#include <stdatomic.h>

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


static bool always(void)
{
    return true;
}


#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define AVX2   __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))


static bool have_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}


static bool have_avx512vnni(void)
{
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vnni");
}


AVX2 static __m256 fma8(const float *a, const float *b, __m256 sum)
{
    return _mm256_fmadd_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), sum);
}


/* Four sums, because one multiply-add waits four cycles for the last. */
AVX2 static float dot_f32_avx2(const float *a, const float *b, size_t d)
{
    __m256 s0 = _mm256_setzero_ps();
    __m256 s1 = s0;
    __m256 s2 = s0;
    __m256 s3 = s0;
    float lanes[8];
    size_t i = 0;

    for (; i + 32 <= d; i += 32) {
        s0 = fma8(a + i, b + i, s0);
        s1 = fma8(a + i + 8, b + i + 8, s1);
        s2 = fma8(a + i + 16, b + i + 16, s2);
        s3 = fma8(a + i + 24, b + i + 24, s3);
    }
    for (; i + 8 <= d; i += 8)
        s0 = fma8(a + i, b + i, s0);
    s0 = _mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3));
    _mm256_storeu_ps(lanes, s0);
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
           ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) +
           rk_dot_f32_portable(a + i, b + i, d - i);
}


/* Sixteen bytes widened to 16 bits, so that no product saturates: the byte
 * multiply (maddubs) would, and cannot negate -128. */
AVX2 static __m256i madd16(const int8_t *a, const int8_t *b, __m256i sum)
{
    __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)a));
    __m256i y = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)b));

    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}


AVX2 static int32_t dot_i8_avx2(const int8_t *a, const int8_t *b, size_t d)
{
    __m256i s0 = _mm256_setzero_si256();
    __m256i s1 = s0;
    __m128i half;
    size_t i = 0;

    for (; i + 32 <= d; i += 32) {
        s0 = madd16(a + i, b + i, s0);
        s1 = madd16(a + i + 16, b + i + 16, s1);
    }
    if (i + 16 <= d) {
        s0 = madd16(a + i, b + i, s0);
        i += 16;
    }
    s0 = _mm256_add_epi32(s0, s1);
    half = _mm_add_epi32(_mm256_castsi256_si128(s0),
                         _mm256_extracti128_si256(s0, 1));
    half = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return _mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 1) +
           rk_dot_i8_portable(a + i, b + i, d - i);
}


AVX512 static float dot_f32_avx512(const float *a, const float *b, size_t d)
{
    __m512 s0 = _mm512_setzero_ps();
    __m512 s1 = s0;
    size_t i = 0;

    for (; i + 32 <= d; i += 32) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i),
                             s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16),
                             _mm512_loadu_ps(b + i + 16), s1);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(s0, s1)) +
           rk_dot_f32_portable(a + i, b + i, d - i);
}


/* vpdpwssd adds pairs of 16-bit products to 32-bit sums: signed on both
 * sides, so exact without the offset that the byte form (vpdpbusd) needs. */
AVX512 static int32_t dot_i8_avx512(const int8_t *a, const int8_t *b, size_t d)
{
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;

    for (; i + 32 <= d; i += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(a + i));
        __m256i y = _mm256_loadu_si256((const __m256i *)(b + i));

        sum = _mm512_dpwssd_epi32(sum, _mm512_cvtepi8_epi16(x),
                                  _mm512_cvtepi8_epi16(y));
    }
    return _mm512_reduce_add_epi32(sum) +
           rk_dot_i8_portable(a + i, b + i, d - i);
}

#endif


/* Best first; the last one runs everywhere. */
static const struct {
    rk_kernels kernels;
    bool (*supported)(void);
} table[] = {
#if defined(__x86_64__) && defined(__GNUC__)
    {{"avx512vnni", dot_f32_avx512, dot_i8_avx512}, have_avx512vnni},
    {{"avx2", dot_f32_avx2, dot_i8_avx2}, have_avx2},
#endif
    {{"portable", rk_dot_f32_portable, rk_dot_i8_portable}, always},
};


const rk_kernels *rk_kernels_at(size_t i)
{
    for (size_t j = 0; j < sizeof(table) / sizeof(*table); j++)
        if (table[j].supported() && i-- == 0)
            return &table[j].kernels;
    return NULL;
}


/* Threads that come here first at the same time all choose the same, so a
 * plain atomic pointer is enough. */
static const rk_kernels *chosen(void)
{
    static const rk_kernels *_Atomic best;
    const rk_kernels *k = atomic_load_explicit(&best, memory_order_relaxed);

    if (!k) {
        k = rk_kernels_at(0);
        atomic_store_explicit(&best, k, memory_order_relaxed);
    }
    return k;
}


float rk_dot_f32(const float *a, const float *b, size_t d)
{
    return chosen()->dot_f32(a, b, d);
}


int32_t rk_dot_i8(const int8_t *a, const int8_t *b, size_t d)
{
    return chosen()->dot_i8(a, b, d);
}


const char *rk_kernels_name(void)
{
    return chosen()->name;
}

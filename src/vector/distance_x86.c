#include "vector/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <string.h>

#define AVX2   __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))


/* Bytes between what a scan reads and what it asks for. */
#define AHEAD 2048


bool rk_have_avx512(void)
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


/* |a| times b with the sign of a: the byte multiply (maddubs) wants one side
 * unsigned. Codes end at 127, so a pair of products is at most 32258 and does
 * not saturate. */
AVX2 static __m256i madd32(__m256i a, __m256i b, __m256i sum)
{
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a),
                                         _mm256_sign_epi8(b, a));

    return _mm256_add_epi32(sum,
                            _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}


AVX2 static __m256i load32(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}


AVX2 static int32_t sum8(__m256i v)
{
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v),
                                 _mm256_extracti128_si256(v, 1));

    half = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return _mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 1);
}


AVX2 static int32_t dot_i8_avx2(const int8_t *a, const int8_t *b, size_t d)
{
    __m256i s0 = _mm256_setzero_si256();
    __m256i s1 = s0;
    size_t i = 0;

    for (; i + 64 <= d; i += 64) {
        s0 = madd32(load32(a + i), load32(b + i), s0);
        s1 = madd32(load32(a + i + 32), load32(b + i + 32), s1);
    }
    if (i + 32 <= d) {
        s0 = madd32(load32(a + i), load32(b + i), s0);
        i += 32;
    }
    return sum8(_mm256_add_epi32(s0, s1)) +
           rk_dot_i8_portable(a + i, b + i, d - i);
}


/* Four rows at a time share the query's loads, and four streams keep more
 * of the memory's requests under way than one; the prefetch covers the
 * page ends at which the processor's own stops. */
AVX2 static void scan_i8_avx2(const int8_t *rows, size_t n, size_t d,
                              const int8_t *query, int32_t *sums)
{
    size_t row = 0;

    for (; row + 4 <= n; row += 4) {
        const int8_t *r = rows + row * d;
        __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(),
                        _mm256_setzero_si256(), _mm256_setzero_si256()};
        size_t i = 0;

        for (; i + 32 <= d; i += 32) {
            __m256i q = load32(query + i);

            for (size_t j = 0; j < 4; j++) {
                _mm_prefetch((const char *)(r + j * d + i) + AHEAD,
                             _MM_HINT_T0);
                s[j] = madd32(q, load32(r + j * d + i), s[j]);
            }
        }
        for (size_t j = 0; j < 4; j++)
            sums[row + j] = sum8(s[j]) +
                            rk_dot_i8_portable(r + j * d + i, query + i, d - i);
    }
    for (; row < n; row++)
        sums[row] = dot_i8_avx2(query, rows + row * d, d);
}


/* Bytes of even and odd places, summed in 16 bits by scan_groups. */
typedef struct sums16 {
    __m256i all; /* even + 256 odd, modulo 2^16 */
    __m256i odd;
} sums16;


AVX2 static void add_bytes(sums16 *s, __m256i bytes)
{
    s->all = _mm256_add_epi16(s->all, bytes);
    s->odd = _mm256_add_epi16(s->odd, _mm256_srli_epi16(bytes, 8));
}


/* Both lanes (two groups) of sixteen vectors, added to their 32-bit sums. */
AVX2 static void flush(const sums16 *s, uint32_t *sums)
{
    __m256i even = _mm256_sub_epi16(s->all, _mm256_slli_epi16(s->odd, 8));
    __m128i e = _mm_add_epi16(_mm256_castsi256_si128(even),
                              _mm256_extracti128_si256(even, 1));
    __m128i o = _mm_add_epi16(_mm256_castsi256_si128(s->odd),
                              _mm256_extracti128_si256(s->odd, 1));
    __m256i first = _mm256_cvtepu16_epi32(_mm_unpacklo_epi16(e, o));
    __m256i second = _mm256_cvtepu16_epi32(_mm_unpackhi_epi16(e, o));
    __m256i *out = (__m256i *)sums;

    _mm256_storeu_si256(out, _mm256_add_epi32(load32(out), first));
    _mm256_storeu_si256(out + 1, _mm256_add_epi32(load32(out + 1), second));
}


/* The byte shuffle is sixteen table look-ups in one instruction (André et al.
 * 2015): a register holds the tables of two groups. */
AVX2 static void scan_bits_avx2(const uint8_t *block, size_t n_groups,
                                const uint8_t *tables, uint32_t sums[RK_BLOCK])
{
    __m256i nibble = _mm256_set1_epi8(15);

    memset(sums, 0, RK_BLOCK * sizeof(*sums));
    /* 128 pairs of groups sum to at most 65280 over both lanes. */
    for (size_t g = 0; g < n_groups;) {
        size_t end = n_groups - g > 256 ? g + 256 : n_groups;
        sums16 low = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        sums16 high = low;

        for (; g < end; g += 2) {
            __m256i codes = load32(block + g * 16);
            __m256i table = load32(tables + g * 16);
            __m256i up = _mm256_srli_epi16(codes, 4);

            add_bytes(&low, _mm256_shuffle_epi8(
                                table, _mm256_and_si256(codes, nibble)));
            add_bytes(&high,
                      _mm256_shuffle_epi8(table, _mm256_and_si256(up, nibble)));
        }
        flush(&low, sums);
        flush(&high, sums + 16);
    }
}


const rk_kernels rk_kernels_avx2 = {
    "avx2", dot_f32_avx2, dot_i8_avx2, scan_i8_avx2, scan_bits_avx2,
};


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


AVX512 static void scan_i8_avx512(const int8_t *rows, size_t n, size_t d,
                                  const int8_t *query, int32_t *sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] = dot_i8_avx512(rows + i * d, query, d);
}


const rk_kernels rk_kernels_avx512 = {
    "avx512vnni", dot_f32_avx512, dot_i8_avx512, scan_i8_avx512, scan_bits_avx2,
};

#endif

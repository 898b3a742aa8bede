#include "core/rng.h"
#include "vector/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MAX_D 384

/* Odd offsets into the arrays, so that no kernel may count on alignment. */
typedef struct pair {
    float af[MAX_D + 3];
    float bf[MAX_D + 3];
    int8_t ai[MAX_D + 3];
    int8_t bi[MAX_D + 3];
} pair;


static void pair_fill(pair *p, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < MAX_D + 3; i++) {
        p->af[i] = (float)rk_rng_unit(&r) - 0.5f;
        p->bf[i] = (float)rk_rng_unit(&r) - 0.5f;
        p->ai[i] = (int8_t)((int)rk_rng_below(&r, 255) - 127);
        p->bi[i] = (int8_t)((int)rk_rng_below(&r, 255) - 127);
    }
}


static void assert_agree(const rk_kernels *k, const pair *p, size_t d)
{
    for (size_t shift = 0; shift < 4; shift += 3) {
        const float *a = p->af + shift;
        const float *b = p->bf + shift;
        float want = rk_dot_f32_portable(a, b, d);

        assert_true(fabsf(k->dot_f32(a, b, d) - want) < 1e-5f);
        assert_int_equal(k->dot_i8(p->ai + shift, p->bi + shift, d),
                         rk_dot_i8_portable(p->ai + shift, p->bi + shift, d));
    }
}


static void test_every_kernel_agrees_with_the_portable_one(void **state)
{
    const rk_kernels *k;
    pair p;

    (void)state;
    for (size_t i = 0; (k = rk_kernels_at(i)) != NULL; i++) {
        for (size_t d = 1; d <= 130; d++) {
            pair_fill(&p, d);
            assert_agree(k, &p, d);
        }
        pair_fill(&p, MAX_D);
        assert_agree(k, &p, MAX_D);
        assert_true(k->dot_f32(p.af, p.bf, 0) == 0);
        assert_int_equal(k->dot_i8(p.ai, p.bi, 0), 0);
    }
}


static void test_portable_kernels_compute_the_inner_product(void **state)
{
    pair p;
    double f = 0;
    long i8 = 0;

    (void)state;
    pair_fill(&p, 7);
    for (size_t i = 0; i < MAX_D; i++) {
        f += (double)p.af[i] * (double)p.bf[i];
        i8 += (long)p.ai[i] * p.bi[i];
        assert_true(fabs((double)rk_dot_f32_portable(p.af, p.bf, i + 1) - f) <
                    1e-5);
        assert_int_equal(rk_dot_i8_portable(p.ai, p.bi, i + 1), i8);
    }
}


static void test_signed_bytes_are_exact_at_their_ends(void **state)
{
    static const int8_t ends[] = {-127, -126, -1, 0, 1, 127};
    enum { N_ENDS = sizeof(ends) };
    int8_t a[MAX_D];
    int8_t b[MAX_D];
    const rk_kernels *k;

    (void)state;
    for (size_t i = 0; (k = rk_kernels_at(i)) != NULL; i++) {
        for (size_t e = 0; e < N_ENDS * N_ENDS; e++) {
            memset(a, ends[e / N_ENDS], sizeof(a));
            memset(b, ends[e % N_ENDS], sizeof(b));
            for (int d = 1; d <= MAX_D; d += 13)
                assert_int_equal(k->dot_i8(a, b, (size_t)d), d * a[0] * b[0]);
        }
    }
}


static void test_every_scan_of_bytes_agrees_with_the_portable_one(void **state)
{
    enum { ROWS = 11, LONGEST = 70 };
    int8_t rows[ROWS * LONGEST];
    int8_t query[LONGEST];
    const rk_kernels *k;
    rk_rng r = {3};

    (void)state;
    for (size_t i = 0; i < sizeof(rows); i++)
        rows[i] = (int8_t)((int)rk_rng_below(&r, 255) - 127);
    for (size_t i = 0; i < sizeof(query); i++)
        query[i] = (int8_t)((int)rk_rng_below(&r, 255) - 127);
    for (size_t i = 0; (k = rk_kernels_at(i)) != NULL; i++)
        for (size_t d = 1; d <= LONGEST; d++)
            for (size_t n = 0; n <= ROWS; n++) {
                int32_t got[ROWS + 1] = {0};
                int32_t want[ROWS + 1] = {0};

                k->scan_i8(rows, n, d, query, got);
                rk_scan_i8_portable(rows, n, d, query, want);
                assert_memory_equal(got, want, sizeof(want));
            }
}


/* Tables of 255 in every place are where 16 bits would overflow. */
static void test_every_scan_of_bits_agrees_with_the_portable_one(void **state)
{
    enum { GROUPS = 2048 };
    static const size_t counts[] = {2, 4, 96, 128, 254, 256, 258, GROUPS};
    static uint8_t block[GROUPS * 16 + 1];
    static uint8_t tables[GROUPS * 16 + 1];
    const rk_kernels *k;
    rk_rng r = {4};

    (void)state;
    for (size_t full = 0; full < 2; full++) {
        for (size_t i = 0; i < sizeof(block); i++) {
            block[i] = (uint8_t)rk_rng_below(&r, 256);
            tables[i] = full ? 255 : (uint8_t)rk_rng_below(&r, 256);
        }
        for (size_t i = 0; (k = rk_kernels_at(i)) != NULL; i++)
            for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
                uint32_t got[RK_BLOCK];
                uint32_t want[RK_BLOCK];

                k->scan_bits(block + 1, counts[c], tables + 1, got);
                rk_scan_bits_portable(block + 1, counts[c], tables + 1, want);
                assert_memory_equal(got, want, sizeof(want));
                if (full)
                    assert_int_equal(got[31], 255 * counts[c]);
            }
    }
}


static void test_the_best_supported_kernels_are_in_use(void **state)
{
    const rk_kernels *best = rk_kernels_at(0);
    const rk_kernels *last = best;
    pair p;

    (void)state;
    pair_fill(&p, 1);
    assert_string_equal(rk_kernels_name(), best->name);
    assert_int_equal(rk_dot_i8(p.ai, p.bi, 130), best->dot_i8(p.ai, p.bi, 130));
    assert_true(rk_dot_f32(p.af, p.bf, 130) == best->dot_f32(p.af, p.bf, 130));
    for (size_t i = 0; rk_kernels_at(i); i++)
        last = rk_kernels_at(i);
    assert_string_equal(last->name, "portable");
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool vnni = __builtin_cpu_supports("avx512f") &&
                __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vnni");

    assert_string_equal(best->name, vnni   ? "avx512vnni"
                                    : avx2 ? "avx2"
                                           : "portable");
#else
    assert_string_equal(best->name, "portable");
#endif
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_agrees_with_the_portable_one),
        cmocka_unit_test(test_portable_kernels_compute_the_inner_product),
        cmocka_unit_test(test_signed_bytes_are_exact_at_their_ends),
        cmocka_unit_test(test_every_scan_of_bytes_agrees_with_the_portable_one),
        cmocka_unit_test(test_every_scan_of_bits_agrees_with_the_portable_one),
        cmocka_unit_test(test_the_best_supported_kernels_are_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

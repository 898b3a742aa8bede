#include "learn/softmax_kernels.h"

#include "core/dispatch.h"
#include "core/lanes.h"


/* Twelve sums of eight lanes each: with the operands that makes sixteen
 * registers, and more multiply-adds are under way than one takes cycles. */
#define PANEL RK_SM_PANEL
#define WIDE  RK_SM_WIDE
#define THIN  RK_SM_THIN
#define TALL  6
#define SHORT 4

#define AT(p) (*(const rk_v8 *)(p))


RK_BODY void logits(size_t n, size_t d, const float *h, const float *columns,
                    const float *bias, float *out, float *most)
{
    for (size_t i = 0; i < n; i += SHORT) {
        rk_v8 sum[SHORT][3];
        const float *row = h + i * d;

        for (size_t r = 0; r < SHORT; r++)
            for (size_t v = 0; v < 3; v++)
                sum[r][v] = AT(bias + 8 * v);
        for (size_t k = 0; k < d; k++) {
            rk_v8 a = AT(columns + k * PANEL);
            rk_v8 b = AT(columns + k * PANEL + 8);
            rk_v8 c = AT(columns + k * PANEL + 16);

            for (size_t r = 0; r < SHORT; r++) {
                rk_v8 x = RK_ALL(row[r * d + k]);

                sum[r][0] += x * a;
                sum[r][1] += x * b;
                sum[r][2] += x * c;
            }
        }
        for (size_t r = 0; r < SHORT; r++) {
            rk_v8 best = AT(most + (i + r) * 8);

            for (size_t v = 0; v < 3; v++) {
                *(rk_v8 *)(out + (i + r) * PANEL + 8 * v) = sum[r][v];
                rk_greater(&best, &sum[r][v]);
            }
            *(rk_v8 *)(most + (i + r) * 8) = best;
        }
    }
}


RK_BODY void exponents(size_t n, const float *shift, float *x, float *sums)
{
    for (size_t i = 0; i < n; i++) {
        rk_v8 by = RK_ALL(shift[i]);
        rk_v8 sum = AT(sums + i * 8);

        for (size_t v = 0; v < PANEL; v += 8) {
            rk_v8 e = AT(x + i * PANEL + v) - by;

            rk_exp8(&e);
            *(rk_v8 *)(x + i * PANEL + v) = e;
            sum += e;
        }
        *(rk_v8 *)(sums + i * 8) = sum;
    }
}


RK_BODY void to_rows(size_t n, size_t panels, const float *x,
                     const float *by_item, float *to, size_t ld)
{
    for (size_t i = 0; i < n; i += TALL) {
        rk_v8 sum[TALL][2];

        for (size_t r = 0; r < TALL; r++)
            for (size_t v = 0; v < 2; v++)
                sum[r][v] = AT(to + (i + r) * ld + 8 * v);
        for (size_t p = 0; p < panels; p++) {
            const float *row = x + (p * n + i) * PANEL;
            const float *item = by_item + p * PANEL * WIDE;

            for (size_t j = 0; j < PANEL; j++) {
                rk_v8 a = AT(item + j * WIDE);
                rk_v8 b = AT(item + j * WIDE + 8);

                for (size_t r = 0; r < TALL; r++) {
                    rk_v8 w = RK_ALL(row[r * PANEL + j]);

                    sum[r][0] += w * a;
                    sum[r][1] += w * b;
                }
            }
        }
        for (size_t r = 0; r < TALL; r++)
            for (size_t v = 0; v < 2; v++)
                *(rk_v8 *)(to + (i + r) * ld + 8 * v) = sum[r][v];
    }
}


/* One column of h against a panel. */
#define COLUMN(s, i)                                                           \
    do {                                                                       \
        rk_v8 w = RK_ALL(h[i]);                                                \
                                                                               \
        s##0 += w * a;                                                         \
        s##1 += w * b;                                                         \
        s##2 += w * c;                                                         \
    } while (0)

#define COLUMN_LOAD(s, p)                                                      \
    rk_v8 s##0 = AT(p);                                                        \
    rk_v8 s##1 = AT((p) + 8);                                                  \
    rk_v8 s##2 = AT((p) + 16)

#define COLUMN_STORE(s, p)                                                     \
    do {                                                                       \
        *(rk_v8 *)(p) = s##0;                                                  \
        *(rk_v8 *)((p) + 8) = s##1;                                            \
        *(rk_v8 *)((p) + 16) = s##2;                                           \
    } while (0)


/* Sums by name: in an array, compilers keep these in memory. */
RK_BODY void to_columns(size_t n, const float *h, const float *x, float *to)
{
    COLUMN_LOAD(s, to);
    COLUMN_LOAD(t, to + PANEL);
    COLUMN_LOAD(u, to + 2 * PANEL);
    COLUMN_LOAD(v, to + 3 * PANEL);

    for (size_t i = 0; i < n; i++, h += THIN, x += PANEL) {
        rk_v8 a = AT(x);
        rk_v8 b = AT(x + 8);
        rk_v8 c = AT(x + 16);

        COLUMN(s, 0);
        COLUMN(t, 1);
        COLUMN(u, 2);
        COLUMN(v, 3);
    }
    COLUMN_STORE(s, to);
    COLUMN_STORE(t, to + PANEL);
    COLUMN_STORE(u, to + 2 * PANEL);
    COLUMN_STORE(v, to + 3 * PANEL);
}


/* The bodies compiled for one instruction set, and their table.
 * NOLINTBEGIN(bugprone-macro-parentheses): TARGET is an attribute */
#define KERNELS(SET, TARGET)                                                   \
    TARGET static void logits_##SET(size_t n, size_t d, const float *h,        \
                                    const float *columns, const float *bias,   \
                                    float *out, float *most)                   \
    {                                                                          \
        logits(n, d, h, columns, bias, out, most);                             \
    }                                                                          \
    TARGET static void exponents_##SET(size_t n, const float *shift, float *x, \
                                       float *sums)                            \
    {                                                                          \
        exponents(n, shift, x, sums);                                          \
    }                                                                          \
    TARGET static void to_rows_##SET(size_t n, size_t panels, const float *x,  \
                                     const float *by_item, float *to,          \
                                     size_t ld)                                \
    {                                                                          \
        to_rows(n, panels, x, by_item, to, ld);                                \
    }                                                                          \
    TARGET static void to_columns_##SET(size_t n, const float *h,              \
                                        const float *x, float *to)             \
    {                                                                          \
        to_columns(n, h, x, to);                                               \
    }

#define TABLE(SET)                                                             \
    {                                                                          \
#SET, logits_##SET, exponents_##SET, to_rows_##SET, to_columns_##SET   \
    }
/* NOLINTEND(bugprone-macro-parentheses) */


KERNELS(portable, )

#ifdef RK_X86
KERNELS(avx2, __attribute__((target("avx2,fma"))))
#endif

static const rk_build builds[] = {
#ifdef RK_X86
    {&(const rk_softmax_kernels)TABLE(avx2), rk_runs_avx2},
#endif
    {&(const rk_softmax_kernels)TABLE(portable), rk_runs_anywhere},
};

#define N_BUILDS (sizeof(builds) / sizeof(*builds))


const rk_softmax_kernels *rk_softmax_kernels_at(size_t i)
{
    return rk_build_at(builds, N_BUILDS, i);
}


const rk_softmax_kernels *rk_softmax_kernels_best(void)
{
    static const void *_Atomic best;

    return rk_build_best(builds, N_BUILDS, &best);
}

#include "learn/softmax_kernels.h"

#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N      ((size_t)24)
#define D      ((size_t)32)
#define PANELS ((size_t)3)
#define PANEL  RK_SM_PANEL
#define WIDE   RK_SM_WIDE
#define THIN   RK_SM_THIN

static float h[N * D];
static float columns[D * PANEL];
static float bias[PANEL];
static float logits[PANELS * N * PANEL];
static float by_item[PANELS * PANEL * WIDE];

typedef void (*check)(const rk_softmax_kernels *k);


static void fill(float *x, size_t n, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(2 * rk_rng_unit(&r) - 1);
}


static int operands(void **state)
{
    (void)state;
    fill(h, N * D, 1);
    fill(columns, D * PANEL, 2);
    fill(bias, PANEL, 3);
    fill(logits, PANELS * N * PANEL, 4);
    fill(by_item, PANELS * PANEL * WIDE, 5);
    return 0;
}


/* Each kernel set of this machine. */
static void for_each(check what)
{
    size_t n = 0;

    for (const rk_softmax_kernels *k; (k = rk_softmax_kernels_at(n)); n++)
        what(k);
    assert_true(n >= 1);
    assert_ptr_equal(rk_softmax_kernels_at(0), rk_softmax_kernels_best());
}


static void logits_check(const rk_softmax_kernels *k)
{
    static float out[N * PANEL];
    static float most[N * 8];

    for (size_t i = 0; i < N * 8; i++)
        most[i] = i / 8 ? -INFINITY : 50; /* what was greater stays */
    k->logits(N, D, h, columns, bias, out, most);
    for (size_t i = 0; i < N; i++) {
        float greatest = -INFINITY;
        float found = -INFINITY;

        for (size_t j = 0; j < PANEL; j++) {
            double right = (double)bias[j];

            for (size_t m = 0; m < D; m++)
                right += (double)h[i * D + m] * (double)columns[m * PANEL + j];
            assert_true(fabs(right - (double)out[i * PANEL + j]) < 1e-5);
            greatest = fmaxf(greatest, out[i * PANEL + j]);
        }
        for (size_t j = 0; j < 8; j++)
            found = fmaxf(found, most[i * 8 + j]);
        assert_true(found == (i ? greatest : 50));
    }
}


static void test_logits_and_their_greatest(void **state)
{
    (void)state;
    for_each(logits_check);
}


static void exponents_check(const rk_softmax_kernels *k)
{
    static float x[N * PANEL];
    static float sums[N * 8];
    float shift[N];

    fill(shift, N, 6);
    memcpy(x, logits, sizeof(x));
    for (size_t i = 0; i < N * 8; i++)
        sums[i] = 1;
    k->exponents(N, shift, x, sums);
    for (size_t i = 0; i < N; i++) {
        double sum = 8;

        for (size_t j = 0; j < PANEL; j++) {
            double right = exp((double)(logits[i * PANEL + j] - shift[i]));

            sum += right;
            assert_true(fabs(right - (double)x[i * PANEL + j]) < 1e-6 * right);
        }
        for (size_t j = 0; j < 8; j++)
            sum -= (double)sums[i * 8 + j];
        assert_true(fabs(sum) < 1e-4);
    }
}


static void test_exponents_and_their_sums(void **state)
{
    (void)state;
    for_each(exponents_check);
}


static void rows_check(const rk_softmax_kernels *k)
{
    enum { LD = 2 * WIDE };
    static float to[N * LD];

    for (size_t i = 0; i < N * LD; i++)
        to[i] = 1;
    k->to_rows(N, PANELS, logits, by_item, to, LD);
    for (size_t i = 0; i < N; i++)
        for (size_t m = 0; m < LD; m++) {
            double right = 1;

            for (size_t j = 0; m < WIDE && j < PANELS * PANEL; j++)
                right += (double)
                             logits[(j / PANEL * N + i) * PANEL + j % PANEL] *
                         (double)by_item[j * WIDE + m];
            assert_true(fabs(right - (double)to[i * LD + m]) < 1e-4);
        }
}


static void test_rows_gather_their_columns(void **state)
{
    (void)state;
    for_each(rows_check);
}


static void columns_check(const rk_softmax_kernels *k)
{
    static float to[THIN * PANEL];

    for (size_t i = 0; i < THIN * PANEL; i++)
        to[i] = 1;
    k->to_columns(N, h, logits, to);
    for (size_t m = 0; m < THIN; m++)
        for (size_t j = 0; j < PANEL; j++) {
            double right = 1;

            for (size_t i = 0; i < N; i++)
                right += (double)h[i * THIN + m] *
                         (double)logits[i * PANEL + j];
            assert_true(fabs(right - (double)to[m * PANEL + j]) < 1e-5);
        }
}


static void test_columns_gather_their_rows(void **state)
{
    (void)state;
    for_each(columns_check);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits_and_their_greatest),
        cmocka_unit_test(test_exponents_and_their_sums),
        cmocka_unit_test(test_rows_gather_their_columns),
        cmocka_unit_test(test_columns_gather_their_rows),
    };

    return cmocka_run_group_tests(tests, operands, NULL);
}

#include "core/mem.h"
#include "core/rng.h"
#include "llm/softmax.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double slow_total(const float *x, size_t n)
{
    double most = x[0];
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return most + log(sum);
}


/* n numbers of which the last is the greatest, within `width` below `top`. */
static float *draw(size_t n, double top, double width, uint64_t seed)
{
    float *x = rk_alloc_array(n, sizeof(*x));
    rk_rng r = {seed};

    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(top - width * rk_rng_unit(&r));
    x[n - 1] = (float)top;
    return x;
}


static void test_softmax_total_is_that_of_double_arithmetic(void **state)
{
    static const size_t sizes[] = {1, 2, 7, 8, 9, 1023, 1024, 1025, 49152};
    static const double widths[] = {0, 1e-3, 1, 30, 200, 2000};
    static const double tops[] = {-500, 0, 3, 500};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t j = 0; j < sizeof(widths) / sizeof(widths[0]); j++)
            for (size_t k = 0; k < sizeof(tops) / sizeof(tops[0]); k++) {
                float *x = draw(sizes[i], tops[k], widths[j], i + j + k);
                double exact = slow_total(x, sizes[i]);

                assert_true(fabs(rk_softmax_total(x, sizes[i]) - exact) < 1e-5);
                free(x);
            }
}


static void test_softmax_probabilities_sum_to_one(void **state)
{
    float *x = draw(10007, 4, 20, 1);
    double total = rk_softmax_total(x, 10007);
    double sum = 0;

    (void)state;
    for (size_t i = 0; i < 10007; i++)
        sum += exp(x[i] - total);
    assert_true(fabs(sum - 1) < 1e-5);
    free(x);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax_total_is_that_of_double_arithmetic),
        cmocka_unit_test(test_softmax_probabilities_sum_to_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

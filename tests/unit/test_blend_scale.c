#include "learn/blend_scale.h"

#include "core/rng.h"
#include "scale_slowly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>


static void test_scaling_is_that_of_double_at_any_length(void **state)
{
    float rows[3 * 70];
    float scaled[3 * 70];
    double want[70];
    rk_rng r = {4};

    (void)state;
    for (size_t n = 2; n <= 70; n++) {
        for (int is_log = 0; is_log < 2; is_log++) {
            /* Many small ones and a few large. */
            for (size_t i = 0; i < 3 * n; i++)
                rows[i] = (float)pow(rk_rng_unit(&r), 1 + (double)(i % 17));
            memcpy(scaled, rows, 3 * n * sizeof(*rows));
            rk_blend_scale(scaled, 3, n, is_log);
            for (size_t k = 0; k < 3; k++) {
                scale_slowly(rows + k * n, n, is_log, want);
                for (size_t i = 0; i < n; i++)
                    assert_true(fabs((double)scaled[k * n + i] - want[i]) <
                                1e-5);
            }
        }
    }
}


static void test_a_row_that_is_all_the_same_becomes_zeros(void **state)
{
    static const float same[] = {0, 0.1f, -3e7f, 1e30f, 1e-40f};
    float row[37];

    (void)state;
    for (size_t k = 0; k < sizeof(same) / sizeof(same[0]); k++) {
        for (size_t n = 1; n <= 37; n += 6) {
            for (size_t i = 0; i < n; i++)
                row[i] = same[k];
            rk_blend_scale(row, 1, n, k % 2);
            for (size_t i = 0; i < n; i++)
                assert_true(row[i] == 0);
        }
    }
    rk_blend_scale(row, 5, 0, false);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling_is_that_of_double_at_any_length),
        cmocka_unit_test(test_a_row_that_is_all_the_same_becomes_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/vecmath.h"

#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MOST 67 /* no multiple of anything */
#define D    24

typedef void (*check)(const rk_vecmath *vm);


/* Each kernel set of this machine. */
static void for_each(check what)
{
    size_t n = 0;

    for (const rk_vecmath *vm; (vm = rk_vecmath_at(n)); n++)
        what(vm);
    assert_true(n >= 1);
    assert_ptr_equal(rk_vecmath_at(0), rk_vecmath_best());
}


static void fill(float *x, size_t n, float size, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++)
        x[i] = size * (float)(2 * rk_rng_unit(&r) - 1);
}


static void exp_check(const rk_vecmath *vm)
{
    float x[MOST] = {0};
    float e[MOST];

    for (size_t n = 0; n <= MOST; n++) {
        double sum = 0;
        float found;

        fill(x, n, 40, n);
        memcpy(e, x, sizeof(e));
        found = vm->exp_sum(n, e, 40);
        for (size_t i = 0; i < n; i++) {
            double right = exp((double)(x[i] - 40));

            sum += right;
            assert_true(fabs((double)e[i] - right) <= 3e-7 * right);
        }
        assert_true(fabs((double)found - sum) <= 1e-6 * sum);
    }
    x[0] = -INFINITY;
    x[1] = 0;
    assert_true(fabsf(vm->exp_sum(2, x, 0) - 1) < 1e-6f);
    assert_true(x[0] >= 0 && x[0] < 1e-37f);
}


static void test_exponentials_are_right_at_every_length(void **state)
{
    (void)state;
    for_each(exp_check);
}


static void max_check(const rk_vecmath *vm)
{
    float x[MOST] = {0};

    assert_true(vm->max(0, x) == -INFINITY);
    for (size_t n = 1; n <= MOST; n++) {
        float most = -INFINITY;

        fill(x, n, 3, n);
        for (size_t i = 0; i < n; i++)
            most = fmaxf(most, x[i]);
        assert_true(vm->max(n, x) == most);
    }
}


static void test_the_greatest_is_found_at_every_length(void **state)
{
    (void)state;
    for_each(max_check);
}


static double gelu_of(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}


static void gelu_check(const rk_vecmath *vm)
{
    float x[MOST];
    float slope[MOST];
    float y[MOST];

    fill(x, MOST, 8, 1);
    x[0] = -1000;
    x[1] = 1000;
    x[2] = 0;
    memcpy(slope, x, sizeof(x));
    vm->gelu(MOST, slope, y);
    for (size_t i = 0; i < MOST; i++) {
        double at = (double)x[i];
        double right = (gelu_of(at + 1e-5) - gelu_of(at - 1e-5)) / 2e-5;

        assert_true(fabs((double)y[i] - gelu_of(at)) < 1e-6 * (1 + fabs(at)));
        assert_true(fabs((double)slope[i] - right) < 1e-5);
    }
}


static void test_gelu_leaves_its_derivative(void **state)
{
    (void)state;
    for_each(gelu_check);
}


static void norm_check(const rk_vecmath *vm)
{
    float x[D];
    float gain[D];
    float unit[D];
    float y[D];
    float up[D];
    float down[D];
    float to[D];
    float dx[D];
    float d_gain[D] = {0};
    double mean = 0;
    double squares = 0;
    float inverse;

    fill(x, D, 2, 1);
    fill(gain, D, 1, 2);
    fill(to, D, 1, 3);
    inverse = vm->norm(D, x, gain, unit, y);
    for (size_t i = 0; i < D; i++) {
        mean += (double)unit[i] / D;
        squares += (double)unit[i] * (double)unit[i] / D;
        assert_true(fabsf(y[i] - unit[i] * gain[i]) < 1e-6f);
        dx[i] = 10; /* what is there is added to */
    }
    assert_true(fabs(mean) < 1e-6 && fabs(squares - 1) < 1e-5);
    vm->norm_back(D, to, gain, unit, inverse, dx, d_gain);
    for (size_t i = 0; i < D; i++) {
        const float step = 1e-2f;
        float kept = x[i];
        double slope = 0;

        x[i] = kept + step;
        vm->norm(D, x, gain, unit, up);
        x[i] = kept - step;
        vm->norm(D, x, gain, unit, down);
        x[i] = kept;
        for (size_t j = 0; j < D; j++)
            slope += (double)(to[j] * (up[j] - down[j])) / (double)(2 * step);
        assert_true(fabs(slope - (double)(dx[i] - 10)) < 1e-3);
    }
    vm->norm(D, x, gain, unit, y);
    for (size_t i = 0; i < D; i++)
        assert_true(fabsf(d_gain[i] - to[i] * unit[i]) < 1e-6f);
}


static void test_norm_and_its_gradient(void **state)
{
    (void)state;
    for_each(norm_check);
}


static void drop_check(const rk_vecmath *vm)
{
    float x[MOST];
    float y[MOST];
    uint8_t mask[MOST];

    fill(x, MOST, 1, 1);
    for (size_t i = 0; i < MOST; i++)
        mask[i] = (uint8_t)(i * 37);
    vm->drop(MOST, x, mask, 100, 1.5f, y);
    for (size_t i = 0; i < MOST; i++)
        assert_true(y[i] == (mask[i] >= 100 ? x[i] * 1.5f : 0));
}


static void test_dropout_keeps_what_the_mask_says(void **state)
{
    (void)state;
    for_each(drop_check);
}


static void softmax_check(const rk_vecmath *vm)
{
    float p[MOST];
    float dx[MOST];
    float dy[MOST];

    for (size_t n = 1; n <= MOST; n++) {
        double sum = 0;

        fill(p, n, 1, n);
        fill(dy, n, 1, n + 100);
        memcpy(dx, dy, sizeof(dx));
        for (size_t i = 0; i < n; i++)
            sum += (double)p[i] * (double)dy[i];
        vm->softmax_back(n, p, 0.5f, dx);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(0.5 * (double)p[i] * ((double)dy[i] - sum) -
                             (double)dx[i]) < 1e-5);
    }
}


static void test_the_gradient_of_softmax(void **state)
{
    (void)state;
    for_each(softmax_check);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponentials_are_right_at_every_length),
        cmocka_unit_test(test_the_greatest_is_found_at_every_length),
        cmocka_unit_test(test_gelu_leaves_its_derivative),
        cmocka_unit_test(test_norm_and_its_gradient),
        cmocka_unit_test(test_dropout_keeps_what_the_mask_says),
        cmocka_unit_test(test_the_gradient_of_softmax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

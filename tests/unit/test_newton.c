#include "learn/newton.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define N 4

/* 1/2 w'A w - b'w, A = L L' of full rank. */
static const double factor[N][N] = {
    {2, 0, 0, 0}, {1, 1.5, 0, 0}, {-0.5, 0.7, 1, 0}, {0.3, -1, 0.4, 0.8}};


static double hessian_at(size_t i, size_t j)
{
    double sum = 0;

    for (size_t k = 0; k < N; k++)
        sum += factor[i][k] * factor[j][k];
    return sum;
}


static double quadratic(const void *ctx, const double *w, double *gradient,
                        double *hessian)
{
    const double *b = ctx;
    double sum = 0;

    for (size_t i = 0; i < N; i++) {
        double aw = 0;

        for (size_t j = 0; j < N; j++)
            aw += hessian_at(i, j) * w[j];
        sum += w[i] * (aw / 2 - b[i]);
        if (gradient)
            gradient[i] += aw - b[i];
        for (size_t j = 0; hessian && j <= i; j++)
            hessian[i * N + j] += hessian_at(i, j);
    }
    return sum;
}


static void test_free_weights_solve_the_equations(void **state)
{
    static const double b[N] = {1, -2, 0.5, 3};
    double w[N] = {9, 9, 9, 9};

    (void)state;
    rk_newton_minimise(w, N, NULL, quadratic, b);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;

        for (size_t j = 0; j < N; j++)
            sum += hessian_at(i, j) * w[j];
        assert_true(fabs(sum - b[i]) < 1e-9);
    }
}


/* Karush-Kuhn-Tucker: a weight is on its side and the loss is flat along it,
 * or it is 0 and the loss would fall only on the other side. */
static void assert_optimal(const double *w, const int8_t *sign, const double *b)
{
    double gradient[N] = {0};
    double hessian[N * N] = {0};

    quadratic(b, w, gradient, hessian);
    for (size_t i = 0; i < N; i++) {
        assert_true(w[i] * sign[i] >= 0);
        if (sign[i] == 0 || w[i] != 0)
            assert_true(fabs(gradient[i]) < 1e-8);
        else
            assert_true(gradient[i] * sign[i] >= -1e-8);
    }
}


static void
test_bounded_weights_are_optimal_for_every_choice_of_signs(void **state)
{
    static const double b[3][N] = {
        {1, -2, 0.5, 3}, {-4, 1, 1, -1}, {0.1, 5, -5, 0.2}};
    int8_t sign[N];

    (void)state;
    for (int choice = 0; choice < 81 * 3; choice++) {
        double w[N] = {1, -1, 1, -1};
        int rest = choice / 3;

        for (size_t i = 0; i < N; i++, rest /= 3)
            sign[i] = (int8_t)(rest % 3 - 1);
        rk_newton_minimise(w, N, sign, quadratic, b[choice % 3]);
        assert_optimal(w, sign, b[choice % 3]);
    }
}


/* log cosh(w - 1): far out a whole Newton step overshoots by thousands. */
static double log_cosh(const void *ctx, const double *w, double *gradient,
                       double *hessian)
{
    double x = w[0] - 1;

    (void)ctx;
    if (gradient) {
        gradient[0] += tanh(x);
        hessian[0] += 1 / (cosh(x) * cosh(x));
    }
    return log(cosh(x));
}


static void test_steps_that_overshoot_are_halved(void **state)
{
    double w = 6;

    (void)state;
    rk_newton_minimise(&w, 1, NULL, log_cosh, NULL);
    assert_true(fabs(w - 1) < 1e-6);
}


/* (w0 + w1 - 2)^2, the third weight nowhere: flat in two directions. */
static double flat(const void *ctx, const double *w, double *gradient,
                   double *hessian)
{
    double off = w[0] + w[1] - 2;

    (void)ctx;
    if (gradient) {
        gradient[0] += 2 * off;
        gradient[1] += 2 * off;
        hessian[0] += 2;
        hessian[3] += 2;
        hessian[4] += 2;
    }
    return off * off;
}


static void test_a_weight_without_curvature_stays_where_it_is(void **state)
{
    double w[3] = {0, 0.5, 7};

    (void)state;
    rk_newton_minimise(w, 3, NULL, flat, NULL);
    assert_true(fabs(w[0] + w[1] - 2) < 1e-9);
    assert_true(w[2] == 7);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_weights_solve_the_equations),
        cmocka_unit_test(
            test_bounded_weights_are_optimal_for_every_choice_of_signs),
        cmocka_unit_test(test_steps_that_overshoot_are_halved),
        cmocka_unit_test(test_a_weight_without_curvature_stays_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What BLAS and LAPACK compute, held against loops. */
#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MOST 40


static float *draw(rk_rng *r, size_t n)
{
    float *v = rk_calloc(n, sizeof(*v));

    assert_non_null(v);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(rk_rng_unit(r) - 0.5);
    return v;
}


static void assert_near(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-4f);
}


static void one_gemm(rk_rng *r, size_t m, size_t n, size_t k)
{
    for (int form = 0; form < 4; form++) {
        bool ta = form & 1;
        bool tb = form & 2;
        float *a = draw(r, m * k);
        float *b = draw(r, k * n);
        float *c = draw(r, m * n);
        float *wanted = draw(r, m * n);

        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                float sum = 0;

                for (size_t l = 0; l < k; l++)
                    sum += a[ta ? l * m + i : i * k + l] *
                           b[tb ? j * k + l : l * n + j];
                wanted[i * n + j] = 0.5f * sum + 2 * c[i * n + j];
            }
        rk_gemm(ta, tb, m, n, k, 0.5f, a, b, 2, c);
        assert_near(c, wanted, m * n);
        free(a);
        free(b);
        free(c);
        free(wanted);
    }
}


static void test_products_are_those_of_loops(void **state)
{
    rk_rng r = {1};

    (void)state;
    one_gemm(&r, 1, 1, 1);
    one_gemm(&r, 3, 5, 7);
    one_gemm(&r, 40, 17, 33);
    one_gemm(&r, 1, 9, 4);
    one_gemm(&r, 4, 3, 0); /* C = beta C */
    one_gemm(&r, 0, 3, 2);
}


static void test_gram_is_both_triangles_of_a_product(void **state)
{
    static const size_t shapes[][2] = {{1, 1}, {9, 4}, {3, 20}, {0, 3}};
    rk_rng r = {2};

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        size_t m = shapes[s][0];
        size_t n = shapes[s][1];
        float *a = draw(&r, m * n);
        float *g = rk_calloc(n * n, sizeof(*g));
        float *wanted = rk_calloc(n * n, sizeof(*wanted));

        for (size_t i = 0; i < n * n; i++)
            g[i] = wanted[i] = (float)(i / n + i % n); /* symmetric */
        rk_gram(m, n, a, 0.5f, g);
        rk_gemm(true, false, n, n, m, 1, a, a, 0.5f, wanted);
        assert_near(g, wanted, n * n);
        free(a);
        free(g);
        free(wanted);
    }
}


static void test_dot_and_axpy_are_those_of_loops(void **state)
{
    rk_rng r = {3};

    (void)state;
    for (size_t n = 0; n < MOST; n += 3) {
        float *x = draw(&r, n);
        float *y = draw(&r, n);
        float *wanted = rk_calloc(n, sizeof(*wanted));
        float sum = 0;

        for (size_t i = 0; i < n; i++) {
            sum += x[i] * y[i];
            wanted[i] = y[i] + 3 * x[i];
        }
        assert_true(fabsf(rk_dot(x, y, n) - sum) < 1e-4f);
        rk_axpy(n, 3, x, y);
        assert_near(y, wanted, n);
        free(x);
        free(y);
        free(wanted);
    }
}


/* A' A + I: symmetric and positive definite. */
static float *draw_definite(rk_rng *r, size_t n)
{
    float *a = draw(r, n * n);
    float *g = rk_calloc(n * n, sizeof(*g));

    assert_non_null(g);
    for (size_t i = 0; i < n; i++)
        g[i * n + i] = 1;
    rk_gram(n, n, a, 1, g);
    free(a);
    return g;
}


static void test_an_inverse_times_its_matrix_is_one(void **state)
{
    rk_rng r = {4};

    (void)state;
    for (size_t n = 1; n <= MOST; n += 13) {
        float *a = draw_definite(&r, n);
        float *inverse = rk_calloc(n * n, sizeof(*inverse));
        float *one = rk_calloc(n * n, sizeof(*one));
        float *product = rk_calloc(n * n, sizeof(*product));

        memcpy(inverse, a, n * n * sizeof(*a));
        assert_int_equal(rk_spd_invert(inverse, n, NULL), RK_OK);
        for (size_t i = 0; i < n; i++)
            one[i * n + i] = 1;
        rk_gemm(false, false, n, n, n, 1, inverse, a, 0, product);
        assert_near(product, one, n * n);
        rk_gemm(false, true, n, n, n, 1, inverse, a, 0, product);
        assert_near(product, one, n * n); /* both triangles are filled */
        free(a);
        free(inverse);
        free(one);
        free(product);
    }
    assert_int_equal(rk_spd_invert(NULL, 0, NULL), RK_OK);
}


static void test_a_solution_solves_its_equation(void **state)
{
    rk_rng r = {5};

    (void)state;
    for (size_t n = 1; n <= MOST; n += 13)
        for (size_t m = 1; m <= 5; m += 2) {
            float *a = draw_definite(&r, n);
            float *x = draw(&r, n * m);
            float *b = rk_calloc(n * m, sizeof(*b));

            rk_gemm(false, false, n, m, n, 1, a, x, 0, b);
            assert_int_equal(rk_spd_solve(a, n, b, m, NULL), RK_OK);
            assert_near(b, x, n * m);
            free(a);
            free(x);
            free(b);
        }
    assert_int_equal(rk_spd_solve(NULL, 0, NULL, 3, NULL), RK_OK);
}


static void test_what_is_not_definite_is_refused(void **state)
{
    float a[] = {1, 2, 2, 1};
    float nothing[] = {1, 0, 0, 0};
    float b[] = {1, 1};
    rk_error err;

    (void)state;
    assert_int_equal(rk_spd_solve(a, 2, b, 1, &err), RK_EINVAL);
    assert_string_equal(err.msg,
                        "matrix (2, 2) is not positive definite at row 2");
    assert_int_equal(rk_spd_invert(nothing, 2, &err), RK_EINVAL);
}


/* A (3, 4) is the middle of a matrix six wide, B' (4, 5) that of another. */
static void test_blocks_multiply_as_their_parts(void **state)
{
    float a[3 * 6];
    float b[5 * 7];
    float c[3 * 8];

    (void)state;
    for (size_t i = 0; i < 18; i++)
        a[i] = (float)(i * 5 % 7) - 3;
    for (size_t i = 0; i < 35; i++)
        b[i] = (float)(i * 3 % 11) - 5;
    for (size_t i = 0; i < 24; i++)
        c[i] = (float)i;
    rk_gemm_block(3, 5, 4, (rk_block){a + 1, 6, false},
                  (rk_block){b + 2, 7, true}, (rk_into){c + 1, 8, 2, 1});
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 8; j++) {
            float right = (float)(i * 8 + j);

            for (size_t k = 0; j >= 1 && j < 6 && k < 4; k++)
                right += 2 * a[i * 6 + 1 + k] * b[(j - 1) * 7 + 2 + k];
            assert_true(fabsf(c[i * 8 + j] - right) < 1e-4f);
        }
}


static void
test_eigenvectors_are_turned_into_multiples_of_themselves(void **state)
{
    enum { N = 3 };
    const float a[N * N] = {4, 1, 0, 1, 3, 1, 0, 1, 2};
    float vectors[N * N];
    float values[N];
    float bad[] = {NAN, 0, 0, 1};

    (void)state;
    memcpy(vectors, a, sizeof(a));
    assert_int_equal(rk_eigen(vectors, N, values, NULL), RK_OK);
    for (size_t i = 0; i < N; i++) {
        const float *v = vectors + i * N;

        assert_true(i == 0 || values[i] > values[i - 1]);
        assert_true(fabsf(rk_dot(v, v, N) - 1) < 1e-5f);
        for (size_t j = 0; j < N; j++)
            assert_true(fabsf(rk_dot(a + j * N, v, N) - values[i] * v[j]) <
                        1e-5f);
    }
    assert_int_equal(rk_eigen(bad, 2, values, NULL), RK_EINVAL);
    assert_int_equal(rk_eigen(NULL, 0, NULL, NULL), RK_OK);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_are_those_of_loops),
        cmocka_unit_test(test_gram_is_both_triangles_of_a_product),
        cmocka_unit_test(test_dot_and_axpy_are_those_of_loops),
        cmocka_unit_test(test_an_inverse_times_its_matrix_is_one),
        cmocka_unit_test(test_a_solution_solves_its_equation),
        cmocka_unit_test(test_what_is_not_definite_is_refused),
        cmocka_unit_test(test_blocks_multiply_as_their_parts),
        cmocka_unit_test(
            test_eigenvectors_are_turned_into_multiples_of_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

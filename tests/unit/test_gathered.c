#include "learn/gathered.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define D     48
#define N     37
#define RIDGE 0.5f

typedef struct example {
    float rows[N * D];
    float weight[N];
    float gram[D * D];
    rk_gathered system;
} example;


static float draw(rk_rng *r)
{
    return (float)(rk_rng_unit(r) - 0.5);
}


/* `n` of N rows; the Gram matrix is B'B of a random B (D, D). */
static void example_init(example *e, size_t n, uint64_t seed)
{
    static float b[D * D];
    rk_rng r = {seed};

    for (size_t i = 0; i < (size_t)N * D; i++)
        e->rows[i] = draw(&r);
    for (size_t i = 0; i < N; i++)
        e->weight[i] = (float)rk_rng_unit(&r);
    for (size_t i = 0; i < (size_t)D * D; i++)
        b[i] = draw(&r);
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) {
            e->gram[i * D + j] = 0;
            for (size_t k = 0; k < D; k++)
                e->gram[i * D + j] += b[k * D + i] * b[k * D + j];
        }
    e->system = (rk_gathered){e->rows, n, D, e->weight, e->gram, RIDGE};
}


/* The largest entry of (G + ridge I + R'R) x - R'w, in double. */
static double residual(const rk_gathered *s, const float *x)
{
    double worst = 0;

    for (size_t i = 0; i < D; i++) {
        double sum = (double)(s->ridge * x[i]);

        for (size_t j = 0; j < D; j++)
            sum += (double)s->gram[i * D + j] * (double)x[j];
        for (size_t r = 0; r < s->n; r++) {
            double product = s->weight ? -(double)s->weight[r] : -1;

            for (size_t j = 0; j < D; j++)
                product += (double)s->rows[r * D + j] * (double)x[j];
            sum += product * (double)s->rows[r * D + i];
        }
        worst = fabs(sum) > worst ? fabs(sum) : worst;
    }
    return worst;
}


static void test_the_exact_solution_solves_its_equations(void **state)
{
    static example e;
    static float room[D * D];
    float x[D];

    (void)state;
    for (size_t n = 0; n <= N; n += n < 9 ? 1 : 7) {
        example_init(&e, n, n + 1);
        assert_true(rk_gathered_exact(&e.system, x, room));
        assert_true(residual(&e.system, x) < 1e-4);
        e.system.weight = NULL;
        assert_true(rk_gathered_exact(&e.system, x, room));
        assert_true(residual(&e.system, x) < 1e-4);
    }
}


static void test_conjugate_gradients_come_to_the_same_solution(void **state)
{
    static example e;
    static float room[D * D];
    float exact[D];
    float x[D];

    (void)state;
    for (size_t n = 0; n <= N; n++) {
        example_init(&e, n, 100 + n);
        assert_true(rk_gathered_exact(&e.system, exact, room));
        for (size_t i = 0; rk_gathered_at(i); i++) {
            memset(x, 0, sizeof(x));
            rk_gathered_at(i)->cg(&e.system, 200, x, room);
            for (size_t j = 0; j < D; j++)
                assert_true(fabsf(x[j] - exact[j]) < 2e-4f);
        }
    }
}


static void test_few_steps_come_nearer_from_any_start(void **state)
{
    static example e;
    static float room[D * D];
    float x[D];
    double before;

    (void)state;
    example_init(&e, N, 7);
    for (size_t j = 0; j < D; j++)
        x[j] = 1;
    before = residual(&e.system, x);
    rk_gathered_at(0)->cg(&e.system, 3, x, room);
    assert_true(residual(&e.system, x) < 0.5 * before);
}


static void test_every_kernel_agrees_with_plain_c(void **state)
{
    static example e;
    static float a[D * D];
    static float b[D * D];
    float x[D];
    float y[D];
    size_t n_kernels = 0;

    (void)state;
    while (rk_gathered_at(n_kernels))
        n_kernels++;
    assert_true(n_kernels >= 1);
    assert_string_equal(rk_gathered_at(n_kernels - 1)->name, "portable");
    for (size_t k = 0; k < n_kernels; k++) {
        const rk_gathered_kernels *plain = rk_gathered_at(n_kernels - 1);
        const rk_gathered_kernels *fast = rk_gathered_at(k);

        example_init(&e, N, 50 + k);
        memcpy(a, e.gram, sizeof(a));
        memcpy(b, e.gram, sizeof(b));
        memset(x, 0, sizeof(x));
        memset(y, 0, sizeof(y));
        plain->add(&e.system, a, x);
        fast->add(&e.system, b, y);
        for (size_t i = 0; i < D; i++) {
            assert_true(fabsf(x[i] - y[i]) < 1e-5f);
            for (size_t j = i; j < D; j++)
                assert_true(fabsf(a[i * D + j] - b[i * D + j]) < 1e-5f);
        }
        assert_true(plain->solve(a, D, x));
        assert_true(fast->solve(b, D, y));
        for (size_t i = 0; i < D; i++)
            assert_true(fabsf(x[i] - y[i]) < 2e-3f * (1 + fabsf(x[i])));
    }
}


static void test_what_is_not_positive_definite_is_refused(void **state)
{
    static float a[D * D];
    float x[D] = {0};

    (void)state;
    for (size_t i = 0; rk_gathered_at(i); i++) {
        const rk_gathered_kernels *k = rk_gathered_at(i);

        memset(a, 0, sizeof(a));
        assert_false(k->solve(a, D, x));
        for (size_t j = 0; j < D; j++)
            a[j * D + j] = j == D - 1 ? -1 : 1;
        assert_false(k->solve(a, D, x));
        a[0] = NAN;
        assert_false(k->solve(a, D, x));
        a[0] = INFINITY;
        assert_false(k->solve(a, D, x));
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exact_solution_solves_its_equations),
        cmocka_unit_test(test_conjugate_gradients_come_to_the_same_solution),
        cmocka_unit_test(test_few_steps_come_nearer_from_any_start),
        cmocka_unit_test(test_every_kernel_agrees_with_plain_c),
        cmocka_unit_test(test_what_is_not_positive_definite_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

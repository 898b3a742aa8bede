#include "learn/adamw.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* More than one run of weights. */
#define N     ((size_t)1100)
#define STEPS ((size_t)5)
#define PARTS ((size_t)3)

static const rk_adamw rule = {0.9f, 0.98f, 1e-8f, 0.01f};


static float gradient(size_t i, size_t part, size_t step)
{
    return sinf((float)(i * 7 + part * 3 + step)) * (float)(1 + i % 5);
}


static void step_at(float *w, float *m, float *v, uint64_t t, size_t cut)
{
    static float g[PARTS * N];
    rk_adamw_step s = {t, 0.05f, g, PARTS, N};
    rk_adamw_state to = {w, m, v};

    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < N; i++)
            g[p * N + i] = gradient(i, p, t);
    rk_adamw_update(&rule, &s, to, 0, cut);
    rk_adamw_update(&rule, &s, to, cut, N);
    for (size_t i = 0; i < PARTS * N; i++)
        assert_true(g[i] == 0);
}


/* The algorithm as it is printed, in double. */
static double naive(size_t i, double w)
{
    double m = 0;
    double v = 0;

    for (size_t t = 1; t <= STEPS; t++) {
        double g = 0;
        double b1 = (double)rule.b1;
        double b2 = (double)rule.b2;

        for (size_t p = 0; p < PARTS; p++)
            g += (double)gradient(i, p, t);
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * g * g;
        w -= (double)0.05f *
             (m / (1 - pow(b1, (double)t)) /
                  (sqrt(v / (1 - pow(b2, (double)t))) + (double)rule.eps) +
              (double)rule.decay * w);
    }
    return w;
}


static void test_steps_are_those_of_the_algorithm(void **state)
{
    static float w[N];
    static float m[N];
    static float v[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        w[i] = 0.5f;
    for (uint64_t t = 1; t <= STEPS; t++)
        step_at(w, m, v, t, 512);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs((double)w[i] - naive(i, 0.5)) < 1e-5);
}


static void test_where_it_is_cut_does_not_matter(void **state)
{
    static float w[2][N];
    static float m[2][N];
    static float v[2][N];

    (void)state;
    for (uint64_t t = 1; t <= STEPS; t++) {
        step_at(w[0], m[0], v[0], t, 512);
        step_at(w[1], m[1], v[1], t, 13);
    }
    assert_memory_equal(w[0], w[1], sizeof(w[0]));
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_those_of_the_algorithm),
        cmocka_unit_test(test_where_it_is_cut_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

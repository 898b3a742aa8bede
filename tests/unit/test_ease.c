#include "learn/ease.h"

#include "core/topk.h"
#include "learner_laws.h"
#include "small_corpus.h"

#define U      60
#define I      40
#define EVENTS 15
#define LAMBDA 7.0f
#define ROOM   ((size_t)1 << 30)


static bool likes(const rk_corpus *c, size_t user, uint32_t item)
{
    for (size_t e = c->start[user]; e < c->start[user + 1]; e++)
        if (c->seen[e].item == item && c->seen[e].label > 0)
            return true;
    return false;
}


/* (n, n): how many users liked both. */
static void gram_naive(const rk_corpus *c, double *g)
{
    size_t n = c->n_items;

    memset(g, 0, n * n * sizeof(*g));
    for (size_t u = 0; u < c->n_users; u++)
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; likes(c, u, i) && j < n; j++)
                g[i * n + j] += likes(c, u, j);
}


/* The minimum of |X - XB|^2 + lambda |B|^2 with a zero diagonal: off the
 * diagonal, (G + lambda I) B = G. */
static void test_the_closed_form_solves_its_equations(void **state)
{
    static double g[I * I];
    rk_corpus c = small_corpus_random(U, I, EVENTS, 1);
    rk_histories *h;
    float *b;

    (void)state;
    gram_naive(&c, g);
    assert_int_equal(rk_histories_new(&h, &c, NULL), RK_OK);
    assert_int_equal(rk_ease_matrix(&b, h, LAMBDA, NULL, NULL), RK_OK);
    for (size_t i = 0; i < I; i++) {
        assert_true(b[i * I + i] == 0);
        for (size_t j = 0; j < I; j++) {
            double sum = (double)(LAMBDA * b[i * I + j]);

            for (size_t k = 0; k < I; k++)
                sum += g[i * I + k] * (double)b[k * I + j];
            if (i != j)
                assert_true(fabs(sum - g[i * I + j]) < 1e-3);
        }
    }
    free(b);
    rk_histories_free(h);
    small_corpus_clear(&c);
}


static void test_an_item_twice_in_a_history_counts_once(void **state)
{
    static const size_t start[] = {0, 3, 5};
    static const size_t start_twice[] = {0, 5, 7};
    static const uint32_t item[] = {0, 1, 2, 1, 3};
    static const uint32_t item_twice[] = {0, 1, 0, 2, 1, 1, 3};
    rk_histories once = {2, 4, start, item};
    rk_histories twice = {2, 4, start_twice, item_twice};
    float *a;
    float *b;

    (void)state;
    assert_int_equal(rk_ease_matrix(&a, &once, LAMBDA, NULL, NULL), RK_OK);
    assert_int_equal(rk_ease_matrix(&b, &twice, LAMBDA, NULL, NULL), RK_OK);
    for (size_t i = 0; i < 16; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-6f);
    free(a);
    free(b);
}


static void test_a_lambda_that_is_no_penalty_is_refused(void **state)
{
    static const float bad[] = {0, -1, NAN, INFINITY};
    static const size_t start[] = {0, 2};
    static const uint32_t item[] = {0, 1};
    rk_histories h = {1, 2, start, item};
    float *b;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(rk_ease_matrix(&b, &h, bad[i], NULL, NULL), RK_EINVAL);
        assert_null(b);
    }
}


static void test_ease_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_ease);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_closed_form_solves_its_equations),
        cmocka_unit_test(test_an_item_twice_in_a_history_counts_once),
        cmocka_unit_test(test_a_lambda_that_is_no_penalty_is_refused),
        cmocka_unit_test(test_ease_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/tokens_ease.h"

#include "learn/ease.h"
#include "learn/semantic.h"
#include "learner_laws.h"

#define N      ((size_t)LAW_ITEMS)
#define LAMBDA 3.0f
#define ALPHA  0.7f


static double token(const rk_csr *t, size_t item, uint32_t token)
{
    for (uint64_t k = t->start[item]; k < t->start[item + 1]; k++)
        if (t->col[k] == token)
            return (double)t->value[k];
    return 0;
}


/* X'X + alpha^2 T T' */
static void gram_naive(const law_data *d, double *g)
{
    memset(g, 0, N * N * sizeof(*g));
    for (size_t u = 0; u < LAW_USERS; u++)
        for (size_t a = d->start[u]; a < d->start[u + 1]; a++)
            for (size_t b = d->start[u]; b < d->start[u + 1]; b++)
                g[d->item[a] * N + d->item[b]] += 1;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            for (uint32_t t = 0; t < d->tokens.n_cols; t++)
                g[i * N + j] += (double)(ALPHA * ALPHA) *
                                token(&d->tokens, i, t) *
                                token(&d->tokens, j, t);
}


static void test_the_collective_form_solves_its_equations(void **state)
{
    static double g[LAW_ITEMS * LAW_ITEMS];
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 1);
    gram_naive(&d, g);
    assert_int_equal(
        rk_tokens_ease_collective(&b, &d.h, &d.tokens, LAMBDA, ALPHA, NULL),
        RK_OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(b[i * N + i] == 0);
        for (size_t j = 0; j < N; j++) {
            double sum = (double)(LAMBDA * b[i * N + j]);

            for (size_t k = 0; k < N; k++)
                sum += g[i * N + k] * (double)b[k * N + j];
            if (i != j)
                assert_true(fabs(sum - g[i * N + j]) < 1e-3);
        }
    }
    free(b);
}


static void test_the_additive_form_is_a_mean_of_two(void **state)
{
    static float c[LAW_ITEMS * LAW_ITEMS];
    rk_semantic s;
    law_data d;
    float *ease;
    float *b;

    (void)state;
    law_data_init(&d, 2);
    assert_int_equal(rk_semantic_of_tokens(&s, &d.tokens, 2, NULL), RK_OK);
    assert_int_equal(rk_semantic_add(&s, 1, c, NULL), RK_OK);
    assert_int_equal(rk_ease_matrix(&ease, &d.h, LAMBDA, NULL, NULL), RK_OK);
    assert_int_equal(
        rk_tokens_ease_additive(&b, &d.h, &d.tokens, LAMBDA, 2, 0.3f, NULL),
        RK_OK);
    for (size_t i = 0; i < N * N; i++)
        assert_true(fabsf(b[i] - 0.7f * ease[i] - 0.3f * c[i]) < 1e-5f);
    rk_semantic_clear(&s);
    free(ease);
    free(b);
}


static void test_a_lambda_that_is_no_penalty_is_refused(void **state)
{
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 3);
    assert_int_equal(rk_tokens_ease_collective(&b, &d.h, &d.tokens, 0, 1, NULL),
                     RK_EINVAL);
    assert_int_equal(
        rk_tokens_ease_collective(&b, &d.h, &d.tokens, 1, NAN, NULL),
        RK_EINVAL);
    assert_int_equal(
        rk_tokens_ease_additive(&b, &d.h, &d.tokens, 1, 0, 0.5f, NULL),
        RK_EINVAL);
    assert_null(b);
}


static void test_tokens_ease_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_tokens_ease);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_collective_form_solves_its_equations),
        cmocka_unit_test(test_the_additive_form_is_a_mean_of_two),
        cmocka_unit_test(test_a_lambda_that_is_no_penalty_is_refused),
        cmocka_unit_test(test_tokens_ease_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

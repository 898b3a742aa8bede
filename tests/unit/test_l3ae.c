#include "learn/l3ae.h"

#include "learn/semantic.h"
#include "learner_laws.h"

#define N ((size_t)LAW_ITEMS)


static void gram_naive(const rk_histories *h, double *g)
{
    memset(g, 0, N * N * sizeof(*g));
    for (size_t u = 0; u < h->n_users; u++)
        for (size_t a = h->start[u]; a < h->start[u + 1]; a++)
            for (size_t b = h->start[u]; b < h->start[u + 1]; b++)
                g[h->item[a] * N + h->item[b]] += 1;
}


/* Off the diagonal (V V' + lambda I) C = V V', and on it C is 0. */
static void semantic_check(const rk_semantic *s, double lambda, float *c)
{
    memset(c, 0, N * N * sizeof(*c));
    assert_int_equal(rk_semantic_add(s, 1, c, NULL), RK_OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabsf(c[i * N + i]) < 1e-5f);
        for (size_t j = 0; j < N; j++) {
            double sum = lambda * (double)c[i * N + j];

            for (size_t k = 0; k < s->d; k++) {
                double a = (double)s->v[i * s->d + k];

                sum -= a * (double)s->v[j * s->d + k];
                for (size_t m = 0; m < N; m++)
                    sum += a * (double)s->v[m * s->d + k] *
                           (double)c[m * N + j];
            }
            if (i != j)
                assert_true(fabs(sum) < 1e-4);
        }
    }
}


static void test_texts_give_the_matrix_of_their_equations(void **state)
{
    static float c[LAW_ITEMS * LAW_ITEMS];
    rk_semantic s;
    law_data d;

    (void)state;
    law_data_init(&d, 1);
    assert_int_equal(
        rk_semantic_of_vectors(&s, d.vectors, N, LAW_D, 0.7f, NULL), RK_OK);
    semantic_check(&s, 0.7, c);
    rk_semantic_clear(&s);
    assert_int_equal(rk_semantic_of_tokens(&s, &d.tokens, 2, NULL), RK_OK);
    semantic_check(&s, 2, c);
    rk_semantic_clear(&s);
}


/* The gradient of |X - XB|^2 + (lambda - e) |B|^2 + e |B - C|^2 is zero off
 * the diagonal: (G + lambda I) B = G + e C. */
static void test_the_closed_form_solves_its_equations(void **state)
{
    static const rk_l3ae_opts cases[] = {{4, 0, 1}, {4, 3, 0.5f}, {4, 9, 2}};
    static double g[LAW_ITEMS * LAW_ITEMS];
    static float c[LAW_ITEMS * LAW_ITEMS];
    law_data d;

    (void)state;
    law_data_init(&d, 2);
    gram_naive(&d.h, g);
    for (size_t k = 0; k < 3; k++) {
        const rk_l3ae_opts *o = &cases[k];
        rk_semantic s;
        float *b;

        assert_int_equal(rk_semantic_of_vectors(&s, d.vectors, N, LAW_D,
                                                o->lambda_text, NULL),
                         RK_OK);
        semantic_check(&s, (double)o->lambda_text, c);
        assert_int_equal(rk_l3ae_matrix(&b, &d.h, &d.side, o, NULL, NULL),
                         RK_OK);
        for (size_t i = 0; i < N; i++) {
            assert_true(b[i * N + i] == 0);
            for (size_t j = 0; j < N; j++) {
                double sum = (double)(o->lambda * b[i * N + j]);

                for (size_t m = 0; m < N; m++)
                    sum += g[i * N + m] * (double)b[m * N + j];
                sum -= g[i * N + j] + (double)(o->e * c[i * N + j]);
                if (i != j)
                    assert_true(fabs(sum) < 1e-3);
            }
        }
        rk_semantic_clear(&s);
        free(b);
    }
}


static void test_a_lambda_that_is_no_penalty_is_refused(void **state)
{
    static const rk_l3ae_opts bad[] = {{0, 1, 1}, {1, 1, 0}, {NAN, 1, 1}};
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rk_l3ae_matrix(&b, &d.h, &d.side, &bad[i], NULL, NULL),
                         RK_EINVAL);
        assert_null(b);
    }
}


static void test_l3ae_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_l3ae);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_give_the_matrix_of_their_equations),
        cmocka_unit_test(test_the_closed_form_solves_its_equations),
        cmocka_unit_test(test_a_lambda_that_is_no_penalty_is_refused),
        cmocka_unit_test(test_l3ae_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

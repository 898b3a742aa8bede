#include "learn/slit_joint.h"

#include "learner_laws.h"

#define LAMBDA 3.0f
#define WIDE   ((size_t)RK_SLIT_SPEEDS * LAW_ITEMS)


/* Q and T from the decayed sums themselves, float64 (2 n, 2 n) and (2 n, n). */
static void sums_naive(const rk_histories *h, const float *decays, double *q,
                       double *t)
{
    size_t n = h->n_items;

    memset(q, 0, WIDE * WIDE * sizeof(*q));
    memset(t, 0, WIDE * n * sizeof(*t));
    for (size_t u = 0; u < h->n_users; u++) {
        double s[WIDE] = {0};

        for (size_t e = h->start[u] + 1; e < h->start[u + 1]; e++) {
            for (size_t i = 0; i < WIDE; i++)
                s[i] *= (double)decays[i / n];
            for (size_t d = 0; d < RK_SLIT_SPEEDS; d++)
                s[d * n + h->item[e - 1]] += 1;
            for (size_t i = 0; i < WIDE; i++) {
                t[i * n + h->item[e]] += s[i];
                for (size_t j = 0; j < WIDE; j++)
                    q[i * WIDE + j] += s[i] * s[j];
            }
        }
    }
}


static void test_the_closed_form_solves_its_equations(void **state)
{
    static const float decays[] = {0.3f, 0.87f};
    static double q[WIDE * WIDE];
    static double t[WIDE * LAW_ITEMS];
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 1);
    d.item[5] = d.item[4]; /* an item may come again */
    sums_naive(&d.h, decays, q, t);
    assert_int_equal(rk_slit_joint_matrix(&b, &d.h, decays, LAMBDA, NULL),
                     RK_OK);
    for (size_t i = 0; i < WIDE; i++)
        for (size_t j = 0; j < LAW_ITEMS; j++) {
            double sum = (double)(LAMBDA * b[i * LAW_ITEMS + j]);

            for (size_t a = 0; a < WIDE; a++)
                sum += q[i * WIDE + a] * (double)b[a * LAW_ITEMS + j];
            assert_true(fabs(sum - t[i * LAW_ITEMS + j]) < 1e-4);
        }
    free(b);
}


static void test_settings_that_give_no_matrix_are_refused(void **state)
{
    static const float bad[][3] = {
        {0, 0.5f, 1}, {0.5f, 1, 1}, {0.5f, NAN, 1}, {0.5f, 0.9f, 0}};
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 2);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            rk_slit_joint_matrix(&b, &d.h, bad[i], bad[i][2], NULL), RK_EINVAL);
        assert_null(b);
    }
}


static void test_scores_are_the_sums_times_the_matrix(void **state)
{
    static const float decays[] = {0.4f, 0.9f}; /* the learner's own */
    rk_model *m;
    law_data d;
    float *scores;
    float *b;

    (void)state;
    law_data_init(&d, 3);
    assert_int_equal(rk_learner_slit_joint.train(&m, &d.h, &d.opts, NULL),
                     RK_OK);
    assert_int_equal(rk_slit_joint_matrix(&b, &d.h, decays, 120, NULL), RK_OK);
    scores = law_scores(m, &d.h);
    for (size_t u = 0; u < LAW_USERS; u++)
        for (size_t j = 0; j < LAW_ITEMS; j++) {
            double sum = 0;
            int age = 0;

            for (size_t e = d.start[u + 1]; e-- > d.start[u]; age++)
                for (size_t x = 0; x < RK_SLIT_SPEEDS; x++)
                    sum += pow((double)decays[x], age) *
                           (double)
                               b[(x * LAW_ITEMS + d.item[e]) * LAW_ITEMS + j];
            assert_true(fabs(sum - (double)scores[u * LAW_ITEMS + j]) < 1e-3);
        }
    free(scores);
    free(b);
    rk_learner_slit_joint.free(m);
}


static void test_the_joint_model_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_slit_joint);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_closed_form_solves_its_equations),
        cmocka_unit_test(test_settings_that_give_no_matrix_are_refused),
        cmocka_unit_test(test_scores_are_the_sums_times_the_matrix),
        cmocka_unit_test(test_the_joint_model_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/slit.h"

#include "learner_laws.h"

#define LAMBDA 3.0f


/* Q and T from the decayed sums themselves, float64 (n, n). */
static void sums_naive(const rk_histories *h, double decay, double *q,
                       double *t)
{
    size_t n = h->n_items;

    memset(q, 0, n * n * sizeof(*q));
    memset(t, 0, n * n * sizeof(*t));
    for (size_t u = 0; u < h->n_users; u++) {
        double s[LAW_ITEMS] = {0};

        for (size_t e = h->start[u] + 1; e < h->start[u + 1]; e++) {
            for (size_t i = 0; i < n; i++)
                s[i] *= decay;
            s[h->item[e - 1]] += 1;
            for (size_t i = 0; i < n; i++) {
                t[i * n + h->item[e]] += s[i];
                for (size_t j = 0; j < n; j++)
                    q[i * n + j] += s[i] * s[j];
            }
        }
    }
}


static void test_the_closed_form_solves_its_equations(void **state)
{
    static const float decays[] = {0.3f, 0.87f};
    static double q[LAW_ITEMS * LAW_ITEMS];
    static double t[LAW_ITEMS * LAW_ITEMS];
    law_data d;

    (void)state;
    law_data_init(&d, 1);
    d.item[5] = d.item[4]; /* an item may come again */
    for (size_t k = 0; k < 2; k++) {
        float *b;

        sums_naive(&d.h, (double)decays[k], q, t);
        assert_int_equal(rk_slit_matrix(&b, &d.h, decays[k], LAMBDA, NULL),
                         RK_OK);
        for (size_t i = 0; i < LAW_ITEMS; i++)
            for (size_t j = 0; j < LAW_ITEMS; j++) {
                double sum = (double)(LAMBDA * b[i * LAW_ITEMS + j]);

                for (size_t a = 0; a < LAW_ITEMS; a++)
                    sum += q[i * LAW_ITEMS + a] * (double)b[a * LAW_ITEMS + j];
                assert_true(fabs(sum - t[i * LAW_ITEMS + j]) < 1e-4);
            }
        free(b);
    }
}


static void test_settings_that_give_no_matrix_are_refused(void **state)
{
    static const float bad[][2] = {
        {0, 1}, {1, 1}, {NAN, 1}, {0.5f, 0}, {0.5f, INFINITY}};
    law_data d;
    float *b;

    (void)state;
    law_data_init(&d, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rk_slit_matrix(&b, &d.h, bad[i][0], bad[i][1], NULL),
                         RK_EINVAL);
        assert_null(b);
    }
}


static void test_the_last_column_holds_popular_items_back(void **state)
{
    rk_model *m;
    law_data d;
    float *scores;

    (void)state;
    law_data_init(&d, 3);
    assert_int_equal(rk_learner_slit.train(&m, &d.h, &d.opts, NULL), RK_OK);
    scores = law_scores(m, &d.h);
    for (size_t u = 1; u < LAW_USERS; u++)
        for (size_t j = 0; j < LAW_ITEMS; j++) {
            const float *mine = scores + u * 4 * LAW_ITEMS + j;
            int count = 0;

            for (size_t v = 0; v < LAW_USERS; v++)
                for (size_t e = d.start[v] + 1; e < d.start[v + 1]; e++)
                    count += d.item[e] == j;
            assert_true(fabs((double)mine[3 * LAW_ITEMS] -
                             (double)mine[LAW_ITEMS] * pow(count + 5, -0.3)) <
                        1e-6);
        }
    free(scores);
    rk_learner_slit.free(m);
}


static void test_a_discount_that_is_none_is_refused(void **state)
{
    static const float bad[][2] = {{0.5f, 2}, {-1, 0.5f}, {0.5f, NAN}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rk_bundle_writer *w;
        rk_bundle *b;
        rk_model *m;
        rk_error err;
        scratch s;

        scratch_init(&s);
        assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
        assert_int_equal(
            rk_bundle_put(w, "slit.discount", RK_F32, 1, 2, bad[i], NULL),
            RK_OK);
        assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
        rk_bundle_writer_free(w);
        assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL),
                         RK_OK);
        assert_int_equal(rk_learner_slit.get(&m, b, 2, &err), RK_EFORMAT);
        assert_non_null(strstr(err.msg, "slit.discount"));
        assert_null(m);
        rk_bundle_close(b);
        scratch_clear(&s);
    }
}


static void test_slit_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_slit);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_closed_form_solves_its_equations),
        cmocka_unit_test(test_settings_that_give_no_matrix_are_refused),
        cmocka_unit_test(test_the_last_column_holds_popular_items_back),
        cmocka_unit_test(test_a_discount_that_is_none_is_refused),
        cmocka_unit_test(test_slit_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

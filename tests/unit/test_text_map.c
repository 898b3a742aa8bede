#include "learn/text_map.h"

#include "learn/ease.h"
#include "learner_laws.h"

#define N    ((size_t)LAW_ITEMS)
#define COLD ((uint32_t)6) /* an item that nobody had */


/* Vectors and tokens of an item, the mean not taken off. */
static void side_of(const law_data *d, size_t item, double *f)
{
    memset(f, 0, (LAW_D + d->tokens.n_cols) * sizeof(*f));
    for (size_t k = 0; k < LAW_D; k++)
        f[k] = (double)d->vectors[item * LAW_D + k];
    for (uint64_t k = d->tokens.start[item]; k < d->tokens.start[item + 1]; k++)
        f[LAW_D + d->tokens.col[k]] = 0.35 * (double)d->tokens.value[k];
}


/* What brings the vectors to a mean square of 0.6 about their mean, squared. */
static double stretch_of(const law_data *d)
{
    double mean[LAW_D] = {0};
    double sum = 0;

    for (size_t i = 0; i < N * LAW_D; i++)
        mean[i % LAW_D] += (double)d->vectors[i] / (double)N;
    for (size_t i = 0; i < N * LAW_D; i++)
        sum += pow((double)d->vectors[i] - mean[i % LAW_D], 2);
    return 0.6 * (double)N / sum;
}


static double kernel(const law_data *d, size_t i, size_t j)
{
    double stretch = stretch_of(d);
    double a[LAW_D + 7];
    double b[LAW_D + 7];
    double sum = 0;

    side_of(d, i, a);
    side_of(d, j, b);
    for (size_t k = 0; k < LAW_D + 7; k++)
        sum += (k < LAW_D ? stretch : 1) * (a[k] - b[k]) * (a[k] - b[k]);
    return exp(-sum);
}


/* Vectors of a writer's pooled states are nearly one: the map must not depend
 * on how near. */
static void test_vectors_within_a_narrow_cone_are_told_apart(void **state)
{
    float x[2][LAW_ITEMS * LAW_ITEMS];
    law_data wide;
    law_data narrow;
    rk_model *m;

    (void)state;
    law_data_init(&wide, 1);
    law_data_init(&narrow, 1);
    for (size_t i = 0; i < N * LAW_D; i++)
        narrow.vectors[i] = (i % LAW_D == 0) + narrow.vectors[i] / 64;
    assert_int_equal(rk_learner_text_map.train(&m, &wide.h, &wide.opts, NULL),
                     RK_OK);
    assert_int_equal(rk_text_map_features(m, &wide.side, N, x[0], NULL), RK_OK);
    rk_learner_text_map.free(m);
    assert_int_equal(
        rk_learner_text_map.train(&m, &narrow.h, &narrow.opts, NULL), RK_OK);
    assert_int_equal(rk_text_map_features(m, &narrow.side, N, x[1], NULL),
                     RK_OK);
    for (size_t i = 0; i < N * rk_text_map_width(m); i++)
        assert_true(fabsf(x[0][i] - x[1][i]) < 1e-3f);
    rk_learner_text_map.free(m);
}


static void without_cold(law_data *d)
{
    for (size_t e = 0; e < d->start[LAW_USERS]; e++)
        if (d->item[e] == COLD)
            d->item[e] = COLD + 1;
}


/* p (N, N): each item's score after each item alone. */
static void alone(const rk_model *m, const float *x, double *p)
{
    size_t w = rk_text_map_width(m);

    for (uint32_t i = 0; i < N; i++) {
        float query[LAW_ITEMS];

        rk_text_map_query(m, &i, 1, 0.5f, query);
        for (size_t j = 0; j < N; j++) {
            p[i * N + j] = 0;
            for (size_t k = 0; k < w; k++)
                p[i * N + j] += (double)(query[k] * x[j * w + k]);
        }
    }
}


/* All items with events are landmarks here, so that W x is kernel ridge
 * regression: with P the scores of items with events, P (K + 0.3 I) = (B -
 * mean) K.
 */
static void test_the_map_solves_its_equations(void **state)
{
    static double p[LAW_ITEMS * LAW_ITEMS];
    float x[LAW_ITEMS * LAW_ITEMS];
    law_data d;
    rk_model *m;
    float *b;

    (void)state;
    law_data_init(&d, 1);
    without_cold(&d);
    assert_int_equal(rk_learner_text_map.train(&m, &d.h, &d.opts, NULL), RK_OK);
    assert_int_equal(rk_text_map_width(m), N - 1);
    assert_int_equal(rk_ease_matrix(&b, &d.h, 600, NULL, NULL), RK_OK);
    assert_int_equal(rk_text_map_features(m, &d.side, N, x, NULL), RK_OK);
    alone(m, x, p);
    for (size_t i = 0; i < N; i++) {
        double mean = 0;

        for (size_t j = 0; j < N; j++)
            mean += (double)b[i * N + j] / (double)(N - 1);
        for (size_t j = 0; i != COLD && j < N; j++) {
            double sum = 0.3 * p[i * N + j];

            for (size_t k = 0; j != COLD && k < N; k++)
                if (k != COLD)
                    sum += (p[i * N + k] - (double)b[i * N + k] + mean) *
                           kernel(&d, k, j);
            if (j != COLD)
                assert_true(fabs(sum) < 2e-5);
        }
    }
    free(b);
    rk_learner_text_map.free(m);
}


static void test_items_nobody_had_take_part_on_both_sides(void **state)
{
    static double p[LAW_ITEMS * LAW_ITEMS];
    float x[LAW_ITEMS * LAW_ITEMS];
    law_data d;
    rk_model *m;

    (void)state;
    law_data_init(&d, 2);
    without_cold(&d);
    /* The cold item's text is a known one's: so is what is said of it. */
    memcpy(d.vectors + COLD * LAW_D, d.vectors, LAW_D * sizeof(float));
    d.token[2 * COLD] = d.token[0];
    d.token[2 * COLD + 1] = d.token[1];
    d.weight[2 * COLD + 1] = d.weight[1];
    assert_int_equal(rk_learner_text_map.train(&m, &d.h, &d.opts, NULL), RK_OK);
    assert_int_equal(rk_text_map_features(m, &d.side, N, x, NULL), RK_OK);
    alone(m, x, p);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabs(p[i * N + COLD] - p[i * N]) < 1e-7);
        assert_true(p[COLD * N + i] != 0);
    }
    rk_learner_text_map.free(m);
}


static void test_scores_are_queries_times_features(void **state)
{
    static float x[LAW_ITEMS * LAW_ITEMS];
    static const float decays[] = {1, 0.9f};
    float query[LAW_ITEMS];
    float *scores;
    law_data d;
    rk_model *m;
    size_t w;

    (void)state;
    law_data_init(&d, 3);
    d.side.tokens = NULL;
    assert_int_equal(rk_learner_text_map.train(&m, &d.h, &d.opts, NULL), RK_OK);
    assert_int_equal(rk_text_map_features(m, &d.side, N, x, NULL), RK_OK);
    w = rk_text_map_width(m);
    scores = law_scores(m, &d.h);
    for (size_t u = 0; u < LAW_USERS; u++)
        for (size_t c = 0; c < 2; c++) {
            rk_text_map_query(m, d.item + d.start[u],
                              d.start[u + 1] - d.start[u], decays[c], query);
            for (size_t j = 0; j < N; j++) {
                float sum = 0;

                for (size_t k = 0; k < w; k++)
                    sum += query[k] * x[j * w + k];
                assert_true(fabsf(sum - scores[(u * 2 + c) * N + j]) < 1e-6f);
            }
        }
    free(scores);
    d.side.d = LAW_D - 1;
    assert_int_equal(rk_text_map_features(m, &d.side, N, x, NULL), RK_EINVAL);
    rk_learner_text_map.free(m);
}


static void test_tokens_may_be_missing_when_asked(void **state)
{
    float x[2 * LAW_ITEMS];
    rk_side side;
    law_data d;
    rk_model *m;

    (void)state;
    law_data_init(&d, 4);
    side = (rk_side){d.vectors, LAW_D, NULL};
    assert_int_equal(rk_learner_text_map.train(&m, &d.h, &d.opts, NULL), RK_OK);
    assert_int_equal(rk_text_map_features(m, &side, 2, x, NULL), RK_OK);
    for (size_t k = 0; k < 2 * rk_text_map_width(m); k++)
        assert_true(x[k] > 0 && x[k] < 1);
    d.tokens.n_cols++;
    assert_int_equal(rk_text_map_features(m, &d.side, 2, x, NULL), RK_EINVAL);
    rk_learner_text_map.free(m);
}


/* A bundle of these tensors, none of which belongs together. */
static void refused(const uint64_t shape[3], float value)
{
    static float zeros[64];
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    scratch s;

    scratch_init(&s);
    zeros[5] = value;
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "text_map.shape", RK_U64, 1, 3, shape, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "text_map.mean", RK_F32, 1, 3, zeros, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "text_map.stretch", RK_F32, 1, 1, zeros, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "text_map.landmarks", RK_F32, 2, 3, zeros, NULL),
        RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "text_map.weights", RK_F32, 4, 2, zeros, NULL), RK_OK);
    assert_int_equal(rk_bundle_put(w, "text_map.x", RK_F32, 4, 2, zeros, NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_learner_text_map.get(&m, b, 4, NULL), RK_EFORMAT);
    assert_null(m);
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_tensors_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    refused((const uint64_t[]){2, 1, 2}, NAN);
    refused((const uint64_t[]){2, 2, 2}, 0);
    refused((const uint64_t[]){0, 0, 2}, 0);
    refused((const uint64_t[]){2, 1, 3}, 0);
    refused((const uint64_t[]){2, 1, 0}, 0);
    refused((const uint64_t[]){UINT64_MAX, 4, 2}, 0);
    refused((const uint64_t[]){2, 1, UINT64_MAX}, 0);
}


static void test_the_map_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_text_map);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_map_solves_its_equations),
        cmocka_unit_test(test_vectors_within_a_narrow_cone_are_told_apart),
        cmocka_unit_test(test_items_nobody_had_take_part_on_both_sides),
        cmocka_unit_test(test_scores_are_queries_times_features),
        cmocka_unit_test(test_tokens_may_be_missing_when_asked),
        cmocka_unit_test(test_tensors_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(test_the_map_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

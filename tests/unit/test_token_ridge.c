#include "core/mem.h"
#include "core/rng.h"
#include "learn/token_ridge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define I        30
#define K        12
#define PER_ITEM 4
#define EVENTS   9

/* Each item has PER_ITEM tokens; `dense` is the same matrix written out. */
typedef struct catalogue {
    uint64_t start[I + 1];
    uint32_t col[I * PER_ITEM];
    float value[I * PER_ITEM];
    double dense[I][K];
    rk_csr csr;
    rk_token_model *model;
} catalogue;

static const rk_token_weight profile[] = {{2, 1}, {7, -0.5f}};


static int setup(void **state)
{
    static catalogue c;
    rk_rng r = {1};

    for (size_t i = 0; i < I; i++) {
        uint32_t token = 0;

        c.start[i] = i * PER_ITEM;
        for (size_t j = 0; j < PER_ITEM; j++) {
            size_t at = i * PER_ITEM + j;

            token += rk_rng_below(&r, 3);
            c.col[at] = token++;
            c.value[at] = (float)rk_rng_unit(&r);
            c.dense[i][c.col[at]] = (double)c.value[at];
        }
    }
    c.start[I] = (uint64_t)I * PER_ITEM;
    c.csr = (rk_csr){I, K, c.start, c.col, c.value};
    *state = &c;
    return rk_token_model_fit(&c.model, &c.csr, NULL);
}


static int teardown(void **state)
{
    rk_token_model_free(((catalogue *)*state)->model);
    return 0;
}


static void history_fill(rk_seen *history, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < EVENTS; i++)
        history[i] = (rk_seen){rk_rng_below(&r, I),
                               (int32_t)rk_rng_below(&r, 3) - 1, 1, 0};
}


static void test_the_model_is_the_mean_and_gram_of_the_catalogue(void **state)
{
    const catalogue *c = *state;

    assert_int_equal(c->model->n_tokens, K);
    assert_true(c->model->lambda == 1);
    for (size_t k = 0; k < K; k++) {
        double mean = 0;

        for (size_t i = 0; i < I; i++)
            mean += c->dense[i][k] / I;
        assert_true(fabs(mean - (double)c->model->mean[k]) < 1e-6);
        for (size_t j = 0; j < K; j++) {
            double gram = 0;

            for (size_t i = 0; i < I; i++)
                gram += c->dense[i][k] * c->dense[i][j] / I;
            assert_true(fabs(gram - (double)c->model->gram[k * K + j]) < 1e-6);
        }
    }
}


/* What is left of the header's equation at theta, token k: left side times
 * theta minus right side. */
static double residual(const catalogue *c, const rk_seen *history,
                       size_t n_profile, const float *theta, size_t k)
{
    const rk_token_model *m = c->model;
    double sum = (double)(m->lambda * theta[k]);

    for (size_t j = 0; j < K; j++)
        sum += (double)(m->background * m->gram[k * K + j] * theta[j]);
    for (size_t e = 0; e < EVENTS; e++) {
        const double *t = c->dense[history[e].item];
        int y = history[e].label;

        for (size_t j = 0; y && j < K; j++)
            sum += t[k] * t[j] * (double)theta[j];
        sum -= y * (t[k] - (double)m->mean[k]);
    }
    for (size_t p = 0; p < n_profile; p++)
        if (profile[p].token == k)
            sum -= (double)profile[p].weight;
    return sum;
}


static void test_taste_solves_the_normal_equations(void **state)
{
    const catalogue *c = *state;
    rk_seen history[EVENTS];
    float theta[K];

    for (uint64_t seed = 0; seed < 10; seed++) {
        size_t n_profile = seed % 3;

        history_fill(history, seed);
        assert_int_equal(rk_token_taste(c->model, &c->csr, history, EVENTS,
                                        profile, n_profile, theta, NULL),
                         RK_OK);
        for (size_t k = 0; k < K; k++)
            assert_true(fabs(residual(c, history, n_profile, theta, k)) < 1e-5);
    }
}


static void test_a_score_is_the_sum_of_its_parts(void **state)
{
    const catalogue *c = *state;
    rk_seen history[EVENTS];
    float theta[K];

    history_fill(history, 3);
    assert_int_equal(rk_token_taste(c->model, &c->csr, history, EVENTS, profile,
                                    2, theta, NULL),
                     RK_OK);
    for (size_t i = 0; i < I; i++) {
        const uint32_t *tokens = c->col + c->start[i];
        const float *weights = c->value + c->start[i];
        float parts[PER_ITEM];
        float rest;
        float score = rk_token_score(c->model, theta, tokens, weights, PER_ITEM,
                                     parts, &rest);
        double sum = (double)rest;
        double dense = 0;

        for (size_t j = 0; j < PER_ITEM; j++) {
            assert_true(
                fabsf(parts[j] - (weights[j] - c->model->mean[tokens[j]]) *
                                     theta[tokens[j]]) < 1e-6f);
            sum += (double)parts[j];
        }
        for (size_t k = 0; k < K; k++)
            dense += (c->dense[i][k] - (double)c->model->mean[k]) *
                     (double)theta[k];
        assert_true(fabs(sum - (double)score) < 1e-5);
        assert_true(fabs(dense - (double)score) < 1e-5);
        assert_true(score == rk_token_score(c->model, theta, tokens, weights,
                                            PER_ITEM, NULL, NULL));
    }
}


static void test_an_item_without_tokens_scores_the_rest(void **state)
{
    const catalogue *c = *state;
    rk_seen history[EVENTS];
    float theta[K];
    float rest;
    float score;
    double want = 0;

    history_fill(history, 4);
    assert_int_equal(rk_token_taste(c->model, &c->csr, history, EVENTS, NULL, 0,
                                    theta, NULL),
                     RK_OK);
    score = rk_token_score(c->model, theta, NULL, NULL, 0, NULL, &rest);
    for (size_t k = 0; k < K; k++)
        want -= (double)c->model->mean[k] * (double)theta[k];
    assert_true(score == rest);
    assert_true(fabs(want - (double)rest) < 1e-5);
}


static void test_likes_and_dislikes_pull_an_item_apart(void **state)
{
    const catalogue *c = *state;
    rk_seen liked = {5, 1, 1, 0};
    rk_seen disliked = {5, -1, 1, 0};
    float for_it[K];
    float against[K];

    assert_int_equal(
        rk_token_taste(c->model, &c->csr, &liked, 1, NULL, 0, for_it, NULL),
        RK_OK);
    assert_int_equal(
        rk_token_taste(c->model, &c->csr, &disliked, 1, NULL, 0, against, NULL),
        RK_OK);
    for (size_t k = 0; k < K; k++)
        assert_true(fabsf(for_it[k] + against[k]) < 1e-6f);
    assert_true(rk_token_score(c->model, for_it, c->col + c->start[5],
                               c->value + c->start[5], PER_ITEM, NULL,
                               NULL) > 0.01f);
}


static void test_a_token_named_in_a_profile_gets_its_sign(void **state)
{
    const catalogue *c = *state;
    float theta[K];

    assert_int_equal(
        rk_token_taste(c->model, &c->csr, NULL, 0, profile, 2, theta, NULL),
        RK_OK);
    assert_true(theta[2] > 0.1f);
    assert_true(theta[7] < -0.05f);
}


static void test_without_evidence_all_tokens_are_the_same(void **state)
{
    const catalogue *c = *state;
    rk_seen seen = {5, 0, 1, 0};
    float theta[K];

    theta[3] = 9;
    assert_int_equal(
        rk_token_taste(c->model, &c->csr, &seen, 1, NULL, 0, theta, NULL),
        RK_OK);
    for (size_t k = 0; k < K; k++)
        assert_true(theta[k] == 0);
}


static void test_positions_out_of_range_are_refused(void **state)
{
    const catalogue *c = *state;
    rk_seen beyond = {I, -1, 1, 0};
    rk_token_weight unknown = {K, 1};
    rk_csr narrow = c->csr;
    float theta[K];
    rk_error err;

    theta[3] = 9;
    assert_int_equal(
        rk_token_taste(c->model, &c->csr, &beyond, 1, NULL, 0, theta, &err),
        RK_EINVAL);
    assert_non_null(strstr(err.msg, "item 30"));
    assert_true(theta[3] == 0);
    assert_int_equal(
        rk_token_taste(c->model, &c->csr, NULL, 0, &unknown, 1, theta, &err),
        RK_EINVAL);
    assert_non_null(strstr(err.msg, "token 12"));
    narrow.n_cols = K - 1;
    assert_int_equal(
        rk_token_taste(c->model, &narrow, NULL, 0, NULL, 0, theta, &err),
        RK_EINVAL);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    const catalogue *c = *state;
    rk_token_model *m = NULL;
    float theta[K];

    for (size_t fail = 1; fail <= 3; fail++) {
        rk_mem_fail_at(fail);
        assert_int_equal(rk_token_model_fit(&m, &c->csr, NULL), RK_ENOMEM);
        assert_null(m);
    }
    rk_mem_fail_at(4);
    assert_int_equal(rk_token_model_fit(&m, &c->csr, NULL), RK_OK);
    rk_mem_fail_at(1);
    assert_int_equal(
        rk_token_taste(m, &c->csr, NULL, 0, profile, 2, theta, NULL),
        RK_ENOMEM);
    rk_mem_fail_at(0);
    rk_token_model_free(m);
    rk_token_model_free(NULL);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_model_is_the_mean_and_gram_of_the_catalogue),
        cmocka_unit_test(test_taste_solves_the_normal_equations),
        cmocka_unit_test(test_a_score_is_the_sum_of_its_parts),
        cmocka_unit_test(test_an_item_without_tokens_scores_the_rest),
        cmocka_unit_test(test_likes_and_dislikes_pull_an_item_apart),
        cmocka_unit_test(test_a_token_named_in_a_profile_gets_its_sign),
        cmocka_unit_test(test_without_evidence_all_tokens_are_the_same),
        cmocka_unit_test(test_positions_out_of_range_are_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

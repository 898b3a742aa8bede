#include "core/rng.h"
#include "learn/fuse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LISTS      120
#define CANDIDATES 20
#define N          3

static const double planted[N] = {1.2, 0.4, 0.6};
static const float prior[N] = {1, 0, 0};


/* Truths drawn from the softmax that the planted weights define. */
static void lists_fill(float *x, uint32_t *truth, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t l = 0; l < LISTS; l++) {
        double best = -INFINITY;

        for (uint32_t c = 0; c < CANDIDATES; c++) {
            float *f = x + (l * CANDIDATES + c) * N;
            double score = -log(-log(rk_rng_unit(&r) + 1e-12)); /* Gumbel */

            for (size_t j = 0; j < N; j++) {
                f[j] = (float)(4 * (rk_rng_unit(&r) - 0.5));
                score += planted[j] * (double)f[j];
            }
            if (score > best) {
                best = score;
                truth[l] = c;
            }
        }
    }
}


/* The loss as the header defines it, at w with weight j moved by `by`. */
static double loss_near(const float *w, const float *x, const uint32_t *truth,
                        double l2, size_t j, double by)
{
    double sum = 0;

    for (size_t l = 0; l < LISTS; l++) {
        double total = 0;
        double of_truth = 0;

        if (truth[l] == UINT32_MAX)
            continue;
        for (uint32_t c = 0; c < CANDIDATES; c++) {
            const float *f = x + (l * CANDIDATES + c) * N;
            double score = by * (double)f[j];

            for (size_t k = 0; k < N; k++)
                score += (double)w[k] * (double)f[k];
            total += exp(score);
            if (c == truth[l])
                of_truth = score;
        }
        sum += log(total) - of_truth;
    }
    for (size_t k = 0; k < N; k++)
        sum += l2 / 2 *
               pow((double)w[k] + (k == j ? by : 0) - (double)prior[k], 2);
    return sum;
}


/* Over lists of CANDIDATES, with the prior above. */
static int fit(float *w, const float *x, const uint32_t *truth, size_t n_lists,
               size_t n_features, float l2, rk_error *err)
{
    return rk_fuse_fit(w,
                       &(rk_lists){x, truth, n_lists, CANDIDATES, n_features},
                       &(rk_fuse_opts){.prior = prior, .l2 = l2}, err);
}


static void test_the_gradient_vanishes_at_the_fit(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    static const float l2s[] = {0, 0.1f, 10};
    uint32_t truth[LISTS];
    float w[N];
    double h = 1e-4;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        lists_fill(x, truth, i);
        truth[3] = UINT32_MAX;
        assert_int_equal(fit(w, x, truth, LISTS, N, l2s[i], NULL), RK_OK);
        for (size_t j = 0; j < N; j++) {
            double up = loss_near(w, x, truth, (double)l2s[i], j, h);
            double down = loss_near(w, x, truth, (double)l2s[i], j, -h);

            assert_true(fabs((up - down) / (2 * h)) < 1e-3);
        }
    }
}


static void test_a_scorer_that_ranks_backwards_is_left_out(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 9);
    for (size_t i = 0; i < (size_t)LISTS * CANDIDATES; i++)
        x[i * N + 2] = -x[i * N + 2];
    assert_int_equal(fit(w, x, truth, LISTS, N, 0.01f, NULL), RK_OK);
    assert_true(w[2] == 0);
    assert_true(fabs((double)w[0] - planted[0]) < 0.4);
}


static void test_a_scorer_that_ranks_backwards_may_be_turned_round(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 9);
    for (size_t i = 0; i < (size_t)LISTS * CANDIDATES; i++)
        x[i * N + 2] = -x[i * N + 2];
    assert_int_equal(
        rk_fuse_fit(w, &(rk_lists){x, truth, LISTS, CANDIDATES, N},
                    &(rk_fuse_opts){prior, 0.01f, .either_sign = true}, NULL),
        RK_OK);
    assert_true(fabs((double)w[2] + planted[2]) < 0.4);
}


static void test_planted_weights_are_found(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 9);
    assert_int_equal(fit(w, x, truth, LISTS, N, 0.01f, NULL), RK_OK);
    for (size_t j = 0; j < N; j++)
        assert_true(fabs((double)w[j] - planted[j]) < 0.4);
}


static void test_a_strong_l2_keeps_the_prior(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 2);
    assert_int_equal(fit(w, x, truth, LISTS, N, 1e9f, NULL), RK_OK);
    for (size_t j = 0; j < N; j++)
        assert_true(fabsf(w[j] - prior[j]) < 1e-5f);
}


static void test_a_list_without_its_truth_changes_nothing(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float with[N];
    float without[N];

    (void)state;
    lists_fill(x, truth, 4);
    truth[LISTS - 1] = UINT32_MAX;
    assert_int_equal(fit(with, x, truth, LISTS, N, 1, NULL), RK_OK);
    assert_int_equal(fit(without, x, truth, LISTS - 1, N, 1, NULL), RK_OK);
    assert_memory_equal(with, without, sizeof(with));
}


/* A scorer that always puts the truth far ahead: without l2 its weight has no
 * bound, with it the fit ends at a finite one. */
static void test_a_perfect_scorer_gets_a_finite_weight(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 5);
    for (size_t l = 0; l < LISTS; l++)
        x[(l * CANDIDATES + truth[l]) * N] = 50;
    assert_int_equal(fit(w, x, truth, LISTS, N, 1e-3f, NULL), RK_OK);
    for (size_t j = 0; j < N; j++)
        assert_true(isfinite(w[j]));
    assert_true(w[0] > 0);
}


static void
test_a_feature_that_is_the_same_for_all_keeps_its_prior(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N];

    (void)state;
    lists_fill(x, truth, 6);
    for (size_t i = 0; i < LISTS * CANDIDATES; i++)
        x[i * N] = 1e6f;
    assert_int_equal(fit(w, x, truth, LISTS, N, 0, NULL), RK_OK);
    assert_true(w[0] == prior[0]);
    assert_true(fabs((double)w[1] - planted[1]) < 0.4);
}


static void test_unusable_lists_are_refused_and_give_the_prior(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    uint32_t truth[LISTS];
    float w[N] = {5, 5, 5};
    rk_error err;

    (void)state;
    lists_fill(x, truth, 7);
    assert_int_equal(fit(w, x, truth, LISTS, 0, 1, &err), RK_EINVAL);
    assert_int_equal(fit(w, x, truth, LISTS, RK_FUSE_MAX + 1, 1, &err),
                     RK_EINVAL);
    assert_int_equal(fit(w, x, truth, LISTS, N, -1, &err), RK_EINVAL);
    assert_int_equal(fit(w, x, truth, 0, N, 1, &err), RK_EINVAL);
    truth[2] = CANDIDATES;
    assert_int_equal(fit(w, x, truth, LISTS, N, 1, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "list 2 is 20"));
    truth[2] = 0;
    x[(5 * CANDIDATES + 4) * N + 1] = NAN;
    assert_int_equal(fit(w, x, truth, LISTS, N, 1, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "feature 1 of candidate 4 of list 5"));
    memset(truth, 0xff, sizeof(truth));
    w[0] = 5;
    assert_int_equal(fit(w, x, truth, LISTS, N, 1, &err), RK_EINVAL);
    assert_memory_equal(w, prior, sizeof(w));
}


/* The planted scorers against the first alone, then against what they are
 * worth: learning finds nothing more. */
static void
test_learning_earns_its_place_where_there_is_something_to_learn(void **state)
{
    static float x[LISTS * CANDIDATES * N];
    static const float first[N] = {1, 0, 0};
    static const float all[N] = {1.2f, 0.4f, 0.6f};
    uint32_t truth[LISTS];
    rk_lists l = {x, truth, LISTS, CANDIDATES, N};
    rk_fuse_opts opts = {.prior = prior, .l2 = 1};
    bool earns = false;

    (void)state;
    lists_fill(x, truth, 11);
    truth[5] = UINT32_MAX;
    assert_int_equal(rk_fuse_earns(&earns, &l, &opts, first, NULL), RK_OK);
    assert_true(earns);
    assert_int_equal(rk_fuse_earns(&earns, &l, &opts, all, NULL), RK_OK);
    assert_false(earns);
    x[7] = NAN;
    assert_int_equal(rk_fuse_earns(&earns, &l, &opts, first, NULL), RK_EINVAL);
}


static void test_zscores_have_mean_zero_and_deviation_one(void **state)
{
    float scores[CANDIDATES];
    rk_rng r = {1};
    double sum = 0;
    double squares = 0;

    (void)state;
    for (size_t i = 0; i < CANDIDATES; i++)
        scores[i] = (float)(1000 + 3 * rk_rng_unit(&r));
    rk_zscore(scores, CANDIDATES);
    for (size_t i = 0; i < CANDIDATES; i++) {
        sum += (double)scores[i];
        squares += (double)scores[i] * (double)scores[i];
    }
    assert_true(fabs(sum) < 1e-4);
    assert_true(fabs(squares / CANDIDATES - 1) < 1e-4);
}


static void test_zscores_of_equal_scores_are_zero(void **state)
{
    float scores[] = {0.1f, 0.1f, 0.1f};

    (void)state;
    rk_zscore(scores, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(scores[i] == 0);
    scores[0] = 7;
    rk_zscore(scores, 1);
    assert_true(scores[0] == 0);
    scores[0] = 7;
    rk_zscore(scores, 0);
    assert_true(scores[0] == 7);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gradient_vanishes_at_the_fit),
        cmocka_unit_test(test_planted_weights_are_found),
        cmocka_unit_test(test_a_scorer_that_ranks_backwards_is_left_out),
        cmocka_unit_test(
            test_a_scorer_that_ranks_backwards_may_be_turned_round),
        cmocka_unit_test(test_a_strong_l2_keeps_the_prior),
        cmocka_unit_test(test_a_list_without_its_truth_changes_nothing),
        cmocka_unit_test(test_a_perfect_scorer_gets_a_finite_weight),
        cmocka_unit_test(
            test_a_feature_that_is_the_same_for_all_keeps_its_prior),
        cmocka_unit_test(test_unusable_lists_are_refused_and_give_the_prior),
        cmocka_unit_test(
            test_learning_earns_its_place_where_there_is_something_to_learn),
        cmocka_unit_test(test_zscores_have_mean_zero_and_deviation_one),
        cmocka_unit_test(test_zscores_of_equal_scores_are_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/mem.h"
#include "core/rng.h"
#include "learn/logistic.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define M 300
#define N 3

static const double planted[N] = {1.5, -1, 0};


static void sample_fill(float *x, uint8_t *y, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < M; i++) {
        double logit = 0.3;

        for (size_t j = 0; j < N; j++) {
            double z = 3 * (rk_rng_unit(&r) - 0.5);

            x[i * N + j] = (float)(100 * (double)j + 5 * z);
            logit += planted[j] * z;
        }
        y[i] = rk_rng_unit(&r) < 1 / (1 + exp(-logit));
    }
}


/* The loss as the header defines it, at the model's weights with weight j (N:
 * the bias) moved by `by`. */
static double loss_near(const rk_logistic *m, const float *x, const uint8_t *y,
                        double l2, size_t j, double by)
{
    double sum = 0;
    double w[RK_LOGISTIC_MAX + 1];

    for (size_t k = 0; k < m->n; k++)
        w[k] = (double)m->weight[k] + (k == j ? by : 0);
    w[m->n] = (double)m->bias + (j == m->n ? by : 0);
    for (size_t i = 0; i < M; i++) {
        double logit = w[m->n];

        for (size_t k = 0; k < m->n; k++)
            logit += w[k] * ((double)x[i * m->n + k] - (double)m->mean[k]) /
                     (double)m->sd[k];
        sum += log(1 + exp(y[i] ? -logit : logit));
    }
    for (size_t k = 0; k < m->n; k++)
        sum += l2 / 2 * w[k] * w[k];
    return sum;
}


static double slope(const rk_logistic *m, const float *x, const uint8_t *y,
                    double l2, size_t j)
{
    double h = 1e-4;

    return (loss_near(m, x, y, l2, j, h) - loss_near(m, x, y, l2, j, -h)) /
           (2 * h);
}


static void test_the_gradient_vanishes_at_the_fit(void **state)
{
    static const float l2s[] = {0, 0.01f, 1, 100};
    float x[M * N];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        sample_fill(x, y, i);
        assert_int_equal(rk_logistic_fit(&m, x, y, M, N, l2s[i], NULL, NULL),
                         RK_OK);
        for (size_t j = 0; j <= N; j++)
            assert_true(fabs(slope(&m, x, y, (double)l2s[i], j)) < 1e-3);
    }
}


static void test_features_are_standardised(void **state)
{
    float x[M * N];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    sample_fill(x, y, 1);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, NULL), RK_OK);
    assert_int_equal(m.n, N);
    for (size_t j = 0; j < N; j++) {
        double sum = 0;
        double squares = 0;

        for (size_t i = 0; i < M; i++) {
            double z = ((double)x[i * N + j] - (double)m.mean[j]) /
                       (double)m.sd[j];

            sum += z;
            squares += z * z;
        }
        assert_true(fabs(sum / M) < 1e-4);
        assert_true(fabs(squares / M - 1) < 1e-4);
    }
}


static void test_signs_of_planted_weights_are_found(void **state)
{
    float x[M * N];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    sample_fill(x, y, 3);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, NULL), RK_OK);
    assert_true(m.weight[0] > 0.8f);
    assert_true(m.weight[1] < -0.5f);
    assert_true(fabsf(m.weight[2]) < 0.3f);
}


static void
test_a_weight_that_wants_the_forbidden_side_is_held_at_zero(void **state)
{
    static const int8_t sign[N] = {-1, -1, 1};
    float x[M * N];
    float rest[M * (N - 1)];
    uint8_t y[M];
    rk_logistic m;
    rk_logistic without;

    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        sample_fill(x, y, seed);
        assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, sign, NULL), RK_OK);
        assert_true(m.weight[0] == 0);
        assert_true(slope(&m, x, y, 1, 0) < 0);
        assert_true(m.weight[1] < 0);
        assert_true(m.weight[2] >= 0);
        if (m.weight[2] == 0)
            assert_true(slope(&m, x, y, 1, 2) > -1e-3);

        /* The others are fitted as if it were not there. */
        for (size_t i = 0; i < M; i++)
            memcpy(rest + i * 2, x + i * N + 1, 2 * sizeof(*rest));
        assert_int_equal(
            rk_logistic_fit(&without, rest, y, M, N - 1, 1, sign + 1, NULL),
            RK_OK);
        assert_true(fabsf(without.weight[0] - m.weight[1]) < 1e-5f);
        assert_true(fabsf(without.weight[1] - m.weight[2]) < 1e-5f);
        assert_true(fabsf(without.bias - m.bias) < 1e-5f);
    }
}


static void test_separable_classes_get_finite_weights(void **state)
{
    float x[M];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    for (size_t i = 0; i < M; i++) {
        x[i] = (float)i;
        y[i] = i >= M / 2;
    }
    assert_int_equal(rk_logistic_fit(&m, x, y, M, 1, 0.01f, NULL, NULL), RK_OK);
    assert_true(isfinite(m.weight[0]) && isfinite(m.bias));
    assert_true(m.weight[0] > 0);
    assert_true(fabs(slope(&m, x, y, 0.01, 0)) < 1e-3);
    assert_true(fabs(slope(&m, x, y, 0.01, 1)) < 1e-3);
    for (size_t i = 0; i < M; i++)
        assert_int_equal(rk_logistic_logit(&m, x + i, NULL) > 0, y[i]);
}


static void test_a_feature_that_never_changes_gets_weight_zero(void **state)
{
    static const float l2s[] = {0, 1};
    float x[M * N];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    sample_fill(x, y, 4);
    for (size_t i = 0; i < M; i++)
        x[i * N + 1] = 0.1f;
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(rk_logistic_fit(&m, x, y, M, N, l2s[k], NULL, NULL),
                         RK_OK);
        assert_true(m.weight[1] == 0);
        assert_true(m.sd[1] > 0);
        assert_true(isfinite(m.bias) && isfinite(m.weight[0]));
    }
}


static void test_the_bias_is_not_held_back_by_l2(void **state)
{
    float x[M * N];
    uint8_t y[M];
    double share = 0;
    rk_logistic m;

    (void)state;
    sample_fill(x, y, 5);
    for (size_t i = 0; i < M; i++)
        share += y[i] / (double)M;
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1e8f, NULL, NULL), RK_OK);
    assert_true(fabs((double)rk_sigmoid(m.bias) - share) < 1e-4);
}


static void test_parts_and_bias_add_up_to_the_logit(void **state)
{
    float x[M * N];
    float parts[N];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    sample_fill(x, y, 6);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, NULL), RK_OK);
    for (size_t i = 0; i < M; i++) {
        float logit = rk_logistic_logit(&m, x + i * N, parts);
        float sum = m.bias;

        for (size_t j = 0; j < N; j++)
            sum += parts[j];
        assert_true(fabsf(logit - sum) < 1e-5f);
        assert_true(logit == rk_logistic_logit(&m, x + i * N, NULL));
    }
}


static void test_the_same_rows_give_the_same_bits(void **state)
{
    float x[M * N];
    uint8_t y[M];
    rk_logistic a;
    rk_logistic b;

    (void)state;
    sample_fill(x, y, 7);
    assert_int_equal(rk_logistic_fit(&a, x, y, M, N, 1, NULL, NULL), RK_OK);
    assert_int_equal(rk_logistic_fit(&b, x, y, M, N, 1, NULL, NULL), RK_OK);
    assert_memory_equal(&a, &b, sizeof(a));
}


static void test_unusable_rows_are_refused(void **state)
{
    float x[M * N];
    uint8_t y[M];
    rk_logistic m;
    rk_logistic before;
    rk_error err;

    (void)state;
    memset(&m, 1, sizeof(m));
    before = m;
    sample_fill(x, y, 8);
    assert_int_equal(rk_logistic_fit(&m, x, y, 0, N, 1, NULL, &err), RK_EINVAL);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, 0, 1, NULL, &err), RK_EINVAL);
    assert_int_equal(
        rk_logistic_fit(&m, x, y, 1, RK_LOGISTIC_MAX + 1, 1, NULL, &err),
        RK_EINVAL);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, -1, NULL, &err),
                     RK_EINVAL);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, NAN, NULL, &err),
                     RK_EINVAL);
    x[4 * N + 2] = INFINITY;
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "feature 2 of row 4"));
    x[4 * N + 2] = 0;
    y[9] = 2;
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, &err), RK_EINVAL);
    memset(y, 1, M);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, &err), RK_EINVAL);
    memset(y, 0, M);
    assert_int_equal(rk_logistic_fit(&m, x, y, M, N, 1, NULL, &err), RK_EINVAL);
    assert_memory_equal(&m, &before, sizeof(m));
}


static void test_extreme_values_are_fitted_without_overflow(void **state)
{
    float x[M];
    uint8_t y[M];
    rk_logistic m;

    (void)state;
    for (size_t i = 0; i < M; i++) {
        y[i] = i % 3 == 0;
        x[i] = (y[i] ? 0.5f : -0.5f) * FLT_MAX;
    }
    assert_int_equal(rk_logistic_fit(&m, x, y, M, 1, 1, NULL, NULL), RK_OK);
    assert_true(isfinite(m.weight[0]) && m.weight[0] > 0);
    assert_true(rk_logistic_logit(&m, x, NULL) > 0);
    assert_true(rk_logistic_logit(&m, x + 1, NULL) < 0);
}


static void test_sigmoid_is_a_probability_everywhere(void **state)
{
    (void)state;
    assert_true(rk_sigmoid(0) == 0.5f);
    assert_true(rk_sigmoid(-1e30f) == 0);
    assert_true(rk_sigmoid(1e30f) == 1);
    for (int i = 0; i < 80; i++) {
        float x = 0.25f * (float)i;

        assert_true(fabsf(rk_sigmoid(x) + rk_sigmoid(-x) - 1) < 1e-6f);
        assert_true(rk_sigmoid(x) >= 0.5f && rk_sigmoid(x) <= 1);
    }
}


static void test_auc_counts_pairs_in_order_and_half_of_ties(void **state)
{
    rk_rng r = {11};
    float score[M];
    uint8_t y[M];

    (void)state;
    for (uint32_t levels = 2; levels < 5000; levels *= 7) {
        double won = 0;
        double pairs = 0;

        for (size_t i = 0; i < M; i++) {
            score[i] = (float)rk_rng_below(&r, levels);
            y[i] = rk_rng_unit(&r) < 0.3;
        }
        for (size_t i = 0; i < M; i++) {
            for (size_t j = 0; j < M; j++) {
                if (!y[i] || y[j])
                    continue;
                pairs++;
                won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
            }
        }
        assert_true(fabs(rk_auc(score, y, M) - won / pairs) < 1e-12);
    }
}


static void test_auc_without_an_answer(void **state)
{
    float score[] = {1, 2, 3};
    uint8_t y[] = {1, 1, 1};

    (void)state;
    assert_true(rk_auc(score, y, 3) == 0.5);
    assert_true(rk_auc(score, y, 0) == 0.5);
    y[0] = 0;
    assert_true(rk_auc(score, y, 3) == 1);
    rk_mem_fail_at(1);
    assert_true(isnan(rk_auc(score, y, 3)));
    rk_mem_fail_at(0);
    score[1] = NAN;
    assert_true(isnan(rk_auc(score, y, 3)));
}


static void test_log_odds_are_the_sigmoid_turned_round_and_finite(void **state)
{
    (void)state;
    for (float x = -9; x <= 9; x += 0.5f)
        assert_true(fabsf(rk_log_odds(rk_sigmoid(x)) - x) < 2e-3f);
    assert_true(rk_log_odds(0) == -16);
    assert_true(rk_log_odds(1) == 16);
    assert_true(rk_log_odds(rk_sigmoid(-80)) == -16);
    assert_true(isnan(rk_log_odds(NAN)));
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_odds_are_the_sigmoid_turned_round_and_finite),
        cmocka_unit_test(test_the_gradient_vanishes_at_the_fit),
        cmocka_unit_test(test_features_are_standardised),
        cmocka_unit_test(test_signs_of_planted_weights_are_found),
        cmocka_unit_test(
            test_a_weight_that_wants_the_forbidden_side_is_held_at_zero),
        cmocka_unit_test(test_separable_classes_get_finite_weights),
        cmocka_unit_test(test_a_feature_that_never_changes_gets_weight_zero),
        cmocka_unit_test(test_the_bias_is_not_held_back_by_l2),
        cmocka_unit_test(test_parts_and_bias_add_up_to_the_logit),
        cmocka_unit_test(test_the_same_rows_give_the_same_bits),
        cmocka_unit_test(test_unusable_rows_are_refused),
        cmocka_unit_test(test_extreme_values_are_fitted_without_overflow),
        cmocka_unit_test(test_sigmoid_is_a_probability_everywhere),
        cmocka_unit_test(test_auc_counts_pairs_in_order_and_half_of_ties),
        cmocka_unit_test(test_auc_without_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

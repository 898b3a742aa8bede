/* The mode that adds nearness to likelihood, over the bookstore and a model
 * that follows a script. */
#include "../shop.h"
#include "core/mem.h"
#include "data/bundle.h"
#include "engine/ask.h"
#include "engine/engine.h"
#include "paradigms/mode_likelihood.h"

#include <math.h>

#define N        12 /* candidates */
#define FEATURES RK_NEARNESS_FEATURES

static shop prepared;
static rk_snapshot with;
static rk_asker asker;
static rk_run run;
static rk_error err;
static uint32_t items[N];


static int set_up(void **state)
{
    const rk_request request = {.user = "U12345"};

    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    run = rk_engine_run(prepared.engine);
    assert_ok(rk_engine_serving(prepared.engine, &run, &err), err);
    assert_ok(
        rk_asker_init(&asker, prepared.engine, &request, true, &run, &err),
        err);
    for (uint32_t i = 0; i < N; i++)
        items[i] = 3 * i;
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    rk_asker_clear(&asker);
    rk_run_clear(&run);
    shop_close(&prepared);
    return 0;
}


/* The shop's snapshot with these weights. */
static int fresh(void **state)
{
    (void)state;
    with = prepared.engine->serving->snapshot;
    memset(with.llm.nearness, 0, sizeof(with.llm.nearness));
    return 0;
}


static int score(float scores[N])
{
    rk_mode_ask ask = {&with, &asker.who, items, N, &run};
    rk_mode_note notes[N];

    return rk_mode_nearness.score(&ask, scores, notes, &err);
}


/* The cosine of two items' vectors, the catalogue's mean taken off. */
static double cosine(uint32_t a, uint32_t b)
{
    const float *x = rk_snapshot_vector(&with, a);
    const float *y = rk_snapshot_vector(&with, b);
    double xy = 0, xx = 0, yy = 0;

    for (size_t k = 0; k < with.d; k++) {
        double u = (double)x[k] - (double)with.vector_mean[k];
        double v = (double)y[k] - (double)with.vector_mean[k];

        xy += u * v;
        xx += u * u;
        yy += v * v;
    }
    return xy / sqrt(xx * yy);
}


/* The features of each candidate in doubles, one at a time. */
static void slow_features(double x[FEATURES][N])
{
    uint32_t likes[64];
    size_t most = with.settings->llm_history;
    size_t n = rk_who_latest(&asker.who, +1, most < 64 ? most : 64, likes);
    rk_mode_note note;
    rk_lines l;

    assert_true(n > 2);
    assert_ok(rk_lines_init(&l, &with, items, N, &err), err);
    assert_ok(rk_lines_read(&l, &with, &asker.who, &run, &err), err);
    for (size_t i = 0; i < N; i++) {
        x[0][i] = (double)rk_likelihood_score(
            &with, &l, i, rk_likelihood_weights(&with), note);
        x[1][i] = cosine(items[i], likes[n - 1]);
        x[2][i] = -1;
        x[3][i] = 0;
        for (size_t j = 0; j < n; j++) {
            double c = cosine(items[i], likes[j]);

            x[2][i] = c > x[2][i] ? c : x[2][i];
            x[3][i] += c / (double)n;
        }
    }
    rk_lines_clear(&l);
}


static void slow_scores(double scores[N], const float *weights)
{
    double x[FEATURES][N];

    slow_features(x);
    memset(scores, 0, N * sizeof(*scores));
    for (size_t f = 0; f < FEATURES; f++) {
        double mean = 0, square = 0;

        for (size_t i = 0; i < N; i++)
            mean += x[f][i] / N;
        for (size_t i = 0; i < N; i++)
            square += (x[f][i] - mean) * (x[f][i] - mean) / N;
        assert_true(square > 1e-9);
        for (size_t i = 0; i < N; i++)
            scores[i] += (double)weights[f] * (x[f][i] - mean) / sqrt(square);
    }
}


static void assert_scored(const float *weights)
{
    double expected[N];
    float scores[N];

    assert_ok(score(scores), err);
    slow_scores(expected, weights);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs((double)scores[i] - expected[i]) < 1e-3);
}


static void test_scores_are_those_of_a_slow_recomputation(void **state)
{
    static const float usual[] = {1, 0.2f, 0.3f, 0.4f};

    (void)state;
    assert_scored(usual);
}


static void test_learnt_weights_are_used_one_by_one(void **state)
{
    (void)state;
    for (size_t f = 0; f < FEATURES; f++) {
        memset(with.llm.nearness, 0, sizeof(with.llm.nearness));
        with.llm.nearness[f] = -2;
        assert_scored(with.llm.nearness);
    }
}


static void test_nobodys_likes_leave_the_likelihood_alone(void **state)
{
    static const rk_who nobody = {.profile = ""};
    rk_mode_ask ask = {&with, &nobody, items, N, &run};
    rk_mode_note notes[N];
    float scores[N], alone[N];

    (void)state;
    assert_ok(rk_mode_nearness.score(&ask, scores, notes, &err), err);
    with.llm.nearness[0] = 1;
    assert_ok(rk_mode_nearness.score(&ask, alone, notes, &err), err);
    assert_memory_equal(scores, alone, sizeof(scores));
}


static void test_without_vectors_it_is_not_ready(void **state)
{
    float scores[N];

    (void)state;
    with.vectors = NULL;
    assert_int_equal(score(scores), RK_ENOTREADY);
    assert_non_null(strstr(err.msg, "needs an embedder"));
    fresh(state);
    with.vector_mean = NULL;
    assert_int_equal(score(scores), RK_ENOTREADY);
}


static void test_learnt_weights_are_put_and_got(void **state)
{
    const char *path = scratch_path(&prepared.files, "learnt");
    rk_llm_learnt l = {.nearness = {1, -2, 3, 0.5f}};
    rk_llm_learnt back = {0};
    rk_bundle_writer *w;
    rk_bundle *b;

    (void)state;
    assert_ok(rk_bundle_writer_new(&w, &err), err);
    assert_ok(rk_llm_learnt_put(&l, w, &err), err);
    assert_ok(rk_bundle_save(w, path, &err), err);
    assert_ok(rk_bundle_open(&b, path, &err), err);
    assert_ok(rk_llm_learnt_get(&back, b, 1, &err), err);
    assert_memory_equal(l.nearness, back.nearness, sizeof(l.nearness));
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
}


static void test_scoring_survives_each_allocation_failing(void **state)
{
    int rc = RK_ENOMEM;

    (void)state;
    for (size_t n = 1; rc != RK_OK; n++) {
        float scores[N];

        rk_mem_fail_at(n);
        rc = score(scores);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(rc != RK_OK || n > 10);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_scores_are_those_of_a_slow_recomputation,
                               fresh),
        cmocka_unit_test_setup(test_learnt_weights_are_used_one_by_one, fresh),
        cmocka_unit_test_setup(test_nobodys_likes_leave_the_likelihood_alone,
                               fresh),
        cmocka_unit_test_setup(test_without_vectors_it_is_not_ready, fresh),
        cmocka_unit_test_setup(test_learnt_weights_are_put_and_got, fresh),
        cmocka_unit_test_setup(test_scoring_survives_each_allocation_failing,
                               fresh),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* The judge over a small task made by hand. */
#include "small_task.h"


static int same_for_all(void *ctx, const rk_task *t, const rk_questions *q,
                        size_t first, size_t n, float *scores, rk_error *err)
{
    (void)ctx;
    (void)first;
    (void)err;
    assert_null(q->truth);
    assert_null(q->truth_start);
    assert_null(q->label);
    assert_null(t->test.truth);
    assert_null(t->validation.truth);
    for (size_t i = 0; i < n * q->asked->n_items; i++)
        scores[i] = 1;
    return RK_OK;
}


/* Seeded by user, so that batches do not matter; some are not proposed. */
static int at_random(void *ctx, const rk_task *t, const rk_questions *q,
                     size_t first, size_t n, float *scores, rk_error *err)
{
    (void)ctx;
    (void)t;
    (void)err;
    for (size_t u = 0; u < n; u++) {
        rk_rng rng = {first + u + 1};

        for (size_t i = 0; i < q->asked->n_items; i++) {
            uint32_t dice = rk_rng_below(&rng, 12);

            scores[u * q->asked->n_items + i] = dice == 0   ? NAN
                                                : dice == 1 ? -INFINITY
                                                            : (float)dice;
        }
    }
    return RK_OK;
}


static int nothing(void *ctx, const rk_task *t, const rk_questions *q,
                   size_t first, size_t n, float *scores, rk_error *err)
{
    (void)ctx;
    (void)t;
    (void)first;
    (void)err;
    for (size_t i = 0; i < n * q->asked->n_items; i++)
        scores[i] = i % 2 ? NAN : -INFINITY;
    return RK_OK;
}


static void test_a_constant_scorer_earns_chance_and_sees_no_answer(void **state)
{
    rk_contestant who = {.name = "constant", .score = same_for_all};
    rk_verdict v;
    small s;

    (void)state;
    small_init(&s, CANDIDATES);
    assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                     RK_OK);
    assert_int_equal(v.n_users, USERS);
    assert_true(v.metrics[RK_M_AUC].value == 0.5);
    /* The middle of eight is 4.5. */
    assert_true(fabs(v.metrics[RK_M_NDCG_5].value - 1 / log2(5.5)) < 1e-6);
    assert_true(v.metrics[RK_M_NDCG_1].value == 0);
    rk_verdict_clear(&v);
    small_clear(&s);

    small_init(&s, 0);
    assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                     RK_OK);
    assert_true(fabs(v.metrics[RK_M_AUC].value - 0.5) < 1e-7);
    rk_verdict_clear(&v);
    small_clear(&s);
}


static void test_what_is_not_proposed_is_a_miss(void **state)
{
    rk_contestant who = {.name = "nothing", .score = nothing};
    rk_verdict v;
    small s;

    (void)state;
    small_init(&s, 0);
    assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                     RK_OK);
    assert_true(v.metrics[RK_M_RECALL_20].value == 0);
    assert_true(v.metrics[RK_M_COVERAGE].value == 0);
    assert_true(isnan(v.metrics[RK_M_NOVELTY].value));
    rk_verdict_clear(&v);
    small_clear(&s);
}


/* The headline figure of one user, the slow way. */
static double slow_ndcg(const small *s, size_t u)
{
    const rk_questions *q = &s->task.test;
    float row[ITEMS];
    bool had[ITEMS] = {false};
    double gain = 0;
    double best = 0;
    size_t n = q->truth_start[u + 1] - q->truth_start[u];

    at_random(NULL, NULL, q, u, 1, row, NULL);
    for (size_t i = 0; i < 3; i++)
        had[(u + i) % ITEMS] = true;
    for (size_t k = 0; k < n; k++) {
        float score = row[q->truth[q->truth_start[u] + k]];
        double rank = 0.5;

        for (size_t i = 0; i < ITEMS; i++) {
            if (had[i] || isnan(row[i]))
                continue;
            rank += row[i] > score ? 1 : row[i] == score ? 0.5 : 0;
        }
        best += 1 / log2((double)k + 2);
        if (score > -INFINITY && rank <= 10)
            gain += 1 / log2(rank + 1);
    }
    return gain / best;
}


static void test_ranks_are_those_of_brute_force_in_any_batch(void **state)
{
    rk_contestant who = {.name = "random", .score = at_random};
    rk_verdict v;
    small s;

    (void)state;
    small_init(&s, 0);
    for (size_t batch = 1; batch <= 64; batch *= 4) {
        const rk_judge_opts opts = {.batch = batch, .n_resamples = 10};

        assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, &opts, NULL),
                         RK_OK);
        for (size_t u = 0; u < USERS; u++)
            assert_true(fabs(v.per_user[u] - slow_ndcg(&s, u)) < 1e-9);
        rk_verdict_clear(&v);
    }
    small_clear(&s);
}


static void test_a_difference_of_one_with_itself_is_nothing(void **state)
{
    rk_contestant a = {.name = "random", .score = at_random};
    rk_contestant b = {.name = "constant", .score = same_for_all};
    rk_verdict va;
    rk_verdict vb;
    rk_measure d;
    small s;

    (void)state;
    small_init(&s, 0);
    rk_judge(&va, &s.task, &s.task.test, &a, NULL, NULL);
    rk_judge(&vb, &s.task, &s.task.test, &b, NULL, NULL);
    rk_judge_difference(&d, &s.task.test, &va, &va, NULL, NULL);
    assert_true(d.value == 0 && d.low == 0 && d.high == 0);
    rk_judge_difference(&d, &s.task.test, &vb, &va, NULL, NULL);
    assert_true(fabs(d.value - (va.metrics[RK_M_NDCG_10].value -
                                vb.metrics[RK_M_NDCG_10].value)) < 1e-6);
    assert_true(d.low <= d.value && d.value <= d.high);
    rk_verdict_clear(&va);
    rk_verdict_clear(&vb);
    small_clear(&s);
}


static void test_judging_survives_each_allocation_failing(void **state)
{
    rk_contestant who = {.name = "random", .score = at_random};
    const rk_judge_opts opts = {.n_resamples = 5};
    size_t n = 1;
    size_t made;
    rk_verdict v;
    small s;

    (void)state;
    small_init(&s, 0);
    do {
        int rc;

        rk_mem_fail_at(n);
        rc = rk_judge(&v, &s.task, &s.task.test, &who, &opts, NULL);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_verdict_clear(&v);
        n++;
    } while (made >= n - 1);
    assert_true(n > 10);
    small_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_constant_scorer_earns_chance_and_sees_no_answer),
        cmocka_unit_test(test_what_is_not_proposed_is_a_miss),
        cmocka_unit_test(test_ranks_are_those_of_brute_force_in_any_batch),
        cmocka_unit_test(test_a_difference_of_one_with_itself_is_nothing),
        cmocka_unit_test(test_judging_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

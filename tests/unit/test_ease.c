#include "learn/ease.h"

#include "core/topk.h"
#include "learner_laws.h"
#include "small_corpus.h"

#define U      60
#define I      40
#define EVENTS 15
#define LAMBDA 7.0f
#define ROOM   ((size_t)1 << 30)


static bool likes(const rk_corpus *c, size_t user, uint32_t item)
{
    for (size_t e = c->start[user]; e < c->start[user + 1]; e++)
        if (c->seen[e].item == item && c->seen[e].label > 0)
            return true;
    return false;
}


/* (n, n): how many users liked both. */
static void gram_naive(const rk_corpus *c, double *g)
{
    size_t n = c->n_items;

    memset(g, 0, n * n * sizeof(*g));
    for (size_t u = 0; u < c->n_users; u++)
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; likes(c, u, i) && j < n; j++)
                g[i * n + j] += likes(c, u, j);
}


/* The minimum of |X - XB|^2 + lambda |B|^2 with a zero diagonal: off the
 * diagonal, (G + lambda I) B = G. */
static void test_the_closed_form_solves_its_equations(void **state)
{
    static double g[I * I];
    rk_corpus c = small_corpus_random(U, I, EVENTS, 1);
    float *b;

    (void)state;
    gram_naive(&c, g);
    assert_int_equal(rk_ease_solve(&b, &c, LAMBDA, NULL), RK_OK);
    for (size_t i = 0; i < I; i++) {
        assert_true(b[i * I + i] == 0);
        for (size_t j = 0; j < I; j++) {
            double sum = (double)(LAMBDA * b[i * I + j]);

            for (size_t k = 0; k < I; k++)
                sum += g[i * I + k] * (double)b[k * I + j];
            if (i != j)
                assert_true(fabs(sum - g[i * I + j]) < 1e-3);
        }
    }
    free(b);
    small_corpus_clear(&c);
}


static void test_an_item_liked_twice_counts_once(void **state)
{
    rk_corpus once = small_corpus_random(U, I, EVENTS, 2);
    rk_corpus twice = small_corpus_new(U, I, 2 * EVENTS);
    float *a;
    float *b;

    (void)state;
    for (size_t u = 0; u < U; u++)
        for (size_t e = 0; e < 2 * EVENTS; e++)
            twice.seen[u * 2 * EVENTS + e] = once.seen[u * EVENTS + e % EVENTS];
    assert_int_equal(rk_ease_solve(&a, &once, LAMBDA, NULL), RK_OK);
    assert_int_equal(rk_ease_solve(&b, &twice, LAMBDA, NULL), RK_OK);
    for (size_t i = 0; i < I * I; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-6f);
    free(a);
    free(b);
    small_corpus_clear(&once);
    small_corpus_clear(&twice);
}


static void test_the_largest_weights_of_each_row_are_kept(void **state)
{
    enum { KEEP = 9 };
    rk_corpus c = small_corpus_random(U, I, EVENTS, 3);
    rk_ease_opts opts = {.lambda = LAMBDA, .keep = KEEP};
    rk_hit order[I];
    rk_ease *m;
    float *b;

    (void)state;
    assert_int_equal(rk_ease_solve(&b, &c, LAMBDA, NULL), RK_OK);
    assert_int_equal(rk_ease_fit(&m, &c, ROOM, &opts, NULL), RK_OK);
    assert_int_equal(m->b.n_rows, I);
    assert_int_equal(m->b.n_cols, I);
    assert_int_equal(m->b.start[0], 0);
    for (size_t i = 0; i < I; i++) {
        bool wanted[I] = {false};

        for (uint32_t j = 0; j < I; j++)
            order[j] = (rk_hit){j, fabsf(b[i * I + j])};
        rk_hits_sort(order, I);
        for (size_t k = 0; k < KEEP; k++)
            wanted[order[k].index] = true;
        assert_int_equal(m->b.start[i + 1] - m->b.start[i], KEEP);
        for (size_t k = m->b.start[i]; k < m->b.start[i + 1]; k++) {
            assert_true(wanted[m->b.col[k]]);
            assert_true(m->b.value[k] == b[i * I + m->b.col[k]]);
            if (k > m->b.start[i])
                assert_true(m->b.col[k] > m->b.col[k - 1]);
        }
    }
    rk_ease_free(m);
    free(b);
    small_corpus_clear(&c);
}


static void test_scores_add_rows_of_likes_weighed_by_age(void **state)
{
    rk_corpus c = small_corpus_random(U, I, EVENTS, 4);
    rk_ease_opts opts = {.lambda = LAMBDA};
    float scores[I];
    rk_ease *m;
    float *b;

    (void)state;
    assert_int_equal(rk_ease_solve(&b, &c, LAMBDA, NULL), RK_OK);
    assert_int_equal(rk_ease_fit(&m, &c, ROOM, &opts, NULL), RK_OK);
    for (size_t u = 0; u < U; u++) {
        double want[I] = {0};
        int age = 0;

        for (size_t e = c.start[u + 1]; e-- > c.start[u];) {
            if (c.seen[e].label <= 0)
                continue;
            for (size_t j = 0; j < I; j++)
                want[j] += pow(0.8, age) * (double)b[c.seen[e].item * I + j];
            age++;
        }
        rk_ease_score(&m->b, c.seen + c.start[u], EVENTS, 0.8f, scores);
        for (size_t j = 0; j < I; j++)
            assert_true(fabs(want[j] - (double)scores[j]) < 1e-5);
    }
    rk_ease_free(m);
    free(b);
    small_corpus_clear(&c);
}


static void test_items_newer_than_the_model_only_age_the_others(void **state)
{
    rk_corpus c = small_corpus_random(U, I, EVENTS, 5);
    rk_seen history[] = {{3, 1, 1, 0}, {I + 5, 1, 1, 1}};
    float with[I];
    float without[I];
    rk_ease *m;

    (void)state;
    assert_int_equal(rk_ease_fit(&m, &c, ROOM, NULL, NULL), RK_OK);
    rk_ease_score(&m->b, history, 2, 0.5f, with);
    rk_ease_score(&m->b, history, 1, 0.5f, without);
    assert_true(without[4] != 0);
    for (size_t j = 0; j < I; j++)
        assert_true(with[j] == 0.5f * without[j]);
    rk_ease_score(&m->b, history, 0, 0.5f, with);
    for (size_t j = 0; j < I; j++)
        assert_true(with[j] == 0);
    rk_ease_free(m);
    small_corpus_clear(&c);
}


static void test_too_little_memory_is_refused_before_any_is_taken(void **state)
{
    rk_corpus c = small_corpus_new(0, 20000, 0);
    rk_ease *m = (rk_ease *)state; /* not NULL, so that NULL is news */
    rk_error err;

    rk_mem_fail_at(0);
    assert_int_equal(rk_ease_fit(&m, &c, 3000000000, NULL, &err), RK_EINVAL);
    assert_int_equal(rk_mem_fail_at(0), 0);
    assert_null(m);
    assert_non_null(strstr(err.msg, "20000 items"));
    assert_non_null(strstr(err.msg, "3200 MB"));
    assert_non_null(strstr(err.msg, "3000 MB"));
    c.n_items = 10;
    assert_int_equal(rk_ease_fit(&m, &c, 799, NULL, &err), RK_EINVAL);
    assert_int_equal(rk_ease_fit(&m, &c, 800, NULL, &err), RK_OK);
    rk_ease_free(m);
    small_corpus_clear(&c);
}


static void test_items_nobody_likes_have_no_weights(void **state)
{
    rk_corpus none = small_corpus_new(3, 5, 0);
    rk_corpus empty = small_corpus_new(0, 0, 0);
    rk_ease *m;

    (void)state;
    assert_int_equal(rk_ease_fit(&m, &none, ROOM, NULL, NULL), RK_OK);
    assert_int_equal(m->b.start[5], 0);
    rk_ease_free(m);
    assert_int_equal(rk_ease_fit(&m, &empty, ROOM, NULL, NULL), RK_OK);
    assert_int_equal(m->b.n_rows, 0);
    rk_ease_free(m);
    rk_ease_free(NULL);
    small_corpus_clear(&none);
    small_corpus_clear(&empty);
}


static void test_a_lambda_that_is_no_penalty_is_refused(void **state)
{
    static const float bad[] = {-1, NAN, INFINITY};
    rk_corpus c = small_corpus_random(U, I, EVENTS, 6);
    rk_ease *m;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rk_ease_opts opts = {.lambda = bad[i]};

        assert_int_equal(rk_ease_fit(&m, &c, ROOM, &opts, NULL), RK_EINVAL);
        assert_null(m);
    }
    small_corpus_clear(&c);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    rk_corpus c = small_corpus_random(U, I, EVENTS, 7);
    rk_ease *m = NULL;
    size_t fail = 0;
    int rc;

    (void)state;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_ease_fit(&m, &c, ROOM, NULL, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m);
        }
    } while (rc != RK_OK);
    assert_true(fail > 5);
    rk_ease_free(m);
    small_corpus_clear(&c);
}


static void test_ease_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_ease);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_closed_form_solves_its_equations),
        cmocka_unit_test(test_an_item_liked_twice_counts_once),
        cmocka_unit_test(test_the_largest_weights_of_each_row_are_kept),
        cmocka_unit_test(test_scores_add_rows_of_likes_weighed_by_age),
        cmocka_unit_test(test_items_newer_than_the_model_only_age_the_others),
        cmocka_unit_test(test_too_little_memory_is_refused_before_any_is_taken),
        cmocka_unit_test(test_items_nobody_likes_have_no_weights),
        cmocka_unit_test(test_a_lambda_that_is_no_penalty_is_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
        cmocka_unit_test(test_ease_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

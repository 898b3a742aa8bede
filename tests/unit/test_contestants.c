/* Those who are judged, on the bookstore divided by time, with models that
 * need no file. */
#include "../shop.h"
#include "core/mem.h"
#include "engine/corpus.h"
#include "eval/contestants.h"
#include "learn/popular.h"
#include "paradigms/mode_lists.h"

#include <math.h>

static const char *const names[] = {
    "random",         "collaborative", "auto",
    "popular",        "ease",          "embeddings",
    "tokens",         "llm",           "rag",
    "llm:pure",       "llm:yes_no",    "llm:letters",
    "llm:permutation"};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

typedef struct lecture {
    shop shop;
    rk_corpus *corpus;
    rk_task *task;
    rk_school school;
} lecture;

static lecture given; /* opened once; nothing changes it */


static void lecture_open(lecture *l, const char *models)
{
    rk_task_opts opts = {.seed = 1};
    rk_error err;

    memset(l, 0, sizeof(*l));
    shop_open(&l->shop, models);
    shop_fill(&l->shop);
    assert_ok(rk_engine_corpus(&l->corpus, l->shop.engine->store,
                               &l->shop.engine->config->events, &err),
              err);
    opts.corpus = l->corpus;
    assert_ok(rk_protocol_find("mine")->load(&l->task, &opts, &err), err);
    assert_ok(rk_task_check(l->task, &err), err);
    assert_true(l->task->test.asked->n_users > 3);
    assert_ok(rk_school_open(&l->school, l->shop.engine, l->task,
                             &(rk_school_opts){0}, &err),
              err);
}


static void lecture_close(lecture *l)
{
    rk_school_close(&l->school);
    rk_task_free(l->task);
    rk_corpus_free(l->corpus);
    shop_close(&l->shop);
}


static int open_once(void **state)
{
    (void)state;
    lecture_open(&given, SCRIPTED);
    return 0;
}


static int close_it(void **state)
{
    (void)state;
    lecture_close(&given);
    return 0;
}


/* The scores of everybody who is asked; yours to free. */
static float *asked(lecture *l, const char *name)
{
    const rk_questions *q = &l->task->test;
    size_t n = q->asked->n_users * q->asked->n_items;
    float *scores = rk_calloc(n, sizeof(*scores));
    rk_contestant c;
    rk_error err;

    assert_non_null(scores);
    assert_ok(rk_contestant_open(&c, &l->school, name, &err), err);
    assert_string_equal(c.name, name);
    assert_ok(c.score(c.ctx, l->task, q, 0, q->asked->n_users, scores, &err),
              err);
    rk_contestant_close(&c);
    return scores;
}


static void test_every_name_answers(void **state)
{
    const rk_corpus *c = given.task->test.asked;

    (void)state;
    for (size_t k = 0; k < N_NAMES; k++) {
        float *scores = asked(&given, names[k]);

        for (size_t u = 0; u < c->n_users; u++) {
            size_t n = 0;

            for (size_t i = 0; i < c->n_items; i++)
                n += isfinite(scores[u * c->n_items + i]);
            assert_true(n > 0);
        }
        free(scores);
    }
}


static void test_what_cannot_be_asked_says_why(void **state)
{
    static const char *const lacking[] = {"embeddings", "llm", "rag"};
    rk_contestant c;
    rk_error err;
    lecture bare;

    (void)state;
    assert_int_equal(rk_contestant_open(&c, &given.school, "llm:prose", &err),
                     RK_EINVAL);
    assert_int_equal(rk_contestant_open(&c, &given.school, "nobody", &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "'nobody'"));
    rk_contestant_close(&c);
    lecture_open(&bare, "embedder: none, writer: none");
    for (size_t k = 0; k < 3; k++) {
        assert_int_equal(rk_contestant_open(&c, &bare.school, lacking[k], &err),
                         RK_ENOTREADY);
        assert_true(err.msg[0] != '\0');
        rk_contestant_close(&c);
    }
    assert_int_equal(rk_contestant_open(&c, &bare.school, "l3ae", &err),
                     RK_EINVAL);
    assert_string_equal(err.msg, "l3ae: needs the items' vectors");
    rk_contestant_close(&c);
    free(asked(&bare, "auto"));
    lecture_close(&bare);
}


static void test_random_is_chance(void **state)
{
    const rk_questions *q = &given.task->test;
    rk_contestant c;
    rk_verdict v;
    double sum = 0;
    rk_error err;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        given.school.settings.seed = seed;
        assert_ok(rk_contestant_open(&c, &given.school, "random", &err), err);
        assert_true(isnan(c.train_s));
        assert_ok(rk_judge(&v, given.task, q, &c,
                           &(rk_judge_opts){.n_resamples = 1}, &err),
                  err);
        sum += v.metrics[RK_M_AUC].value / 100;
        rk_verdict_clear(&v);
        rk_contestant_close(&c);
    }
    given.school.settings.seed = given.shop.engine->settings.seed;
    assert_true(fabs(sum - 0.5) < 0.04);
}


static void test_a_way_does_not_propose_what_was_had(void **state)
{
    static const char *const ways[] = {"auto", "embeddings", "tokens", "llm",
                                       "rag"};
    const rk_corpus *c = given.task->test.asked;

    (void)state;
    for (size_t k = 0; k < 5; k++) {
        float *scores = asked(&given, ways[k]);

        for (size_t u = 0; u < c->n_users; u++)
            for (size_t i = c->start[u]; i < c->start[u + 1]; i++)
                assert_true(isnan(scores[u * c->n_items + c->seen[i].item]));
        free(scores);
    }
}


static void test_the_school_has_seen_training_alone(void **state)
{
    const rk_school *school = &given.school;
    const rk_corpus *train = given.task->train;
    float *popularity = rk_calloc(train->n_items, sizeof(*popularity));
    float *rates = rk_calloc(train->n_items, sizeof(*rates));
    rk_histories *seen;
    rk_histories *h;

    (void)state;
    rk_popular_fit(train, school->settings.half_life_days, popularity);
    assert_memory_equal(popularity, school->snapshot.popularity,
                        train->n_items * sizeof(*popularity));
    assert_int_equal(rk_like_rate_fit(train, rates, NULL), RK_OK);
    assert_memory_equal(rates, school->snapshot.like_rate,
                        train->n_items * sizeof(*rates));
    assert_int_equal(rk_histories_new(&h, train, NULL), RK_OK);
    assert_int_equal(
        rk_histories_new(&seen, school->readings.workshop.corpus, NULL), RK_OK);
    assert_int_equal(h->start[h->n_users], seen->start[h->n_users]);
    rk_histories_free(seen);
    /* The whole store says otherwise. */
    rk_popular_fit(given.corpus, school->settings.half_life_days, popularity);
    assert_memory_not_equal(popularity, school->snapshot.popularity,
                            train->n_items * sizeof(*popularity));
    rk_histories_free(h);
    free(popularity);
    free(rates);
}


/* A task whose questions were taken away teaches the same. */
static void test_a_school_learns_nothing_from_questions(void **state)
{
    rk_corpus *train = given.task->train;
    rk_school other;
    rk_error err;
    rk_task task = *given.task;

    (void)state;
    memset(&task.test, 0, sizeof(task.test));
    memset(&task.validation, 0, sizeof(task.validation));
    assert_ok(rk_school_open(&other, given.shop.engine, &task,
                             &(rk_school_opts){0}, &err),
              err);
    assert_memory_equal(other.snapshot.fusion, given.school.snapshot.fusion,
                        4 * sizeof(float));
    assert_memory_equal(other.snapshot.popularity,
                        given.school.snapshot.popularity,
                        train->n_items * sizeof(float));
    rk_school_close(&other);
}


/* How the writer is asked is set by none of those who are asked. */
static void test_the_llm_way_is_set_by_others(void **state)
{
    const rk_questions *q = &given.task->test;
    rk_school other;
    rk_task task = *given.task;
    rk_mode_lists l;
    rk_error err;

    (void)state;
    task.kind = RK_TASK_RANK;
    assert_ok(rk_school_open(&other, given.shop.engine, &task,
                             &(rk_school_opts){.untrained = true}, &err),
              err);
    for (size_t u = 0; u < q->asked->n_users; u++)
        if (q->user[u] != RK_NO_ID)
            assert_true(other.readings.workshop.left_out[q->user[u]]);
    assert_ok(rk_mode_lists_make(&l, &other.readings.workshop, &err), err);
    for (size_t i = 0; i < l.n; i++)
        for (size_t u = 0; u < q->asked->n_users; u++)
            assert_int_not_equal(l.user[i], q->user[u]);
    rk_mode_lists_clear(&l);
    rk_school_close(&other);
}


static void test_two_runs_give_the_same_scores(void **state)
{
    const rk_corpus *c = given.task->test.asked;
    lecture again;

    (void)state;
    lecture_open(&again, SCRIPTED);
    for (size_t k = 0; k < N_NAMES; k++) {
        float *a = asked(&given, names[k]);
        float *b = asked(&again, names[k]);

        assert_memory_equal(a, b, c->n_users * c->n_items * sizeof(*a));
        free(a);
        free(b);
    }
    lecture_close(&again);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_answers),
        cmocka_unit_test(test_what_cannot_be_asked_says_why),
        cmocka_unit_test(test_random_is_chance),
        cmocka_unit_test(test_a_way_does_not_propose_what_was_had),
        cmocka_unit_test(test_the_school_has_seen_training_alone),
        cmocka_unit_test(test_a_school_learns_nothing_from_questions),
        cmocka_unit_test(test_the_llm_way_is_set_by_others),
        cmocka_unit_test(test_two_runs_give_the_same_scores),
    };

    return cmocka_run_group_tests(tests, open_once, close_it);
}

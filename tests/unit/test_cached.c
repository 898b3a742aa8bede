/* What a model says is asked once, kept, and never taken for another's. */
#include "core/hash.h"
#include "core/mem.h"
#include "paradigms/cached.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define D       32
#define N_MANY  150 /* texts: three times as many as are asked at once */
#define KEY     "scripted-1"
#define N_WORDS 2

static const char *const texts[] = {"a dark tale", "a funny tale",
                                    "a dark tale"};
static const char *const words[N_WORDS] = {" dark", " funny"};

static rk_loaded models;
static rk_run run;
static rk_error err;


static int set_up(void **state)
{
    (void)state;
    rk_loaded_init(&models, "scripted", "scripted", NULL);
    run = (rk_run){.models = &models};
    return rk_store_open(&run.store, ":memory:", &err);
}


static int tear_down(void **state)
{
    (void)state;
    rk_store_close(run.store);
    rk_run_clear(&run);
    rk_loaded_clear(&models);
    return 0;
}


static rk_asking asking(const rk_progress *progress)
{
    return (rk_asking){&run, KEY, "asking", progress, 0};
}


static int ask_vectors(const char *const *of, size_t n, float *out)
{
    rk_asking a = asking(NULL);

    return rk_cached_vectors(&a, D, of, n, out, &err);
}


static void test_vectors_are_the_models_and_asked_once(void **state)
{
    float kept[3 * D];
    float again[3 * D];
    float direct[3 * D];
    rk_llm *m;

    (void)state;
    assert_int_equal(ask_vectors(texts, 3, kept), RK_OK);
    assert_int_equal(run.usage.embedded_texts, 2); /* two are the same */
    assert_int_equal(ask_vectors(texts, 3, again), RK_OK);
    assert_int_equal(run.usage.embedded_texts, 2);
    assert_int_equal(rk_loaded_get(&models, RK_EMBEDDER, &m, &err), RK_OK);
    assert_int_equal(rk_llm_embed(m, texts, 3, direct, NULL, &err), RK_OK);
    assert_memory_equal(kept, direct, sizeof(kept));
    assert_memory_equal(again, direct, sizeof(again));
}


static void test_words_are_kept_by_prefix_text_and_words(void **state)
{
    rk_asking a = asking(NULL);
    rk_words_question q = {"A person: ", words, N_WORDS};
    rk_words_question fewer = {"A person: ", words, 1};
    rk_words_question other = {"A place: ", words, N_WORDS};
    float kept[3 * N_WORDS];
    float direct[3 * N_WORDS];
    float more[3 * N_WORDS];
    uint64_t used;
    rk_llm *m;

    (void)state;
    assert_int_equal(rk_cached_words(&a, &q, texts, 3, kept, &err), RK_OK);
    used = run.usage.candidate_tokens;
    assert_int_equal(used, 6); /* two different texts of three words */
    assert_int_equal(rk_cached_words(&a, &q, texts, 3, more, &err), RK_OK);
    assert_int_equal(run.usage.candidate_tokens, used);
    assert_memory_equal(kept, more, sizeof(kept));
    assert_int_equal(rk_loaded_get(&models, RK_WRITER, &m, &err), RK_OK);
    assert_int_equal(rk_llm_next_words(m, q.prefix, texts, 3, words, N_WORDS,
                                       direct, "x", NULL, &err),
                     RK_OK);
    assert_memory_equal(kept, direct, sizeof(kept));
    assert_int_equal(rk_cached_words(&a, &fewer, texts, 1, more, &err), RK_OK);
    assert_int_equal(rk_cached_words(&a, &other, texts, 1, more, &err), RK_OK);
    assert_true(run.usage.candidate_tokens >= used + 6);
}


static void test_likelihoods_are_kept_with_their_tokens(void **state)
{
    rk_asking a = asking(NULL);
    float rows[6];
    float again[6];
    float direct[3];
    uint32_t n_tokens[3];
    uint64_t used;
    rk_llm *m;

    (void)state;
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales I loved:\n", texts, 3, rows, &err),
        RK_OK);
    used = run.usage.candidate_tokens;
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales I loved:\n", texts, 3, again, &err),
        RK_OK);
    assert_int_equal(run.usage.candidate_tokens, used);
    assert_memory_equal(rows, again, sizeof(rows));
    assert_int_equal(rk_loaded_get(&models, RK_WRITER, &m, &err), RK_OK);
    assert_int_equal(rk_llm_likelihood(m, "Tales I loved:\n", texts, 3, direct,
                                       n_tokens, &err),
                     RK_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(rows[2 * i] == direct[i]);
        assert_true(rows[2 * i + 1] == (float)n_tokens[i]);
    }
}


static void
test_another_model_is_refused_but_not_what_it_need_not_say(void **state)
{
    rk_asking other = {&run, "another-model", "asking", NULL, 0};
    float v[3 * D];
    rk_llm *m;

    (void)state;
    assert_int_equal(rk_cached_vectors(&other, D, texts, 1, v, &err),
                     RK_ENOTREADY);
    assert_string_equal(err.msg, "the embedder is another model than the one "
                                 "prepared with: run reckon prepare");
    assert_int_equal(rk_cached_likelihood(&other, "x", texts, 1, v, &err),
                     RK_ENOTREADY);
    assert_int_equal(rk_asking_model(&other, RK_WRITER, &m, &err),
                     RK_ENOTREADY);
    assert_int_equal(ask_vectors(texts, 3, v), RK_OK);
    rk_loaded_clear(&models);
    rk_loaded_init(&models, "none", "none", NULL);
    assert_int_equal(ask_vectors(texts, 3, v), RK_OK); /* kept */
    assert_int_equal(ask_vectors(&words[0], 1, v), RK_ENOTFOUND);
}


static void test_another_width_is_refused(void **state)
{
    rk_asking a = asking(NULL);
    float v[2 * D];

    (void)state;
    assert_int_equal(rk_cached_vectors(&a, 2 * D, texts, 1, v, &err),
                     RK_ENOTREADY);
    assert_non_null(strstr(err.msg, "32 dimensions, prepared with 64"));
}


static void test_a_kept_answer_of_another_length_is_asked_again(void **state)
{
    rk_key key = rk_key_of("vector", KEY, "", texts[0], NULL);
    float right[D];
    float v[D];

    (void)state;
    assert_int_equal(ask_vectors(texts, 1, right), RK_OK);
    assert_int_equal(
        rk_store_put_output(run.store, key.hex, right, sizeof(float), &err),
        RK_OK);
    assert_int_equal(ask_vectors(texts, 1, v), RK_OK);
    assert_int_equal(run.usage.embedded_texts, 2);
    assert_memory_equal(v, right, sizeof(v));
}


typedef struct watch {
    uint64_t done;
    uint64_t total;
    uint64_t stop_at; /* done */
} watch;


static int look(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    watch *w = ctx;

    assert_string_equal(stage, "asking");
    assert_true(done >= w->done);
    w->done = done;
    w->total = total;
    return w->stop_at && done >= w->stop_at;
}


static void test_an_interruption_keeps_what_was_answered(void **state)
{
    static char room[N_MANY][16];
    static float v[N_MANY * D];
    const char *many[N_MANY];
    watch w = {.stop_at = 64};
    rk_progress progress = {look, &w};
    rk_asking a = asking(&progress);

    (void)state;
    for (unsigned i = 0; i < N_MANY; i++) {
        snprintf(room[i], sizeof(room[i]), "tale %u", i);
        many[i] = room[i];
    }
    assert_int_equal(rk_cached_vectors(&a, D, many, N_MANY, v, &err),
                     RK_ECANCELLED);
    assert_int_equal(run.usage.embedded_texts, 64);
    w = (watch){0};
    assert_int_equal(rk_cached_vectors(&a, D, many, N_MANY, v, &err), RK_OK);
    assert_int_equal(run.usage.embedded_texts, N_MANY);
    assert_int_equal(w.done, N_MANY - 64);
    assert_int_equal(w.total, N_MANY - 64);
}


static void test_nothing_is_asked_about_no_texts(void **state)
{
    (void)state;
    assert_int_equal(ask_vectors(NULL, 0, NULL), RK_OK);
    assert_int_equal(run.usage.embedded_texts, 0);
}


static void test_asking_survives_each_allocation_failing(void **state)
{
    rk_asking a = asking(NULL);
    rk_words_question q = {"A person: ", words, N_WORDS};
    float v[3 * D];
    float p[3 * N_WORDS];
    size_t n = 0;
    size_t made;
    int rc;

    (void)state;
    do {
        tear_down(NULL);
        set_up(NULL);
        rk_mem_fail_at(++n);
        rc = ask_vectors(texts, 3, v);
        if (rc == RK_OK)
            rc = rk_cached_words(&a, &q, texts, 3, p, &err);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        assert_int_equal(ask_vectors(texts, 3, v), RK_OK);
        assert_int_equal(rk_cached_words(&a, &q, texts, 3, p, &err), RK_OK);
    } while (made >= n);
    assert_true(n > 20);
}


/* What is passing is asked once too, and goes when newer ones are many. */
static void test_passing_answers_are_kept_apart(void **state)
{
    rk_asking a = asking(NULL);
    float lasting[4];
    float passing[4];
    rk_store_counts n;

    (void)state;
    a.how = RK_ASK_PASSING;
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales:\n", texts, 2, passing, &err), RK_OK);
    run.usage = (rk_usage){0};
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales:\n", texts, 2, passing, &err), RK_OK);
    assert_int_equal(run.usage.candidate_tokens, 0);
    a.how = 0;
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales:\n", texts, 2, lasting, &err), RK_OK);
    assert_true(run.usage.candidate_tokens > 0);
    assert_memory_equal(lasting, passing, sizeof(lasting));
    assert_int_equal(rk_cached_prune(run.store, &err), RK_OK);
    assert_int_equal(rk_store_counts_get(run.store, &n, &err), RK_OK);
    assert_int_equal(n.n_outputs, 4); /* there are few */
    assert_int_equal(rk_store_prune_outputs(run.store, RK_PASSING, 0, &err),
                     RK_OK);
    run.usage = (rk_usage){0};
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales:\n", texts, 2, lasting, &err), RK_OK);
    assert_int_equal(run.usage.candidate_tokens, 0);
    a.how = RK_ASK_PASSING;
    assert_int_equal(
        rk_cached_likelihood(&a, "Tales:\n", texts, 2, passing, &err), RK_OK);
    assert_true(run.usage.candidate_tokens > 0);
}


#define kept_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)


int main(void)
{
    const struct CMUnitTest tests[] = {
        kept_test(test_vectors_are_the_models_and_asked_once),
        kept_test(test_words_are_kept_by_prefix_text_and_words),
        kept_test(test_likelihoods_are_kept_with_their_tokens),
        kept_test(test_another_model_is_refused_but_not_what_it_need_not_say),
        kept_test(test_another_width_is_refused),
        kept_test(test_a_kept_answer_of_another_length_is_asked_again),
        kept_test(test_an_interruption_keeps_what_was_answered),
        kept_test(test_nothing_is_asked_about_no_texts),
        kept_test(test_asking_survives_each_allocation_failing),
        kept_test(test_passing_answers_are_kept_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

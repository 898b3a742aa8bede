/* openai*.c and rerank.c against a model server in small, and against wrong
 * ones. Its tokens are bytes, and log p(token) = -(token % 7 + 1) / 8. */
#include "child.h"
#include "core/clock.h"
#include "core/mem.h"
#include "llm/loaded.h"
#include "llm/rerank.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const texts[] = {"war", "", "sea of \xc3\xa9toiles"};
static const char *const words[] = {" no", " yes", " perhaps"};
static child server;
static int port;


static int start(void **state)
{
    (void)state;
    port = child_start_fake(&server);
    return port > 0 ? 0 : -1;
}


static int end(void **state)
{
    (void)state;
    child_end(&server);
    return 0;
}


static const char *url_of(char url[128], const char *scenario,
                          const char *model)
{
    snprintf(url, 128, "http://127.0.0.1:%d/%s/v1%s", port, scenario, model);
    return url;
}


static int open_model(rk_llm **m, enum rk_llm_role role, const char *scenario,
                      const char *model, rk_error *err)
{
    char url[128];

    memset(err, 0, sizeof(*err));
    return rk_llm_open_server(m, role, url_of(url, scenario, model), NULL, err);
}


static rk_llm *opened(enum rk_llm_role role, const char *scenario,
                      const char *model)
{
    rk_llm *m;
    rk_error err;

    if (open_model(&m, role, scenario, model, &err))
        fail_msg("%s", err.msg);
    return m;
}


static void assert_says(int rc, int expected, const rk_error *err,
                        const char *message)
{
    assert_int_equal(rc, expected);
    assert_int_equal(err->code, expected);
    if (!strstr(err->msg, message))
        fail_msg("'%s' does not say '%s'", err->msg, message);
}


/* What the stand-in thinks of a text and a newline. */
static double log_p(const char *text)
{
    double sum = -('\n' % 7 + 1) / 8.0;

    for (; *text; text++)
        sum -= ((unsigned char)*text % 7 + 1) / 8.0;
    return sum;
}


static void assert_likelihoods(rk_llm *m, bool exact)
{
    float logp[3];
    uint32_t n_tokens[3];
    rk_error err;

    if (rk_llm_likelihood(m, "Books\xc3\xa9:\n", texts, 3, logp, n_tokens,
                          &err))
        fail_msg("%s", err.msg);
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(logp[i] - log_p(texts[i])) < 1e-5);
        if (exact)
            assert_int_equal(n_tokens[i], strlen(texts[i]));
    }
}


static void test_openai_reads_likelihoods_of_a_server_that_echoes(void **state)
{
    rk_llm *m = opened(RK_WRITER, "vllm", "#small");
    const rk_llm_info *i = rk_llm_describe(m);
    const rk_llm_usage *u = rk_llm_usage_of(m);

    (void)state;
    assert_int_equal(i->can, RK_WRITER_CAN);
    assert_int_equal(i->n_context, 2000);
    assert_string_equal(i->name, "small");
    assert_non_null(strstr(i->detail, "likelihoods, by echo; the 3 likeliest"));
    *rk_llm_usage_of(m) = (rk_llm_usage){0};
    assert_likelihoods(m, true);
    /* Three prefixes of 10 tokens, of which 2 were cached. */
    assert_int_equal(u->reused_tokens, 2);
    assert_int_equal(u->branch_tokens, 3 + 0 + 15 + 3);
    assert_int_equal(u->prefix_tokens, 3 * 10 - 2);
    rk_llm_close(m);
}


static void test_openai_reads_likelihoods_without_a_tokeniser(void **state)
{
    rk_llm *m = opened(RK_WRITER, "bare", "");

    (void)state;
    assert_int_equal(rk_llm_describe(m)->can,
                     RK_CAN_LIKELIHOOD | RK_CAN_CHOOSE | RK_CAN_GENERATE);
    assert_likelihoods(m, false);
    assert_false(rk_llm_one_token(m, "a"));
    assert_true(rk_llm_count_tokens(m, "twenty-four letters here") > 5);
    rk_llm_close(m);
}


static void test_openai_bounds_words_that_are_not_told(void **state)
{
    static const char *const branches[] = {"a", ""};
    rk_llm *m = opened(RK_WRITER, "vllm", "");
    float p[4];
    rk_error err;

    (void)state;
    /* A token is a byte here, so words of one are found nowhere. */
    assert_true(rk_llm_one_token(m, "n"));
    assert_false(rk_llm_one_token(m, " no"));
    if (rk_llm_next_words(m, "Yes?", branches, 2,
                          (const char *const[]){"n", "y"}, 2, p, "words", NULL,
                          &err))
        fail_msg("%s", err.msg);
    for (int i = 0; i < 4; i++)
        assert_true(p[i] == -3.25f);
    assert_says(rk_llm_next_words(m, "Yes?", branches, 2, words, 2, p, "words",
                                  NULL, &err),
                RK_EINVAL, &err, "is 3 tokens of small");
    rk_llm_close(m);
}


static void test_openai_cuts_a_prefix_that_is_too_long_at_a_line(void **state)
{
    rk_llm *m = opened(RK_WRITER, "vllm", "");
    const rk_llm_usage *u = rk_llm_usage_of(m);
    char prefix[3001];
    float logp;
    rk_error err;

    (void)state;
    for (size_t i = 0; i < 3000; i++)
        prefix[i] = i % 10 == 9 ? '\n' : 'x';
    prefix[3000] = '\0';
    *rk_llm_usage_of(m) = (rk_llm_usage){0};
    if (rk_llm_likelihood(m, prefix, texts, 1, &logp, NULL, &err))
        fail_msg("%s", err.msg);
    assert_true(fabs(logp - log_p("war")) < 1e-5);
    assert_true(u->prefix_tokens <= 2000 - 512);
    assert_true(u->prefix_tokens > 1000);
    rk_llm_close(m);
}


static void test_openai_writes_and_ends_at_a_stop(void **state)
{
    static const char *const stop[] = {" Stop"};
    rk_generate_opts o = {.stop = stop, .n_stop = 1, .max_tokens = 9};
    static const char *const scenarios[] = {"vllm", "chat"};
    static const char *const models[] = {"#small", "#b"};
    static const char *const expected[] = {" and sea!", "You said: the sea"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        rk_llm *m = opened(RK_WRITER, scenarios[i], models[i]);
        char *text;
        rk_error err;

        if (rk_llm_generate(m, "the sea", &o, &text, &err))
            fail_msg("%s", err.msg);
        assert_string_equal(text, expected[i]);
        free(text);
        rk_llm_close(m);
    }
}


static void test_openai_chooses_the_likeliest_allowed_text(void **state)
{
    static const char *const allowed[] = {"zzz", "aaa", "bbb"};
    rk_generate_opts o = {.allowed = allowed, .n_allowed = 3};
    rk_llm *m = opened(RK_WRITER, "vllm", "");
    char *text;

    (void)state;
    assert_int_equal(rk_llm_generate(m, "x", &o, &text, NULL), RK_OK);
    assert_string_equal(text, "bbb"); /* 98 % 7 is 0 */
    free(text);
    rk_llm_close(m);
}


static void test_openai_says_what_a_server_cannot(void **state)
{
    rk_generate_opts o = {.allowed = words, .n_allowed = 3};
    rk_llm *m = opened(RK_WRITER, "chat", "#a");
    float p[9];
    char *text;
    rk_error err;

    (void)state;
    assert_int_equal(rk_llm_describe(m)->can, RK_CAN_GENERATE);
    assert_non_null(strstr(rk_llm_describe(m)->detail,
                           "no likelihoods; no next words; writing by chat"));
    assert_says(rk_llm_likelihood(m, "x", words, 3, p, NULL, &err), RK_EBACKEND,
                &err, "it cannot be asked for likelihoods");
    assert_says(
        rk_llm_next_words(m, "x", words, 3, words, 3, p, "words", NULL, &err),
        RK_EBACKEND, &err, "it cannot be asked for probabilities of next");
    assert_says(rk_llm_generate(m, "x", &o, &text, &err), RK_EBACKEND, &err,
                "it cannot be asked for one of a list of texts");
    rk_llm_close(m);

    m = opened(RK_WRITER, "mute", "");
    assert_int_equal(rk_llm_describe(m)->can,
                     RK_CAN_GENERATE | RK_CAN_WORDS | RK_CAN_COUNT);
    rk_llm_close(m);
}


static void test_openai_concludes_nothing_from_silence(void **state)
{
    rk_fetch_opts fetch = rk_fetch_defaults;
    rk_server_opts opts = {.fetch = &fetch};
    rk_llm *m = (rk_llm *)texts;
    char url[128];
    rk_error err;

    (void)state;
    fetch.timeout_ms = 500;
    assert_says(rk_llm_open_server(&m, RK_WRITER, url_of(url, "stalls", ""),
                                   &opts, &err),
                RK_EBACKEND, &err, "/completions: no whole reply in time");
    assert_null(m);
}


static void test_openai_stops_at_the_deadline(void **state)
{
    static const char *const asleep[] = {"war", "sleep"};
    rk_llm *m = opened(RK_WRITER, "sleepy", "");
    rk_reranker *r;
    char url[128];
    float logp[2];
    rk_error err;

    (void)state;
    rk_llm_until(m, rk_clock_us() + 200000);
    assert_says(rk_llm_likelihood(m, "Books:\n", asleep, 2, logp, NULL, &err),
                RK_ECANCELLED, &err, "/completions: the time is over");
    assert_says(rk_llm_likelihood(m, "Books:\n", asleep, 1, logp, NULL, &err),
                RK_ECANCELLED, &err, "the time is over");
    rk_llm_until(m, 0);
    assert_int_equal(
        rk_llm_likelihood(m, "Books:\n", asleep, 1, logp, NULL, &err), RK_OK);
    rk_llm_close(m);

    m = opened(RK_EMBEDDER, "sleepy", "");
    rk_llm_until(m, rk_clock_us() + 200000);
    assert_says(rk_llm_embed(m, &asleep[1], 1, (float[4]){0}, NULL, &err),
                RK_ECANCELLED, &err, "/embeddings: the time is over");
    rk_llm_close(m);

    assert_int_equal(
        rk_reranker_open(&r, url_of(url, "sleepy", ""), NULL, NULL), RK_OK);
    rk_reranker_until(r, rk_clock_us() + 200000);
    assert_says(rk_reranker_scores(r, "a", asleep, 2, logp, &err),
                RK_ECANCELLED, &err, "/rerank: the time is over");
    rk_reranker_until(r, 0);
    assert_int_equal(rk_reranker_scores(r, "a", asleep, 1, logp, NULL), RK_OK);
    assert_int_equal(rk_reranker_usage(r)->calls, 2);
    rk_reranker_close(r);
}


static void test_openai_wants_to_know_which_model(void **state)
{
    rk_llm *m = (rk_llm *)texts;
    rk_error err;

    (void)state;
    assert_says(open_model(&m, RK_WRITER, "chat", "", &err), RK_ENOTFOUND, &err,
                "expected one model, found 2 (a, b): say which behind a '#'");
    assert_null(m);
    assert_says(open_model(&m, RK_WRITER, "chat", "#c", &err), RK_ENOTFOUND,
                &err, "/models: no model 'c'; it has a, b");
    assert_says(open_model(&m, RK_EMBEDDER, "chat", "#a", &err), RK_EBACKEND,
                &err, "/embeddings: expected status 200, found 404");
    assert_says(open_model(&m, RK_WRITER, "html", "#a", &err), RK_EFORMAT, &err,
                "/models: expected JSON");
}


static void test_openai_keys_outputs_by_address_and_model(void **state)
{
    rk_llm *a = opened(RK_WRITER, "chat", "#a");
    rk_llm *again = opened(RK_WRITER, "chat", "#a");
    rk_llm *b = opened(RK_WRITER, "chat", "#b");
    const char *key = rk_llm_describe(a)->fingerprint;

    (void)state;
    assert_int_equal(strlen(key), 32);
    assert_string_equal(key, rk_llm_describe(again)->fingerprint);
    assert_string_not_equal(key, rk_llm_describe(b)->fingerprint);
    rk_llm_close(a);
    rk_llm_close(again);
    rk_llm_close(b);

    /* The time at which it is told is no part of it. */
    a = opened(RK_WRITER, "vllm", "");
    b = opened(RK_WRITER, "vllm", "#small");
    assert_string_equal(rk_llm_describe(a)->fingerprint,
                        rk_llm_describe(b)->fingerprint);
    rk_llm_close(a);
    rk_llm_close(b);
}


static void test_openai_aligns_vectors_by_index(void **state)
{
    rk_llm *m = opened(RK_EMBEDDER, "vllm", "");
    float v[3][4];
    float one[4];

    (void)state;
    assert_int_equal(rk_llm_describe(m)->d, 4);
    assert_int_equal(rk_llm_embed(m, texts, 3, v[0], NULL, NULL), RK_OK);
    for (int i = 0; i < 3; i++) {
        double square = 0;

        for (int j = 0; j < 4; j++)
            square += (double)v[i][j] * v[i][j];
        assert_true(fabs(square - (i == 1 ? 0 : 1)) < 1e-6);
        assert_int_equal(rk_llm_embed(m, &texts[i], 1, one, NULL, NULL), RK_OK);
        assert_memory_equal(one, v[i], sizeof(one));
    }
    assert_true(fabsf(v[0][0] - v[2][0]) > 1e-3f);
    rk_llm_close(m);
}


static void test_openai_embeds_the_beginning_of_a_long_text(void **state)
{
    static const char *const scenarios[] = {"vllm", "bare"};
    static const size_t kept[] = {255, 1024}; /* of its bytes */

    (void)state;
    for (int i = 0; i < 2; i++) {
        rk_llm *m = opened(RK_EMBEDDER, scenarios[i], "");
        char text[3001];
        const char *p = text;
        double a_part;
        float v[4];
        rk_error err;

        memset(text, 'a', 3000);
        text[3000] = '\0';
        if (rk_llm_embed(m, &p, 1, v, NULL, &err))
            fail_msg("%s", err.msg);
        a_part = (double)v[1] / v[0]; /* 1 is there without any letter */
        assert_true(fabs(a_part - (double)kept[i]) < 1);
        rk_llm_close(m);
    }
}


/* Opens well, and is wrong at the next question. */
static void assert_wrong(const char *scenario, const char *vectors,
                         const char *scores)
{
    static const char *const two[] = {"a", "b"};
    rk_llm *m = opened(RK_EMBEDDER, scenario, "");
    rk_reranker *r;
    char url[128];
    float v[8];
    rk_error err;

    assert_says(rk_llm_embed(m, two, 2, v, NULL, &err), RK_EFORMAT, &err,
                vectors);
    assert_non_null(strstr(err.msg, "/embeddings: "));
    rk_llm_close(m);

    assert_int_equal(
        rk_reranker_open(&r, url_of(url, scenario, "#small"), NULL, NULL),
        RK_OK);
    assert_int_equal(rk_reranker_scores(r, "a", two, 2, v, NULL), RK_OK);
    assert_says(rk_reranker_scores(r, "a", two, 2, v, &err), RK_EFORMAT, &err,
                scores);
    rk_reranker_close(r);
}


static void test_openai_refuses_replies_that_do_not_fit(void **state)
{
    (void)state;
    assert_wrong("bad-count", "expected 2 entries of \"data\", found 1",
                 "expected 2 entries of \"results\", found 1");
    assert_wrong("bad-twice", "each \"index\" once in \"data\", found 1 twice",
                 "each \"index\" once in \"results\", found 1 twice");
    assert_wrong("bad-range", "an \"index\" from 0 to 1 in \"data\", found 7",
                 "an \"index\" from 0 to 1 in \"results\", found -1");
    assert_wrong("bad-width", "expected 4 dimensions, found 3",
                 "a finite number as \"relevance_score\", found nothing");
    assert_wrong("bad-number",
                 "a finite number as a dimension, found one beyond floats",
                 "found one beyond floats");
    assert_wrong("bad-nan", "expected JSON", "expected JSON");
    assert_wrong("bad-zero", "expected a vector, found all zeros",
                 "expected a list \"results\", found a text");
    assert_wrong("bad-list", "expected a list \"data\", found a list",
                 "expected a list \"results\", found a list");
}


static void test_openai_refuses_a_text_that_is_none(void **state)
{
    rk_llm *m = opened(RK_WRITER, "bad-choices", "");
    char *text = NULL;
    rk_error err;

    (void)state;
    assert_says(rk_llm_generate(m, "x", NULL, &text, &err), RK_EFORMAT, &err,
                "expected 1 entries of \"choices\", found 0");
    assert_null(text);
    assert_says(rk_llm_generate(m, "x", NULL, &text, &err), RK_EFORMAT, &err,
                "expected a text in \"content\", found null");
    assert_null(text);
    rk_llm_close(m);
}


static void test_rerank_scores_documents_in_their_order(void **state)
{
    const char *documents[70];
    rk_reranker *r;
    char url[128];
    float scores[70];

    (void)state;
    for (int i = 0; i < 70; i++)
        documents[i] = i % 3 == 0   ? "the sea"
                       : i % 3 == 1 ? "a war at sea"
                                    : "bees";
    assert_int_equal(
        rk_reranker_open(&r, url_of(url, "vllm", "#x"), NULL, NULL), RK_OK);
    assert_int_equal(
        rk_reranker_scores(r, "war at sea", documents, 70, scores, NULL),
        RK_OK);
    for (int i = 0; i < 70; i++)
        assert_true(scores[i] == (float)(i % 3 == 0 ? 1 : i % 3 == 1 ? 3 : 0));
    assert_int_equal(rk_reranker_usage(r)->prefix_tokens, 18);
    assert_int_equal(rk_reranker_scores(r, "x", documents, 0, scores, NULL),
                     RK_OK);
    rk_reranker_close(r);
}


static void test_loaded_leaves_an_absent_server_alone_for_a_while(void **state)
{
    rk_servers s = {.fetch = rk_fetch_defaults};
    rk_loaded l;
    rk_llm *m;
    rk_error err;
    rk_error again;
    char url[128];

    (void)state;
    rk_loaded_init(&l, url_of(url, "refuses", ""), "none", NULL);
    s.price_embed = 0.25;
    rk_loaded_set_servers(&l, "none", &s);
    assert_says(rk_loaded_get(&l, RK_EMBEDDER, &m, &err), RK_EBACKEND, &err,
                "/models: expected status 200, found 400");
    /* Now there is one, but it is not asked. */
    url_of(url, "vllm", "");
    assert_int_equal(rk_loaded_get(&l, RK_EMBEDDER, &m, &again), RK_EBACKEND);
    assert_string_equal(again.msg, err.msg);
    assert_true(rk_loaded_is_away(&l, again.code));
    l.absent[RK_EMBEDDER].until_us = 1;
    assert_int_equal(rk_loaded_get(&l, RK_EMBEDDER, &m, NULL), RK_OK);
    assert_true(rk_llm_describe(m)->price_in == 0.25);
    rk_loaded_clear(&l);
}


static void test_loaded_takes_the_key_from_the_environment_alone(void **state)
{
    rk_servers s = {.fetch = rk_fetch_defaults, .key_env = "RK_TEST_KEY"};
    rk_reranker *r;
    rk_loaded l;
    rk_llm *m;
    rk_error err;
    char url[128];

    (void)state;
    unsetenv("RK_TEST_KEY");
    rk_loaded_init(&l, url_of(url, "vllm", ""), "none", NULL);
    rk_loaded_set_servers(&l, url, &s);
    assert_says(rk_loaded_get(&l, RK_EMBEDDER, &m, &err), RK_ENOTFOUND, &err,
                "names the variable RK_TEST_KEY, which is not set");
    setenv("RK_TEST_KEY", "s3cret\nX: y", 1);
    assert_says(rk_loaded_reranker(&l, &r, &err), RK_EINVAL, &err,
                "the server's key holds");
    assert_null(strstr(err.msg, "s3cret"));
    setenv("RK_TEST_KEY", "s3cret", 1);
    assert_int_equal(rk_loaded_reranker(&l, &r, &err), RK_OK);
    rk_loaded_clear(&l);
    unsetenv("RK_TEST_KEY");
}


/* jansson's own allocations are not among those that fail. */
static void test_openai_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_llm *m = NULL;
        rk_error err;
        float p[3];
        int rc;

        rk_mem_fail_at(++n);
        rc = open_model(&m, RK_WRITER, "vllm", "", &err);
        if (rc == RK_OK)
            rc = rk_llm_likelihood(m, "x", texts, 3, p, NULL, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        rk_llm_close(m);
    } while (made >= n);
    assert_true(n > 20);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openai_reads_likelihoods_of_a_server_that_echoes),
        cmocka_unit_test(test_openai_reads_likelihoods_without_a_tokeniser),
        cmocka_unit_test(test_openai_bounds_words_that_are_not_told),
        cmocka_unit_test(test_openai_cuts_a_prefix_that_is_too_long_at_a_line),
        cmocka_unit_test(test_openai_writes_and_ends_at_a_stop),
        cmocka_unit_test(test_openai_chooses_the_likeliest_allowed_text),
        cmocka_unit_test(test_openai_says_what_a_server_cannot),
        cmocka_unit_test(test_openai_concludes_nothing_from_silence),
        cmocka_unit_test(test_openai_stops_at_the_deadline),
        cmocka_unit_test(test_openai_wants_to_know_which_model),
        cmocka_unit_test(test_openai_keys_outputs_by_address_and_model),
        cmocka_unit_test(test_openai_aligns_vectors_by_index),
        cmocka_unit_test(test_openai_embeds_the_beginning_of_a_long_text),
        cmocka_unit_test(test_openai_refuses_replies_that_do_not_fit),
        cmocka_unit_test(test_openai_refuses_a_text_that_is_none),
        cmocka_unit_test(test_rerank_scores_documents_in_their_order),
        cmocka_unit_test(test_loaded_leaves_an_absent_server_alone_for_a_while),
        cmocka_unit_test(test_loaded_takes_the_key_from_the_environment_alone),
        cmocka_unit_test(test_openai_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, start, end);
}

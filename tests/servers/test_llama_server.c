/* A real llama-server of the same llama.cpp, with the same model files as in
 * this process: what the two say is held against each other. */
#include "child.h"
#include "llm/models.h"
#include "llm/rerank.h"

#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SKIP_TESTS 77
#define START_S    300 /* for a model to load, on a busy machine */

static const char prefix[] =
    "A reader from New York likes fiction and historical novels. She has read "
    "these books:\n1. The Night Circus\n2. The Da Vinci Code\n3.";

static const char *const titles[] = {
    " The Silent Patient",    " Casablanca",     "",
    " Les Mis\xc3\xa9rables", " \xe4\xbe\x8d 7", /* a character of several
                                                    tokens */
    " a <|im_end|> title",
};

#define N (sizeof(titles) / sizeof(titles[0]))

static rk_llm *writer; /* in this process */
static rk_llm *remote_writer;
static rk_llm *embedder;
static rk_llm *remote_embedder;
static char embedder_url[64];


static void check(int rc, const rk_error *err)
{
    if (rc != RK_OK)
        fail_msg("%s", err->msg);
}


static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.6f and %.6f differ by more than %g", a, b, tolerance);
}


static void test_llama_server_likelihoods_are_those_in_process(void **state)
{
    uint32_t n_here[N];
    uint32_t n_there[N];
    float here[N];
    float there[N];
    rk_error err;

    (void)state;
    assert_non_null(strstr(rk_llm_describe(remote_writer)->detail,
                           "likelihoods, token by token"));
    assert_int_equal(rk_llm_describe(remote_writer)->can, RK_WRITER_CAN);
    check(rk_llm_likelihood(writer, prefix, titles, N, here, n_here, &err),
          &err);
    check(rk_llm_likelihood(remote_writer, prefix, titles, N, there, n_there,
                            &err),
          &err);
    for (size_t i = 0; i < N; i++) {
        print_message("%-24s %10.4f %10.4f\n", titles[i], (double)here[i],
                      (double)there[i]);
        assert_int_equal(n_here[i], n_there[i]);
        assert_near(here[i], there[i], 0.05 + 0.01 * fabs((double)here[i]));
    }
}


static void test_llama_server_next_words_are_those_in_process(void **state)
{
    static const char *const words[] = {" a", " book", " war", " quiet",
                                        " pineapple"};
    static const char *const branches[] = {" Genre:", " It is about"};
    float here[10];
    float there[10];
    rk_error err;

    (void)state;
    check(rk_llm_next_words(writer, prefix, branches, 2, words, 5, here, "w",
                            NULL, &err),
          &err);
    check(rk_llm_next_words(remote_writer, prefix, branches, 2, words, 5, there,
                            "w", NULL, &err),
          &err);
    for (int i = 0; i < 10; i++) {
        print_message("%-12s %10.4f %10.4f\n", words[i % 5], (double)here[i],
                      (double)there[i]);
        if (there[i] - here[i] > 0.1) /* not among the likeliest: a bound */
            assert_true(there[i] < -10);
        else
            assert_near(here[i], there[i], 0.1);
    }
}


static void test_llama_server_counts_tokens_as_in_process(void **state)
{
    static const char *const some[] = {"a", " thriller", "<|im_end|>",
                                       "Les Mis\xc3\xa9rables", "\n"};

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rk_llm_count_tokens(writer, some[i]),
                         rk_llm_count_tokens(remote_writer, some[i]));
}


static void test_llama_server_writes_the_same(void **state)
{
    static const char *const allowed[] = {" Dune", " Paris", " Rome"};
    rk_generate_opts choice = {.allowed = allowed, .n_allowed = 3};
    rk_generate_opts free_text = {.max_tokens = 3};
    static const char prompt[] = "The capital of France is";
    rk_error err;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const rk_generate_opts *o = i ? &choice : &free_text;
        char *here = NULL;
        char *there = NULL;

        check(rk_llm_generate(writer, prompt, o, &here, &err), &err);
        check(rk_llm_generate(remote_writer, prompt, o, &there, &err), &err);
        assert_string_equal(here, there);
        free(here);
        free(there);
    }
}


static void test_llama_server_keeps_the_prefix(void **state)
{
    rk_llm_usage *u = rk_llm_usage_of(remote_writer);
    float logp[2];
    rk_error err;

    (void)state;
    *u = (rk_llm_usage){0};
    check(rk_llm_likelihood(remote_writer, prefix, titles, 2, logp, NULL, &err),
          &err);
    assert_true(u->reused_tokens > 30); /* of some 40, at least once */
    assert_int_equal(u->branch_tokens,
                     rk_llm_count_tokens(writer, titles[0]) +
                         rk_llm_count_tokens(writer, titles[1]));
}


static void test_llama_server_vectors_are_those_in_process(void **state)
{
    char text[2001];
    const char *const texts[] = {"A gripping psychological thriller", "",
                                 "Les Mis\xc3\xa9rables", text};
    size_t d = rk_llm_describe(embedder)->d;
    float *here = calloc(4 * d, sizeof(float));
    float *there = calloc(4 * d, sizeof(float));
    rk_error err;

    (void)state;
    assert_int_equal(rk_llm_describe(remote_embedder)->d, d);
    for (size_t i = 0; i < 2000; i++) /* more than is embedded */
        text[i] = i % 4 == 3 ? ' ' : (char)('a' + i * i % 7);
    text[2000] = '\0';
    check(rk_llm_embed(embedder, texts, 4, here, NULL, &err), &err);
    check(rk_llm_embed(remote_embedder, texts, 4, there, NULL, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        double cosine = 0;

        for (size_t j = 0; j < d; j++)
            cosine += (double)here[i * d + j] * (double)there[i * d + j];
        print_message("cosine %.6f\n", cosine);
        if (*texts[i])
            assert_true(cosine > 0.999);
    }
    free(here);
    free(there);
}


static void test_llama_server_that_does_not_rerank_says_so(void **state)
{
    static const char *const documents[] = {"a", "b"};
    rk_reranker *r;
    float scores[2];
    rk_error err;

    (void)state;
    check(rk_reranker_open(&r, embedder_url, NULL, &err), &err);
    assert_int_equal(rk_reranker_scores(r, "a", documents, 2, scores, &err),
                     RK_EBACKEND);
    assert_non_null(strstr(err.msg, "/rerank: expected status 200, found 501"));
    rk_reranker_close(r);
}


/* Waits until the server says on which port it listens. */
static int listening(const child *c)
{
    static const char word[] = "listening on http://127.0.0.1:";
    char line[1024];
    size_t n = 0;
    struct pollfd p = {.fd = c->out, .events = POLLIN};

    while (poll(&p, 1, START_S * 1000) > 0 && read(c->out, line + n, 1) == 1) {
        const char *found;

        if (line[n] != '\n' && n + 2 < sizeof(line)) {
            n++;
            continue;
        }
        line[n] = '\0';
        n = 0;
        found = strstr(line, word);
        if (found)
            return atoi(found + strlen(word));
    }
    return 0;
}


/* Both models of a role, or the test ends: skipped where they cannot be had. */
static void open_both(enum rk_llm_role role, const char *program,
                      const char *name, child *c, rk_llm **here, rk_llm **there)
{
    bool embeds = role == RK_EMBEDDER;
    char *path = NULL;
    char url[64];
    rk_error err;
    int port;
    int rc = rk_model_find(&path, name, NULL, &err);

    if (rc == RK_OK)
        rc = rk_llm_open(here, role, name, path, &err);
    if (rc) {
        print_message("%s\n", err.msg);
        exit(rc == RK_ENOTFOUND ? SKIP_TESTS : 1);
    }
    *c = child_start((const char *const[]){
        "sh", "-c", "exec \"$0\" \"$@\" 2>&1", program, "--model", path,
        "--host", "127.0.0.1", "--port", "0", "--ctx-size", "2048",
        "--parallel", "1", "--no-warmup", "--ubatch-size", "512",
        embeds ? "--embeddings" : NULL, NULL});
    free(path);
    port = listening(c);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1", port);
    if (embeds)
        memcpy(embedder_url, url, sizeof(url));
    if (port == 0 || rk_llm_open_server(there, role, url, NULL, &err)) {
        print_message("%s\n", port ? err.msg : "llama-server did not start");
        child_end(c);
        exit(1);
    }
}


int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama_server_likelihoods_are_those_in_process),
        cmocka_unit_test(test_llama_server_next_words_are_those_in_process),
        cmocka_unit_test(test_llama_server_counts_tokens_as_in_process),
        cmocka_unit_test(test_llama_server_writes_the_same),
        cmocka_unit_test(test_llama_server_keeps_the_prefix),
        cmocka_unit_test(test_llama_server_vectors_are_those_in_process),
        cmocka_unit_test(test_llama_server_that_does_not_rerank_says_so),
    };
    child c[2];
    int failed;

    if (argc < 2 || !*argv[1]) {
        print_message("there is no llama-server: setup/llama_server.sh\n");
        return SKIP_TESTS;
    }
    open_both(RK_WRITER, argv[1], "smollm2", &c[0], &writer, &remote_writer);
    open_both(RK_EMBEDDER, argv[1], "minilm", &c[1], &embedder,
              &remote_embedder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rk_llm_close(writer);
    rk_llm_close(remote_writer);
    rk_llm_close(embedder);
    rk_llm_close(remote_embedder);
    child_end(&c[0]);
    child_end(&c[1]);
    return failed;
}

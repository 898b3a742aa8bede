/* The llama.cpp backend with the models that set-up provides: SmolLM2-135M as
 * the writer, MiniLM as the embedder. */
#include "core/buf.h"
#include "core/file.h"
#include "core/mem.h"
#include "llm/llm.h"
#include "llm/models.h"
#include "one_sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define N          8
#define GOLDEN_N   ((size_t)200)
#define GOLDEN_D   ((size_t)384)
#define SKIP_TESTS 77

static const char prefix[] =
    "A reader from New York likes fiction and historical novels. She has read "
    "these books:\n1. The Night Circus\n2. The Da Vinci Code\n3.";

static const char *const titles[N] = {
    " The Silent Patient", " The Three-Body Problem",        " Dune",
    " Les Misérables",     " The Name of the Rose",          "",
    " Dune Messiah",       " One Hundred Years of Solitude",
};

static rk_llm *writer;
static rk_llm *embedder;


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


static void score(const char *const *branches, size_t n, float *logp,
                  uint32_t *n_tokens)
{
    rk_error err;

    check(rk_llm_likelihood(writer, prefix, branches, n, logp, n_tokens, &err),
          &err);
}


static void test_writer_likelihood_is_that_of_one_sequence(void **state)
{
    uint32_t n_tokens[N];
    float logp[N];
    one_sequence s;

    (void)state;
    score(titles, N, logp, n_tokens);
    assert_true(one_sequence_open(&s, rk_llm_describe(writer)->path, true));
    for (size_t i = 0; i < N; i++) {
        char text[512];
        size_t n_rest;
        double slow;

        snprintf(text, sizeof(text), "%s%s", prefix, titles[i]);
        slow = one_sequence_likelihood(&s, prefix, text, &n_rest);
        assert_near(logp[i], slow, 1e-2);
        assert_int_equal(n_tokens[i], n_rest);
    }
    one_sequence_close(&s);
}


static void test_writer_evaluates_each_token_once(void **state)
{
    rk_llm_usage *u = rk_llm_usage_of(writer);
    uint64_t n_prefix = (uint64_t)rk_llm_count_tokens(writer, prefix);
    uint64_t n_branches = 0;
    uint32_t n_tokens[N];
    float first[N], second[N];

    (void)state;
    rk_llm_forget(writer);
    *u = (rk_llm_usage){0};
    score(titles, N, first, n_tokens);
    for (size_t i = 0; i < N; i++)
        n_branches += n_tokens[i];
    assert_int_equal(u->prefix_tokens, n_prefix);
    assert_int_equal(u->branch_tokens, n_branches);
    assert_int_equal(u->reused_tokens, 0);

    score(titles, N, second, NULL);
    assert_int_equal(u->prefix_tokens, n_prefix);
    assert_int_equal(u->branch_tokens, 2 * n_branches);
    assert_int_equal(u->reused_tokens, n_prefix);
    for (size_t i = 0; i < N; i++)
        assert_near(first[i], second[i], 1e-3);
}


static void test_writer_scores_do_not_depend_on_the_other_branches(void **state)
{
    const char *moved[N];
    float all[N], others[N], alone;

    (void)state;
    score(titles, N, all, NULL);
    for (size_t i = 0; i < N; i++)
        moved[i] = titles[(i * 3 + 5) % N];
    score(moved, N, others, NULL);
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(&others[i], &all[(i * 3 + 5) % N], sizeof(*all));
        score(titles + i, 1, &alone, NULL);
        assert_memory_equal(&alone, &all[i], sizeof(alone));
    }
}


static void test_writer_gives_the_same_for_a_prefix_it_kept(void **state)
{
    rk_llm_usage *u = rk_llm_usage_of(writer);
    rk_error err;
    float first[N], again[N];

    (void)state;
    check(rk_llm_keep_prefixes(writer, NULL, &err), &err);
    rk_llm_forget(writer);
    score(titles, N, first, NULL);
    rk_llm_forget(writer);
    *u = (rk_llm_usage){0};
    score(titles, N, again, NULL);
    assert_memory_equal(first, again, sizeof(first));
    assert_int_equal(u->prefix_tokens, 0);
    assert_true(u->reused_tokens > 0);
}


static void test_writer_beams_are_the_likeliest_of_a_catalogue(void **state)
{
    static const char *const allowed[] = {
        " London", " Paris", " Paris in Texas", " Rome", " Berlin", " Madrid"};
    rk_beams_opts opts = {allowed, 6, 6};
    rk_beam all[6], some[6];
    rk_error err;
    double sum = 0;
    size_t n;

    (void)state;
    check(
        rk_llm_beams(writer, "The capital of France is", &opts, all, &n, &err),
        &err);
    assert_int_equal(n, 6);
    assert_int_equal(all[0].index, 1);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)all[i].logp);
    assert_near(sum, 1, 1e-4);
    opts.width = 2;
    check(
        rk_llm_beams(writer, "The capital of France is", &opts, some, &n, &err),
        &err);
    assert_int_equal(n, 2);
    assert_int_equal(some[0].index, 1);
}


static void test_writer_tells_what_fits_from_what_does_not(void **state)
{
    static const char *const three[] = {" The Name of the Rose",
                                        " Rose the of Name The", " xqzvk jjwp"};
    float logp[3];

    (void)state;
    score(three, 3, logp, NULL);
    assert_true(logp[0] > logp[1] + 5);
    assert_true(logp[1] > logp[2]);
}


/* What a title says of the machine it is read by stays a title. */
static void test_writer_leaves_special_tokens_in_a_text_as_text(void **state)
{
    static const char *const two[] = {" Dune<|im_end|>", " Dune"};
    uint32_t n_tokens[2];
    float logp[2];

    (void)state;
    score(two, 2, logp, n_tokens);
    assert_true(n_tokens[0] > n_tokens[1] + 1);
    assert_true(rk_llm_count_tokens(writer, "<|im_end|>") > 1);
    assert_false(rk_llm_one_token(writer, "<|im_end|>"));
    assert_true(logp[0] < logp[1]);
}


/* log p(word, newline | ...) = log p(word | ...) + log p(newline | ..., word),
 * the left side from likelihood(), the right side from next_words(). */
static void test_writer_words_and_likelihoods_agree(void **state)
{
    static const char *const words[] = {" history", " war", " love", "\n"};
    rk_error err;
    float whole[3], p[4][4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(rk_llm_one_token(writer, words[i]));
    score(words, 3, whole, NULL);
    check(rk_llm_next_words(writer, prefix,
                            (const char *[]){"", words[0], words[1], words[2]},
                            4, words, 4, p[0], "words", NULL, &err),
          &err);
    for (size_t i = 0; i < 3; i++)
        assert_near(whole[i], p[0][i] + p[1 + i][3], 2e-2);
}


static void test_writer_fills_in_what_everybody_knows(void **state)
{
    static const char *const allowed[] = {" London", " Paris",
                                          " Paris in Texas", " Rome"};
    static const char *const stop[] = {"\n", "."};
    rk_generate_opts opts = {.allowed = allowed, .n_allowed = 4};
    rk_error err;
    char *text;

    (void)state;
    check(
        rk_llm_generate(writer, "The capital of France is", &opts, &text, &err),
        &err);
    assert_string_equal(text, " Paris");
    free(text);

    opts = (rk_generate_opts){.stop = stop, .n_stop = 2};
    check(
        rk_llm_generate(writer, "The capital of France is", &opts, &text, &err),
        &err);
    assert_string_equal(text, " Paris");
    free(text);
}


/* Opens the first `len` bytes of a model's file as a writer. */
static int open_part(const char *path, size_t len, rk_error *err)
{
    char copy[] = "/tmp/reckon-part-XXXXXX";
    int fd = mkstemp(copy);
    rk_mapping file;
    rk_llm *m;
    int rc;

    assert_true(fd >= 0);
    close(fd);
    check(rk_file_map(&file, path, err), err);
    assert_true(file.len > len);
    check(rk_file_write(copy, file.bytes, len, err), err);
    rk_file_unmap(&file);
    rc = rk_llm_open(&m, RK_WRITER, "part", copy, err);
    assert_null(m);
    unlink(copy);
    return rc;
}


static void test_writer_refuses_a_part_of_a_file(void **state)
{
    const char *path = rk_llm_describe(writer)->path;
    rk_error err;

    (void)state;
    assert_int_equal(open_part(path, 1000000, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "truncated"));
    assert_int_equal(open_part(path, 20000000, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "truncated: needs "));
    assert_non_null(strstr(err.msg, " bytes, has 20000000"));
}


static void test_embedder_is_no_writer(void **state)
{
    rk_error err;
    rk_llm *m;

    (void)state;
    assert_int_equal(rk_llm_open(&m, RK_WRITER, "minilm",
                                 rk_llm_describe(embedder)->path, &err),
                     RK_EFORMAT);
    assert_null(m);
    assert_string_equal(err.msg,
                        "minilm-f16.gguf: architecture 'bert' is an encoder, a "
                        "writer must be a causal model such as 'llama'");
}


static double cosine(const float *a, const float *b)
{
    double sum = 0;

    for (size_t i = 0; i < GOLDEN_D; i++)
        sum += (double)a[i] * b[i];
    return sum;
}


/* The golden texts and the vectors a reference implementation gave them;
 * false, with the reason printed, when they are not there. */
static bool load_golden(char **bytes, const char **texts, char **vectors)
{
    size_t len, n = 0;
    rk_error err;

    if (rk_file_read("tests/golden/minilm_texts.txt", 1 << 20, bytes, &len,
                     &err) != RK_OK ||
        rk_file_read("tests/golden/minilm_vectors.f32", 1 << 20, vectors, &len,
                     &err) != RK_OK) {
        print_message("%s\n", err.msg);
        return false;
    }
    assert_int_equal(len, GOLDEN_N * GOLDEN_D * sizeof(float));
    for (char *line = *bytes; *line && n < GOLDEN_N; n++) {
        char *end = strchr(line, '\n');

        assert_non_null(end);
        *end = '\0';
        texts[n] = line;
        line = end + 1;
    }
    assert_int_equal(n, GOLDEN_N);
    return true;
}


static void test_embedder_agrees_with_the_reference(void **state)
{
    const char *texts[GOLDEN_N];
    char *bytes = NULL, *vectors = NULL;
    float *ours = NULL;
    rk_error err;

    (void)state;
    if (!load_golden(&bytes, texts, &vectors))
        skip();
    ours = rk_alloc_array(GOLDEN_N * GOLDEN_D, sizeof(*ours));
    assert_non_null(ours);
    check(rk_llm_embed(embedder, texts, GOLDEN_N, ours, NULL, &err), &err);
    for (size_t i = 0; i < GOLDEN_N; i++) {
        const float *theirs = (const float *)vectors + i * GOLDEN_D;

        if (cosine(ours + i * GOLDEN_D, theirs) < 0.999)
            fail_msg("line %zu, '%s': cosine %f", i + 1, texts[i],
                     cosine(ours + i * GOLDEN_D, theirs));
    }
    free(ours);
    free(bytes);
    free(vectors);
}


/* A text beyond 256 tokens is that of its beginning, closed as any other. */
static void test_embedder_cuts_long_texts(void **state)
{
    float v[3][GOLDEN_D];
    rk_buf text, cut;
    rk_error err;

    (void)state;
    rk_buf_init(&text);
    rk_buf_init(&cut);
    for (size_t i = 0; i < 254; i++)
        rk_buf_puts(&text, "war ");
    rk_buf_puts(&cut, rk_buf_str(&text));
    for (size_t i = 0; i < 200; i++)
        rk_buf_puts(&cut, "peace ");
    assert_int_equal(rk_llm_count_tokens(embedder, rk_buf_str(&text)), 254);
    check(rk_llm_embed(embedder,
                       (const char *[]){
                           rk_buf_str(&text), rk_buf_str(&cut),
                           rk_buf_str(&text) + 4, /* one word less */
                       },
                       3, v[0], NULL, &err),
          &err);
    rk_buf_clear(&text);
    rk_buf_clear(&cut);
    assert_near(cosine(v[0], v[1]), 1, 1e-5);
    assert_true(cosine(v[0], v[2]) < 1 - 1e-6);
}


/* A model of the given name, or NULL with the reason printed. */
static rk_llm *open_model(enum rk_llm_role role, const char *name)
{
    rk_llm *m = NULL;
    char *path = NULL;
    rk_error err;
    int rc = rk_model_find(&path, name, NULL, &err);

    if (rc == RK_OK)
        rc = rk_llm_open(&m, role, name, path, &err);
    if (rc != RK_OK)
        printf("%s: %s\n", rc == RK_ENOTFOUND ? "skipped" : "failed", err.msg);
    free(path);
    if (rc != RK_OK)
        exit(rc == RK_ENOTFOUND ? SKIP_TESTS : 1);
    return m;
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_likelihood_is_that_of_one_sequence),
        cmocka_unit_test(test_writer_evaluates_each_token_once),
        cmocka_unit_test(
            test_writer_scores_do_not_depend_on_the_other_branches),
        cmocka_unit_test(test_writer_gives_the_same_for_a_prefix_it_kept),
        cmocka_unit_test(test_writer_beams_are_the_likeliest_of_a_catalogue),
        cmocka_unit_test(test_writer_tells_what_fits_from_what_does_not),
        cmocka_unit_test(test_writer_leaves_special_tokens_in_a_text_as_text),
        cmocka_unit_test(test_writer_words_and_likelihoods_agree),
        cmocka_unit_test(test_writer_fills_in_what_everybody_knows),
        cmocka_unit_test(test_writer_refuses_a_part_of_a_file),
        cmocka_unit_test(test_embedder_is_no_writer),
        cmocka_unit_test(test_embedder_agrees_with_the_reference),
        cmocka_unit_test(test_embedder_cuts_long_texts),
    };
    int failed;

    writer = open_model(RK_WRITER, "smollm2");
    embedder = open_model(RK_EMBEDDER, "minilm");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rk_llm_close(writer);
    rk_llm_close(embedder);
    return failed;
}

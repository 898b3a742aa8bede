/* The llama.cpp backend on a model made here; tests/models/ has its tests with
 * real ones. */
#include "core/mem.h"
#include "core/text.h"
#include "llm/llm.h"
#include "one_sequence.h"
#include "tiny_llama.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define N 7

static const char prefix[] = "a story of the";
static const char *const branches[N] = {
    " war", "", " a far off land", " war", " the war", "n", " of the war"};

static char folder[] = "/tmp/reckon-tiny-XXXXXX";
static char path[64];


static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/tiny.gguf", folder);
    return tiny_llama_save(path);
}


static int tear_down(void **state)
{
    (void)state;
    return unlink(path) || rmdir(folder);
}


static rk_llm *open_tiny(enum rk_llm_role role)
{
    rk_error err;
    rk_llm *m;

    if (rk_llm_open(&m, role, "tiny", path, &err) != RK_OK)
        fail_msg("%s", err.msg);
    return m;
}


static void score(rk_llm *m, const char *before, const char *const *after,
                  size_t n, float *logp)
{
    rk_error err;

    if (rk_llm_likelihood(m, before, after, n, logp, NULL, &err) != RK_OK)
        fail_msg("%s", err.msg);
}


static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.6f and %.6f differ by more than %g", a, b, tolerance);
}


static void test_llama_tells_what_it_opened(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    const rk_llm_info *info = rk_llm_describe(m);

    (void)state;
    assert_string_equal(info->name, "tiny");
    assert_string_equal(info->path, path);
    assert_string_equal(info->architecture, "llama");
    assert_int_equal(strlen(info->fingerprint), 16);
    assert_int_equal(info->d, 0);
    assert_int_equal(info->n_context, TINY_CONTEXT);
    rk_llm_close(m);
}


static void test_llama_likelihood_is_that_of_one_sequence(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    uint32_t n_tokens[N];
    float logp[N];
    one_sequence s;

    (void)state;
    assert_true(one_sequence_open(&s, path, false));
    assert_int_equal(
        rk_llm_likelihood(m, prefix, branches, N, logp, n_tokens, NULL), RK_OK);
    for (size_t i = 0; i < N; i++) {
        char text[64];
        size_t n_rest;

        snprintf(text, sizeof(text), "%s%s", prefix, branches[i]);
        assert_near(logp[i], one_sequence_likelihood(&s, prefix, text, &n_rest),
                    1e-2);
        assert_int_equal(n_tokens[i], n_rest);
    }
    one_sequence_close(&s);
    rk_llm_close(m);
}


static void
test_llama_scores_a_branch_alike_alone_and_among_others(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    const char *reversed[N];
    float all[N], back[N], alone;

    (void)state;
    for (size_t i = 0; i < N; i++)
        reversed[i] = branches[N - 1 - i];
    score(m, prefix, branches, N, all);
    score(m, prefix, reversed, N, back);
    assert_memory_equal(&all[0], &all[3], sizeof(*all));
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(&all[i], &back[N - 1 - i], sizeof(*all));
        rk_llm_forget(m);
        score(m, prefix, branches + i, 1, &alone);
        assert_memory_equal(&all[i], &alone, sizeof(alone));
    }
    rk_llm_close(m);
}


/* Texts 0 to n - 1 of one to eight letters and words, all different. */
static void make_texts(char (*room)[64], const char **texts, size_t n)
{
    static const char *const words[] = {" a", " war", " the", " sea", " far"};
    rk_rng r = {7};

    for (size_t i = 0; i < n; i++) {
        size_t n_words = 1 + rk_rng_below(&r, 6);
        size_t len = 0;

        for (size_t j = 0; j < n_words; j++)
            len += (size_t)snprintf(room[i] + len, 64 - len, "%s",
                                    words[rk_rng_below(&r, 5)]);
        snprintf(room[i] + len, 64 - len, " %zu", i);
        texts[i] = room[i];
    }
}


static void test_llama_scores_do_not_hang_on_the_order_of_branches(void **state)
{
    enum { MANY = 100, ORDERS = 5 };
    rk_llm *m = open_tiny(RK_WRITER);
    const char *texts[MANY], *moved[MANY];
    float logp[MANY], again[MANY];
    uint32_t place[MANY];
    char room[MANY][64];
    rk_rng r = {3};

    (void)state;
    make_texts(room, texts, MANY);
    score(m, prefix, texts, MANY, logp);
    for (uint32_t i = 0; i < MANY; i++)
        place[i] = i;
    for (int order = 0; order < ORDERS; order++) {
        rk_rng_shuffle(&r, place, MANY);
        for (size_t i = 0; i < MANY; i++)
            moved[i] = texts[place[i]];
        score(m, prefix, moved, MANY, again);
        for (size_t i = 0; i < MANY; i++)
            assert_memory_equal(&again[i], &logp[place[i]], sizeof(*logp));
    }
    rk_llm_close(m);
}


/* At 100 branches, a tenth of what one prompt a branch would take. */
static void test_llama_reads_a_shared_prefix_once(void **state)
{
    enum { MANY = 100 };
    rk_llm *m = open_tiny(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    const char *texts[MANY];
    char room[MANY][64];
    float logp[MANY];
    uint32_t n_tokens[MANY];
    uint64_t sum = 0, apart;
    rk_buf history;

    (void)state;
    make_texts(room, texts, MANY);
    rk_buf_init(&history);
    for (int i = 0; i < 40; i++)
        rk_buf_printf(&history, "%d. the sea\n", i);
    for (size_t n = 1; n <= MANY; n += 33) {
        rk_llm_forget(m);
        *u = (rk_llm_usage){0};
        sum = 0;
        assert_int_equal(rk_llm_likelihood(m, rk_buf_str(&history), texts, n,
                                           logp, n_tokens, NULL),
                         RK_OK);
        for (size_t i = 0; i < n; i++)
            sum += n_tokens[i];
        assert_int_equal(u->branch_tokens, sum);
    }
    apart = MANY * u->prefix_tokens + sum;
    assert_true(apart >= 10 * (u->prefix_tokens + u->branch_tokens));
    rk_buf_clear(&history);
    rk_llm_close(m);
}


/* More branches than sequences and more tokens than a pack. */
static void test_llama_scores_any_number_of_branches(void **state)
{
    enum { MANY = 300 };
    rk_llm *m = open_tiny(RK_WRITER);
    const char *many[MANY];
    float logp[MANY], few[N];

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        many[i] = branches[i % N];
    score(m, prefix, branches, N, few);
    score(m, prefix, many, MANY, logp);
    for (size_t i = 0; i < MANY; i++)
        assert_memory_equal(&logp[i], &few[i % N], sizeof(*few));
    rk_llm_close(m);
}


static void test_llama_evaluates_each_token_once(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    uint64_t n_prefix = (uint64_t)rk_llm_count_tokens(m, " a story of the") + 1;
    uint64_t n_branches = 0;
    uint32_t n_tokens[N];
    float first[N], second[N];

    (void)state;
    rk_llm_likelihood(m, prefix, branches, N, first, n_tokens, NULL);
    for (size_t i = 0; i < N; i++)
        n_branches += i == 3 ? 0 : n_tokens[i];   /* 3 is 0 once more */
    assert_int_equal(u->prefix_tokens, n_prefix); /* one begins the text */
    assert_int_equal(u->branch_tokens, n_branches);
    assert_int_equal(u->reused_tokens, 0);

    *u = (rk_llm_usage){0};
    rk_llm_likelihood(m, prefix, branches, N, second, NULL, NULL);
    assert_int_equal(u->prefix_tokens, 0);
    assert_int_equal(u->reused_tokens, n_prefix);
    assert_memory_equal(first, second, sizeof(first));
    rk_llm_close(m);
}


static void test_llama_answers_whatever_it_was_asked_before(void **state)
{
    static const char *const prefixes[] = {
        "a story of the", "a story of the war", "a story of the war",
        "a story",        "a story of the sea", "the war",
    };
    rk_llm *kept = open_tiny(RK_WRITER);
    rk_llm *fresh = open_tiny(RK_WRITER);
    float a[N], b[N];

    (void)state;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        score(kept, prefixes[i], branches, N, a);
        rk_llm_forget(fresh);
        score(fresh, prefixes[i], branches, N, b);
        assert_memory_equal(a, b, sizeof(a));
    }
    assert_true(rk_llm_usage_of(kept)->reused_tokens > 0);
    assert_int_equal(rk_llm_usage_of(fresh)->reused_tokens, 0);
    rk_llm_close(kept);
    rk_llm_close(fresh);
}


static void keep(rk_llm *m, const char *in, size_t memory_bytes)
{
    rk_prefix_opts opts = {memory_bytes, in, (size_t)1 << 30};
    rk_error err;

    if (rk_llm_keep_prefixes(m, &opts, &err) != RK_OK)
        fail_msg("%s", err.msg);
}


/* The one file in `in`, its path to `out`. */
static void only_file(const char *in, char out[300])
{
    DIR *d = opendir(in);
    const struct dirent *e;
    int n = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] != '.') {
            snprintf(out, 300, "%s/%.200s", in, e->d_name);
            n++;
        }
    closedir(d);
    assert_int_equal(n, 1);
}


static void test_llama_gives_the_same_for_a_prefix_it_kept(void **state)
{
    static const char *const prefixes[] = {"a story of the", "the war", "a b"};
    rk_llm *m = open_tiny(RK_WRITER);
    rk_llm *fresh = open_tiny(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    float a[N], b[N];

    (void)state;
    keep(m, NULL, 1 << 20);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < 3; i++) {
            *u = (rk_llm_usage){0};
            score(m, prefixes[i], branches, N, a);
            assert_true((u->prefix_tokens == 0) == (round > 0));
            assert_true((u->reused_tokens > 0) == (round > 0));
            rk_llm_forget(fresh);
            score(fresh, prefixes[i], branches, N, b);
            assert_memory_equal(a, b, sizeof(a));
        }
    rk_llm_close(m);
    rk_llm_close(fresh);
}


static void test_llama_keeps_prefixes_in_files_it_does_not_trust(void **state)
{
    char in[80], file[300];
    char *bytes;
    rk_llm *m = open_tiny(RK_WRITER);
    size_t len;
    float first[N], again[N];

    (void)state;
    snprintf(in, sizeof(in), "%s/kept", folder);
    keep(m, in, 1 << 20);
    score(m, prefix, branches, N, first);
    rk_llm_close(m);
    only_file(in, file);

    /* Whole; truncated; one bit changed: the same answer each time, by reading
     * the file only where it can be trusted. */
    assert_int_equal(rk_file_read(file, 1 << 24, &bytes, &len, NULL), RK_OK);
    for (int i = 0; i < 3; i++) {
        if (i == 2)
            bytes[len / 2] ^= 4;
        assert_int_equal(
            rk_file_write(file, bytes, i == 1 ? len - 1 : len, NULL), RK_OK);
        m = open_tiny(RK_WRITER);
        keep(m, in, 1 << 20);
        score(m, prefix, branches, N, again);
        assert_memory_equal(first, again, sizeof(first));
        assert_true((rk_llm_usage_of(m)->prefix_tokens == 0) == (i == 0));
        rk_llm_close(m);
    }
    free(bytes);
    only_file(in, file);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(in), 0);
}


/* Each state is that of its text as one prompt without branches. */
static void test_llama_states_are_those_of_whole_texts(void **state)
{
    static const char *const some[] = {" war", "", " a far off land", " war"};
    enum { SOME = 4, W = TINY_WIDTH };
    rk_llm *m = open_tiny(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    float last[SOME][W], mean[SOME][W], alone[W];

    (void)state;
    assert_int_equal(rk_llm_describe(m)->width, W);
    assert_int_equal(rk_llm_states(m, prefix, some, SOME, false, last[0], NULL),
                     RK_OK);
    assert_int_equal(u->branch_tokens, 1 + rk_llm_count_tokens(m, some[0]) +
                                           rk_llm_count_tokens(m, some[2]));
    assert_int_equal(rk_llm_states(m, prefix, some, SOME, true, mean[0], NULL),
                     RK_OK);
    assert_memory_equal(last[0], last[3], sizeof(last[0]));
    for (size_t i = 0; i < SOME; i++) {
        char text[64];

        snprintf(text, sizeof(text), "%s%s", prefix, some[i]);
        assert_int_equal(
            rk_llm_states(m, text, (const char *[]){""}, 1, false, alone, NULL),
            RK_OK);
        for (size_t j = 0; j < W; j++) {
            assert_near(last[i][j], alone[j], 2e-2);
            if (i < 2) /* of one token */
                assert_near(mean[i][j], last[i][j], 1e-4);
        }
    }

    /* A mean of many tokens is another than its last one. */
    assert_memory_not_equal(mean[2], last[2], sizeof(last[2]));
    rk_llm_close(m);
}


static void sum_to_one(const rk_beam *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || b[i].logp <= b[i - 1].logp);
        sum += exp((double)b[i].logp);
    }
    assert_near(sum, 1, 1e-4);
}


/* Wide enough, a search finds all allowed texts, each with the product of its
 * choices; narrower, it finds some of them with the same numbers. */
static void test_llama_beams_are_the_likeliest_allowed_texts(void **state)
{
    enum { TEXTS = 30, WIDE = 32 };
    rk_llm *m = open_tiny(RK_WRITER);
    const char *texts[TEXTS];
    rk_beam all[WIDE], some[WIDE];
    char room[TEXTS][64];
    rk_beams_opts opts = {texts, TEXTS, WIDE};
    size_t n, n_some;
    float p[3];

    (void)state;
    make_texts(room, texts, TEXTS);
    assert_int_equal(rk_llm_beams(m, prefix, &opts, all, &n, NULL), RK_OK);
    assert_int_equal(n, TEXTS);
    sum_to_one(all, n);
    for (opts.width = 1; opts.width < 8; opts.width++) {
        assert_int_equal(rk_llm_beams(m, prefix, &opts, some, &n_some, NULL),
                         RK_OK);
        assert_int_equal(n_some, opts.width);
        for (size_t i = 0; i < n_some; i++)
            for (size_t j = 0; j < n; j++)
                if (all[j].index == some[i].index)
                    assert_near(all[j].logp, some[i].logp, 2e-2);
    }

    /* Of texts that part at once, probability is that of their first tokens,
     * however long they are. */
    opts = (rk_beams_opts){(const char *[]){" a", " war the sea"}, 2, 2};
    assert_int_equal(rk_llm_beams(m, prefix, &opts, some, &n, NULL), RK_OK);
    rk_llm_next_words(m, prefix, (const char *[]){""}, 1,
                      (const char *[]){" a", " war"}, 2, p, "words", NULL,
                      NULL);
    sum_to_one(some, n);
    p[2] = p[some[0].index] - p[some[1].index];
    assert_near(some[0].logp - some[1].logp, p[2], 1e-4);
    rk_llm_close(m);
}


/* log p(word, newline | ...) = log p(word | ...) + log p(newline | ..., word),
 * the left side from likelihood(), the right side from next_words(). */
static void test_llama_words_and_likelihoods_agree(void **state)
{
    static const char *const words[] = {" a", " war", "\n"};
    static const char *const before[] = {" of", " of a", " of war", ""};
    static const char *const one[] = {" war"};
    rk_llm *m = open_tiny(RK_WRITER);
    float whole[2], p[4][3], last;

    (void)state;
    score(m, "a story of", words, 2, whole);
    assert_int_equal(rk_llm_next_words(m, "a story", before, 4, words, 3, p[0],
                                       "words", NULL, NULL),
                     RK_OK);
    assert_near(whole[0], p[0][0] + p[1][2], 2e-2);
    assert_near(whole[1], p[0][1] + p[2][2], 2e-2);

    /* An empty branch is the prefix alone; an empty prefix the branch. */
    score(m, "a story", (const char *[]){" war", ""}, 2, whole);
    assert_near(whole[1], p[3][2], 1e-4);
    assert_int_equal(
        rk_llm_next_words(m, "", one, 1, words, 3, p[0], "words", NULL, NULL),
        RK_OK);
    score(m, " war", (const char *[]){""}, 1, &last);
    assert_true(p[0][2] < 0 && last < 0);
    rk_llm_close(m);
}


static void test_llama_keeps_the_end_of_a_long_prefix(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    size_t most = TINY_CONTEXT - 512;
    rk_buf text;
    float cut, same;

    (void)state;
    rk_buf_init(&text);
    for (int i = 0; i < 200; i++)
        rk_buf_printf(&text, "%c story of the war\n", 'a' + i % 26);
    score(m, rk_buf_str(&text), branches, 1, &cut);
    assert_true(u->prefix_tokens <= most);
    assert_true(u->prefix_tokens > most - 20); /* less than a line is lost */

    /* What is kept begins with a line, so it is as if given so. */
    *u = (rk_llm_usage){0};
    score(m, rk_buf_str(&text) + 400, branches, 1, &same);
    assert_int_equal(u->prefix_tokens, 0);
    assert_near(cut, same, 1e-6);
    rk_buf_clear(&text);

    /* One line without an end is cut within. */
    rk_buf_init(&text);
    for (int i = 0; i < 2000; i++)
        rk_buf_putc(&text, "abcdefghij"[i * i % 10]);
    *u = (rk_llm_usage){0};
    score(m, rk_buf_str(&text), branches, 1, &cut);
    assert_int_equal(u->prefix_tokens + u->reused_tokens, most);
    rk_buf_clear(&text);
    rk_llm_close(m);
}


static void test_llama_refuses_a_branch_that_is_too_long(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    char text[514];
    const char *two[2] = {"a", text};
    rk_error err;
    float logp[2];

    (void)state;
    for (size_t i = 0; i < 513; i++)
        text[i] = "xyz"[i % 3];
    text[512] = '\0';
    assert_int_equal(rk_llm_likelihood(m, prefix, two, 2, logp, NULL, NULL),
                     RK_OK);
    text[512] = 'z';
    text[513] = '\0';
    assert_int_equal(rk_llm_likelihood(m, prefix, two, 2, logp, NULL, &err),
                     RK_EINVAL);
    assert_string_equal(err.msg, "branch 1 has 513 tokens, at most 512");
    rk_llm_close(m);
}


static void test_llama_leaves_special_tokens_in_a_text_as_text(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);

    (void)state;
    assert_int_equal(rk_llm_count_tokens(m, "</s>"), 4);
    assert_false(rk_llm_one_token(m, "<s>"));
    rk_llm_close(m);
}


static void test_llama_writes_one_of_the_allowed_texts(void **state)
{
    static const char *const allowed[] = {" the war", " the sea", " war",
                                          " the", " a far off land"};
    rk_generate_opts opts = {.allowed = allowed, .n_allowed = 5};
    rk_llm *m = open_tiny(RK_WRITER);
    float logp[5];
    char *text;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        opts.allowed = allowed + i;
        opts.n_allowed = 1;
        assert_int_equal(rk_llm_generate(m, prefix, &opts, &text, NULL), RK_OK);
        assert_string_equal(text, allowed[i]);
        free(text);
    }
    assert_int_equal(rk_llm_usage_of(m)->branch_tokens, 0);

    /* Among texts of one token each, greedy is likeliest. */
    opts.allowed = (const char *[]){" a", " war"};
    opts.n_allowed = 2;
    rk_llm_next_words(m, prefix, (const char *[]){""}, 1, opts.allowed, 2, logp,
                      "words", NULL, NULL);
    assert_int_equal(rk_llm_generate(m, prefix, &opts, &text, NULL), RK_OK);
    assert_string_equal(text, opts.allowed[logp[1] > logp[0]]);
    free(text);

    opts.allowed = allowed;
    opts.n_allowed = 5;
    assert_int_equal(rk_llm_generate(m, prefix, &opts, &text, NULL), RK_OK);
    for (size_t i = 0; i < 5 && text; i++)
        if (strcmp(text, allowed[i]) == 0) {
            free(text);
            text = NULL;
        }
    assert_null(text);
    rk_llm_close(m);
}


static void
test_llama_writes_whole_characters_and_the_same_each_time(void **state)
{
    rk_generate_opts opts = {.max_tokens = 20};
    rk_llm *m = open_tiny(RK_WRITER);
    char *text, *again;

    (void)state;
    for (int i = 0; i < 26; i++) {
        char prompt[] = "a story of x";

        prompt[11] = (char)('a' + i);
        assert_int_equal(rk_llm_generate(m, prompt, &opts, &text, NULL), RK_OK);
        assert_true(rk_text_is_utf8(text, strlen(text), NULL));
        rk_llm_forget(m);
        assert_int_equal(rk_llm_generate(m, prompt, &opts, &again, NULL),
                         RK_OK);
        assert_string_equal(text, again);
        free(text);
        free(again);
    }
    assert_true(rk_llm_usage_of(m)->generated_tokens > 0);
    rk_llm_close(m);
}


static void test_llama_embeds_with_any_model(void **state)
{
    enum { TEXTS = 70 };
    rk_llm *m = open_tiny(RK_EMBEDDER);
    size_t d = rk_llm_describe(m)->d;
    static char room[TEXTS][600];
    const char *texts[TEXTS];
    float *all = rk_alloc_array((size_t)TEXTS * TINY_WIDTH, sizeof(*all));
    float alone[TINY_WIDTH];

    (void)state;
    assert_int_equal(d, TINY_WIDTH);
    for (size_t i = 0; i < TEXTS; i++) {
        size_t len = 1 + i * 37 % 599;

        for (size_t j = 0; j < len; j++)
            room[i][j] = (char)('a' + (i * 7 + j * j) % 26);
        texts[i] = room[i];
    }
    assert_int_equal(rk_llm_embed(m, texts, TEXTS, all, NULL, NULL), RK_OK);
    for (size_t i = 0; i < TEXTS; i++) {
        double same = 0;

        assert_int_equal(rk_llm_embed(m, texts + i, 1, alone, NULL, NULL),
                         RK_OK);
        for (size_t j = 0; j < d; j++)
            same += (double)alone[j] * all[i * d + j];
        assert_near(same, 1, 1e-3);
    }
    free(all);
    rk_llm_close(m);
}


static void test_llama_survives_each_allocation_failing(void **state)
{
    static const char *const words[] = {" a", " war"};
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_generate_opts opts = {.allowed = branches, .n_allowed = N};
        rk_llm *m = NULL;
        char *text = NULL;
        float logp[N], states[2 * TINY_WIDTH];
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_llm_open(&m, RK_WRITER, "tiny", path, NULL);
        if (rc == RK_OK)
            rc = rk_llm_likelihood(m, prefix, branches, N, logp, NULL, NULL);
        if (rc == RK_OK)
            rc = rk_llm_states(m, prefix, branches, 2, true, states, NULL);
        if (rc == RK_OK)
            rc = rk_llm_next_words(m, prefix, branches, 2, words, 2, logp,
                                   "words", NULL, NULL);
        if (rc == RK_OK)
            rc = rk_llm_generate(m, prefix, &opts, &text, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        free(text);
        rk_llm_close(m);
    } while (made >= n);
    assert_true(n > 20);
}


/* What is only kept for speed may be lost without failing. */
static void test_llama_needs_no_memory_to_keep_prefixes(void **state)
{
    rk_llm *m = open_tiny(RK_WRITER);
    float logp[N], again[N];
    size_t n = 0;
    size_t made;

    (void)state;
    score(m, prefix, branches, N, logp);
    do {
        int rc;

        rk_llm_forget(m);
        rk_mem_fail_at(++n);
        rc = rk_llm_keep_prefixes(m, NULL, NULL);
        if (rc == RK_OK)
            rc = rk_llm_likelihood(m, prefix, branches, N, again, NULL, NULL);
        made = rk_mem_fail_at(0);
        if (rc == RK_OK)
            assert_memory_equal(logp, again, sizeof(logp));
        else
            assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
    } while (made >= n);
    assert_true(n > 8);
    rk_llm_close(m);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama_tells_what_it_opened),
        cmocka_unit_test(test_llama_likelihood_is_that_of_one_sequence),
        cmocka_unit_test(
            test_llama_scores_a_branch_alike_alone_and_among_others),
        cmocka_unit_test(test_llama_scores_any_number_of_branches),
        cmocka_unit_test(test_llama_evaluates_each_token_once),
        cmocka_unit_test(test_llama_answers_whatever_it_was_asked_before),
        cmocka_unit_test(
            test_llama_scores_do_not_hang_on_the_order_of_branches),
        cmocka_unit_test(test_llama_reads_a_shared_prefix_once),
        cmocka_unit_test(test_llama_gives_the_same_for_a_prefix_it_kept),
        cmocka_unit_test(test_llama_keeps_prefixes_in_files_it_does_not_trust),
        cmocka_unit_test(test_llama_states_are_those_of_whole_texts),
        cmocka_unit_test(test_llama_beams_are_the_likeliest_allowed_texts),
        cmocka_unit_test(test_llama_words_and_likelihoods_agree),
        cmocka_unit_test(test_llama_keeps_the_end_of_a_long_prefix),
        cmocka_unit_test(test_llama_refuses_a_branch_that_is_too_long),
        cmocka_unit_test(test_llama_leaves_special_tokens_in_a_text_as_text),
        cmocka_unit_test(test_llama_writes_one_of_the_allowed_texts),
        cmocka_unit_test(
            test_llama_writes_whole_characters_and_the_same_each_time),
        cmocka_unit_test(test_llama_embeds_with_any_model),
        cmocka_unit_test(test_llama_needs_no_memory_to_keep_prefixes),
        cmocka_unit_test(test_llama_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

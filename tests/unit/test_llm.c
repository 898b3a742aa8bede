/* What llm.c refuses before a backend sees it. */
#include "core/file.h"
#include "gguf_bytes.h"
#include "llm/llm.h"
#include "llm/loaded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const two[] = {" war", " of the sea"};
static const char *const not_utf8[] = {" war", "Am\xE9lie"};


static rk_llm *open_scripted(enum rk_llm_role role)
{
    rk_llm *m;

    assert_int_equal(rk_llm_open_scripted(&m, role, NULL), RK_OK);
    return m;
}


static void assert_says(int rc, int expected, const rk_error *err,
                        const char *message)
{
    assert_int_equal(rc, expected);
    assert_int_equal(err->code, expected);
    if (!strstr(err->msg, message))
        fail_msg("'%s' does not say '%s'", err->msg, message);
    assert_null(strchr(err->msg, '\n'));
}


static void test_llm_asks_a_model_only_for_what_it_was_opened_for(void **state)
{
    rk_llm *writer = open_scripted(RK_WRITER);
    rk_llm *embedder = open_scripted(RK_EMBEDDER);
    char *text = (char *)two;
    float v[64];
    rk_error err;

    (void)state;
    assert_says(rk_llm_embed(writer, two, 2, v, NULL, &err), RK_EINVAL, &err,
                "scripted was opened as a writer, expected an embedder");
    assert_says(rk_llm_likelihood(embedder, "a", two, 2, v, NULL, &err),
                RK_EINVAL, &err, "opened as an embedder, expected a writer");
    assert_says(rk_llm_next_words(embedder, "a", two, 2, two, 1, v, "words",
                                  NULL, &err),
                RK_EINVAL, &err, "expected a writer");
    assert_says(rk_llm_generate(embedder, "a", NULL, &text, &err), RK_EINVAL,
                &err, "expected a writer");
    assert_null(text);
    rk_llm_close(writer);
    rk_llm_close(embedder);
}


static void test_llm_refuses_text_that_is_not_utf8(void **state)
{
    rk_llm *writer = open_scripted(RK_WRITER);
    rk_llm *embedder = open_scripted(RK_EMBEDDER);
    rk_error err;
    float v[64];
    char *text;

    (void)state;
    assert_says(rk_llm_embed(embedder, not_utf8, 2, v, NULL, &err), RK_EINVAL,
                &err, "text 1 is not UTF-8 at byte 2");
    assert_says(rk_llm_likelihood(writer, not_utf8[1], two, 2, v, NULL, &err),
                RK_EINVAL, &err, "the prefix is not UTF-8 at byte 2");
    assert_says(rk_llm_likelihood(writer, "a", not_utf8, 2, v, NULL, &err),
                RK_EINVAL, &err, "branch 1 is not UTF-8 at byte 2");
    assert_says(rk_llm_generate(writer, not_utf8[1], NULL, &text, &err),
                RK_EINVAL, &err, "the prompt is not UTF-8");
    assert_int_equal(rk_llm_count_tokens(writer, not_utf8[1]), RK_EINVAL);
    assert_false(rk_llm_one_token(writer, not_utf8[1]));
    rk_llm_close(writer);
    rk_llm_close(embedder);
}


static void test_llm_refuses_to_go_on_from_nothing(void **state)
{
    static const char *const some_empty[] = {"a", ""};
    rk_llm *m = open_scripted(RK_WRITER);
    rk_error err;
    float v[4];
    char *text;

    (void)state;
    assert_says(rk_llm_likelihood(m, "", two, 2, v, NULL, &err), RK_EINVAL,
                &err, "the prefix is empty");
    assert_says(
        rk_llm_next_words(m, "", some_empty, 2, two, 1, v, "words", NULL, &err),
        RK_EINVAL, &err, "branch 1 and the prefix are empty");
    assert_says(rk_llm_generate(m, "", NULL, &text, &err), RK_EINVAL, &err,
                "the prompt is empty");
    rk_llm_close(m);
}


static void test_llm_refuses_words_of_several_tokens(void **state)
{
    rk_llm *m = open_scripted(RK_WRITER);
    float v[4];
    rk_error err;

    (void)state;
    assert_says(
        rk_llm_next_words(m, "a", two, 2, two, 2, v, "words", NULL, &err),
        RK_EINVAL, &err,
        "word ' of the sea' is 3 tokens of scripted, must be one");
    rk_llm_close(m);
}


static void test_llm_does_nothing_for_nothing(void **state)
{
    rk_llm *writer = open_scripted(RK_WRITER);
    rk_llm *embedder = open_scripted(RK_EMBEDDER);
    float v = 7;

    (void)state;
    assert_int_equal(rk_llm_embed(embedder, two, 0, &v, NULL, NULL), RK_OK);
    assert_int_equal(rk_llm_likelihood(writer, "a", two, 0, &v, NULL, NULL),
                     RK_OK);
    assert_int_equal(
        rk_llm_next_words(writer, "a", two, 2, two, 0, &v, "words", NULL, NULL),
        RK_OK);
    assert_true(v == 7);
    assert_int_equal(rk_llm_usage_of(writer)->prefix_tokens, 0);
    rk_llm_close(writer);
    rk_llm_close(embedder);
    rk_llm_close(NULL);
}


static void test_llm_refuses_a_generation_without_sense(void **state)
{
    static const char *const empty[] = {""};
    rk_llm *m = open_scripted(RK_WRITER);
    rk_generate_opts opts = {.max_tokens = 513};
    rk_error err;
    char *text;

    (void)state;
    assert_says(rk_llm_generate(m, "a", &opts, &text, &err), RK_EINVAL, &err,
                "max_tokens is 513, at most 512");
    opts = (rk_generate_opts){.stop = empty, .n_stop = 1};
    assert_says(rk_llm_generate(m, "a", &opts, &text, &err), RK_EINVAL, &err,
                "stop text 0 is empty");
    opts = (rk_generate_opts){.allowed = two};
    assert_says(rk_llm_generate(m, "a", &opts, &text, &err), RK_EINVAL, &err,
                "the list of allowed texts is empty");
    opts = (rk_generate_opts){.allowed = not_utf8, .n_allowed = 2};
    assert_says(rk_llm_generate(m, "a", &opts, &text, &err), RK_EINVAL, &err,
                "allowed text 1 is not UTF-8");
    rk_llm_close(m);
}


/* Stops a stage when it is told of `done` having reached a number. */
typedef struct stopper {
    uint64_t at;
    uint64_t seen;
} stopper;


static int stop_at(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    stopper *s = ctx;

    assert_string_equal(stage, "embed");
    assert_true(done <= total);
    s->seen = done;
    return done >= s->at;
}


static void test_llm_reports_progress_and_can_be_stopped(void **state)
{
    static const char *const texts[] = {"a", "b", "c", "d"};
    rk_llm *m = open_scripted(RK_EMBEDDER);
    stopper s = {.at = 99};
    rk_progress p = {stop_at, &s};
    float v[4 * 32];

    (void)state;
    assert_int_equal(rk_llm_embed(m, texts, 4, v, &p, NULL), RK_OK);
    assert_int_equal(s.seen, 4);
    s.at = 2;
    assert_int_equal(rk_llm_embed(m, texts, 4, v, &p, NULL), RK_ECANCELLED);
    assert_int_equal(s.seen, 2);
    rk_llm_close(m);
}


/* Opens a file of just these bytes, and removes it. */
static int open_bytes(const void *bytes, size_t len, rk_error *err)
{
    char path[] = "/tmp/reckon-llm-XXXXXX";
    int fd = mkstemp(path);
    rk_llm *m = (rk_llm *)two;
    int rc;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(rk_file_write(path, bytes, len, NULL), RK_OK);
    rc = rk_llm_open(&m, RK_WRITER, "it", path, err);
    assert_null(m);
    unlink(path);
    return rc;
}


static void test_llm_opens_nothing_that_is_not_a_model(void **state)
{
    rk_llm *m = (rk_llm *)two;
    rk_error err;
    rk_buf b;

    (void)state;
    assert_says(rk_llm_open(&m, RK_WRITER, "it", "/nowhere/it.gguf", &err),
                RK_ENOTFOUND, &err, "/nowhere/it.gguf");
    assert_null(m);
    assert_says(rk_llm_open(&m, (enum rk_llm_role)5, "it", "/nowhere", &err),
                RK_EINVAL, &err, "model role 5");
    assert_says(open_bytes("", 0, &err), RK_EFORMAT, &err, "empty file");
    assert_says(open_bytes("id,title\n", 9, &err), RK_EFORMAT, &err,
                ": not a GGUF file: it does not begin with \"GGUF\"");

    /* Sound, but nothing libllama knows. */
    rk_buf_init(&b);
    gguf_head(&b, 0, 1);
    gguf_key_text(&b, "general.architecture", "abacus");
    assert_says(open_bytes(b.data, b.len, &err), RK_EBACKEND, &err,
                "libllama cannot load it: ");
    assert_non_null(strstr(err.msg, "abacus"));
    rk_buf_clear(&b);
}


static void test_llm_models_of_an_engine_are_opened_when_asked_for(void **state)
{
    rk_llm *m = NULL;
    rk_llm *again = NULL;
    rk_loaded loaded;
    rk_error err;

    (void)state;
    rk_loaded_init(&loaded, "none", "scripted", NULL);
    assert_null(loaded.writer);
    assert_int_equal(rk_loaded_get(&loaded, RK_WRITER, &m, NULL), RK_OK);
    assert_int_equal(rk_loaded_get(&loaded, RK_WRITER, &again, NULL), RK_OK);
    assert_ptr_equal(m, again);
    assert_says(rk_loaded_get(&loaded, RK_EMBEDDER, &m, &err), RK_ENOTFOUND,
                &err, "do without an embedder");
    assert_null(m);
    assert_true(rk_loaded_is_away(&loaded, err.code));
    assert_false(rk_loaded_is_away(&loaded, RK_EFORMAT)); /* a broken file */
    rk_loaded_clear(&loaded);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llm_asks_a_model_only_for_what_it_was_opened_for),
        cmocka_unit_test(test_llm_refuses_text_that_is_not_utf8),
        cmocka_unit_test(test_llm_refuses_to_go_on_from_nothing),
        cmocka_unit_test(test_llm_refuses_words_of_several_tokens),
        cmocka_unit_test(test_llm_does_nothing_for_nothing),
        cmocka_unit_test(test_llm_refuses_a_generation_without_sense),
        cmocka_unit_test(test_llm_reports_progress_and_can_be_stopped),
        cmocka_unit_test(test_llm_opens_nothing_that_is_not_a_model),
        cmocka_unit_test(
            test_llm_models_of_an_engine_are_opened_when_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

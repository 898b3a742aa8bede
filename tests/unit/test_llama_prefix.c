/* Prefixes that share a constant part, on a model made here. */
#include "core/mem.h"
#include "llm/llm.h"
#include "tiny_llama.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const char constant[] = "a story of the war that was a far land. ";
static const char *const wholes[] = {
    "a story of the war that was a far land. the end of a ship",
    "a story of the war that was a far land. a man and the sea"};
static const char *const branch[] = {" was the war"};

static char folder[] = "/tmp/reckon-prefix-XXXXXX";
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


/* With prefixes kept or not. */
static rk_llm *open_tiny(bool keeps)
{
    rk_error err;
    rk_llm *m;

    if (rk_llm_open(&m, RK_WRITER, "tiny", path, &err) != RK_OK ||
        (keeps && rk_llm_keep_prefixes(m, NULL, &err) != RK_OK))
        fail_msg("%s", err.msg);
    return m;
}


static float asked(rk_llm *m, const char *prefix)
{
    float logp;

    *rk_llm_usage_of(m) = (rk_llm_usage){0};
    assert_int_equal(rk_llm_likelihood(m, prefix, branch, 1, &logp, NULL, NULL),
                     RK_OK);
    return logp;
}


static void test_a_constant_part_is_evaluated_once(void **state)
{
    rk_llm *m = open_tiny(true);
    const rk_llm_usage *u = rk_llm_usage_of(m);
    uint64_t first, n_constant;

    (void)state;
    rk_llm_set_constant(m, constant);
    asked(m, wholes[0]);
    first = u->prefix_tokens;
    assert_int_equal(u->reused_tokens, 0);
    asked(m, wholes[1]);
    n_constant = u->reused_tokens;
    assert_true(n_constant > 10);
    assert_true(u->prefix_tokens > 0 && u->prefix_tokens < first);
    asked(m, wholes[0]);
    assert_int_equal(u->reused_tokens, n_constant);
    assert_int_equal(u->prefix_tokens, first - n_constant);
    asked(m, wholes[0]);
    assert_int_equal(u->reused_tokens, first);
    assert_int_equal(u->prefix_tokens, 0);
    rk_llm_close(m);
}


/* Bit for bit: kept or evaluated anew, asked alone or after another. */
static void test_what_is_said_does_not_hang_on_what_was_kept(void **state)
{
    rk_llm *kept = open_tiny(true);
    rk_llm *anew = open_tiny(false);
    float whole, logp[2];

    (void)state;
    whole = asked(kept, wholes[1]);
    rk_llm_set_constant(kept, constant);
    rk_llm_set_constant(anew, constant);
    logp[0] = asked(anew, wholes[1]);
    asked(kept, wholes[0]);
    logp[1] = asked(kept, wholes[1]);
    assert_memory_equal(&logp[0], &logp[1], sizeof(logp[0]));
    assert_true(fabsf(whole - logp[0]) < 0.5f);
    asked(anew, "another story");
    logp[1] = asked(anew, wholes[1]);
    assert_memory_equal(&logp[0], &logp[1], sizeof(logp[0]));

    /* And the whole is again what it was. */
    rk_llm_set_constant(kept, NULL);
    logp[0] = asked(kept, wholes[1]);
    assert_memory_equal(&logp[0], &whole, sizeof(whole));
    rk_llm_close(kept);
    rk_llm_close(anew);
}


static void test_what_is_written_is_the_same_too(void **state)
{
    const rk_generate_opts opts = {.max_tokens = 12};
    rk_llm *kept = open_tiny(true);
    rk_llm *anew = open_tiny(false);
    char *text[2];

    (void)state;
    rk_llm_set_constant(kept, constant);
    rk_llm_set_constant(anew, constant);
    asked(kept, wholes[0]);
    assert_int_equal(rk_llm_generate(kept, wholes[1], &opts, &text[0], NULL),
                     RK_OK);
    assert_int_equal(rk_llm_generate(anew, wholes[1], &opts, &text[1], NULL),
                     RK_OK);
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
    rk_llm_close(kept);
    rk_llm_close(anew);
}


static void test_other_prefixes_are_not_parted(void **state)
{
    static const char *const others[] = {"a story of", constant, "the war"};
    rk_llm *plain = open_tiny(false);
    rk_llm *m = open_tiny(true);

    (void)state;
    rk_llm_set_constant(m, constant);
    for (size_t i = 0; i < 3; i++) {
        float a = asked(plain, others[i]);
        float b = asked(m, others[i]);

        assert_memory_equal(&a, &b, sizeof(a));
    }
    rk_llm_close(plain);
    rk_llm_close(m);
}


static void test_a_parted_prefix_survives_each_allocation_failing(void **state)
{
    rk_llm *m = open_tiny(true);
    int rc = RK_ENOMEM;

    (void)state;
    rk_llm_set_constant(m, constant);
    for (size_t n = 1; rc != RK_OK; n++) {
        float logp;

        rk_llm_forget(m);
        rk_mem_fail_at(n);
        rc = rk_llm_likelihood(m, wholes[0], branch, 1, &logp, NULL, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(rc != RK_OK || n > 2);
    }
    rk_llm_close(m);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_constant_part_is_evaluated_once),
        cmocka_unit_test(test_what_is_said_does_not_hang_on_what_was_kept),
        cmocka_unit_test(test_what_is_written_is_the_same_too),
        cmocka_unit_test(test_other_prefixes_are_not_parted),
        cmocka_unit_test(test_a_parted_prefix_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

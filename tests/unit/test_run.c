#include "paradigms/run.h"

#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_what_is_kept_lives_until_the_run_is_cleared(void **state)
{
    rk_run run = {0};
    char *kept[40];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        kept[i] = rk_run_keep(&run, rk_strdup("text"));
        assert_non_null(kept[i]);
    }
    for (size_t i = 0; i < 40; i++)
        assert_string_equal(kept[i], "text");
    assert_null(rk_run_keep(&run, NULL));
    assert_int_equal(run.n_kept, 40);
    rk_run_clear(&run);
    assert_int_equal(run.n_kept, 0);
    rk_run_clear(&run);
}


/* The sanitizer says whether what could not be kept was freed. */
static void test_what_cannot_be_kept_is_freed(void **state)
{
    rk_run run = {0};
    char *text = rk_strdup("text");

    (void)state;
    rk_mem_fail_at(1);
    assert_null(rk_run_keep(&run, text));
    rk_mem_fail_at(0);
    assert_int_equal(run.n_kept, 0);
    rk_run_clear(&run);
}


static void test_stages_are_traced_in_order(void **state)
{
    rk_run run = {0};

    (void)state;
    for (size_t i = 0; i < 20; i++)
        rk_run_trace(&run, "stage", i, 2 * i, 0, "detail %zu", i);
    assert_int_equal(run.n_stages, 20);
    assert_string_equal(run.stages[19].name, "stage");
    assert_string_equal(run.stages[19].detail, "detail 19");
    assert_int_equal(run.stages[19].n_in, 19);
    assert_int_equal(run.stages[19].n_out, 38);
    assert_true(run.stages[19].took_us > 0);
    rk_run_clear(&run);
}


static void test_a_trace_without_memory_is_shorter(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 3; at++) {
        rk_run run = {0};

        rk_mem_fail_at(at);
        rk_run_trace(&run, "lost", 1, 1, 0, "%s", "detail");
        rk_mem_fail_at(0);
        assert_int_equal(run.n_stages, 0);
        rk_run_trace(&run, "kept", 1, 1, 0, "%s", "");
        assert_int_equal(run.n_stages, 1);
        rk_run_clear(&run);
    }
}


static void test_what_a_model_counted_is_taken_over(void **state)
{
    static const char *const branches[] = {" Dune"};
    rk_run run = {0};
    rk_llm *m;
    float p;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&m, RK_WRITER, NULL), RK_OK);
    for (int i = 0; i < 2; i++) {
        rk_llm_likelihood(m, "a b c", branches, 1, &p, NULL, NULL);
        rk_run_count(&run, m, "first");
    }
    rk_run_count(&run, m, "second"); /* nothing new */
    assert_int_equal(run.usage.prefix_tokens, 3);
    assert_int_equal(run.usage.reused_tokens, 3);
    assert_int_equal(run.usage.candidate_tokens, 2);
    assert_int_equal(run.n_uses, 2);
    assert_string_equal(run.uses[0].stage, "first");
    assert_int_equal(run.uses[0].used.calls, 2);
    assert_int_equal(run.uses[0].used.prefix_tokens, 3);
    assert_int_equal(run.uses[1].used.calls, 0);
    rk_llm_close(m);
    rk_run_clear(&run);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_lives_until_the_run_is_cleared),
        cmocka_unit_test(test_what_cannot_be_kept_is_freed),
        cmocka_unit_test(test_stages_are_traced_in_order),
        cmocka_unit_test(test_a_trace_without_memory_is_shorter),
        cmocka_unit_test(test_what_a_model_counted_is_taken_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

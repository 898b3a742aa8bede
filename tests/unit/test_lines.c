/* Lines of candidates, and what the writer makes of them after strangers. */
#include "../shop.h"
#include "core/mem.h"
#include "engine/engine.h"
#include "paradigms/lines.h"
#include "paradigms/strangers.h"

#include <math.h>

static const uint32_t likes[] = {0, 1, 2, 3}; /* two of each stranger's */

static shop prepared;
static rk_snapshot with;
static rk_run run;
static rk_llm *writer;
static rk_error err;


static int set_up(void **state)
{
    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    run = rk_engine_run(prepared.engine);
    assert_ok(rk_engine_serving(prepared.engine, &run, &err), err);
    assert_ok(rk_loaded_get(&prepared.engine->models, RK_WRITER, &writer, &err),
              err);
    with = prepared.engine->serving->snapshot;
    with.llm.strangers = likes;
    with.llm.n_stranger_likes = 2;
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    rk_run_clear(&run);
    shop_close(&prepared);
    return 0;
}


/* What the writer says of a line after stranger k's list. */
static float after(size_t k, const char *line)
{
    char *prompt = rk_stranger_prompt(&with, k);
    float logp;

    assert_non_null(prompt);
    assert_ok(rk_llm_likelihood(writer, prompt, &line, 1, &logp, NULL, &err),
              err);
    free(prompt);
    return logp;
}


static void test_an_item_is_not_read_after_a_list_that_names_it(void **state)
{
    static const uint32_t items[] = {0, 1, 2, 3, 4, 5};
    rk_lines l;

    (void)state;
    assert_ok(rk_lines_init(&l, &with, items, 6, &err), err);
    assert_ok(rk_lines_prior(&l, &with, &run, NULL, &err), err);
    for (size_t i = 0; i < 6; i++) {
        float first = after(0, l.text[i]);
        float second = after(1, l.text[i]);
        float expected = i < 2 ? second : i < 4 ? first : (first + second) / 2;

        assert_true(fabsf(first - second) > 1e-4f);
        assert_true(fabsf(l.prior[2 * i] - expected) < 1e-4f);
        assert_int_equal((int)l.prior[2 * i + 1],
                         rk_llm_count_tokens(writer, l.text[i]));
    }
    rk_lines_clear(&l);
}


static void test_without_strangers_the_heading_stands_in(void **state)
{
    static const uint32_t items[] = {0, 5};
    rk_snapshot s = with;
    rk_lines l;

    (void)state;
    s.llm.strangers = NULL;
    s.llm.n_stranger_likes = 0;
    assert_ok(rk_lines_init(&l, &s, items, 2, &err), err);
    assert_ok(rk_lines_prior(&l, &s, &run, NULL, &err), err);
    for (size_t i = 0; i < 2; i++) {
        const char *line = l.text[i];
        float logp;

        assert_ok(rk_llm_likelihood(writer, "Books I loved:\n", &line, 1, &logp,
                                    NULL, &err),
                  err);
        assert_true(fabsf(l.prior[2 * i] - logp) < 1e-4f);
    }
    rk_lines_clear(&l);
}


static void test_priors_survive_each_allocation_failing(void **state)
{
    static const uint32_t items[] = {0, 5};
    int rc = RK_ENOMEM;

    (void)state;
    for (size_t n = 1; rc != RK_OK; n++) {
        rk_lines l;

        rk_mem_fail_at(n);
        rc = rk_lines_init(&l, &with, items, 2, NULL);
        if (rc == RK_OK)
            rc = rk_lines_prior(&l, &with, &run, NULL, NULL);
        rk_mem_fail_at(0);
        rk_lines_clear(&l);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(rc != RK_OK || n > 6);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_item_is_not_read_after_a_list_that_names_it),
        cmocka_unit_test(test_without_strangers_the_heading_stands_in),
        cmocka_unit_test(test_priors_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

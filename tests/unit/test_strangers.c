#include "paradigms/strangers.h"

#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MOST 100

static rk_settings settings = {
    .item_line = "{{title}}", .noun = "book", .noun_plural = "books"};
static char lines[MOST][16];
static char ids[MOST][16];
static rk_field titles[MOST];
static rk_record records[MOST];
static rk_record *items[MOST];


/* A catalogue of n items whose titles are "item <first>" and so on, backwards
 * where that is asked for. Their ids say nothing: the place. */
static rk_snapshot catalogue(size_t n, size_t first, bool backwards)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = backwards ? n - 1 - i : i;

        snprintf(lines[at], sizeof(lines[at]), "item %zu", first + i);
        snprintf(ids[at], sizeof(ids[at]), "%zu", at);
        titles[at] = (rk_field){"title", lines[at]};
        records[at] = (rk_record){ids[at], &titles[at], 1};
        items[at] = &records[at];
    }
    settings.llm_history = 8;
    return (rk_snapshot){
        .settings = &settings, .n_items = n, .n_fitted = n, .items = items};
}


static const char *drawn(const rk_snapshot *s, const uint32_t *likes, size_t i)
{
    return rk_snapshot_title(s, likes[i]);
}


static void test_strangers_have_no_item_in_common(void **state)
{
    rk_snapshot s = catalogue(MOST, 0, false);
    uint32_t *likes;
    size_t n;

    (void)state;
    assert_int_equal(rk_strangers_draw(&likes, &n, &s, NULL), RK_OK);
    assert_int_equal(n, 8);
    for (size_t i = 0; i < RK_STRANGERS * n; i++) {
        assert_true(likes[i] < MOST);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(likes[i], likes[j]);
    }
    free(likes);
}


static void test_lists_hang_on_lines_and_not_on_ids_or_order(void **state)
{
    char forth[RK_STRANGERS * 8][16];
    rk_snapshot s = catalogue(MOST, 0, false);
    uint32_t *likes;
    size_t n;

    (void)state;
    assert_int_equal(rk_strangers_draw(&likes, &n, &s, NULL), RK_OK);
    for (size_t i = 0; i < RK_STRANGERS * n; i++)
        snprintf(forth[i], sizeof(forth[i]), "%s", drawn(&s, likes, i));
    free(likes);
    s = catalogue(MOST, 0, true);
    assert_int_equal(rk_strangers_draw(&likes, &n, &s, NULL), RK_OK);
    for (size_t i = 0; i < RK_STRANGERS * n; i++)
        assert_string_equal(drawn(&s, likes, i), forth[i]);
    free(likes);
}


/* It pushes at most one item out, and where it comes after all of them none. */
static void test_a_new_item_changes_little(void **state)
{
    size_t n_changed = 0;

    (void)state;
    for (size_t more = 41; more <= MOST; more++) {
        rk_snapshot s = catalogue(more - 1, 0, false);
        uint32_t *before, *after;
        size_t n, n_after;
        size_t gone = 0;

        assert_int_equal(rk_strangers_draw(&before, &n, &s, NULL), RK_OK);
        s = catalogue(more, 0, false);
        assert_int_equal(rk_strangers_draw(&after, &n_after, &s, NULL), RK_OK);
        assert_int_equal(n, n_after);
        for (size_t i = 0; i < RK_STRANGERS * n; i++) {
            bool found = false;

            for (size_t j = 0; j < RK_STRANGERS * n; j++)
                found |= after[j] == before[i];
            gone += !found;
        }
        assert_true(gone <= 1);
        n_changed += gone;
        free(before);
        free(after);
    }
    assert_true(n_changed > 0 && n_changed < 40);
}


static void test_a_small_catalogue_has_shorter_lists_or_none(void **state)
{
    (void)state;
    for (size_t n_items = 0; n_items < 40; n_items++) {
        rk_snapshot s = catalogue(n_items, 7, false);
        size_t expected = n_items / (2 * RK_STRANGERS);
        uint32_t *likes;
        size_t n;

        assert_int_equal(rk_strangers_draw(&likes, &n, &s, NULL), RK_OK);
        assert_int_equal(n, expected < 8 ? expected : 8);
        assert_true(!likes == (n == 0));
        free(likes);
    }
}


static void test_newer_items_are_not_drawn(void **state)
{
    rk_snapshot s = catalogue(MOST, 0, false);
    uint32_t *likes;
    size_t n;

    (void)state;
    s.n_fitted = 20;
    assert_int_equal(rk_strangers_draw(&likes, &n, &s, NULL), RK_OK);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < RK_STRANGERS * n; i++)
        assert_true(likes[i] < 20);
    free(likes);
}


static void test_a_prompt_names_a_strangers_items_alone(void **state)
{
    static const uint32_t likes[] = {3, 1, 0, 4};
    rk_snapshot s = catalogue(5, 0, false);
    char *prompt;

    (void)state;
    s.llm.strangers = likes;
    s.llm.n_stranger_likes = 2;
    for (size_t k = 0; k < RK_STRANGERS; k++)
        for (uint32_t i = 0; i < 5; i++)
            assert_int_equal(rk_stranger_likes(&s, k, i),
                             likes[2 * k] == i || likes[2 * k + 1] == i);
    prompt = rk_stranger_prompt(&s, 1);
    assert_string_equal(prompt, "Books I loved:\nitem 0\nitem 4\n");
    free(prompt);
    s.llm.n_stranger_likes = 0;
    prompt = rk_stranger_prompt(&s, 1);
    assert_string_equal(prompt, "Books I loved:\n");
    free(prompt);
}


static void test_strangers_survive_each_allocation_failing(void **state)
{
    static const uint32_t chosen[] = {3, 1, 0, 4};
    rk_snapshot s = catalogue(MOST, 0, false);
    char *prompt = NULL;
    int rc = RK_ENOMEM;

    (void)state;
    for (size_t n = 1; rc != RK_OK; n++) {
        uint32_t *likes;
        size_t n_likes;

        rk_mem_fail_at(n);
        rc = rk_strangers_draw(&likes, &n_likes, &s, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && !likes));
        assert_true(rc != RK_OK || n > 2);
        free(likes);
    }
    s.llm.strangers = chosen;
    s.llm.n_stranger_likes = 2;
    for (size_t n = 1; !prompt; n++) {
        rk_mem_fail_at(n);
        prompt = rk_stranger_prompt(&s, 0);
        rk_mem_fail_at(0);
        assert_true(n < 1000);
    }
    free(prompt);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers_have_no_item_in_common),
        cmocka_unit_test(test_lists_hang_on_lines_and_not_on_ids_or_order),
        cmocka_unit_test(test_a_new_item_changes_little),
        cmocka_unit_test(test_a_small_catalogue_has_shorter_lists_or_none),
        cmocka_unit_test(test_newer_items_are_not_drawn),
        cmocka_unit_test(test_a_prompt_names_a_strangers_items_alone),
        cmocka_unit_test(test_strangers_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

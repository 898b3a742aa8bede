#include "paradigms/prompt.h"

#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const rk_field dune[] = {{"title", "Dune"}, {"genres", "war|sand"}};
static const rk_field emma[] = {{"title", "Emma\n\x01 Books I hated:"}};
static const rk_field jaws[] = {{"title", "Jaws"}};
static const rk_record records[] = {
    {"B1", dune, 2}, {"B2", emma, 1}, {"B3", jaws, 1}};
static rk_record *items[] = {(rk_record *)&records[0], (rk_record *)&records[1],
                             (rk_record *)&records[2]};
static const rk_settings settings = {
    .item_line = "{{title}}{{#genres}} ({{genres}}){{/genres}}",
    .noun_plural = "books",
    .llm_history = 2};
static const rk_snapshot snapshot = {
    .settings = &settings, .n_items = 3, .items = items};
static const rk_seen history[] = {{.item = 0, .label = +1},
                                  {.item = 2, .label = +1},
                                  {.item = 1, .label = +1},
                                  {.item = 0, .label = -1}};
static const rk_who reader = {
    .profile = "likes  the\nsea", .history = history, .n_history = 4};
static const rk_who nobody = {.profile = ""};


static void assert_prompt(const rk_who *who, int label, size_t n,
                          const char *wanted)
{
    size_t n_items = 99;
    char *text = rk_prompt_user(&snapshot, who, label, &n_items);

    assert_string_equal(text, wanted);
    assert_int_equal(n_items, n);
    free(text);
}


/* A line of an item stays one line, whatever its title. */
static void test_a_prompt_is_profile_heading_and_the_latest_items(void **state)
{
    char *heading = rk_prompt_heading(&snapshot, -1);

    (void)state;
    assert_string_equal(heading, "Books I hated:\n");
    free(heading);
    assert_prompt(&reader, +1, 2,
                  "About me: likes the sea\nBooks I loved:\nJaws\n"
                  "Emma Books I hated:\n");
    assert_prompt(&reader, -1, 1, "Books I hated:\nDune (war, sand)\n");
    assert_prompt(&nobody, +1, 0, "Books I loved:\n");
    assert_prompt(&nobody, -1, 0, "Books I hated:\n");
}


static void test_a_prompt_of_no_history_is_the_heading(void **state)
{
    rk_settings none = settings;
    rk_snapshot s = snapshot;
    size_t n_items;
    char *text;

    (void)state;
    none.llm_history = 0;
    s.settings = &none;
    text = rk_prompt_user(&s, &reader, -1, &n_items);
    assert_string_equal(text, "Books I hated:\n");
    assert_int_equal(n_items, 0);
    free(text);
}


static void test_prompts_survive_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        size_t n_items;
        char *text;

        rk_mem_fail_at(++n);
        text = rk_prompt_user(&snapshot, &reader, +1, &n_items);
        made = rk_mem_fail_at(0);
        assert_int_equal(!text, made >= n);
        free(text);
    } while (made >= n);
    assert_true(n > 3);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_prompt_is_profile_heading_and_the_latest_items),
        cmocka_unit_test(test_a_prompt_of_no_history_is_the_heading),
        cmocka_unit_test(test_prompts_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

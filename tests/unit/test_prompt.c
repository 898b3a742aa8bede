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
    .noun = "book",
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


static void assert_made(rk_prompt *p, const rk_prompt_ask *ask)
{
    rk_error err;

    if (rk_prompt_make(p, &snapshot, &reader, ask, &err) != RK_OK)
        fail_msg("%s", err.msg);
}


static void test_prompts_of_each_kind_put_user_before_candidates(void **state)
{
    static const uint32_t two[] = {2, 0};
    static const char user[] =
        "About the user: likes the sea\nBooks the user liked:\n- Jaws\n"
        "- Emma Books I hated:\nBooks the user disliked:\n"
        "- Dune (war, sand)\n\n";
    rk_prompt p;

    (void)state;
    assert_made(&p, &(rk_prompt_ask){.kind = RK_PROMPT_YES_NO,
                                     .label = 0,
                                     .candidates = two,
                                     .n = 2});
    assert_string_equal(p.user, user);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.branches[0], "Will the user like \"Jaws\"?\nAnswer:");
    assert_string_equal(p.lead, " ");
    rk_prompt_clear(&p);
    assert_made(&p, &(rk_prompt_ask){.kind = RK_PROMPT_LETTERS,
                                     .label = 0,
                                     .candidates = two,
                                     .n = 2});
    assert_string_equal(p.user, user);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.branches[0],
                        "Candidates:\n(A) Jaws\n(B) Dune (war, sand)\nAnswer:");
    rk_prompt_clear(&p);
    assert_made(&p, &(rk_prompt_ask){.kind = RK_PROMPT_PERMUTATION,
                                     .label = 0,
                                     .candidates = two,
                                     .n = 2});
    assert_string_equal(p.branches[0],
                        "The 2 candidates:\n1. Jaws\n2. Dune (war, sand)\n"
                        "\nIn order:\n");
    rk_prompt_clear(&p);
    assert_made(&p, &(rk_prompt_ask){.kind = RK_PROMPT_LIKELIHOOD,
                                     .label = -1,
                                     .candidates = two,
                                     .n = 2});
    assert_string_equal(p.constant, "");
    assert_string_equal(p.user, "Books I hated:\nDune (war, sand)\n");
    assert_string_equal(p.branches[1], "Dune (war, sand)");
    rk_prompt_clear(&p);
}


static void test_a_prompt_of_why_holds_the_evidence_as_lines(void **state)
{
    static const uint32_t one[] = {2};
    static const char *const evidence[] = {"it is\nlike {{noun}}", "b"};
    rk_prompt p;

    (void)state;
    assert_made(&p, &(rk_prompt_ask){.kind = RK_PROMPT_WHY,
                                     .label = 0,
                                     .candidates = one,
                                     .n = 1,
                                     .n_evidence = 2,
                                     .evidence = evidence});
    assert_string_equal(p.branches[0], "it is like {{noun}}\nb\nSentence:");
    rk_prompt_clear(&p);
}


static void test_a_prompt_without_user_says_nothing_of_one(void **state)
{
    rk_prompt p;

    (void)state;
    assert_made(&p, &(rk_prompt_ask){RK_PROMPT_YES_NO, .without_user = true});
    assert_string_equal(p.user, "Books the user liked:\n- none known\n"
                                "Books the user disliked:\n- none known\n\n");
    rk_prompt_clear(&p);
}


static void test_instructions_go_into_a_chat_unless_told_otherwise(void **state)
{
    static const bool in_chat[3][2] = {
        {false, true}, {true, true}, {false, false}};
    rk_settings told = settings;
    rk_snapshot s = snapshot;

    (void)state;
    s.settings = &told;
    for (int chat = RK_CHAT_AUTO; chat <= RK_CHAT_NO; chat++)
        for (int kind = RK_PROMPT_LIKELIHOOD; kind <= RK_PROMPT_YES_NO; kind++)
            for (int has = 0; has < 2; has++) {
                rk_prompt_ask ask = {.kind = (enum rk_prompt_kind)kind,
                                     .has_chat = has};
                rk_prompt p;

                told.chat = (enum rk_chat)chat;
                assert_int_equal(rk_prompt_make(&p, &s, &reader, &ask, NULL),
                                 RK_OK);
                assert_int_equal(p.chat, has && in_chat[chat][kind]);
                assert_string_equal(p.lead, p.chat ? "" : " ");
                rk_prompt_clear(&p);
            }
}


static void test_a_prompt_that_cannot_be_is_refused(void **state)
{
    static const uint32_t many[27];
    enum rk_prompt_kind kind;
    rk_error err;
    rk_prompt p;

    (void)state;
    assert_int_equal(rk_prompt_make(&p, &snapshot, &reader,
                                    &(rk_prompt_ask){.kind = RK_PROMPT_LETTERS,
                                                     .label = 0,
                                                     .candidates = many,
                                                     .n = 27},
                                    &err),
                     RK_EINVAL);
    assert_string_equal(err.msg,
                        "letters: expected at most 26 candidates, found 27");
    assert_int_equal(rk_prompt_make(&p, &snapshot, &reader,
                                    &(rk_prompt_ask){.kind = RK_PROMPT_WHY,
                                                     .label = 0,
                                                     .candidates = many,
                                                     .n = 2},
                                    &err),
                     RK_EINVAL);
    assert_int_equal(rk_prompt_kind_parse(&kind, "guess", &err), RK_EINVAL);
    for (int i = 0; i < RK_N_PROMPT_KINDS; i++) {
        const char *name = rk_prompt_kind_name((enum rk_prompt_kind)i);

        assert_int_equal(rk_prompt_kind_parse(&kind, name, NULL), RK_OK);
        assert_int_equal(kind, i);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_prompt_is_profile_heading_and_the_latest_items),
        cmocka_unit_test(test_a_prompt_of_no_history_is_the_heading),
        cmocka_unit_test(test_prompts_survive_each_allocation_failing),
        cmocka_unit_test(test_prompts_of_each_kind_put_user_before_candidates),
        cmocka_unit_test(test_a_prompt_of_why_holds_the_evidence_as_lines),
        cmocka_unit_test(test_a_prompt_without_user_says_nothing_of_one),
        cmocka_unit_test(
            test_instructions_go_into_a_chat_unless_told_otherwise),
        cmocka_unit_test(test_a_prompt_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

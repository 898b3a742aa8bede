/* What a language model would be given, over the bookstore. */
#include "../shop.h"
#include "core/mem.h"

static const char *const modes[] = {"likelihood", "yes_no", "letters",
                                    "permutation", "why"};
static const char *const two[] = {"B78901", "B27381"};
static const rk_request request = {
    .user = "U12345", .candidates = two, .n_candidates = 2};

static shop prepared;
static rk_error err;


static int set_up(void **state)
{
    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    shop_close(&prepared);
    return 0;
}


static rk_preview *preview(shop *s, const rk_request *r, const char *mode)
{
    rk_preview *p;

    assert_ok(rk_prompt_preview(s->engine, r, mode, &p, &err), err);
    assert_string_equal(p->mode, mode ? mode : "likelihood");
    return p;
}


/* How many parts are called this; the last of them into *at. */
static size_t find(const rk_preview *p, const char *part,
                   const rk_preview_part **at)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_parts; i++)
        if (strcmp(p->parts[i].part, part) == 0) {
            *at = &p->parts[i];
            n++;
        }
    return n;
}


static void test_every_mode_shows_constant_user_and_candidates(void **state)
{
    (void)state;
    for (size_t m = 0; m < 5; m++) {
        rk_preview *p = preview(&prepared, &request, modes[m]);
        bool in_one = m == 2 || m == 3;
        const rk_preview_part *at = NULL;

        assert_string_equal(p->parts[0].part, "constant");
        assert_string_equal(p->parts[1].part, "user");
        assert_string_equal(p->model, "scripted");
        assert_false(p->chat);
        assert_int_equal(find(p, "candidates", &at), in_one);
        if (!in_one) /* likelihood reads after likes and after dislikes */
            assert_int_equal(find(p, "candidate", &at), m == 0   ? 4
                                                        : m == 4 ? 1
                                                                 : 2);
        for (size_t i = 0; i < p->n_parts; i++)
            assert_true(p->parts[i].n_tokens >= 0);
        rk_preview_free(p);
    }
}


static void test_why_shows_the_facts_of_the_first_candidate(void **state)
{
    rk_preview *p = preview(&prepared, &request, "why");
    const rk_preview_part *constant = NULL;
    const rk_preview_part *at = NULL;
    const char *text;

    (void)state;
    assert_int_equal(find(p, "constant", &constant), 1);
    assert_non_null(strstr(constant->text, "The Salt Lantern"));
    assert_int_equal(find(p, "candidate", &at), 1);
    text = at->text;
    assert_string_equal(at->id, two[0]);
    assert_int_equal(strncmp(text, "Title: The Silent Patient\nKind: ", 32), 0);
    assert_non_null(strstr(text, "\nVerdict: "));
    assert_string_equal(text + strlen(text) - 10, "\nSentence:");
    rk_preview_free(p);
}


/* The constant part of a mode is the same for everybody. */
static void test_the_constant_part_is_everybodys(void **state)
{
    const rk_request other = {
        .profile = "likes the sea", .candidates = &two[1], .n_candidates = 1};

    (void)state;
    for (size_t m = 0; m < 5; m++) {
        rk_preview *a = preview(&prepared, &request, modes[m]);
        rk_preview *b = preview(&prepared, &other, modes[m]);

        assert_string_equal(a->parts[0].text, b->parts[0].text);
        rk_preview_free(a);
        rk_preview_free(b);
    }
}


static void test_letters_shows_no_more_candidates_than_letters(void **state)
{
    const rk_request many = {.user = "U12345", .n = 40};
    rk_preview *p = preview(&prepared, &many, "letters");
    const rk_preview_part *at = NULL;

    (void)state;
    assert_int_equal(find(p, "candidates", &at), 1);
    assert_non_null(strstr(at->text, "\n(Z) "));
    rk_preview_free(p);
    p = preview(&prepared, &many, NULL);
    assert_int_equal(find(p, "candidate", &at) % 40, 0);
    rk_preview_free(p);
}


static void test_without_a_writer_tokens_are_not_known(void **state)
{
    static const rk_engine_opts none = {.writer = "none"};
    rk_preview *p;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    shop_reopen(&s, &none);
    p = preview(&s, &request, "yes_no");
    assert_string_equal(p->model, "none");
    for (size_t i = 0; i < p->n_parts; i++)
        assert_int_equal(p->parts[i].n_tokens, -1);
    rk_preview_free(p);
    shop_close(&s);
}


static void test_wrong_requests_are_refused(void **state)
{
    static const char *const no_item[] = {"B0"};
    const rk_request many = {.user = "U12345", .n = 1001};
    const rk_request tokens = {.user = "U12345", .way = "tokens"};
    const rk_request nobody = {.user = "U0"};
    const rk_request nothing = {
        .user = "U12345", .candidates = no_item, .n_candidates = 1};
    rk_engine *e = prepared.engine;
    rk_preview *p;

    (void)state;
    assert_int_equal(rk_prompt_preview(e, &many, NULL, &p, &err), RK_EINVAL);
    assert_string_equal(err.msg, "n is 1001, must be at most 1000");
    assert_int_equal(rk_prompt_preview(e, &tokens, NULL, &p, &err), RK_EINVAL);
    assert_string_equal(err.msg, "way is 'tokens', must be llm");
    assert_int_equal(rk_prompt_preview(e, &request, "guess", &p, &err),
                     RK_EINVAL);
    assert_int_equal(rk_prompt_preview(e, &nobody, NULL, &p, &err),
                     RK_ENOTFOUND);
    assert_int_equal(rk_prompt_preview(e, &nothing, NULL, &p, &err),
                     RK_ENOTFOUND);
    assert_string_equal(err.msg, "no such item: B0");
    assert_null(p);
}


static void test_previews_survive_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t m = 0; m < 5; m += 4) {
        int rc = RK_ENOMEM;

        for (size_t n = 1; rc != RK_OK; n++) {
            rk_preview *p;

            rk_mem_fail_at(n);
            rc = rk_prompt_preview(prepared.engine, &request, modes[m], &p,
                                   &err);
            rk_mem_fail_at(0);
            assert_true(rc == RK_OK || (rc == RK_ENOMEM && !p));
            assert_true(rc != RK_OK || n > 10);
            rk_preview_free(p);
        }
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_mode_shows_constant_user_and_candidates),
        cmocka_unit_test(test_why_shows_the_facts_of_the_first_candidate),
        cmocka_unit_test(test_the_constant_part_is_everybodys),
        cmocka_unit_test(test_letters_shows_no_more_candidates_than_letters),
        cmocka_unit_test(test_without_a_writer_tokens_are_not_known),
        cmocka_unit_test(test_wrong_requests_are_refused),
        cmocka_unit_test(test_previews_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

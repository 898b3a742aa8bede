#include "paradigms/why.h"

#include "core/text.h"
#include "paradigms/facts.h"
#include "small_shelf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>


static void test_the_prompt_is_the_same_but_for_this_items_facts(void **state)
{
    static const char *const facts[] = {
        "Title: The Silent Patient\nKind: thriller, mystery\n"
        "Verdict: it may disappoint you\n"
        "Because: close in meaning to The Da Vinci Code, which the user "
        "disliked; thriller, which the user disliked in The Da Vinci Code\n"
        "Sentence:",
        "Title: Wolf Hall: A Novel\nKind: historical, drama\n"
        "Verdict: you should like it\n"
        "Because: close in meaning to The Night Circus, which the user liked; "
        "liked by those who also liked The Three-Body Problem\nSentence:"};
    rk_prompt p[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        shelf h;

        assert_int_equal(shelf_init(&h, i == 1), RK_OK);
        assert_int_equal(rk_why_prompt(&p[i], &h.s, &shelf_reader, &h.candidate,
                                       &h.reasons, false, NULL),
                         RK_OK);
        assert_int_equal(p[i].n, 1);
        assert_string_equal(p[i].branches[0], facts[i]);
        assert_string_equal(p[i].user, "");
        shelf_clear(&h);
    }
    assert_true(strlen(p[0].constant) > 500);
    assert_string_equal(p[0].constant, p[1].constant);
    rk_prompt_clear(&p[0]);
    rk_prompt_clear(&p[1]);
}


static void test_every_phrasing_passes_the_check(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rk_findings found = {0};
        char **list;
        size_t n;
        shelf h;

        assert_int_equal(shelf_init(&h, i == 1), RK_OK);
        assert_int_equal(
            rk_why_phrasings(&list, &n, &h.grounds, &h.reasons, NULL), RK_OK);
        assert_true(n >= 2 && n <= RK_WHY_PHRASINGS);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(rk_facts_check(&found, list[k], &h.grounds, NULL),
                             RK_OK);
            assert_string_equal(found.refusal, "");
        }
        rk_findings_clear(&found);
        rk_texts_free(list, RK_WHY_PHRASINGS);
        shelf_clear(&h);
    }
}


/* The model for tests writes no sentence, so it is left with choosing. */
static void test_what_does_not_pass_is_replaced_by_a_choice(void **state)
{
    rk_findings found = {0};
    rk_llm *writer;
    rk_why out;
    shelf h;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&writer, RK_WRITER, NULL), RK_OK);
    assert_int_equal(shelf_init(&h, true), RK_OK);
    h.reasons.why = rk_strdup("by rules");
    assert_int_equal(
        rk_why_write(&out, &h.reasons, writer, &h.grounds, &h.candidate, NULL),
        RK_OK);
    assert_string_equal(out.by, "writer, chosen");
    assert_string_not_equal(out.refused, "");
    assert_int_equal(rk_facts_check(&found, h.reasons.why, &h.grounds, NULL),
                     RK_OK);
    assert_string_equal(found.refusal, "");
    rk_findings_clear(&found);
    shelf_clear(&h);
    rk_llm_close(writer);
}


static void test_where_rules_offer_nothing_their_sentence_stays(void **state)
{
    rk_llm *writer;
    rk_why out;
    shelf h;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&writer, RK_WRITER, NULL), RK_OK);
    assert_int_equal(shelf_init(&h, true), RK_OK);
    rk_reasons_clear(&h.reasons);
    h.reasons.why = rk_strdup("by rules");
    rk_grounds_clear(&h.grounds);
    assert_int_equal(rk_grounds_init(&h.grounds, &h.s, h.names, &shelf_reader,
                                     &h.candidate, &h.reasons, NULL),
                     RK_OK);
    assert_int_equal(
        rk_why_write(&out, &h.reasons, writer, &h.grounds, &h.candidate, NULL),
        RK_OK);
    assert_string_equal(out.by, "rules");
    assert_string_not_equal(out.refused, "");
    assert_string_equal(h.reasons.why, "by rules");
    shelf_clear(&h);
    rk_llm_close(writer);
}


static void test_writing_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;
    rk_llm *writer;
    shelf h;

    (void)state;
    assert_int_equal(rk_llm_open_scripted(&writer, RK_WRITER, NULL), RK_OK);
    assert_int_equal(shelf_init(&h, false), RK_OK);
    do {
        rk_why out;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_why_write(&out, &h.reasons, writer, &h.grounds, &h.candidate,
                          NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        n += 7; /* the scripted model makes many */
    } while (made + 7 >= n);
    assert_true(n > 10);
    shelf_clear(&h);
    rk_llm_close(writer);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_prompt_is_the_same_but_for_this_items_facts),
        cmocka_unit_test(test_every_phrasing_passes_the_check),
        cmocka_unit_test(test_what_does_not_pass_is_replaced_by_a_choice),
        cmocka_unit_test(test_where_rules_offer_nothing_their_sentence_stays),
        cmocka_unit_test(test_writing_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

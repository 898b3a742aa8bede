/* Who writes the sentences of an answer, and for which items. */
#include "engine/teller.h"

#include "../shop.h"
#include "core/clock.h"
#include "engine/ask.h"
#include "engine/engine.h"

#define READER "U12345"

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


static rk_answer *ask(shop *s, const char *why, uint64_t max_tokens)
{
    const rk_request request = {
        .user = READER, .n = 5, .why = why, .max_tokens = max_tokens};
    rk_answer *a;

    assert_ok(rk_recommend(s->engine, &request, &a, &err), err);
    assert_int_equal(a->n_items, 5);
    return a;
}


static const rk_stage *stage_of(const rk_answer *a)
{
    for (size_t i = 0; i < a->n_stages; i++)
        if (strcmp(a->stages[i].name, "write why") == 0)
            return &a->stages[i];
    return NULL;
}


static void test_words_and_numbers_say_how_many(void **state)
{
    size_t most = 9;

    (void)state;
    assert_ok(rk_teller_parse(&most, "off", &err), err);
    assert_int_equal(most, 0);
    assert_ok(rk_teller_parse(&most, "first", &err), err);
    assert_int_equal(most, 1);
    assert_ok(rk_teller_parse(&most, "all", &err), err);
    assert_int_equal(most, RK_MOST_ITEMS);
    assert_ok(rk_teller_parse(&most, "17", &err), err);
    assert_int_equal(most, 17);
    assert_int_equal(rk_teller_parse(&most, "1e3", &err), RK_EINVAL);
    assert_int_equal(rk_teller_parse(&most, "", &err), RK_EINVAL);
    assert_int_equal(rk_teller_parse(&most, "1001", &err), RK_EINVAL);
    assert_string_equal(err.msg, "why: expected off, first, all or a number up "
                                 "to 1000, found '1001'");
}


/* The model for tests writes nothing that passes, so a refusal tells that it
 * was asked. */
static void test_the_first_items_are_told_of_in_their_order(void **state)
{
    rk_answer *plain = ask(&prepared, "off", 0);

    (void)state;
    assert_null(stage_of(plain));
    for (size_t most = 0; most <= 5; most++) {
        char word[8];
        rk_answer *a;

        snprintf(word, sizeof(word), "%zu", most);
        a = ask(&prepared, word, 0);
        for (size_t i = 0; i < 5; i++) {
            assert_string_equal(a->items[i].id, plain->items[i].id);
            assert_int_equal(a->items[i].why_refused[0] != '\0', i < most);
            if (i >= most) {
                assert_string_equal(a->items[i].why_by, "rules");
                assert_string_equal(a->items[i].why, plain->items[i].why);
            }
        }
        if (most > 0)
            assert_int_equal(stage_of(a)->n_in, most);
        rk_answer_free(a);
    }
    rk_answer_free(plain);
}


static void test_without_room_rules_write_and_the_answer_says_why(void **state)
{
    rk_answer *plain = ask(&prepared, "off", 0);
    rk_answer *a = ask(&prepared, "all", 1);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(a->items[i].why_by, "rules");
        assert_non_null(
            strstr(a->items[i].why_refused, "the request's 1 tokens"));
        assert_string_equal(a->items[i].why, plain->items[i].why);
    }
    assert_int_equal(a->usage.generated_tokens, 0);
    assert_int_equal(a->usage.prefix_tokens, 0);
    rk_answer_free(a);
    rk_answer_free(plain);
}


/* One item with a reason, told in a run with this budget. */
static void tell(rk_budget *budget, int64_t started_us, rk_why *out)
{
    const rk_request request = {.user = READER};
    rk_candidate c = {.item = 3, .probability = 0.8f};
    rk_reasons reasons = {0};
    rk_asker asker;
    rk_teller t;
    rk_run run = rk_engine_run(prepared.engine);

    run.budget = budget;
    assert_ok(rk_engine_serving(prepared.engine, &run, &err), err);
    assert_ok(
        rk_asker_init(&asker, prepared.engine, &request, false, &run, &err),
        err);
    assert_ok(rk_teller_init(&t, prepared.engine, 1, &run, &err), err);
    run.started_us = started_us;
    assert_ok(rk_teller_tell(&t, out, &prepared.engine->serving->snapshot,
                             &asker.who, &c, &reasons, &err),
              err);
    rk_teller_close(&t);
    rk_reasons_clear(&reasons);
    rk_asker_clear(&asker);
    rk_run_clear(&run);
}


static void test_after_the_deadline_nobody_is_asked(void **state)
{
    rk_budget b = {.limits.deadline_us = 1000};
    rk_why out;

    (void)state;
    tell(&b, rk_clock_us() - (int64_t)60 * 1000000, &out);
    assert_string_equal(out.by, "rules");
    assert_int_equal(strncmp(out.refused, "deadline ", 9), 0);
    b.limits.deadline_us = INT64_MAX / 4;
    tell(&b, rk_clock_us(), &out);
    assert_null(strstr(out.refused, "deadline"));
}


static void test_without_a_writer_a_stage_says_why(void **state)
{
    static const rk_engine_opts none = {.writer = "none"};
    rk_answer *a;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    shop_reopen(&s, &none);
    a = ask(&s, "all", 0);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(a->items[i].why_by, "rules");
    assert_non_null(stage_of(a));
    assert_string_equal(stage_of(a)->detail,
                        "rules write: the configuration says to do without a "
                        "writer");
    rk_answer_free(a);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_numbers_say_how_many),
        cmocka_unit_test(test_the_first_items_are_told_of_in_their_order),
        cmocka_unit_test(test_without_room_rules_write_and_the_answer_says_why),
        cmocka_unit_test(test_after_the_deadline_nobody_is_asked),
        cmocka_unit_test(test_without_a_writer_a_stage_says_why),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Answers within a budget: from all candidates down to the fused order. */
#include "../shop.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "engine/cascade.h"
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>

#define READER "U12345"

static shop prepared; /* made once, never asked: tests take copies */


static int prepare_once(void **state)
{
    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    return 0;
}


static int close_it(void **state)
{
    (void)state;
    shop_close(&prepared);
    return 0;
}


/* A copy with more in its configuration. */
static void copy_with(shop *s, const char *more)
{
    char text[512];

    shop_copy(s, &prepared);
    snprintf(text, sizeof(text), "models: {%s}\ncatalogue: {noun: book}\n%s\n",
             SCRIPTED, more);
    shop_write(s, "reckon.yaml", text, strlen(text));
    shop_reopen(s, NULL);
}


static rk_answer *ask(shop *s, const rk_request *request)
{
    rk_answer *a;
    rk_error err;

    assert_ok(rk_recommend(s->engine, request, &a, &err), err);
    return a;
}


static uint64_t tokens_of(const rk_answer *a)
{
    return a->usage.prefix_tokens + a->usage.candidate_tokens;
}


static void assert_best_first(const rk_answer *a)
{
    for (size_t i = 1; i < a->n_items; i++)
        assert_true(a->items[i - 1].score >= a->items[i].score);
}


static void assert_same_order(const rk_answer *a, const rk_answer *b)
{
    assert_int_equal(a->n_items, b->n_items);
    for (size_t i = 0; i < a->n_items; i++)
        assert_string_equal(a->items[i].id, b->items[i].id);
}


/* Of the reasons: how many are of this evidence. */
static size_t count_of(const rk_ranked *r, const char *evidence)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_reasons; i++)
        n += strcmp(r->reasons[i].evidence, evidence) == 0;
    return n;
}


/* The tokens of a request that nobody asked before. */
static uint64_t price_of(const char *way)
{
    rk_answer *a;
    uint64_t n;
    shop s;

    copy_with(&s, "");
    a = ask(&s, &(rk_request){.user = READER, .way = way, .n = 10});
    assert_string_equal(a->level, way);
    n = tokens_of(a);
    rk_answer_free(a);
    shop_close(&s);
    return n;
}


static void test_an_answer_that_just_fits_is_whole(void **state)
{
    rk_request request = {.user = READER, .way = "llm", .n = 10};
    uint64_t price = price_of("llm");
    rk_answer *a;
    shop s;

    (void)state;
    assert_true(price > 50);
    request.max_tokens = price;
    copy_with(&s, "");
    a = ask(&s, &request);
    assert_string_equal(a->level, "llm");
    assert_int_equal(tokens_of(a), price);
    rk_answer_free(a);
    shop_close(&s);
}


static void test_a_lesser_budget_reads_fewer_candidates(void **state)
{
    rk_request request = {.user = READER, .way = "llm", .n = 20};
    uint64_t price = price_of("llm");
    size_t last = 19;

    (void)state;
    for (uint64_t most = price - 1; most > price / 2; most -= price / 8) {
        char says[128];
        size_t n_read = 0;
        rk_answer *a;
        shop s;

        request.max_tokens = most;
        copy_with(&s, "");
        a = ask(&s, &request);
        assert_int_equal(a->n_items, 20);
        assert_true(tokens_of(a) <= most);
        assert_best_first(a);
        while (n_read < 20 && !count_of(&a->items[n_read], "budget"))
            n_read++;
        for (size_t i = n_read; i < 20; i++)
            assert_int_equal(count_of(&a->items[i], "budget"), 1);
        if (n_read < 20) {
            snprintf(says, sizeof(says),
                     "llm over %zu of 20 candidates: the request's %llu tokens "
                     "leave no room",
                     n_read, (unsigned long long)most);
            assert_string_equal(a->level, says);
        }
        assert_true(n_read <= last && n_read >= 2);
        last = n_read;
        rk_answer_free(a);
        shop_close(&s);
    }
    assert_true(last < 19);
}


static void test_without_room_the_fused_order_answers(void **state)
{
    static const char *const ways[] = {"llm", "rag"};
    const rk_request fused = {.user = READER, .n = 10};
    rk_answer *expected;
    shop s;

    (void)state;
    copy_with(&s, "");
    expected = ask(&s, &fused);
    for (size_t w = 0; w < 2; w++) {
        const rk_request request = {
            .user = READER, .way = ways[w], .n = 10, .max_tokens = 1};
        rk_answer *a = ask(&s, &request);
        char says[128];

        snprintf(says, sizeof(says),
                 "auto, because %s: the request's 1 tokens leave no room",
                 ways[w]);
        assert_string_equal(a->level, says);
        assert_string_equal(a->way, ways[w]);
        assert_int_equal(tokens_of(a), 0);
        assert_same_order(a, expected);
        for (size_t i = 0; i < a->n_items; i++)
            assert_int_equal(count_of(&a->items[i], "budget"), 0);
        rk_answer_free(a);
    }
    rk_answer_free(expected);
    shop_close(&s);
}


static void test_what_was_read_before_costs_nothing(void **state)
{
    rk_request request = {.user = READER, .way = "llm", .n = 10};
    rk_answer *first;
    rk_answer *second;
    shop s;

    (void)state;
    copy_with(&s, "");
    first = ask(&s, &request);
    request.max_tokens = 1;
    second = ask(&s, &request);
    assert_string_equal(second->level, "llm");
    assert_int_equal(tokens_of(second), 0);
    assert_same_order(first, second);
    rk_answer_free(first);
    rk_answer_free(second);
    shop_close(&s);
}


static void test_kept_readings_are_the_last_resort(void **state)
{
    static const char *const all[] = {"B78901", "B27381", "B15269", "B16431"};
    rk_request request = {.user = READER,
                          .way = "llm",
                          .n = 10,
                          .candidates = all + 1,
                          .n_candidates = 2};
    rk_answer *a;
    shop s;

    (void)state;
    copy_with(&s, "");
    rk_answer_free(ask(&s, &request));
    request.candidates = all;
    request.n_candidates = 4;
    request.max_tokens = 1;
    a = ask(&s, &request);
    assert_string_equal(a->level, "llm over 2 of 4 candidates: the request's 1 "
                                  "tokens leave no room");
    assert_int_equal(a->n_items, 4);
    assert_best_first(a);
    for (size_t i = 0; i < 4; i++) {
        bool kept = strcmp(a->items[i].id, all[1]) == 0 ||
                    strcmp(a->items[i].id, all[2]) == 0;

        assert_int_equal(kept, i < 2);
        assert_int_equal(count_of(&a->items[i], "budget"), !kept);
    }
    rk_answer_free(a);
    shop_close(&s);
}


/* A token takes a second here, as far as the engine knows. */
static void test_a_deadline_is_held_against_the_models_speed(void **state)
{
    rk_request request = {
        .user = READER, .way = "llm", .n = 10, .deadline_ms = 300};
    rk_llm *writer;
    rk_answer *a;
    shop s;

    (void)state;
    copy_with(&s, "");
    assert_int_equal(rk_loaded_get(&s.engine->models, RK_WRITER, &writer, NULL),
                     RK_OK);
    rk_llm_guess_us_per_token(writer, 1e6);
    a = ask(&s, &request);
    assert_string_equal(a->level, "auto, because llm: deadline 300 ms");
    assert_int_equal(tokens_of(a), 0);
    assert_int_equal(a->n_items, 10);
    rk_answer_free(a);
    request.deadline_ms = 1000000000; /* 11 days */
    a = ask(&s, &request);
    assert_string_equal(a->level, "llm");
    rk_answer_free(a);
    shop_close(&s);
}


static void test_a_days_tokens_are_everybodys(void **state)
{
    const rk_request request = {.user = READER, .way = "llm", .n = 10};
    rk_request other = {.profile = "ships and the sea", .way = "llm", .n = 10};
    uint64_t price = price_of("llm");
    char config[128];
    rk_answer *a;
    shop s;

    (void)state;
    snprintf(config, sizeof(config), "budget: {tokens_per_day: %llu}",
             (unsigned long long)price);
    copy_with(&s, config);
    a = ask(&s, &request);
    assert_string_equal(a->level, "llm");
    rk_answer_free(a);
    a = ask(&s, &other);
    snprintf(config, sizeof(config),
             "auto, because llm: the day's %llu tokens are spent",
             (unsigned long long)price);
    assert_string_equal(a->level, config);
    rk_answer_free(a);
    a = ask(&s, &request); /* kept */
    assert_string_equal(a->level, "llm");
    rk_answer_free(a);
    shop_close(&s);
}


static void test_a_users_tokens_are_their_own(void **state)
{
    rk_request request = {.user = READER, .way = "llm", .n = 10};
    char config[128];
    rk_answer *a;
    shop s;

    (void)state;
    snprintf(config, sizeof(config), "budget: {user_tokens_per_day: %llu}",
             (unsigned long long)price_of("llm"));
    copy_with(&s, config);
    rk_answer_free(ask(&s, &request));
    request.profile = "another profile altogether: ships";
    a = ask(&s, &request);
    assert_non_null(strstr(a->level, "the user's daily"));
    rk_answer_free(a);
    request.user = NULL;
    a = ask(&s, &request);
    assert_string_equal(a->level, "llm");
    rk_answer_free(a);
    shop_close(&s);
}


static void test_the_ledger_books_each_request(void **state)
{
    const rk_request request = {.user = READER, .way = "llm", .n = 10};
    char says[64];
    rk_answer *a;
    rk_card *card;
    rk_error err;
    size_t n = 0;
    size_t n_prepare = 0;
    shop s;

    (void)state;
    copy_with(&s, "");
    a = ask(&s, &request);
    rk_answer_free(ask(&s, &request)); /* costs nothing */
    snprintf(says, sizeof(says), "calls 1, users 1, tokens %llu ",
             (unsigned long long)tokens_of(a));
    assert_ok(rk_usage_list(s.engine, 2, &card, &err), err);
    for (size_t i = 0; i < card->n_lines; i++) {
        const rk_line *l = &card->lines[i];

        n_prepare += strstr(l->name, "scripted, prepare: ") == l->name;
        if (strcmp(l->name, "scripted, llm") == 0) {
            assert_int_equal(strncmp(l->value, says, strlen(says)), 0);
            n++;
        }
    }
    assert_int_equal(n, 1);
    assert_true(n_prepare > 1);
    rk_card_free(card);
    assert_int_equal(rk_usage_list(s.engine, 0, &card, &err), RK_EINVAL);
    assert_string_equal(err.msg, "days is 0, must be 1 to 36500");
    assert_null(card);
    rk_answer_free(a);
    shop_close(&s);
}


/* A way whose model is late for all but items 0 and 1, which it has kept. */
static int late_score(const rk_snapshot *s, const rk_who *who,
                      rk_candidates *io, rk_run *run, rk_error *err)
{
    (void)s;
    (void)who;
    for (size_t i = 0; i < io->n; i++) {
        bool kept = io->list[i].item < 2;

        if (run->reckon)
            rk_spent_add(&run->reckon->spent, (rk_spent){!kept, 0});
        else if (!kept)
            return rk_fail(err, RK_ECANCELLED, "the time is over");
        io->list[i].score = (float)io->list[i].item;
    }
    return RK_OK;
}


static void test_a_deadline_hit_on_the_way_leaves_what_is_kept(void **state)
{
    static const rk_paradigm late = {.name = "late", .score = late_score};
    rk_budget b = {.limits.deadline_us = INT64_MAX / 4};
    rk_loaded models = {0};
    rk_run run = {.models = &models, .budget = &b};
    rk_candidate list[] = {{.item = 5, .score = 9},
                           {.item = 0, .score = 8},
                           {.item = 6, .score = 7},
                           {.item = 1, .score = 6}};
    rk_candidates c = {list, 4, 4};
    rk_cascade out;

    (void)state;
    run.started_us = rk_clock_us();
    assert_int_equal(rk_cascade_read(&out, NULL, &late, NULL, &c, &run, NULL),
                     RK_OK);
    assert_int_equal(out.n_read, 2);
    assert_int_equal(strncmp(out.why, "deadline ", 9), 0);
    assert_int_equal(list[0].item, 0);
    assert_int_equal(list[1].item, 1);
    assert_int_equal(list[2].item, 5);
    assert_int_equal(list[3].item, 6);
    assert_false(list[0].unread || list[1].unread);
    assert_true(list[2].unread && list[3].unread);
    assert_true(list[2].score == 9 && list[3].score == 7);
    b.closed = false;
    c = (rk_candidates){list + 2, 2, 2};
    list[2].unread = list[3].unread = false;
    assert_int_equal(rk_cascade_read(&out, NULL, &late, NULL, &c, &run, NULL),
                     RK_OK);
    assert_int_equal(out.n_read, 0);
    assert_false(list[2].unread || list[3].unread);
    assert_true(list[2].score == 9 && list[3].score == 7);
    rk_run_clear(&run);
}


static void test_wrong_limits_are_refused(void **state)
{
    rk_request request = {.user = READER, .n = 1, .deadline_ms = -1};
    rk_answer *a;
    rk_error err;

    (void)state;
    assert_int_equal(rk_recommend(prepared.engine, &request, &a, &err),
                     RK_EINVAL);
    assert_null(a);
    assert_non_null(strstr(err.msg, "deadline_ms is -1, must be 0"));
    request.deadline_ms = 0;
    request.max_cost = NAN;
    assert_int_equal(rk_recommend(prepared.engine, &request, &a, &err),
                     RK_EINVAL);
    assert_string_equal(err.msg,
                        "max_cost is nan, must be 0 (no limit) to 1e12");
}


static size_t place_of(const rk_answer *a, const char *id)
{
    size_t i = 0;

    while (strcmp(a->items[i].id, id) != 0)
        i++;
    return i;
}


/* Parts with a weight add up to the score, the model's move among them. */
static void assert_adds_up(const rk_ranked *r)
{
    double sum = 0;

    for (size_t i = 0; i < r->n_reasons; i++)
        if (!isnan(r->reasons[i].weight))
            sum += r->reasons[i].weight;
    assert_true(fabs(sum - r->score) < 1e-3);
}


static void test_the_model_moves_items_within_bounds_in_auto(void **state)
{
    const rk_request request = {.user = READER, .n = 40};
    rk_answer *fused;
    rk_answer *with;
    size_t n_moved = 0;
    shop s;

    (void)state;
    copy_with(&s, "");
    fused = ask(&s, &request);
    assert_string_equal(fused->level, "auto");
    shop_close(&s);
    copy_with(&s, "auto: {llm: on, llm_moves: 2, llm_candidates: 15}");
    with = ask(&s, &request);
    assert_string_equal(with->level, "auto with llm");
    assert_true(tokens_of(with) > 0);
    assert_int_equal(fused->n_items, with->n_items);
    for (size_t i = 0; i < with->n_items; i++) {
        size_t old = place_of(fused, with->items[i].id);

        assert_true(i <= old + 2 && old <= i + 2);
        assert_true(i < 15 || old == i);
        assert_true(with->items[i].score == fused->items[i].score);
        assert_int_equal(count_of(&with->items[i], "llm"), old != i);
        assert_adds_up(&with->items[i]);
        n_moved += old != i;
    }
    assert_true(n_moved > 0);
    rk_answer_free(fused);
    rk_answer_free(with);
    shop_close(&s);
}


static void test_no_move_leaves_the_fused_order_unasked(void **state)
{
    const rk_request request = {.user = READER, .n = 10};
    rk_answer *fused;
    rk_answer *with;
    shop s;

    (void)state;
    copy_with(&s, "");
    fused = ask(&s, &request);
    shop_close(&s);
    copy_with(&s, "auto: {llm: on, llm_moves: 0}");
    with = ask(&s, &request);
    assert_string_equal(with->level, "auto");
    assert_same_order(fused, with);
    assert_int_equal(tokens_of(with), tokens_of(fused));
    rk_answer_free(fused);
    rk_answer_free(with);
    shop_close(&s);
}


static void test_the_order_candidates_are_given_in_means_nothing(void **state)
{
    static const char *const configs[] = {"auto: {llm: on}", ""};
    static const char *const ways[] = {"auto", "llm"};
    const char *ids[12];
    uint32_t order[12];
    rk_answer *some;
    rk_rng r = {7};
    shop s;

    (void)state;
    for (size_t w = 0; w < 2; w++) {
        rk_request request = {.user = READER, .way = ways[w], .n = 12};
        rk_answer *expected = NULL;

        copy_with(&s, configs[w]);
        some = ask(&s, &(rk_request){.user = READER, .way = "tokens", .n = 12});
        for (uint32_t i = 0; i < 12; i++)
            order[i] = i;
        request.candidates = ids;
        request.n_candidates = 12;
        for (size_t round = 0; round < 25; round++) {
            rk_answer *a;

            for (size_t i = 0; i < 12; i++)
                ids[i] = some->items[order[i]].id;
            a = ask(&s, &request);
            assert_string_equal(a->level, w ? "llm" : "auto with llm");
            if (expected)
                assert_same_order(a, expected);
            for (size_t i = 0; expected && i < 12; i++)
                assert_true(a->items[i].score == expected->items[i].score);
            rk_answer_free(expected);
            expected = a;
            rk_rng_shuffle(&r, order, 12);
        }
        rk_answer_free(expected);
        rk_answer_free(some);
        shop_close(&s);
    }
}


static void test_auto_says_that_the_budget_kept_the_model_out(void **state)
{
    const rk_request request = {.user = READER, .n = 10, .max_tokens = 1};
    rk_answer *a;
    shop s;

    (void)state;
    copy_with(&s, "auto: {llm: on}");
    a = ask(&s, &request);
    assert_string_equal(a->level, "auto, without llm: the request's 1 tokens "
                                  "leave no room");
    rk_answer_free(a);
    shop_close(&s);
}


/* Prepared with it, and asked afterwards, whatever was learnt. */
static void test_prepare_weighs_the_model_when_it_is_on(void **state)
{
    const rk_request request = {.user = READER, .n = 10};
    rk_answer *a;
    shop s;

    (void)state;
    copy_with(&s, "auto: {llm: on}");
    shop_prepare(&s);
    a = ask(&s, &request);
    assert_int_equal(a->n_items, 10);
    assert_int_equal(strncmp(a->level, "auto", 4), 0);
    assert_best_first(a);
    rk_answer_free(a);
    shop_close(&s);
}


static void test_a_budget_survives_each_allocation_failing(void **state)
{
    rk_request request = {
        .user = READER, .way = "llm", .n = 3, .max_tokens = 100};
    size_t n = 1;
    size_t made;
    shop s;

    (void)state;
    copy_with(&s, "auto: {llm: on}");
    do {
        rk_answer *a = NULL;
        int rc;

        request.way = n % 2 ? "llm" : "auto";
        rk_mem_fail_at(n);
        rc = rk_recommend(s.engine, &request, &a, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(!a, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_answer_free(a);
        n += 97;
    } while (made + 97 >= n);
    assert_true(n > 100);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_that_just_fits_is_whole),
        cmocka_unit_test(test_a_lesser_budget_reads_fewer_candidates),
        cmocka_unit_test(test_without_room_the_fused_order_answers),
        cmocka_unit_test(test_what_was_read_before_costs_nothing),
        cmocka_unit_test(test_kept_readings_are_the_last_resort),
        cmocka_unit_test(test_a_deadline_is_held_against_the_models_speed),
        cmocka_unit_test(test_a_days_tokens_are_everybodys),
        cmocka_unit_test(test_a_users_tokens_are_their_own),
        cmocka_unit_test(test_the_ledger_books_each_request),
        cmocka_unit_test(test_a_deadline_hit_on_the_way_leaves_what_is_kept),
        cmocka_unit_test(test_wrong_limits_are_refused),
        cmocka_unit_test(test_the_model_moves_items_within_bounds_in_auto),
        cmocka_unit_test(test_no_move_leaves_the_fused_order_unasked),
        cmocka_unit_test(test_the_order_candidates_are_given_in_means_nothing),
        cmocka_unit_test(test_auto_says_that_the_budget_kept_the_model_out),
        cmocka_unit_test(test_prepare_weighs_the_model_when_it_is_on),
        cmocka_unit_test(test_a_budget_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, prepare_once, close_it);
}

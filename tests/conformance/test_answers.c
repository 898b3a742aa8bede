/* The engine through its public header, over the bookstore and the scripted
 * models: what every way of recommending must keep, and what a caller may do
 * wrong. */
#include "../scratch.h"

#include "reckon.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#define BOOKS "examples/bookstore/"

static const char *const ways[] = {"embeddings", "tokens", "llm", "rag",
                                   "auto"};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static scratch place;
static rk_engine *engine;
static rk_error err;


static const rk_engine_opts *scripted(void)
{
    static char store[512];
    static rk_engine_opts opts = {.embedder = "scripted", .writer = "scripted"};

    snprintf(store, sizeof(store), "%s", scratch_path(&place, "reckon.db"));
    opts.store = store;
    return &opts;
}


static int set_up(void **state)
{
    (void)state;
    scratch_init(&place);
    if (rk_engine_open(&engine, NULL, scripted(), &err) ||
        rk_import_file(engine, RK_ITEMS, BOOKS "items.csv", NULL, NULL, &err) ||
        rk_import_file(engine, RK_USERS, BOOKS "users.csv", NULL, NULL, &err) ||
        rk_import_file(engine, RK_EVENTS, BOOKS "events.csv", NULL, NULL,
                       &err) ||
        rk_prepare(engine, NULL, &err)) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    rk_engine_close(engine);
    scratch_clear(&place);
    return 0;
}


static rk_answer *ask(rk_request request)
{
    rk_answer *answer = NULL;

    if (rk_recommend(engine, &request, &answer, &err))
        print_error("%s\n", err.msg);
    assert_non_null(answer);
    return answer;
}


static void test_every_way_answers_in_order_and_with_reasons(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_answer *a = ask(
            (rk_request){.user = "U12345", .way = ways[w], .n = 8});

        assert_string_equal(a->level, ways[w]);
        assert_int_equal(a->n_items, 8);
        for (size_t i = 0; i < a->n_items; i++) {
            const rk_ranked *r = &a->items[i];

            assert_true(isfinite(r->score));
            assert_true(isnan(r->probability) ||
                        (r->probability >= 0 && r->probability <= 1));
            assert_true(i == 0 || a->items[i - 1].score >= r->score);
            assert_true(r->n_reasons > 0 && r->why[0]);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(a->items[k].id, r->id);
        }
        rk_answer_free(a);
    }
}


static void test_what_was_had_comes_only_when_asked_for(void **state)
{
    static const char night_circus[] = "B16431";

    (void)state;
    for (int include = 0; include < 2; include++) {
        rk_answer *a = ask((rk_request){.user = "U12345",
                                        .way = "auto",
                                        .n = 64,
                                        .include_seen = include == 1});
        bool there = false;

        for (size_t i = 0; i < a->n_items; i++)
            there |= strcmp(a->items[i].id, night_circus) == 0;
        assert_int_equal(there, include);
        rk_answer_free(a);
    }
}


static void test_the_order_of_candidates_changes_no_score(void **state)
{
    static const char *const one[] = {"B78901", "B27381", "B88053", "B95144"};
    static const char *const two[] = {"B95144", "B88053", "B27381", "B78901"};

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_request request = {.user = "U12345",
                              .way = ways[w],
                              .n = 4,
                              .candidates = one,
                              .n_candidates = 4};
        rk_answer *a = ask(request);
        rk_answer *b;

        request.candidates = two;
        b = ask(request);
        assert_int_equal(a->n_items, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_string_equal(a->items[i].id, b->items[i].id);
            assert_true(fabs(a->items[i].score - b->items[i].score) < 1e-4);
        }
        rk_answer_free(a);
        rk_answer_free(b);
    }
}


/* tokens and auto are sums: every part has a weight, and they add up. */
static void test_the_parts_of_additive_ways_add_up(void **state)
{
    static const char *const additive[] = {"tokens", "auto"};

    (void)state;
    for (size_t w = 0; w < 2; w++) {
        rk_answer *a = ask(
            (rk_request){.user = "U12345", .way = additive[w], .n = 10});

        for (size_t i = 0; i < a->n_items; i++) {
            double sum = 0;

            for (size_t k = 0; k < a->items[i].n_reasons; k++)
                if (!isnan(a->items[i].reasons[k].weight))
                    sum += a->items[i].reasons[k].weight;
            assert_true(fabs(sum - a->items[i].score) < 1e-3);
        }
        rk_answer_free(a);
    }
}


static void test_a_wrong_request_is_refused_in_one_line(void **state)
{
    static const char *const nobody[] = {"B00000"};
    static const struct {
        rk_request request;
        int code;
    } wrong[] = {
        {{.user = "U12345", .n = 0}, RK_EINVAL},
        {{.user = "U12345", .n = 1001}, RK_EINVAL},
        {{.n = 5}, RK_EINVAL},
        {{.user = "U12345", .way = "magic", .n = 5}, RK_EINVAL},
        {{.user = "U00000", .n = 5}, RK_ENOTFOUND},
        {{.profile = "caf\xFF", .n = 5}, RK_EINVAL},
        {{.user = "U12345", .n = 5, .candidates = nobody, .n_candidates = 1},
         RK_ENOTFOUND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        rk_answer *answer = (rk_answer *)&place; /* must become NULL */

        assert_int_equal(rk_recommend(engine, &wrong[i].request, &answer, &err),
                         wrong[i].code);
        assert_null(answer);
        assert_int_equal(err.code, wrong[i].code);
        assert_true(err.msg[0] && !strchr(err.msg, '\n'));
    }
}


static void test_a_new_item_is_there_without_a_prepare(void **state)
{
    static const rk_field fields[] = {
        {"title", "The Cold Harbour Murders"},
        {"author", "A. Newcomer"},
        {"genres", "thriller|mystery"},
        {"description", "A gripping psychological thriller about murder"}};
    static const rk_record item = {"B00001", fields, 4};
    rk_answer *a = NULL;
    bool there = false;

    (void)state;
    assert_int_equal(rk_put_items(engine, &item, 1, &err), RK_OK);
    assert_int_equal(rk_similar(engine, "B00001", 5, &a, &err), RK_OK);
    assert_int_equal(a->n_items, 5);
    rk_answer_free(a);
    a = ask((rk_request){
        .profile = "likes thriller and mystery", .way = "tokens", .n = 20});
    for (size_t i = 0; i < a->n_items; i++)
        there |= strcmp(a->items[i].id, "B00001") == 0;
    assert_true(there);
    rk_answer_free(a);
}


static double thriller_odds(void)
{
    rk_request request = {.user = "U46118", .way = "tokens"};
    rk_answer *a = NULL;
    double score;

    assert_int_equal(rk_predict(engine, &request, "B78901", &a, &err), RK_OK);
    score = a->items[0].score;
    rk_answer_free(a);
    return score;
}


static void test_an_event_changes_the_next_answer(void **state)
{
    static const rk_event events[] = {
        {"U46118", "B15269", "rating", 1, 1795521600000000},
        {"U46118", "B17409", "rating", 1, 1795521600000001},
    };
    double before = thriller_odds();

    (void)state;
    assert_int_equal(rk_put_events(engine, events, 2, &err), RK_OK);
    assert_true(thriller_odds() < before);
}


static int stop_at_once(void *ctx, const char *stage, uint64_t done,
                        uint64_t total)
{
    (void)stage;
    (void)done;
    (void)total;
    ++*(int *)ctx;
    return 1;
}


static void test_a_stopped_prepare_leaves_the_old_snapshot(void **state)
{
    int calls = 0;
    rk_prepare_opts stop = {.progress = {stop_at_once, &calls}};

    (void)state;
    assert_int_equal(rk_prepare(engine, &stop, &err), RK_ECANCELLED);
    assert_true(calls > 0);
    rk_answer_free(ask((rk_request){.user = "U12345", .n = 3}));
    assert_int_equal(rk_prepare(engine, NULL, &err), RK_OK);
    rk_answer_free(ask((rk_request){.user = "U12345", .n = 3}));
}


static void test_a_damaged_snapshot_is_refused_and_mended(void **state)
{
    rk_request request = {.user = "U12345", .n = 3};
    rk_answer *answer = NULL;
    FILE *f;

    (void)state;
    rk_engine_close(engine);
    engine = NULL;
    f = fopen(scratch_path(&place, "reckon.db.snapshot"), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 5000, SEEK_SET), 0);
    assert_int_equal(fwrite("damage", 1, 6, f), 6);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rk_engine_open(&engine, NULL, scripted(), &err), RK_OK);
    assert_int_equal(rk_recommend(engine, &request, &answer, &err), RK_EFORMAT);
    assert_null(answer);
    assert_int_equal(rk_prepare(engine, NULL, &err), RK_OK);
    rk_answer_free(ask(request));
}


static void test_doctor_and_cards_speak(void **state)
{
    rk_card *card = NULL;
    size_t wrong = 99;
    char *json;

    (void)state;
    assert_int_equal(rk_doctor(engine, &card, &wrong, &err), RK_OK);
    assert_int_equal(wrong, 0);
    rk_card_free(card);
    assert_int_equal(rk_show(engine, RK_USERS, "U12345", &card, &err), RK_OK);
    json = rk_card_json(card);
    assert_non_null(json);
    assert_non_null(strstr(json, "The Night Circus"));
    free(json);
    rk_card_free(card);
    assert_int_equal(rk_show(engine, RK_ITEMS, "none", &card, &err),
                     RK_ENOTFOUND);
    assert_null(card);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_answers_in_order_and_with_reasons),
        cmocka_unit_test(test_what_was_had_comes_only_when_asked_for),
        cmocka_unit_test(test_the_order_of_candidates_changes_no_score),
        cmocka_unit_test(test_the_parts_of_additive_ways_add_up),
        cmocka_unit_test(test_a_wrong_request_is_refused_in_one_line),
        cmocka_unit_test(test_doctor_and_cards_speak),
        cmocka_unit_test(test_a_new_item_is_there_without_a_prepare),
        cmocka_unit_test(test_an_event_changes_the_next_answer),
        cmocka_unit_test(test_a_stopped_prepare_leaves_the_old_snapshot),
        cmocka_unit_test(test_a_damaged_snapshot_is_refused_and_mended),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

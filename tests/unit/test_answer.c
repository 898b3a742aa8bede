/* Answers and cards as the JSON documents that programs read. */
#include "../shop.h"
#include "core/json.h"

#include <math.h>


static json_t *parse(char *text)
{
    json_t *j = NULL;
    rk_error err;

    assert_non_null(text);
    assert_ok(rk_json_parse(&j, text, strlen(text), "answer", &err), err);
    free(text);
    return j;
}


static const char *text_at(const json_t *j, const char *name)
{
    return json_string_value(json_object_get(j, name));
}


/* A number, or null where there is NaN. */
static void assert_number(const json_t *j, const char *name, double wanted)
{
    const json_t *value = json_object_get(j, name);

    assert_non_null(value);
    if (isnan(wanted))
        assert_true(json_is_null(value));
    else
        assert_true(fabs(json_number_value(value) - wanted) <=
                    1e-6 * (1 + fabs(wanted)));
}


static void assert_text(const json_t *j, const char *name, const char *wanted)
{
    const json_t *value = json_object_get(j, name);

    assert_non_null(value);
    if (wanted)
        assert_string_equal(json_string_value(value), wanted);
    else
        assert_true(json_is_null(value));
}


static void assert_item(const json_t *j, const rk_ranked *r)
{
    const json_t *reasons = json_object_get(j, "reasons");

    assert_text(j, "id", r->id);
    assert_text(j, "title", r->title);
    assert_text(j, "source", r->source);
    assert_text(j, "heading", r->heading);
    assert_text(j, "why", r->why);
    assert_number(j, "score", r->score);
    assert_number(j, "probability", r->probability);
    assert_int_equal(json_array_size(reasons), r->n_reasons);
    for (size_t i = 0; i < r->n_reasons; i++) {
        const json_t *one = json_array_get(reasons, i);

        assert_text(one, "kind", r->reasons[i].kind);
        assert_text(one, "evidence", r->reasons[i].evidence);
        assert_text(one, "text", r->reasons[i].text);
        assert_number(one, "weight", r->reasons[i].weight);
    }
}


static void assert_same(const json_t *j, const rk_answer *a)
{
    const json_t *items = json_object_get(j, "items");
    const json_t *stages = json_object_get(j, "stages");
    const json_t *usage = json_object_get(j, "usage");

    assert_text(j, "request_id", a->request_id);
    assert_text(j, "way", a->way);
    assert_text(j, "level", a->level);
    assert_text(j, "user", a->user);
    assert_number(j, "took_us", (double)a->took_us);
    assert_number(usage, "candidate_tokens", (double)a->usage.candidate_tokens);
    assert_number(usage, "embedded_texts", (double)a->usage.embedded_texts);
    assert_number(usage, "generated_tokens", (double)a->usage.generated_tokens);
    assert_int_equal(json_array_size(items), a->n_items);
    for (size_t i = 0; i < a->n_items; i++)
        assert_item(json_array_get(items, i), &a->items[i]);
    assert_int_equal(json_array_size(stages), a->n_stages);
    for (size_t i = 0; i < a->n_stages; i++) {
        const json_t *one = json_array_get(stages, i);

        assert_text(one, "name", a->stages[i].name);
        assert_text(one, "detail", a->stages[i].detail);
        assert_number(one, "n_out", (double)a->stages[i].n_out);
        assert_number(one, "took_us", (double)a->stages[i].took_us);
    }
}


static void test_an_answer_is_read_back_from_its_json(void **state)
{
    const rk_request requests[] = {
        {.user = "U12345", .n = 3},
        {.user = "U12345", .way = "rag", .n = 3},
        {.profile = "war \"and\" peace", .way = "tokens", .n = 2},
        {.profile = "", .way = "llm", .n = 2},
    };
    char *ids[4];
    rk_error err;
    shop s;

    (void)state;
    shop_open_prepared(&s, SCRIPTED);
    for (size_t i = 0; i < 4; i++) {
        rk_answer *a;
        json_t *j;

        assert_ok(rk_recommend(s.engine, &requests[i], &a, &err), err);
        j = parse(rk_answer_json(a));
        assert_same(j, a);
        ids[i] = strdup(text_at(j, "request_id"));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(ids[k], ids[i]);
        json_decref(j);
        rk_answer_free(a);
    }
    for (size_t i = 0; i < 4; i++)
        free(ids[i]);
    rk_answer_free(NULL);
    shop_close(&s);
}


/* What is quoted stays text: quotes, line ends, and no letter of ASCII. */
static void test_a_card_is_read_back_from_its_json(void **state)
{
    const rk_field fields[] = {{"title", "A \"Book\"\n\\ caf\xC3\xA9"}};
    const rk_record item = {"B1", fields, 1};
    const json_t *lines;
    rk_card *card;
    rk_error err;
    json_t *j;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    assert_ok(rk_show(s.engine, RK_ITEMS, "B1", &card, &err), err);
    j = parse(rk_card_json(card));
    lines = json_object_get(j, "lines");
    assert_int_equal(json_array_size(lines), card->n_lines);
    for (size_t i = 0; i < card->n_lines; i++) {
        const json_t *one = json_array_get(lines, i);

        assert_text(one, "section", card->lines[i].section);
        assert_text(one, "name", card->lines[i].name);
        assert_text(one, "value", card->lines[i].value);
    }
    assert_text(json_array_get(lines, 1), "value", fields[0].value);
    json_decref(j);
    rk_card_free(card);
    rk_card_free(NULL);
    shop_close(&s);
}


/* A title that is longer than a reason may be, of letters that are more than
 * a byte each: wherever it was cut, the document is whole. */
static void test_long_titles_leave_nothing_out_of_the_json(void **state)
{
    char title[1600] = "";
    const rk_field fields[] = {{"title", title}, {"genres", "fiction"}};
    const rk_record item = {"LONG", fields, 2};
    const rk_event liked = {"U12345", "LONG", "like", 1, 1795521600000000};
    static const char *const ways[] = {"auto", "tokens", "embeddings", "llm",
                                       "rag"};
    rk_card *card;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_fill(&s);
    for (size_t pad = 0; pad < 2; pad++) {
        memset(title, 'x', pad);
        for (size_t i = 0; i < 700; i++)
            memcpy(title + pad + 2 * i, "\xC3\xA9", 3);
        assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
        assert_ok(rk_put_events(s.engine, &liked, 1, &err), err);
        shop_prepare(&s);
        for (size_t w = 0; w < 5; w++) {
            const rk_request request = {
                .user = "U12345", .way = ways[w], .n = 8};
            rk_answer *a;
            json_t *j;

            assert_ok(rk_recommend(s.engine, &request, &a, &err), err);
            j = parse(rk_answer_json(a));
            assert_same(j, a);
            json_decref(j);
            rk_answer_free(a);
        }
        assert_ok(rk_show(s.engine, RK_ITEMS, "LONG", &card, &err), err);
        assert_string_equal(card->lines[1].value, title); /* all of it */
        rk_card_free(card);
    }
    shop_close(&s);
}


static size_t n_given; /* allocations that the JSON library asked for */
static size_t fails;   /* the one of them that fails, from 1 */


static void *give(size_t size)
{
    return ++n_given == fails ? NULL : malloc(size);
}


/* The whole document or none: never one with a part left out. */
static void test_json_without_memory_is_none_at_all(void **state)
{
    const rk_request request = {.user = "U12345", .way = "tokens", .n = 2};
    char *whole;
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_open_prepared(&s, SCRIPTED);
    assert_ok(rk_recommend(s.engine, &request, &a, &err), err);
    whole = rk_answer_json(a);
    json_set_alloc_funcs(give, free);
    do {
        char *json;

        n_given = 0;
        fails++;
        json = rk_answer_json(a);
        if (json)
            assert_string_equal(json, whole);
        assert_true(json || n_given >= fails);
        free(json);
    } while (n_given >= fails);
    json_set_alloc_funcs(malloc, free);
    assert_true(fails > 100);
    free(whole);
    rk_answer_free(a);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_read_back_from_its_json),
        cmocka_unit_test(test_long_titles_leave_nothing_out_of_the_json),
        cmocka_unit_test(test_json_without_memory_is_none_at_all),
        cmocka_unit_test(test_a_card_is_read_back_from_its_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

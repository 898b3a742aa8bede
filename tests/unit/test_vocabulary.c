#include "paradigms/vocabulary.h"

#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MOST 200

static rk_record *items[MOST];
static rk_corpus corpus = {.items = items};
static const char *const tags[] = {"cosy", "two words", "WAR", "cosy"};
static const rk_settings settings = {
    .categories = "genres", .tags = tags, .n_tags = 4};


/* Items with these values of "genres". */
static void fill(const char *const *genres, size_t n)
{
    static rk_field fields[MOST];
    static rk_record records[MOST];

    for (size_t i = 0; i < n; i++) {
        fields[i] = (rk_field){"genres", genres[i]};
        records[i] = (rk_record){"B", &fields[i], genres[i] ? 1 : 0};
        items[i] = &records[i];
    }
    corpus.n_items = n;
}


static void build(rk_vocabulary *v, rk_vocabulary_room *room, rk_llm *writer)
{
    memset(room, 0, sizeof(*room));
    assert_int_equal(
        rk_vocabulary_build(v, room, &corpus, &settings, writer, NULL), RK_OK);
}


static void test_categories_are_those_of_two_items_commonest_first(void **state)
{
    static const char *const genres[] = {
        "Crime|war", "crime", "CRIME | romance", "war|romance", "sea",
        NULL,        ""};
    rk_vocabulary_room room;
    rk_vocabulary v;

    (void)state;
    fill(genres, 7);
    build(&v, &room, NULL);
    assert_int_equal(v.n, 3);
    assert_int_equal(v.n_categories, 3);
    assert_string_equal(v.words[0], "crime");
    assert_string_equal(v.words[1], "romance"); /* as common as war */
    assert_string_equal(v.words[2], "war");
    assert_null(v.item_mean);
    rk_vocabulary_room_clear(&room);
}


static void test_the_order_of_items_does_not_matter(void **state)
{
    const char *genres[] = {"a|b", "b|c", "c|a", "d", "d", "b"};
    rk_vocabulary_room one;
    rk_vocabulary_room two;
    rk_vocabulary v;
    rk_vocabulary w;

    (void)state;
    fill(genres, 6);
    build(&v, &one, NULL);
    for (size_t i = 0; i < 3; i++) {
        const char *swap = genres[i];

        genres[i] = genres[5 - i];
        genres[5 - i] = swap;
    }
    fill(genres, 6);
    build(&w, &two, NULL);
    assert_int_equal(v.n, w.n);
    for (size_t k = 0; k < v.n; k++)
        assert_string_equal(v.words[k], w.words[k]);
    rk_vocabulary_room_clear(&one);
    rk_vocabulary_room_clear(&two);
}


static void test_no_more_than_64_categories_enter(void **state)
{
    static char names[90][8];
    static const char *genres[180];
    rk_vocabulary_room room;
    rk_vocabulary v;

    (void)state;
    for (unsigned i = 0; i < 90; i++) {
        snprintf(names[i], sizeof(names[i]), "g%02u", i % 100);
        genres[2 * i] = genres[2 * i + 1] = names[i];
    }
    fill(genres, 180);
    build(&v, &room, NULL);
    assert_int_equal(v.n, 64);
    assert_string_equal(v.words[63], "g63");
    rk_vocabulary_room_clear(&room);
}


/* Each once, whatever its case; only what the writer knows as one token. */
static void test_words_follow_the_categories(void **state)
{
    static const char *const genres[] = {"war", "war", "dark", "dark"};
    rk_vocabulary_room room;
    rk_vocabulary v;
    rk_llm *writer;

    (void)state;
    fill(genres, 4);
    assert_int_equal(rk_llm_open_scripted(&writer, RK_WRITER, NULL), RK_OK);
    build(&v, &room, writer);
    assert_int_equal(v.n_categories, 2);
    assert_true(v.n > 50);
    assert_string_equal(v.words[2], "cosy");
    for (size_t i = 0; i < v.n; i++) {
        assert_string_not_equal(v.words[i], "two words");
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(strcasecmp(v.words[i], v.words[j]), 0);
    }
    assert_ptr_equal(v.item_sd, v.item_mean + v.n - 2);
    assert_ptr_equal(v.user_sd, v.user_mean + v.n - 2);
    rk_llm_close(writer);
    rk_vocabulary_room_clear(&room);
}


static void test_building_survives_each_allocation_failing(void **state)
{
    static const char *const genres[] = {"war|sea", "war", "dark", "sea|dark"};
    rk_llm *writer;
    size_t n = 0;
    size_t made;

    (void)state;
    fill(genres, 4);
    assert_int_equal(rk_llm_open_scripted(&writer, RK_WRITER, NULL), RK_OK);
    do {
        rk_vocabulary_room room = {0};
        rk_vocabulary v;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_vocabulary_build(&v, &room, &corpus, &settings, writer, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        rk_vocabulary_room_clear(&room);
    } while (made >= n);
    assert_true(n > 100);
    rk_llm_close(writer);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_categories_are_those_of_two_items_commonest_first),
        cmocka_unit_test(test_the_order_of_items_does_not_matter),
        cmocka_unit_test(test_no_more_than_64_categories_enter),
        cmocka_unit_test(test_words_follow_the_categories),
        cmocka_unit_test(test_building_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

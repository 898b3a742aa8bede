#include "core/mem.h"
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_utf8_is_told_from_what_only_looks_like_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t bad; /* offset, or 99: all is well */
    } cases[] = {
        {"plain", 99},
        {"caf\xC3\xA9", 99},
        {"\xF0\x9F\x98\x80", 99},
        {"ab\xFF", 2},
        {"a\xC0\xAF", 1},
        {"\xE0\x80\xAF", 0},
        {"x\xED\xA0\x80", 1},
        {"ok\xE2\x82", 2},
        {"\xF4\x90\x80\x80", 0},
        {"", 99},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t bad = 99;
        bool ok = rk_text_is_utf8(cases[i].bytes, strlen(cases[i].bytes), &bad);

        assert_int_equal(ok, cases[i].bad == 99);
        assert_int_equal(bad, cases[i].bad);
    }
    assert_false(rk_text_is_utf8("a\0b", 3, NULL));
}


static void test_a_text_that_was_cut_ends_with_a_whole_character(void **state)
{
    static const char whole[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    char inside[8];

    (void)state;
    for (size_t len = 0; len <= 10; len++) {
        char cut[11] = "";

        memcpy(cut, whole, len);
        rk_text_end_whole(cut);
        assert_int_equal(strlen(cut), ends[len]);
        assert_memory_equal(cut, whole, ends[len]);
    }
    strcpy(inside, "a\xC3 b");
    rk_text_end_whole(inside);
    assert_string_equal(inside, "a\xC3 b"); /* what is inside stays */
    strcpy(inside, "\x80\x80");
    rk_text_end_whole(inside);
    assert_string_equal(inside, "\x80\x80");
}


static void test_cleaning_removes_what_nobody_sees(void **state)
{
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    rk_text_clean(&b, "  two \t\n words\x01 and\xE2\x80\x8B zero\xE2\x80\xAE "
                      "width\xF3\xA0\x80\x81 ");
    assert_string_equal(rk_buf_str(&b), "two words and zero width");
    rk_buf_clear(&b);
}


static void test_pieces_are_trimmed_and_empty_ones_kept(void **state)
{
    static const char *const wanted[] = {"a b", "", "c"};
    const char *text = " a b |  | c";
    const char *piece;
    size_t len;
    size_t n = 0;

    (void)state;
    while (rk_text_next(&text, '|', &piece, &len)) {
        assert_true(n < 3);
        assert_int_equal(len, strlen(wanted[n]));
        assert_memory_equal(piece, wanted[n], len);
        n++;
    }
    assert_int_equal(n, 3);
}


static void test_words_are_found_whole_with_plural_and_any_case(void **state)
{
    (void)state;
    assert_non_null(
        rk_text_find_word("Loves THRILLERS, no romance", "thriller"));
    assert_non_null(rk_text_find_word("a war", "war"));
    assert_null(rk_text_find_word("warm words", "war"));
    assert_null(rk_text_find_word("postwar", "war"));
    assert_null(rk_text_find_word("anything", ""));
    assert_non_null(rk_text_find_word("art, articles, arts", "art"));
}


static void test_numbers_are_read_strictly(void **state)
{
    static const char *const bad[] = {"",    " 1",  "1 ",    "1x",
                                      "nan", "inf", "1e999", "--1"};
    double value = 0;

    (void)state;
    assert_true(rk_text_to_double("-2.5e3", &value));
    assert_true(value == -2500);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rk_text_to_double(bad[i], &value));
}


static void test_texts_around_words_survive_each_failure(void **state)
{
    static const char *const words[] = {"dark", "funny"};
    char **texts = NULL;
    size_t fail = 1;

    (void)state;
    do {
        rk_mem_fail_at(fail++);
        texts = rk_texts_around("a ", words, 2, " book");
    } while (!texts && fail < 20);
    rk_mem_fail_at(0);
    assert_non_null(texts);
    assert_true(fail > 2); /* some call did fail */
    assert_string_equal(texts[0], "a dark book");
    assert_string_equal(texts[1], "a funny book");
    rk_texts_free(texts, 2);
    rk_texts_free(NULL, 5);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_is_told_from_what_only_looks_like_it),
        cmocka_unit_test(test_a_text_that_was_cut_ends_with_a_whole_character),
        cmocka_unit_test(test_cleaning_removes_what_nobody_sees),
        cmocka_unit_test(test_pieces_are_trimmed_and_empty_ones_kept),
        cmocka_unit_test(test_words_are_found_whole_with_plural_and_any_case),
        cmocka_unit_test(test_numbers_are_read_strictly),
        cmocka_unit_test(test_texts_around_words_survive_each_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

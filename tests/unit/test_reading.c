#include "paradigms/vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *words[] = {"fiction",   "science fiction", "thriller",
                              "romance",   "horror",          "slow",
                              "historical"};

static const rk_snapshot snapshot = {
    .vocabulary = {.n = 7, .n_categories = 7, .words = words}};


/* The weight of a word in a profile; 0 when it is not there. */
static float weight_in(const char *profile, const char *word)
{
    rk_token_weight tokens[RK_TOKENS_MAX];
    float found = 0;
    size_t n;

    assert_int_equal(
        rk_profile_tokens(&snapshot, profile, NULL, tokens, &n, NULL), RK_OK);
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[tokens[i].token], word) == 0)
            found = tokens[i].weight;
    return found;
}


static void test_each_clause_has_its_own_polarity(void **state)
{
    static const char text[] = "thrillers and crime; dislikes slow novels";
    static const char other[] = "Likes fiction but not horror, no romance.";

    (void)state;
    assert_true(weight_in(text, "thriller") == 1);
    assert_true(weight_in(text, "slow") == -1);
    assert_true(weight_in(text, "romance") == 0);
    assert_true(weight_in(other, "fiction") == 1);
    assert_true(weight_in(other, "horror") == -1);
    assert_true(weight_in(other, "romance") == -1);
}


static void test_a_clause_turns_down_what_follows_its_turn(void **state)
{
    static const char except[] = "All fiction except horror, romance too";
    static const char without[] = "thrillers WITHOUT romance";
    static const char shouted[] = "FICTION BUT NOT HORROR";

    (void)state;
    assert_true(weight_in(except, "fiction") == 1);
    assert_true(weight_in(except, "horror") == -1);
    assert_true(weight_in(except, "romance") == 1);
    assert_true(weight_in(without, "thriller") == 1);
    assert_true(weight_in(without, "romance") == -1);
    assert_true(weight_in(shouted, "fiction") == 1);
    assert_true(weight_in(shouted, "horror") == -1);
    assert_true(weight_in("No horror or romance. Slow is fine", "romance") ==
                -1);
    assert_true(weight_in("No horror or romance. Slow is fine", "slow") == 1);
    assert_true(weight_in("I can't stand slow books", "slow") == -1);
    assert_true(weight_in("nothing historical", "historical") == -1);
    assert_true(weight_in("notable historical books", "historical") == 1);
    assert_true(weight_in("", "fiction") == 0);
    assert_true(weight_in(" but , ;; except ", "fiction") == 0);
}


static void test_the_first_clause_that_names_a_word_counts(void **state)
{
    (void)state;
    assert_true(weight_in("fiction; no fiction", "fiction") == 1);
    assert_true(weight_in("no fiction; fiction", "fiction") == -1);
}


static void test_the_longest_word_wins(void **state)
{
    static const char text[] = "science fiction and historical novels";
    static const char other[] = "science fiction and fantasy, no romance";

    (void)state;
    assert_true(weight_in(text, "science fiction") == 1);
    assert_true(weight_in(text, "fiction") == 0);
    assert_true(weight_in(text, "historical") == 1);
    assert_true(weight_in("science fiction, fiction", "fiction") == 1);
    assert_true(weight_in(other, "science fiction") == 1);
    assert_true(weight_in(other, "fiction") == 0);
    assert_true(weight_in(other, "romance") == -1);
}


/* A catalogue of one item with categories, and words read beside them. */
static const char *both[] = {"war",  "sea",    "dark",  "funny", "slow",
                             "epic", "gentle", "tense", "sad",   "clever"};
static const float zero[8] = {0};
static const float one[8] = {1, 1, 1, 1, 1, 1, 1, 1};
static const rk_field genres = {"genres", "Sea|war"};
static const rk_record book = {"B1", &genres, 1};
static rk_record *books[] = {(rk_record *)&book};
static const rk_settings settings = {.categories = "genres"};
static const rk_snapshot shop = {.settings = &settings,
                                 .n_items = 1,
                                 .items = books,
                                 .vocabulary = {.n = 10,
                                                .n_categories = 2,
                                                .words = both,
                                                .item_mean = zero,
                                                .item_sd = one,
                                                .user_mean = zero,
                                                .user_sd = one}};


/* z of each of the eight words: those of one spread or more, at most six, the
 * highest of them; three spreads are as much as there can be. */
static void test_an_item_has_its_categories_and_what_stands_out(void **state)
{
    static const float logp[8] = {0.9f, 1, 2, 3, 9, 1.5f, 1.25f, 1.1f};
    static const uint32_t wanted[] = {0, 1, 4, 5, 6, 7, 8, 9};
    static const float weights[] = {1, 1, 0.4f, 0.6f, 0.6f, 0.3f, 0.25f, 0.22f};
    rk_token_weight t[RK_TOKENS_MAX];

    (void)state;
    assert_int_equal(rk_item_tokens(&shop, 0, NULL, t), 2);
    assert_int_equal(rk_item_tokens(&shop, 0, logp, t), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(t[i].token, wanted[i]);
        assert_true(t[i].weight > weights[i] - 1e-6f &&
                    t[i].weight < weights[i] + 1e-6f);
    }
}


static void test_a_profile_has_at_most_four_words_read_in_it(void **state)
{
    static const float logp[8] = {9, 2, 3, 2.5f, 1.5f, 1, 4, 0};
    static const uint32_t wanted[] = {1, 2, 4, 5, 8};
    rk_token_weight t[RK_TOKENS_MAX];
    size_t n;

    (void)state;
    assert_int_equal(
        rk_profile_tokens(&shop, "the sea, nothing dark", logp, t, &n, NULL),
        RK_OK);
    assert_int_equal(n, 5); /* sea, dark as written; of the four one is dark */
    for (size_t i = 0; i < n; i++)
        assert_int_equal(t[i].token, wanted[i]);
    assert_true(t[1].weight ==
                -1); /* what is written counts, not the reading */
    assert_true(t[2].weight > 0.299f && t[2].weight < 0.301f);
}


static void test_moments_are_those_of_the_columns(void **state)
{
    const float logp[] = {1, 5, 3, 5, 5, 5};
    float mean[2];
    float sd[2];

    (void)state;
    rk_reading_moments(logp, 3, 2, mean, sd);
    assert_true(mean[0] == 3 && mean[1] == 5);
    assert_true(sd[0] > 1.632f && sd[0] < 1.634f);
    assert_true(sd[1] > 1e5f); /* what never changes never stands out */
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_clause_has_its_own_polarity),
        cmocka_unit_test(test_a_clause_turns_down_what_follows_its_turn),
        cmocka_unit_test(test_the_first_clause_that_names_a_word_counts),
        cmocka_unit_test(test_the_longest_word_wins),
        cmocka_unit_test(test_an_item_has_its_categories_and_what_stands_out),
        cmocka_unit_test(test_a_profile_has_at_most_four_words_read_in_it),
        cmocka_unit_test(test_moments_are_those_of_the_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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


static void test_the_longest_word_wins(void **state)
{
    static const char text[] = "science fiction and historical novels";

    (void)state;
    assert_true(weight_in(text, "science fiction") == 1);
    assert_true(weight_in(text, "fiction") == 0);
    assert_true(weight_in(text, "historical") == 1);
    assert_true(weight_in("science fiction, fiction", "fiction") == 1);
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
        cmocka_unit_test(test_the_longest_word_wins),
        cmocka_unit_test(test_moments_are_those_of_the_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/mem.h"
#include "llm/llm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 32

static const char profile[] =
    "Reads fiction and historical fiction. Likes fiction, not thrillers.\n";


static rk_llm *open_scripted(enum rk_llm_role role)
{
    rk_llm *m;

    assert_int_equal(rk_llm_open_scripted(&m, role, NULL), RK_OK);
    return m;
}


static void
test_scripted_tokens_are_words_with_their_leading_space(void **state)
{
    rk_llm *m = open_scripted(RK_WRITER);

    (void)state;
    assert_true(rk_llm_one_token(m, " thriller"));
    assert_true(rk_llm_one_token(m, "don't"));
    assert_true(rk_llm_one_token(m, "\n"));
    assert_false(rk_llm_one_token(m, "two words"));
    assert_false(rk_llm_one_token(m, ""));
    assert_int_equal(rk_llm_count_tokens(m, ""), 0);
    assert_int_equal(rk_llm_count_tokens(m, "Amélie, a film.\n"), 6);
    rk_llm_close(m);
}


static void
test_scripted_words_are_likelier_the_more_often_they_stood_before(void **state)
{
    static const char *const branches[] = {"Genre:", "Not fiction. Genre:"};
    static const char *const words[] = {" fiction", " historical", " War"};
    rk_llm *m = open_scripted(RK_WRITER);
    float p[2][3];

    (void)state;
    assert_int_equal(rk_llm_next_words(m, profile, branches, 2, words, 3, p[0],
                                       "tag", NULL, NULL),
                     RK_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(p[i][0] > p[i][1]);
        assert_true(p[i][1] > p[i][2]);
        assert_true(p[i][0] < 0);
    }
    assert_true(p[1][0] > p[0][0]);
    rk_llm_close(m);
}


static void test_scripted_likelihood_is_the_sum_of_its_words(void **state)
{
    static const char *const both[] = {" fiction historical", ""};
    static const char *const one[] = {"", " fiction", " fiction historical"};
    static const char *const words[] = {" fiction", " historical", "\n"};
    rk_llm *m = open_scripted(RK_WRITER);
    uint32_t n_tokens[2];
    float p[3][3];
    float whole[2];

    (void)state;
    assert_int_equal(
        rk_llm_likelihood(m, profile, both, 2, whole, n_tokens, NULL), RK_OK);
    assert_int_equal(rk_llm_next_words(m, profile, one, 3, words, 3, p[0],
                                       "tag", NULL, NULL),
                     RK_OK);
    assert_true(fabsf(whole[0] - (p[0][0] + p[1][1] + p[2][2])) < 1e-5f);
    assert_true(fabsf(whole[1] - p[0][2]) < 1e-6f);
    assert_int_equal(n_tokens[0], 2);
    assert_int_equal(n_tokens[1], 0);
    rk_llm_close(m);
}


static void
test_scripted_counts_what_it_evaluates_and_what_it_reuses(void **state)
{
    static const char *const branches[] = {" Dune", " The Silent Patient"};
    rk_llm *m = open_scripted(RK_WRITER);
    rk_llm_usage *u = rk_llm_usage_of(m);
    float p[2];

    (void)state;
    rk_llm_likelihood(m, "a b c", branches, 2, p, NULL, NULL);
    assert_int_equal(u->prefix_tokens, 3);
    assert_int_equal(u->branch_tokens, 4);
    assert_int_equal(u->reused_tokens, 0);
    rk_llm_likelihood(m, "a b d", branches, 1, p, NULL, NULL);
    assert_int_equal(u->prefix_tokens, 4);
    assert_int_equal(u->reused_tokens, 2);
    rk_llm_forget(m);
    rk_llm_likelihood(m, "a b d", branches, 1, p, NULL, NULL);
    assert_int_equal(u->prefix_tokens, 7);
    assert_int_equal(u->reused_tokens, 2);
    rk_llm_close(m);
}


static void
test_scripted_writes_the_likeliest_of_the_allowed_texts(void **state)
{
    static const char *const allowed[] = {" war", " fiction", " fiction"};
    rk_generate_opts opts = {.allowed = allowed, .n_allowed = 3};
    rk_llm *m = open_scripted(RK_WRITER);
    char *text;

    (void)state;
    assert_int_equal(rk_llm_generate(m, profile, &opts, &text, NULL), RK_OK);
    assert_string_equal(text, " fiction");
    free(text);
    rk_llm_close(m);
}


static void test_scripted_writes_words_of_the_prompt_until_a_stop(void **state)
{
    static const char *const stop[] = {"xyz", " likes"};
    rk_generate_opts opts = {.max_tokens = 3};
    rk_llm *m = open_scripted(RK_WRITER);
    char *text, *again;

    (void)state;
    assert_int_equal(rk_llm_generate(m, profile, &opts, &text, NULL), RK_OK);
    assert_int_equal(rk_llm_generate(m, profile, &opts, &again, NULL), RK_OK);
    assert_string_equal(text, again);
    assert_int_equal(strncmp(text, " fiction ", 9), 0);
    assert_int_equal(rk_llm_count_tokens(m, text), 3);
    free(text);
    free(again);

    opts = (rk_generate_opts){.stop = stop, .n_stop = 2};
    assert_int_equal(rk_llm_generate(m, "she likes", &opts, &text, NULL),
                     RK_OK);
    assert_null(strstr(text, "likes"));
    free(text);
    rk_llm_close(m);
}


static float cosine(const float *a, const float *b)
{
    float sum = 0;

    for (size_t i = 0; i < WIDTH; i++)
        sum += a[i] * b[i];
    return sum;
}


static void
test_scripted_vectors_of_texts_that_share_words_are_near(void **state)
{
    static const char *const texts[] = {
        "a gripping psychological thriller", "psychological thriller",
        "The quiet life of bees", "", "PSYCHOLOGICAL, Thriller!"};
    rk_llm *m = open_scripted(RK_EMBEDDER);
    float v[5][WIDTH];

    (void)state;
    assert_int_equal(rk_llm_describe(m)->d, WIDTH);
    assert_int_equal(rk_llm_embed(m, texts, 5, v[0], NULL, NULL), RK_OK);
    for (int i = 0; i < 5; i++)
        assert_true(fabsf(cosine(v[i], v[i]) - 1) < 1e-5f);
    assert_true(cosine(v[0], v[1]) > 0.5f);
    assert_true(cosine(v[0], v[2]) < 0.4f);
    assert_true(cosine(v[1], v[4]) > 0.999f);
    rk_llm_close(m);
}


static void test_scripted_survives_each_allocation_failing(void **state)
{
    static const char *const branches[] = {" Dune"};
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        float p = 0;
        rk_llm *m;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_llm_open_scripted(&m, RK_WRITER, NULL);
        if (rc == RK_OK)
            rc = rk_llm_likelihood(m, profile, branches, 1, &p, NULL, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        rk_llm_close(m);
    } while (made >= n);
    assert_true(n > 6);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_scripted_tokens_are_words_with_their_leading_space),
        cmocka_unit_test(
            test_scripted_words_are_likelier_the_more_often_they_stood_before),
        cmocka_unit_test(test_scripted_likelihood_is_the_sum_of_its_words),
        cmocka_unit_test(
            test_scripted_counts_what_it_evaluates_and_what_it_reuses),
        cmocka_unit_test(
            test_scripted_writes_the_likeliest_of_the_allowed_texts),
        cmocka_unit_test(test_scripted_writes_words_of_the_prompt_until_a_stop),
        cmocka_unit_test(
            test_scripted_vectors_of_texts_that_share_words_are_near),
        cmocka_unit_test(test_scripted_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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


/* The oracle: every allowed text, its choices' probabilities multiplied. Here
 * no text begins another, so a search with a beam for each must find the same.
 */
static void
test_scripted_beams_of_full_width_are_all_allowed_texts(void **state)
{
    static const char *const allowed[] = {
        " fiction by day", " fiction by night",   " history",
        " thrillers",      " fiction in a train", " history"};
    rk_beams_opts opts = {allowed, 6, 6};
    rk_llm *m = open_scripted(RK_WRITER);
    rk_beam all[6], some[6];
    double sum = 0;
    size_t n, n_some;

    (void)state;
    assert_int_equal(rk_llm_beams(m, profile, &opts, all, &n, NULL), RK_OK);
    assert_int_equal(n, 5); /* what is given twice comes once, as the first */
    for (size_t i = 0; i < n; i++) {
        assert_true(all[i].index < 5);
        assert_true(i == 0 || all[i].logp <= all[i - 1].logp);
        sum += exp((double)all[i].logp);
    }
    assert_true(fabs(sum - 1) < 1e-5);
    for (opts.width = 1; opts.width < 5; opts.width++) {
        assert_int_equal(rk_llm_beams(m, profile, &opts, some, &n_some, NULL),
                         RK_OK);
        assert_int_equal(n_some, opts.width);
        for (size_t i = 0; i < n_some; i++) {
            size_t j = 0;

            while (j < n && all[j].index != some[i].index)
                j++;
            assert_true(j < n && some[i].logp == all[j].logp);
        }
    }

    /* The first choice is shared by the softmax of its words. */
    opts = (rk_beams_opts){(const char *[]){" fiction of all kinds", " war"}, 2,
                           2};
    assert_int_equal(rk_llm_beams(m, profile, &opts, some, &n, NULL), RK_OK);
    {
        float p[2];

        rk_llm_next_words(m, profile, (const char *[]){""}, 1,
                          (const char *[]){" fiction", " war"}, 2, p, "w", NULL,
                          NULL);
        assert_int_equal(some[0].index, 0);
        assert_true(fabs((double)some[0].logp -
                         ((double)p[0] -
                          log(exp((double)p[0]) + exp((double)p[1])))) < 1e-5);
    }
    rk_llm_close(m);
}


/* A text that ends where others go on. */
static void test_scripted_beams_end_where_a_text_does(void **state)
{
    static const char *const allowed[] = {" war and peace", " war", "", " war"};
    rk_beams_opts opts = {allowed, 4, 0};
    rk_llm *m = open_scripted(RK_WRITER);
    bool seen[4] = {false};
    rk_beam found[8];
    rk_error err;
    size_t n;

    (void)state;
    assert_int_equal(rk_llm_beams(m, profile, &opts, found, &n, NULL), RK_OK);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        seen[found[i].index] = true;
    assert_true(seen[0] && seen[1] && seen[2]);
    opts.width = 33;
    assert_int_equal(rk_llm_beams(m, profile, &opts, found, &n, &err),
                     RK_EINVAL);
    assert_string_equal(err.msg, "width is 33, must be 1 to 32");
    opts = (rk_beams_opts){0};
    assert_int_equal(rk_llm_beams(m, profile, &opts, found, &n, &err),
                     RK_EINVAL);
    assert_int_equal(n, 0);
    rk_llm_close(m);
}


static void test_scripted_states_tell_words_apart(void **state)
{
    static const char *const branches[] = {" war", " peace", " a war", ""};
    rk_llm *m = open_scripted(RK_WRITER);
    float last[4][WIDTH], mean[4][WIDTH];

    (void)state;
    assert_int_equal(rk_llm_describe(m)->width, WIDTH);
    assert_int_equal(
        rk_llm_states(m, profile, branches, 4, false, last[0], NULL), RK_OK);
    assert_int_equal(
        rk_llm_states(m, profile, branches, 4, true, mean[0], NULL), RK_OK);
    assert_memory_equal(last[0], last[2], sizeof(last[0]));
    assert_memory_not_equal(last[0], last[1], sizeof(last[0]));
    assert_memory_equal(last[0], mean[0], sizeof(last[0]));
    assert_memory_not_equal(last[2], mean[2], sizeof(last[0]));
    assert_int_equal(rk_llm_states(m, "", branches, 4, true, mean[0], NULL),
                     RK_EINVAL);
    rk_llm_close(m);
}


static void test_scripted_survives_each_allocation_failing(void **state)
{
    static const char *const branches[] = {" Dune"};
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_beams_opts opts = {(const char *[]){" war", " peace"}, 2, 2};
        float p = 0, states[WIDTH];
        rk_beam found[2];
        size_t n_found;
        rk_llm *m;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_llm_open_scripted(&m, RK_WRITER, NULL);
        if (rc == RK_OK)
            rc = rk_llm_likelihood(m, profile, branches, 1, &p, NULL, NULL);
        if (rc == RK_OK)
            rc = rk_llm_states(m, profile, branches, 1, true, states, NULL);
        if (rc == RK_OK)
            rc = rk_llm_beams(m, profile, &opts, found, &n_found, NULL);
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
        cmocka_unit_test(
            test_scripted_beams_of_full_width_are_all_allowed_texts),
        cmocka_unit_test(test_scripted_beams_end_where_a_text_does),
        cmocka_unit_test(test_scripted_states_tell_words_apart),
        cmocka_unit_test(test_scripted_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

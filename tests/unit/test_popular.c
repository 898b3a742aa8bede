#include "learn/popular.h"

#include "learner_laws.h"
#include "small_corpus.h"

#include <math.h>

#define DAY_US (86400 * INT64_C(1000000))


static void test_popularity_counts_likes_alone(void **state)
{
    rk_corpus c = small_corpus_random(30, 12, 20, 1);
    float scores[12];

    (void)state;
    rk_popular_fit(&c, 0, scores);
    for (uint32_t i = 0; i < 12; i++) {
        int n_likes = 0;

        for (size_t e = 0; e < c.start[c.n_users]; e++)
            n_likes += c.seen[e].item == i && c.seen[e].label > 0;
        assert_true(n_likes > 0);
        assert_true(fabs((double)scores[i] - log(1 + n_likes)) < 1e-5);
    }
    small_corpus_clear(&c);
}


static void test_a_like_halves_with_every_half_life(void **state)
{
    rk_corpus c = small_corpus_new(2, 3, 3);
    float scores[3];

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        c.seen[i] = (rk_seen){i, 1, 1, 100 * DAY_US - i * 7 * DAY_US};
    for (uint32_t i = 0; i < 3; i++)
        c.seen[3 + i] = c.seen[i];
    rk_popular_fit(&c, 7, scores);
    assert_true(fabs((double)scores[0] - log(3)) < 1e-6);
    assert_true(fabs((double)scores[1] - log(2)) < 1e-6);
    assert_true(fabs((double)scores[2] - log(1.5)) < 1e-6);
    small_corpus_clear(&c);
}


static void test_age_counts_from_the_newest_event_of_any_kind(void **state)
{
    rk_corpus c = small_corpus_new(1, 2, 2);
    float scores[2];

    (void)state;
    c.seen[0] = (rk_seen){0, 1, 1, -10 * DAY_US};
    c.seen[1] = (rk_seen){1, -1, 1, 20 * DAY_US};
    rk_popular_fit(&c, 30, scores);
    assert_true(fabs((double)scores[0] - log(1.5)) < 1e-6);
    assert_true(scores[1] == 0);

    /* The ends of time itself. */
    c.seen[0].at_us = INT64_MIN;
    c.seen[1].at_us = INT64_MAX;
    rk_popular_fit(&c, 30, scores);
    assert_true(scores[0] == 0);
    small_corpus_clear(&c);
}


static void test_an_empty_corpus_has_no_popularity(void **state)
{
    rk_corpus c = small_corpus_new(0, 2, 0);
    float scores[2] = {9, 9};
    float rates[2] = {9, 9};

    (void)state;
    rk_popular_fit(&c, 30, scores);
    assert_true(scores[0] == 0 && scores[1] == 0);
    assert_int_equal(rk_like_rate_fit(&c, rates, NULL), RK_OK);
    assert_true(rates[0] == 0.5f && rates[1] == 0.5f);
    small_corpus_clear(&c);
}


static void test_like_rates_shrink_towards_the_share_of_all(void **state)
{
    rk_corpus c = small_corpus_random(30, 12, 20, 2);
    double likes[13] = {0};
    double judged[13] = {0};
    float rates[13];

    (void)state;
    c.n_items = 13; /* the last one nobody knows */
    for (size_t e = 0; e < c.start[c.n_users]; e++) {
        likes[c.seen[e].item] += c.seen[e].label > 0;
        judged[c.seen[e].item] += c.seen[e].label != 0;
    }
    double all_likes = 0;
    double all_judged = 0;

    for (size_t i = 0; i < 13; i++) {
        all_likes += likes[i];
        all_judged += judged[i];
    }
    assert_int_equal(rk_like_rate_fit(&c, rates, NULL), RK_OK);
    for (size_t i = 0; i < 13; i++) {
        double share = all_likes / all_judged;

        assert_true(fabs((double)rates[i] -
                         (likes[i] + 5 * share) / (judged[i] + 5)) < 1e-6);
    }
    small_corpus_clear(&c);
}


static void
test_a_like_rate_without_some_events_is_that_of_the_rest(void **state)
{
    rk_corpus c = small_corpus_random(30, 12, 20, 4);
    size_t n = c.start[c.n_users];
    uint32_t likes[12] = {0};
    uint32_t judged[12] = {0};
    double share = 0; /* of all items: not what is left out here */
    double n_judged = 0;
    float with[12];

    (void)state;
    for (size_t e = 0; e < n; e++) {
        likes[c.seen[e].item] += c.seen[e].label > 0;
        judged[c.seen[e].item] += c.seen[e].label != 0;
        share += c.seen[e].label > 0;
        n_judged += c.seen[e].label != 0;
    }
    share /= n_judged;
    assert_int_equal(rk_like_rate_fit(&c, with, NULL), RK_OK);
    for (size_t i = 0; i < 12; i++)
        for (uint32_t l = 0; l <= likes[i]; l++)
            for (uint32_t d = 0; d <= judged[i] - likes[i]; d++) {
                double rest = (likes[i] - l + 5 * share) /
                              (judged[i] - l - d + 5);

                assert_true(fabs((double)rk_like_rate_without(with[i],
                                                              judged[i], l, d) -
                                 rest) < 1e-5);
            }
    small_corpus_clear(&c);
}


static void test_like_rates_say_when_there_is_no_memory(void **state)
{
    rk_corpus c = small_corpus_random(3, 4, 5, 3);
    float rates[4];

    (void)state;
    rk_mem_fail_at(1);
    assert_int_equal(rk_like_rate_fit(&c, rates, NULL), RK_ENOMEM);
    rk_mem_fail_at(0);
    small_corpus_clear(&c);
}


static void test_the_learner_counts_who_had_an_item(void **state)
{
    law_data d;
    rk_model *m;
    float *scores;

    (void)state;
    law_data_init(&d, 3);
    assert_int_equal(
        rk_learner_popular.train(&m, &d.h, &(rk_train_opts){0}, NULL), RK_OK);
    scores = law_scores(m, &d.h);
    for (size_t i = 0; i < LAW_ITEMS; i++) {
        int n = 0;

        for (size_t e = 0; e < d.start[LAW_USERS]; e++)
            n += d.item[e] == i;
        for (size_t u = 0; u < LAW_USERS; u++)
            assert_true(fabs((double)scores[u * LAW_ITEMS + i] - log1p(n)) <
                        1e-6);
    }
    free(scores);
    rk_learner_popular.free(m);
}


static void test_popularity_that_is_not_finite_is_refused(void **state)
{
    static const float scores[] = {1, NAN, 2};
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    rk_error err;
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "popular.scores", RK_F32, 1, 3, scores, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_learner_popular.get(&m, b, 3, &err), RK_EFORMAT);
    assert_null(m);
    assert_non_null(strstr(err.msg, "score 1"));
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_popularity_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws_with(&rk_learner_popular, true);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_popularity_counts_likes_alone),
        cmocka_unit_test(test_a_like_halves_with_every_half_life),
        cmocka_unit_test(test_age_counts_from_the_newest_event_of_any_kind),
        cmocka_unit_test(test_an_empty_corpus_has_no_popularity),
        cmocka_unit_test(test_like_rates_shrink_towards_the_share_of_all),
        cmocka_unit_test(
            test_a_like_rate_without_some_events_is_that_of_the_rest),
        cmocka_unit_test(test_like_rates_say_when_there_is_no_memory),
        cmocka_unit_test(test_the_learner_counts_who_had_an_item),
        cmocka_unit_test(test_popularity_that_is_not_finite_is_refused),
        cmocka_unit_test(test_popularity_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "eval/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_ties_earn_the_middle(void **state)
{
    const float scores[] = {3, 1, 2, 2, 2};
    const float same[] = {0, 0, 0, 0};

    (void)state;
    assert_true(rk_rank_of(scores, 5, 0) == 1);
    assert_true(rk_rank_of(scores, 5, 1) == 5);
    assert_true(rk_rank_of(scores, 5, 3) == 3);
    for (size_t truth = 0; truth < 4; truth++)
        assert_true(rk_rank_of(same, 4, truth) == 2.5);
}


static void test_ndcg_is_what_a_hand_computes(void **state)
{
    (void)state;
    assert_true(rk_ndcg_at(1, 10) == 1);
    assert_true(fabs(rk_ndcg_at(3, 10) - 0.5) < 1e-12);
    assert_true(fabs(rk_ndcg_at(7, 10) - 1.0 / 3) < 1e-12);
    assert_true(rk_ndcg_at(11, 10) == 0);
    assert_true(rk_ndcg_at(INFINITY, 10) == 0);
}


static void test_chance_in_twenty_is_the_known_figure(void **state)
{
    double sum = 0;

    (void)state;
    for (int rank = 1; rank <= 20; rank++)
        sum += rk_ndcg_at(rank, 10);
    assert_true(fabs(sum / 20 - 0.2272) < 1e-4);
}


static void test_several_truths_are_held_against_the_best_order(void **state)
{
    const double ranks[] = {1, 3, INFINITY};
    double best = 1 + 1 / log2(3) + 0.5;

    (void)state;
    assert_true(fabs(rk_ndcg_of(ranks, 3, 10) - 1.5 / best) < 1e-12);
    assert_true(rk_ndcg_of(ranks, 1, 10) == 1);
    assert_true(fabs(rk_recall_of(ranks, 3, 10) - 2.0 / 3) < 1e-12);
    assert_true(rk_recall_of(ranks, 3, 1) == 1); /* of min(1, 3) */
    assert_true(rk_mrr_of(ranks + 1, 2, 10) == 1.0 / 3);
    assert_true(rk_mrr_of(ranks + 2, 1, 10) == 0);
}


static void test_auc_counts_pairs_and_ties_by_half(void **state)
{
    rk_scored s[] = {{0.1f, 0, 0}, {0.5f, 1, 1}, {0.5f, 2, 0}, {0.9f, 3, 1}};
    const uint32_t drawn[] = {0, 2, 1, 0};

    (void)state;
    rk_scored_sort(s, 4);
    assert_true(rk_scored_auc(s, 4, NULL) == 3.5 / 4);
    assert_true(rk_scored_auc(s, 4, drawn) == 0.5);
    assert_true(isnan(rk_scored_auc(s, 1, NULL)));
}


static void test_the_top_is_that_of_a_full_scan(void **state)
{
    float scores[300];
    uint32_t top[10];

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        scores[i] = i % 7 == 0 ? NAN : (float)(i * 37 % 101);
    assert_int_equal(rk_top_scores(scores, 300, 10, top), 10);
    for (size_t i = 0; i < 10; i++) {
        size_t better = 0;

        for (uint32_t j = 0; j < 300; j++)
            better += scores[j] > scores[top[i]] ||
                      (scores[j] == scores[top[i]] && j < top[i]);
        assert_int_equal(better, i);
    }
    scores[0] = scores[1] = -INFINITY;
    scores[2] = NAN;
    assert_int_equal(rk_top_scores(scores, 3, 10, top), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties_earn_the_middle),
        cmocka_unit_test(test_ndcg_is_what_a_hand_computes),
        cmocka_unit_test(test_several_truths_are_held_against_the_best_order),
        cmocka_unit_test(test_auc_counts_pairs_and_ties_by_half),
        cmocka_unit_test(test_the_top_is_that_of_a_full_scan),
        cmocka_unit_test(test_chance_in_twenty_is_the_known_figure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

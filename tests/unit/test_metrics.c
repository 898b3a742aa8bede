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


static void test_figures_are_means_and_a_miss_counts(void **state)
{
    rk_figures f = {0};
    rk_figures none = {0};

    (void)state;
    rk_figures_add(&f, 1);
    rk_figures_add(&f, 3);
    rk_figures_add(&f, INFINITY);
    rk_figures_add(&f, 11);
    rk_figures_finish(&f);
    assert_int_equal(f.n_users, 4);
    assert_true(fabs(f.ndcg - 1.5 / 4) < 1e-12);
    assert_true(fabs(f.recall - 0.5) < 1e-12);
    assert_true(fabs(f.mrr - (1 + 1.0 / 3) / 4) < 1e-12);
    rk_figures_finish(&none);
    assert_true(none.ndcg == 0);
}


/* Chance in 20 candidates, exactly: what short lists are held against. */
static void test_chance_in_twenty_is_the_known_figure(void **state)
{
    double sum = 0;

    (void)state;
    for (int rank = 1; rank <= 20; rank++)
        sum += rk_ndcg_at(rank, 10);
    assert_true(fabs(sum / 20 - 0.2272) < 1e-4);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties_earn_the_middle),
        cmocka_unit_test(test_ndcg_is_what_a_hand_computes),
        cmocka_unit_test(test_figures_are_means_and_a_miss_counts),
        cmocka_unit_test(test_chance_in_twenty_is_the_known_figure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

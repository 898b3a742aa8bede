/* The order that a second opinion may change only so far. */
#include "learn/bounded.h"

#include "core/mem.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MOST 40


static void order_of(uint32_t *order, const float *score, size_t n, size_t m)
{
    assert_int_equal(rk_bounded_order(order, score, n, m, NULL), RK_OK);
}


/* Few different scores, so that there are ties. */
static void draw(rk_rng *r, float *score, size_t n)
{
    for (size_t i = 0; i < n; i++)
        score[i] = (float)rk_rng_below(r, 12);
}


static size_t moved(size_t from, size_t to)
{
    return from > to ? from - to : to - from;
}


/* Whether one order has the better first place in which they differ. */
static bool is_better(const uint32_t *a, const uint32_t *b, const float *score,
                      size_t n)
{
    for (size_t t = 0; t < n; t++) {
        if (a[t] == b[t])
            continue;
        if (score[a[t]] != score[b[t]])
            return score[a[t]] > score[b[t]];
        return a[t] < b[t];
    }
    return false;
}


/* The slow oracle: all orders within the bound, one by one. */
static void try_all(uint32_t *best, uint32_t *order, size_t t, uint32_t used,
                    const float *score, size_t n, size_t m)
{
    if (t == n) {
        if (best[0] == UINT32_MAX || is_better(order, best, score, n))
            memcpy(best, order, n * sizeof(*best));
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (!(used >> i & 1) && moved(i, t) <= m) {
            order[t] = i;
            try_all(best, order, t + 1, used | 1u << i, score, n, m);
        }
}


static void test_bounded_order_is_the_best_of_all_orders_in_bounds(void **state)
{
    rk_rng r = {1};

    (void)state;
    for (int round = 0; round < 400; round++) {
        size_t n = 1 + rk_rng_below(&r, 7);
        size_t m = rk_rng_below(&r, 8);
        uint32_t best[8] = {UINT32_MAX};
        uint32_t order[8];
        float score[8];

        draw(&r, score, n);
        try_all(best, order, 0, 0, score, n, m);
        order_of(order, score, n, m);
        assert_memory_equal(order, best, n * sizeof(*best));
    }
}


static void test_bounded_order_moves_nothing_too_far_and_loses_nothing(void **s)
{
    rk_rng r = {2};

    (void)s;
    for (int round = 0; round < 5000; round++) {
        size_t n = rk_rng_below(&r, MOST + 1);
        size_t m = rk_rng_below(&r, MOST);
        bool there[MOST] = {false};
        uint32_t order[MOST];
        float score[MOST];

        draw(&r, score, n);
        order_of(order, score, n, m);
        for (size_t t = 0; t < n; t++) {
            assert_true(order[t] < n);
            assert_false(there[order[t]]);
            there[order[t]] = true;
            assert_true(moved(order[t], t) <= m);
        }
    }
}


static void test_bounded_order_of_no_move_is_the_first_order(void **state)
{
    rk_rng r = {3};
    uint32_t order[MOST];
    float score[MOST];

    (void)state;
    draw(&r, score, MOST);
    order_of(order, score, MOST, 0);
    for (uint32_t t = 0; t < MOST; t++)
        assert_int_equal(order[t], t);
}


static void test_bounded_order_without_bound_is_that_of_the_scores(void **state)
{
    rk_rng r = {4};

    (void)state;
    for (int round = 0; round < 1000; round++) {
        size_t n = 1 + rk_rng_below(&r, MOST);
        uint32_t order[MOST];
        float score[MOST];

        draw(&r, score, n);
        order_of(order, score, n, round % 2 ? n - 1 : SIZE_MAX);
        for (size_t t = 1; t < n; t++)
            assert_true(score[order[t - 1]] > score[order[t]] ||
                        (score[order[t - 1]] == score[order[t]] &&
                         order[t - 1] < order[t]));
    }
}


/* The last is the best by far, and still passes no more than m others. */
static void test_bounded_order_lets_an_item_rise_by_the_bound(void **state)
{
    static const float score[5] = {4, 3, 2, 1, 9};
    static const uint32_t expected[5] = {0, 1, 4, 2, 3};
    uint32_t order[5];

    (void)state;
    order_of(order, score, 5, 2);
    assert_memory_equal(order, expected, sizeof(expected));
}


static void test_bounded_order_survives_a_failing_allocation(void **state)
{
    uint32_t order[1];
    float score[1] = {0};

    (void)state;
    rk_mem_fail_at(1);
    assert_int_equal(rk_bounded_order(order, score, 1, 1, NULL), RK_ENOMEM);
    rk_mem_fail_at(0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_bounded_order_is_the_best_of_all_orders_in_bounds),
        cmocka_unit_test(
            test_bounded_order_moves_nothing_too_far_and_loses_nothing),
        cmocka_unit_test(test_bounded_order_of_no_move_is_the_first_order),
        cmocka_unit_test(
            test_bounded_order_without_bound_is_that_of_the_scores),
        cmocka_unit_test(test_bounded_order_lets_an_item_rise_by_the_bound),
        cmocka_unit_test(test_bounded_order_survives_a_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

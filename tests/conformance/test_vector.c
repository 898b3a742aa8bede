/* What every way of searching an index must do, whatever it reads. */
#include "core/mem.h"
#include "core/rng.h"
#include "vector/index.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N      600
#define N_TAIL 60 /* added after the preparation */
#define D      24
#define K      10

typedef struct way {
    const char *name;
    enum rk_search how;
    rk_index *x; /* N vectors prepared, and N_TAIL behind them */
} way;

static way ways[] = {
    {"i8", RK_SEARCH_I8, NULL},
    {"f32", RK_SEARCH_F32, NULL},
    {"bits", RK_SEARCH_BITS, NULL},
    {"graph", RK_SEARCH_GRAPH, NULL},
};

enum { N_WAYS = sizeof(ways) / sizeof(*ways) };

static float vectors[(N + N_TAIL) * D];


static int setup(void **state)
{
    rk_rng r = {42};

    (void)state;
    for (size_t i = 0; i < (size_t)(N + N_TAIL) * D; i++)
        vectors[i] = (float)rk_rng_unit(&r) - 0.5f;
    for (size_t i = 0; i < N_WAYS; i++) {
        way *w = &ways[i];

        if (rk_index_new(&w->x, D, NULL) != RK_OK ||
            rk_index_add(w->x, vectors, N, NULL) != RK_OK ||
            rk_index_make(w->x, w->how, NULL) != RK_OK ||
            rk_index_add(w->x, vectors + (size_t)N * D, N_TAIL, NULL) != RK_OK)
            return -1;
    }
    return 0;
}


static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WAYS; i++)
        rk_index_free(ways[i].x);
    return 0;
}


static size_t search(const way *w, const float *query, size_t k,
                     bool (*skip)(const void *, uint32_t), const void *ctx,
                     rk_hit *hits)
{
    size_t n;

    assert_int_equal(
        rk_index_search(w->x, query, k, w->how, skip, ctx, hits, &n, NULL),
        RK_OK);
    return n;
}


static void assert_ordered(const rk_hit *hits, size_t n, const float *query)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(hits[i].score ==
                    rk_dot_f32(vectors + (size_t)hits[i].index * D, query, D));
        if (i > 0)
            assert_true(hits[i - 1].score > hits[i].score ||
                        (hits[i - 1].score == hits[i].score &&
                         hits[i - 1].index < hits[i].index));
    }
}


static void test_hits_are_in_order_and_scored_in_float32(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (size_t q = 0; q < 20; q++) {
            rk_hit hits[K];

            assert_int_equal(
                search(&ways[w], vectors + q * D, K, NULL, NULL, hits), K);
            assert_ordered(hits, K, vectors + q * D);
        }
}


static void test_what_was_added_after_the_preparation_is_found(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (uint32_t i = N; i < N + N_TAIL; i += 9) {
            float query[D];
            rk_hit hit;

            /* Long enough that nothing else comes near. */
            for (size_t j = 0; j < D; j++)
                query[j] = vectors[(size_t)i * D + j];
            assert_int_equal(search(&ways[w], query, 1, NULL, NULL, &hit), 1);
            assert_true(hit.score >= rk_dot_f32(query, query, D));
        }
}


static bool is_odd(const void *ctx, uint32_t position)
{
    (void)ctx;
    return position % 2;
}


static bool is_under(const void *ctx, uint32_t position)
{
    return position < *(const uint32_t *)ctx;
}


static bool is_any(const void *ctx, uint32_t position)
{
    (void)ctx;
    (void)position;
    return true;
}


static void test_skipped_positions_do_not_take_the_place_of_others(void **state)
{
    uint32_t under = N - 6; /* six of the prepared, and the tail */

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_hit hits[N_TAIL + 50];
        size_t n = search(&ways[w], vectors, K, is_odd, NULL, hits);

        assert_int_equal(n, K);
        assert_ordered(hits, n, vectors);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(hits[i].index % 2, 0);

        n = search(&ways[w], vectors, N_TAIL + 50, is_under, &under, hits);
        assert_int_equal(n, N_TAIL + 6);
        assert_ordered(hits, n, vectors);
        for (size_t i = 0; i < n; i++)
            assert_true(hits[i].index >= under);

        assert_int_equal(search(&ways[w], vectors, K, is_any, NULL, hits), 0);
    }
}


static void test_all_are_found_when_all_are_asked_for(void **state)
{
    static rk_hit hits[N + N_TAIL + 5];

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        bool seen[N + N_TAIL] = {false};

        assert_int_equal(
            search(&ways[w], vectors, N + N_TAIL + 5, NULL, NULL, hits),
            N + N_TAIL);
        for (size_t i = 0; i < N + N_TAIL; i++)
            seen[hits[i].index] = true;
        for (size_t i = 0; i < N + N_TAIL; i++)
            assert_true(seen[i]);
    }
}


static void test_a_query_of_zeros_scores_zero_everywhere(void **state)
{
    static const float zeros[D];

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_hit hits[K];

        assert_int_equal(search(&ways[w], zeros, K, NULL, NULL, hits), K);
        for (size_t i = 0; i < K; i++)
            assert_true(hits[i].score == 0);
    }
}


static void test_no_hits_for_k_of_zero_and_a_refusal_for_nan(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        float query[D] = {0, NAN};
        rk_hit hit;
        size_t n = 9;

        assert_int_equal(search(&ways[w], vectors, 0, NULL, NULL, &hit), 0);
        assert_int_equal(rk_index_search(ways[w].x, query, 1, ways[w].how, NULL,
                                         NULL, &hit, &n, NULL),
                         RK_EINVAL);
        assert_int_equal(n, 0);
    }
}


static void test_many_searches_equal_as_many_single_ones(void **state)
{
    enum { MANY = 30 };
    rk_hit got[MANY * K];
    size_t n[MANY];
    rk_error err;

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        assert_int_equal(
            rk_index_search_many(ways[w].x, vectors, MANY, K, got, n, NULL),
            RK_OK);
        for (size_t q = 0; q < MANY; q++) {
            rk_hit want[K];
            size_t n_want;

            rk_index_search(ways[w].x, vectors + q * D, K, RK_SEARCH_BEST, NULL,
                            NULL, want, &n_want, NULL);
            assert_int_equal(n[q], n_want);
            assert_memory_equal(got + q * K, want, sizeof(want));
        }
    }
    vectors[3 * D] = NAN;
    assert_int_equal(
        rk_index_search_many(ways[0].x, vectors, MANY, K, got, n, &err),
        RK_EINVAL);
    vectors[3 * D] = ways[0].x->vectors[3 * D];
}


static void test_a_way_that_was_not_prepared_is_refused(void **state)
{
    rk_error err;
    rk_hit hit;
    size_t n;

    (void)state;
    assert_int_equal(rk_index_search(ways[0].x, vectors, 1, RK_SEARCH_BITS,
                                     NULL, NULL, &hit, &n, &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "sign codes"));
    assert_int_equal(rk_index_search(ways[2].x, vectors, 1, RK_SEARCH_GRAPH,
                                     NULL, NULL, &hit, &n, &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "graph"));
}


static void test_the_way_is_chosen_by_the_bytes_of_a_search(void **state)
{
    (void)state;
    assert_int_equal(rk_search_choose(0, 384, true), RK_SEARCH_I8);
    assert_int_equal(rk_search_choose(1000, 384, true), RK_SEARCH_I8);
    assert_int_equal(rk_search_choose(100000, 384, false), RK_SEARCH_BITS);
    assert_int_equal(rk_search_choose(100000, 384, true), RK_SEARCH_GRAPH);
    assert_int_equal(rk_search_choose(100000, 2, false), RK_SEARCH_I8);
}


static void test_a_preparation_can_fail_and_be_made_again(void **state)
{
    rk_index *x;
    double recall;
    size_t fail;
    int rc = RK_ENOMEM;

    (void)state;
    assert_int_equal(rk_index_new(&x, D, NULL), RK_OK);
    assert_int_equal(rk_index_add(x, vectors, 200, NULL), RK_OK);
    for (fail = 1; rc != RK_OK; fail++) {
        rk_mem_fail_at(fail);
        rc = rk_index_make(x, RK_SEARCH_BITS, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_int_equal(rk_index_best(x, &recall),
                         rc == RK_OK ? RK_SEARCH_BITS : RK_SEARCH_I8);
    }
    assert_true(fail > 8);
    assert_int_equal(rk_index_prepare(x, true, NULL), RK_OK);
    assert_int_equal(rk_index_best(x, &recall), RK_SEARCH_I8);
    rk_index_free(x);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits_are_in_order_and_scored_in_float32),
        cmocka_unit_test(test_what_was_added_after_the_preparation_is_found),
        cmocka_unit_test(
            test_skipped_positions_do_not_take_the_place_of_others),
        cmocka_unit_test(test_all_are_found_when_all_are_asked_for),
        cmocka_unit_test(test_a_query_of_zeros_scores_zero_everywhere),
        cmocka_unit_test(test_no_hits_for_k_of_zero_and_a_refusal_for_nan),
        cmocka_unit_test(test_many_searches_equal_as_many_single_ones),
        cmocka_unit_test(test_a_way_that_was_not_prepared_is_refused),
        cmocka_unit_test(test_the_way_is_chosen_by_the_bytes_of_a_search),
        cmocka_unit_test(test_a_preparation_can_fail_and_be_made_again),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

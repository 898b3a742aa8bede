#include "core/mem.h"
#include "core/rng.h"
#include "vector/graph.h"
#include "vector/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N 1500
#define D 48
#define K 10

static float vectors[N * D];
static rk_index *made; /* over all of them, with a graph */


static int setup(void **state)
{
    rk_rng r = {42};

    (void)state;
    for (size_t i = 0; i < (size_t)N * D; i++)
        vectors[i] = (float)rk_rng_unit(&r) - 0.5f;
    if (rk_index_new(&made, D, NULL) != RK_OK ||
        rk_index_add(made, vectors, N, NULL) != RK_OK)
        return -1;
    return rk_index_make(made, RK_SEARCH_GRAPH, NULL);
}


static int teardown(void **state)
{
    (void)state;
    rk_index_free(made);
    return 0;
}


static size_t found_of(const rk_index *x, const float *query)
{
    rk_hit want[K];
    rk_hit got[K];
    size_t n;
    size_t found = 0;

    assert_int_equal(
        rk_index_search(x, query, K, RK_SEARCH_F32, NULL, NULL, want, &n, NULL),
        RK_OK);
    assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_GRAPH, NULL, NULL,
                                     got, &n, NULL),
                     RK_OK);
    assert_int_equal(n, K);
    for (size_t i = 0; i < K; i++)
        for (size_t j = 0; j < K; j++)
            found += got[i].index == want[j].index &&
                     got[i].score == want[j].score;
    return found;
}


static void test_a_walk_recalls_what_was_measured(void **state)
{
    rk_rng r = {7};
    size_t found = 0;
    double recall;

    (void)state;
    assert_int_equal(rk_index_best(made, &recall), RK_SEARCH_GRAPH);
    assert_true(recall >= 0.95);
    for (size_t q = 0; q < 100; q++) {
        float query[D];

        memcpy(query, vectors + rk_rng_below(&r, N) * D, sizeof(query));
        for (size_t j = 0; j < D; j++)
            query[j] += 0.2f * ((float)rk_rng_unit(&r) - 0.5f);
        found += found_of(made, query);
    }
    assert_true(found >= 920);
}


static void test_a_wider_walk_finds_more(void **state)
{
    size_t ef = made->ef;
    size_t found[2] = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        made->ef = i ? 256 : K;
        for (size_t q = 0; q < 50; q++)
            found[i] += found_of(made, vectors + q * 29 * D);
    }
    made->ef = ef;
    assert_true(found[0] < found[1]);
    assert_true(found[1] >= 495);
}


static void test_the_same_vectors_give_the_same_graph(void **state)
{
    rk_graph *again;
    rk_hit hits[2][64];
    size_t n[2];

    (void)state;
    assert_int_equal(
        rk_graph_new(&again, made->codes, made->scales, N, D, NULL), RK_OK);
    assert_int_equal(rk_graph_count(again), N);
    for (size_t q = 0; q < 50; q++) {
        const int8_t *query = made->codes + q * 17 * D;

        rk_graph_search(made->graph, query, 64, hits[0], &n[0], NULL);
        rk_graph_search(again, query, 64, hits[1], &n[1], NULL);
        assert_int_equal(n[0], 64);
        assert_int_equal(n[1], 64);
        assert_memory_equal(hits[0], hits[1], sizeof(hits[0]));
        for (size_t i = 1; i < 64; i++)
            assert_true(hits[0][i - 1].score >= hits[0][i].score);
    }
    rk_graph_free(again);
    rk_graph_free(NULL);
}


static void test_an_empty_graph_finds_nothing(void **state)
{
    static const int8_t codes[D];
    rk_graph *g;
    rk_hit hit;
    size_t n = 9;

    (void)state;
    assert_int_equal(rk_graph_new(&g, NULL, NULL, 0, D, NULL), RK_OK);
    assert_int_equal(rk_graph_count(g), 0);
    assert_int_equal(rk_graph_search(g, codes, 1, &hit, &n, NULL), RK_OK);
    assert_int_equal(n, 0);
    rk_graph_free(g);
}


/* More bytes than there are addresses for: what hnswlib throws must come out
 * as a code. */
static void test_a_graph_without_memory_is_an_error(void **state)
{
    rk_graph *g = (rk_graph *)state; /* not NULL, so that NULL is news */
    rk_error err;

    assert_int_equal(rk_graph_new(&g, NULL, NULL, (size_t)1 << 60, D, &err),
                     RK_ENOMEM);
    assert_null(g);
}


static void test_every_failing_allocation_of_a_walk_is_reported(void **state)
{
    rk_hit hits[K];
    size_t n;
    size_t fail;
    int rc = RK_ENOMEM;

    (void)state;
    for (fail = 1; rc != RK_OK; fail++) {
        rk_mem_fail_at(fail);
        rc = rk_index_search(made, vectors, K, RK_SEARCH_GRAPH, NULL, NULL,
                             hits, &n, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && n == 0));
    }
    assert_true(fail > 2);
    assert_int_equal(n, K);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_walk_recalls_what_was_measured),
        cmocka_unit_test(test_a_wider_walk_finds_more),
        cmocka_unit_test(test_the_same_vectors_give_the_same_graph),
        cmocka_unit_test(test_an_empty_graph_finds_nothing),
        cmocka_unit_test(test_a_graph_without_memory_is_an_error),
        cmocka_unit_test(test_every_failing_allocation_of_a_walk_is_reported),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

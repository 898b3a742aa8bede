#include "core/mem.h"
#include "core/rng.h"
#include "vector/bits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N 3000
#define D 100
#define K 10

/* float32 (N, D) of any length and direction: nothing that clusters. */
static float vectors[N * D];


static float centred(rk_rng *r)
{
    float sum = -2;

    for (size_t i = 0; i < 4; i++)
        sum += (float)rk_rng_unit(r);
    return sum;
}


static int setup(void **state)
{
    rk_rng r = {42};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        float length = 0.5f + (float)rk_rng_unit(&r);

        for (size_t j = 0; j < D; j++)
            vectors[i * D + j] = length * centred(&r) + 0.3f;
    }
    return 0;
}


static rk_index *index_of(const float *v, size_t n, size_t d)
{
    rk_index *x;

    assert_int_equal(rk_index_new(&x, d, NULL), RK_OK);
    assert_int_equal(rk_index_add(x, v, n, NULL), RK_OK);
    assert_int_equal(rk_bits_new(&x->bits, x->vectors, n, d, NULL), RK_OK);
    return x;
}


static size_t found_of(const rk_index *x, const float *query)
{
    rk_hit want[K];
    rk_hit got[K];
    size_t n_want;
    size_t n_got;
    size_t found = 0;

    assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_F32, NULL, NULL,
                                     want, &n_want, NULL),
                     RK_OK);
    assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_BITS, NULL, NULL,
                                     got, &n_got, NULL),
                     RK_OK);
    assert_int_equal(n_got, n_want);
    for (size_t i = 0; i < n_got; i++)
        for (size_t j = 0; j < n_want; j++)
            found += got[i].index == want[j].index &&
                     got[i].score == want[j].score;
    return found;
}


static void test_bits_recall_the_nearest_of_vectors_without_order(void **state)
{
    rk_index *x = index_of(vectors, N, D);
    rk_rng r = {7};
    size_t found = 0;

    (void)state;
    for (size_t q = 0; q < 200; q++) {
        float query[D];

        for (size_t j = 0; j < D; j++)
            query[j] = centred(&r);
        found += found_of(x, query);
    }
    assert_true(found >= 1998);
    rk_index_free(x);
}


/* One component each: the worst case of signs that were not turned first. */
static void test_bits_recall_the_nearest_of_sparse_vectors(void **state)
{
    enum { SPARSE_N = 1000, SPARSE_D = 40 };
    static float sparse[SPARSE_N * SPARSE_D];
    rk_rng r = {8};
    rk_index *x;
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < SPARSE_N; i++)
        sparse[i * SPARSE_D + i % SPARSE_D] = (float)rk_rng_unit(&r);
    x = index_of(sparse, SPARSE_N, SPARSE_D);
    for (size_t q = 0; q < SPARSE_D; q++)
        found += found_of(x, sparse + q * SPARSE_D);
    assert_true(found >= K * SPARSE_D - 1);
    rk_index_free(x);
}


static void test_bits_recall_in_every_dimension(void **state)
{
    static const size_t ds[] = {1, 2, 3, 7, 8, 9, 31, 64, 65};

    (void)state;
    for (size_t i = 0; i < sizeof(ds) / sizeof(*ds); i++) {
        rk_index *x = index_of(vectors, 333, ds[i]);
        size_t found = 0;

        for (size_t q = 0; q < 10; q++)
            found += found_of(x, vectors + q * 71);
        assert_true(found >= 99);
        rk_index_free(x);
    }
}


static void test_queries_of_any_length_find_the_same(void **state)
{
    static const float lengths[] = {1e-20f, 1e20f, 1e28f};
    rk_index *x = index_of(vectors, N, D);
    rk_hit want[K];
    rk_hit got[K];
    size_t n;

    (void)state;
    rk_index_search(x, vectors, K, RK_SEARCH_BITS, NULL, NULL, want, &n, NULL);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        float query[D];

        for (size_t j = 0; j < D; j++)
            query[j] = vectors[j] * lengths[i];
        assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_BITS, NULL,
                                         NULL, got, &n, NULL),
                         RK_OK);
        for (size_t j = 0; j < K; j++)
            assert_int_equal(got[j].index, want[j].index);
    }
    rk_index_free(x);
}


/* Two parts, which threads share. */
static void test_a_search_alone_equals_one_on_all_cores(void **state)
{
    enum { MANY = 70000, FEW_D = 16 };
    float *rows = rk_calloc(MANY, FEW_D * sizeof(float));
    int8_t codes[FEW_D];
    rk_rng r = {9};
    rk_index *x;
    rk_hit hits[2][K];

    (void)state;
    for (size_t i = 0; i < (size_t)MANY * FEW_D; i++)
        rows[i] = centred(&r);
    x = index_of(rows, MANY, FEW_D);
    for (size_t q = 0; q < 20; q++) {
        rk_seek s = {.query = rows + q * 1000 * FEW_D, .codes = codes};
        rk_topk best[2];

        s.scale = rk_codes_write(codes, s.query, FEW_D);
        for (size_t i = 0; i < 2; i++) {
            s.alone = i;
            rk_topk_init(&best[i], hits[i], K);
            assert_int_equal(rk_bits_search(x->bits, x, &s, &best[i], NULL),
                             RK_OK);
            assert_int_equal(rk_topk_finish(&best[i]), K);
        }
        assert_memory_equal(hits[0], hits[1], sizeof(hits[0]));
    }
    rk_index_free(x);
    free(rows);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    rk_index *x = index_of(vectors, 100, D);
    rk_bits *b;
    rk_hit hits[K];
    size_t n;
    size_t fail;
    int rc;

    (void)state;
    for (fail = 1, rc = RK_ENOMEM; rc != RK_OK; fail++) {
        rk_mem_fail_at(fail);
        rc = rk_bits_new(&b, vectors, 100, D, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && !b));
    }
    assert_int_equal(fail, 8);
    rk_bits_free(b);
    rk_bits_free(NULL);
    for (fail = 1, rc = RK_ENOMEM; rc != RK_OK; fail++) {
        rk_mem_fail_at(fail);
        rc = rk_index_search(x, vectors, K, RK_SEARCH_BITS, NULL, NULL, hits,
                             &n, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && n == 0));
    }
    assert_true(fail > 4);
    assert_int_equal(n, K);
    rk_index_free(x);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits_recall_the_nearest_of_vectors_without_order),
        cmocka_unit_test(test_bits_recall_the_nearest_of_sparse_vectors),
        cmocka_unit_test(test_bits_recall_in_every_dimension),
        cmocka_unit_test(test_queries_of_any_length_find_the_same),
        cmocka_unit_test(test_a_search_alone_equals_one_on_all_cores),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

#include "core/mem.h"
#include "core/rng.h"
#include "vector/vector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N          2000
#define D          64
#define N_CLUSTERS 50
#define K          10

/* float32 (N, D) unit vectors around N_CLUSTERS centres. */
static float vectors[N * D];


static float centred(rk_rng *r)
{
    float sum = -2;

    for (size_t i = 0; i < 4; i++)
        sum += (float)rk_rng_unit(r);
    return sum;
}


static void normalise(float *v)
{
    float norm = sqrtf(rk_dot_f32_portable(v, v, D));

    for (size_t i = 0; i < D; i++)
        v[i] /= norm;
}


static int setup(void **state)
{
    static float centres[N_CLUSTERS * D];
    rk_rng r = {42};

    (void)state;
    for (size_t i = 0; i < N_CLUSTERS * D; i++)
        centres[i] = centred(&r);
    for (size_t i = 0; i < N; i++) {
        const float *centre = centres + rk_rng_below(&r, N_CLUSTERS) * D;

        for (size_t j = 0; j < D; j++)
            vectors[i * D + j] = centre[j] + 0.7f * centred(&r);
        normalise(vectors + i * D);
    }
    return 0;
}


static rk_index *index_of(const float *v, size_t n, size_t d)
{
    rk_index *x;

    assert_int_equal(rk_index_new(&x, d, NULL), RK_OK);
    assert_int_equal(rk_index_add(x, v, n, NULL), RK_OK);
    return x;
}


/* Every score, sorted whole. */
static size_t oracle(const float *query,
                     bool (*left_out)(const void *, uint32_t), const void *ctx,
                     rk_hit *hits)
{
    size_t n = 0;

    for (uint32_t i = 0; i < N; i++)
        if (!left_out || !left_out(ctx, i))
            hits[n++] = (rk_hit){i,
                                 rk_dot_f32(vectors + (size_t)i * D, query, D)};
    rk_hits_sort(hits, n);
    return n;
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


static void assert_same_hits(const rk_hit *a, const rk_hit *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].index, b[i].index);
        assert_true(a[i].score == b[i].score);
    }
}


static void test_f32_search_equals_sorting_every_score(void **state)
{
    static rk_hit want[N];
    static rk_hit got[N];
    static const size_t ks[] = {1, 2, 10, 100, N - 1, N};
    rk_index *x = index_of(vectors, N, D);
    size_t n;

    (void)state;
    for (size_t q = 0; q < 20; q++) {
        const float *query = vectors + 97 * q * D;

        assert_int_equal(oracle(query, NULL, NULL, want), N);
        for (size_t i = 0; i < sizeof(ks) / sizeof(*ks); i++) {
            assert_int_equal(rk_index_search(x, query, ks[i], RK_SEARCH_F32,
                                             NULL, NULL, got, &n, NULL),
                             RK_OK);
            assert_int_equal(n, ks[i]);
            assert_same_hits(got, want, n);
        }
    }
    rk_index_free(x);
}


static void test_f32_scores_are_inner_products(void **state)
{
    rk_index *x = index_of(vectors, N, D);
    rk_hit hits[K];
    size_t n;

    (void)state;
    assert_int_equal(rk_index_search(x, vectors, K, RK_SEARCH_F32, NULL, NULL,
                                     hits, &n, NULL),
                     RK_OK);
    assert_int_equal(hits[0].index, 0); /* a unit vector's nearest is itself */
    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (size_t j = 0; j < D; j++)
            sum += (double)vectors[j] *
                   (double)vectors[(size_t)hits[i].index * D + j];
        assert_true(fabs(sum - (double)hits[i].score) < 1e-5);
    }
    rk_index_free(x);
}


static void
test_i8_search_recalls_the_nearest_of_clustered_vectors(void **state)
{
    static rk_hit want[N];
    rk_index *x = index_of(vectors, N, D);
    rk_hit got[K];
    rk_rng r = {5};
    size_t found = 0;
    size_t n;

    (void)state;
    for (size_t q = 0; q < 100; q++) {
        float query[D];

        memcpy(query, vectors + rk_rng_below(&r, N) * D, sizeof(query));
        for (size_t j = 0; j < D; j++)
            query[j] += 0.05f * centred(&r);
        oracle(query, NULL, NULL, want);
        assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_I8, NULL, NULL,
                                         got, &n, NULL),
                         RK_OK);
        assert_int_equal(n, K);
        for (size_t i = 0; i < K; i++)
            for (size_t j = 0; j < K; j++)
                found += got[i].index == want[j].index &&
                         got[i].score == want[j].score;
    }
    assert_true(found >= 990);
    rk_index_free(x);
}


static void
test_i8_search_does_not_depend_on_the_length_of_a_query(void **state)
{
    static const float lengths[] = {1e-38f, 1e-20f, 1e20f, 1e29f};
    rk_index *x = index_of(vectors, N, D);
    rk_hit want[K];
    rk_hit got[K];
    float query[D];
    size_t n;

    (void)state;
    for (size_t j = 0; j < D; j++)
        query[j] = j == 3 ? 1 : 0;
    rk_index_search(x, query, K, RK_SEARCH_I8, NULL, NULL, want, &n, NULL);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        query[3] = lengths[i];
        assert_int_equal(rk_index_search(x, query, K, RK_SEARCH_I8, NULL, NULL,
                                         got, &n, NULL),
                         RK_OK);
        assert_int_equal(n, K);
        for (size_t j = 0; j < K; j++)
            assert_int_equal(got[j].index, want[j].index);
    }
    rk_index_free(x);
}


/* Nine in ten of the vectors have the same bytes and differ in length alone;
 * the rest have the same bytes and the same scale, but not the same score. */
static void test_i8_search_tells_apart_what_has_the_same_bytes(void **state)
{
    enum { LONG = 180, CLOSE = 30 };
    static const float along[] = {1, 0};
    static const float across[] = {0, 1};
    float v[(LONG + CLOSE) * 2];
    rk_index *x;
    rk_hit hit;
    size_t n;

    (void)state;
    for (size_t i = 0; i < LONG; i++) {
        v[2 * i] = 1 + (float)i;
        v[2 * i + 1] = 0;
    }
    for (size_t i = LONG; i < LONG + CLOSE; i++) {
        v[2 * i] = -1;
        v[2 * i + 1] = 0.5f + 1e-5f * (float)i;
    }
    x = index_of(v, LONG + CLOSE, 2);
    rk_index_search(x, along, 1, RK_SEARCH_I8, NULL, NULL, &hit, &n, NULL);
    assert_int_equal(hit.index, LONG - 1);
    rk_index_search(x, across, 1, RK_SEARCH_I8, NULL, NULL, &hit, &n, NULL);
    assert_int_equal(hit.index, LONG + CLOSE - 1);
    rk_index_free(x);
}


static void test_skipped_positions_are_left_out(void **state)
{
    static rk_hit want[N];
    static rk_hit got[N];
    static const enum rk_search ways[] = {RK_SEARCH_F32, RK_SEARCH_I8};
    rk_index *x = index_of(vectors, N, D);
    uint32_t under = N - 7;
    size_t n;

    (void)state;
    oracle(vectors, is_odd, NULL, want);
    for (size_t w = 0; w < 2; w++) {
        assert_int_equal(rk_index_search(x, vectors, K, ways[w], is_odd, NULL,
                                         got, &n, NULL),
                         RK_OK);
        assert_int_equal(n, K);
        assert_same_hits(got, want, n);
    }
    assert_int_equal(oracle(vectors, is_under, &under, want), 7);
    for (size_t w = 0; w < 2; w++) {
        assert_int_equal(rk_index_search(x, vectors, 50, ways[w], is_under,
                                         &under, got, &n, NULL),
                         RK_OK);
        assert_int_equal(n, 7);
        assert_same_hits(got, want, n);
    }
    rk_index_free(x);
}


static void test_equal_scores_go_to_the_lower_position(void **state)
{
    static float ones[600 * 2];
    static const float query[] = {1, 0};
    rk_index *x;
    rk_hit hits[40];
    size_t n;

    (void)state;
    for (size_t i = 0; i < 1200; i++)
        ones[i] = 1;
    x = index_of(ones, 600, 2);
    for (int how = RK_SEARCH_I8; how <= RK_SEARCH_F32; how++) {
        assert_int_equal(rk_index_search(x, query, 40, (enum rk_search)how,
                                         NULL, NULL, hits, &n, NULL),
                         RK_OK);
        for (uint32_t i = 0; i < 40; i++)
            assert_int_equal(hits[i].index, i);
    }
    rk_index_free(x);
}


/* More than the 8 MiB that one thread scans alone: rows repeat, so the best
 * hits lie in every thread's part. */
static void test_a_search_on_many_threads_equals_one_on_few(void **state)
{
    enum { COPIES = 10, BIG_D = 432 };
    float *big = rk_calloc((size_t)N * COPIES, BIG_D * sizeof(float));
    rk_index *x;
    rk_hit hits[50];
    rk_hit want[5];
    size_t n;

    (void)state;
    for (size_t i = 0; i < (size_t)N * COPIES; i++)
        memcpy(big + i * BIG_D, vectors + i % N * D, D * sizeof(float));
    x = index_of(big, (size_t)N * COPIES, BIG_D);
    for (int how = RK_SEARCH_I8; how <= RK_SEARCH_F32; how++) {
        rk_index *small = index_of(big, N, BIG_D);

        assert_int_equal(rk_index_search(small, big, 5, (enum rk_search)how,
                                         NULL, NULL, want, &n, NULL),
                         RK_OK);
        assert_int_equal(rk_index_search(x, big, 50, (enum rk_search)how, NULL,
                                         NULL, hits, &n, NULL),
                         RK_OK);
        assert_int_equal(n, 50);
        for (size_t i = 0; i < 50; i++) {
            assert_int_equal(hits[i].index,
                             want[i / COPIES].index + i % COPIES * N);
            assert_true(hits[i].score == want[i / COPIES].score);
        }
        rk_index_free(small);
    }
    rk_index_free(x);
    free(big);
}


static void test_vectors_added_in_pieces_keep_their_positions(void **state)
{
    rk_index *x;

    (void)state;
    assert_int_equal(rk_index_new(&x, D, NULL), RK_OK);
    for (size_t i = 0, step = 1; i < N; i += step, step = step * 2 + 1) {
        step = step < N - i ? step : N - i;
        assert_int_equal(rk_index_add(x, vectors + i * D, step, NULL), RK_OK);
        assert_int_equal(rk_index_count(x), i + step);
    }
    assert_int_equal(rk_index_add(x, NULL, 0, NULL), RK_OK);
    for (size_t i = 0; i < N; i++)
        assert_memory_equal(rk_index_vector(x, i), vectors + i * D,
                            D * sizeof(float));
    rk_index_free(x);
}


static void test_an_empty_index_and_k_of_zero_give_no_hits(void **state)
{
    rk_index *x;
    rk_hit hit;
    size_t n = 9;

    (void)state;
    assert_int_equal(rk_index_new(&x, D, NULL), RK_OK);
    assert_int_equal(rk_index_search(x, vectors, 1, RK_SEARCH_I8, NULL, NULL,
                                     &hit, &n, NULL),
                     RK_OK);
    assert_int_equal(n, 0);
    n = 9;
    assert_int_equal(rk_index_add(x, vectors, 3, NULL), RK_OK);
    assert_int_equal(rk_index_search(x, vectors, 0, RK_SEARCH_I8, NULL, NULL,
                                     &hit, &n, NULL),
                     RK_OK);
    assert_int_equal(n, 0);
    rk_index_free(x);
}


static void test_add_refuses_bad_vectors_and_adds_nothing(void **state)
{
    float rows[3 * 2] = {1, 0, 0, 1, 0.5f, 0.5f};
    rk_index *x = index_of(rows, 1, 2);
    rk_error err;

    (void)state;
    rows[5] = NAN;
    assert_int_equal(rk_index_add(x, rows, 3, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "vector 2"));
    assert_non_null(strstr(err.msg, "component 1"));
    rows[5] = INFINITY;
    assert_int_equal(rk_index_add(x, rows, 3, &err), RK_EFORMAT);
    rows[5] = 1.001e4f;
    assert_int_equal(rk_index_add(x, rows, 3, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "vector 2 has norm 10010"));
    assert_int_equal(rk_index_count(x), 1);
    rows[5] = 9.999e3f;
    assert_int_equal(rk_index_add(x, rows, 3, &err), RK_OK);
    assert_int_equal(rk_index_count(x), 4);
    assert_int_equal(rk_index_add(x, rows, (size_t)UINT32_MAX - 3, &err),
                     RK_EINVAL);
    assert_int_equal(rk_index_count(x), 4);
    rk_index_free(x);
}


static void test_search_refuses_a_query_that_is_not_finite(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
    rk_index *x = index_of(vectors, 5, D);
    float query[D] = {0};
    rk_error err;
    rk_hit hit;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        query[4] = bad[i];
        assert_int_equal(rk_index_search(x, query, 1, RK_SEARCH_I8, NULL, NULL,
                                         &hit, &n, &err),
                         RK_EINVAL);
        assert_int_equal(n, 0);
    }
    rk_index_free(x);
}


static void test_new_refuses_dimensions_out_of_range(void **state)
{
    rk_index *x = (rk_index *)state; /* not NULL, so that NULL is news */

    assert_int_equal(rk_index_new(&x, 0, NULL), RK_EINVAL);
    assert_null(x);
    assert_int_equal(rk_index_new(&x, 8193, NULL), RK_EINVAL);
    assert_int_equal(rk_index_new(&x, 8192, NULL), RK_OK);
    rk_index_free(x);
    rk_index_free(NULL);
}


static void
test_every_failing_allocation_leaves_the_index_as_it_was(void **state)
{
    rk_index *x = NULL;
    rk_hit hits[K];
    size_t n;
    size_t fail;

    (void)state;
    rk_mem_fail_at(1);
    assert_int_equal(rk_index_new(&x, D, NULL), RK_ENOMEM);
    assert_null(x);
    rk_mem_fail_at(0);
    x = index_of(vectors, 3, D);
    for (fail = 1;; fail++) {
        int rc;

        rk_mem_fail_at(fail);
        rc = rk_index_add(x, vectors + 3 * D, 97, NULL);
        rk_mem_fail_at(0);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        assert_int_equal(rk_index_count(x), 3);
        assert_memory_equal(rk_index_vector(x, 0), vectors, 3 * D * 4);
    }
    assert_int_equal(fail, 4);
    assert_int_equal(rk_index_count(x), 100);
    for (fail = 1;; fail++) {
        int rc;

        rk_mem_fail_at(fail);
        rc = rk_index_search(x, vectors, K, RK_SEARCH_I8, NULL, NULL, hits, &n,
                             NULL);
        rk_mem_fail_at(0);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        assert_int_equal(n, 0);
    }
    assert_int_equal(fail, 3);
    rk_index_free(x);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_search_equals_sorting_every_score),
        cmocka_unit_test(test_f32_scores_are_inner_products),
        cmocka_unit_test(
            test_i8_search_recalls_the_nearest_of_clustered_vectors),
        cmocka_unit_test(
            test_i8_search_does_not_depend_on_the_length_of_a_query),
        cmocka_unit_test(test_i8_search_tells_apart_what_has_the_same_bytes),
        cmocka_unit_test(test_skipped_positions_are_left_out),
        cmocka_unit_test(test_equal_scores_go_to_the_lower_position),
        cmocka_unit_test(test_a_search_on_many_threads_equals_one_on_few),
        cmocka_unit_test(test_vectors_added_in_pieces_keep_their_positions),
        cmocka_unit_test(test_an_empty_index_and_k_of_zero_give_no_hits),
        cmocka_unit_test(test_add_refuses_bad_vectors_and_adds_nothing),
        cmocka_unit_test(test_search_refuses_a_query_that_is_not_finite),
        cmocka_unit_test(test_new_refuses_dimensions_out_of_range),
        cmocka_unit_test(
            test_every_failing_allocation_leaves_the_index_as_it_was),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

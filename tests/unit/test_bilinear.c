#include "learn/bilinear.h"

#include "core/topk.h"
#include "small_corpus.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define I 600
#define D 8


/* float32 (n, d) unit vectors, their mean not zero. */
static void vectors_fill(float *v, size_t n, size_t d, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++) {
        double norm = 0;

        for (size_t j = 0; j < d; j++) {
            double x = rk_rng_unit(&r) + rk_rng_unit(&r) - 0.9;

            v[i * d + j] = (float)x;
            norm += x * x;
        }
        for (size_t j = 0; j < d; j++)
            v[i * d + j] /= (float)sqrt(norm);
    }
}


/* By the sums of the header, newest event last; false without a like. */
static bool state_naive(const rk_bilinear *m, const float *vectors,
                        const rk_seen *seen, size_t n, double *out)
{
    double norm = 0;
    double weight = 1;

    memset(out, 0, m->d * sizeof(*out));
    for (size_t i = n; i-- > 0;) {
        if (seen[i].label <= 0)
            continue;
        for (size_t j = 0; j < m->d; j++)
            out[j] += weight * ((double)vectors[seen[i].item * m->d + j] -
                                (double)m->mean[j]);
        weight *= (double)m->decay;
    }
    for (size_t j = 0; j < m->d; j++)
        norm += out[j] * out[j];
    for (size_t j = 0; j < m->d; j++)
        out[j] /= norm > 0 ? sqrt(norm) : 1;
    return norm > 0;
}


/* (S'S + lambda I) M - S'T into left (d, d). */
static size_t normal_equations(const rk_bilinear *m, const rk_corpus *c,
                               const float *vectors, double lambda,
                               double *left)
{
    size_t d = m->d;
    size_t n_pairs = 0;
    double s[D];

    for (size_t i = 0; i < d * d; i++)
        left[i] = lambda * (double)m->map[i];
    for (size_t u = 0; u < c->n_users; u++) {
        const rk_seen *seen = c->seen + c->start[u];

        for (size_t t = 0; t < c->start[u + 1] - c->start[u]; t++) {
            const float *next = vectors + seen[t].item * d;

            if (seen[t].label <= 0 || !state_naive(m, vectors, seen, t, s))
                continue;
            n_pairs++;
            for (size_t j = 0; j < d; j++) {
                double error = (double)m->mean[j] - (double)next[j];

                for (size_t k = 0; k < d; k++)
                    error += s[k] * (double)m->map[k * d + j];
                for (size_t i = 0; i < d; i++)
                    left[i * d + j] += s[i] * error;
            }
        }
    }
    return n_pairs;
}


static void assert_solved(const rk_corpus *c, size_t d, float lambda,
                          float decay, size_t least_pairs)
{
    static float vectors[I * D];
    double left[D * D];
    rk_bilinear *m;

    vectors_fill(vectors, c->n_items, d, 5);
    assert_int_equal(rk_bilinear_fit(&m, c, vectors, d, lambda, decay, NULL),
                     RK_OK);
    assert_int_equal(m->d, d);
    assert_true(normal_equations(m, c, vectors,
                                 lambda != 0 ? (double)lambda : 10,
                                 left) >= least_pairs);
    for (size_t i = 0; i < d * d; i++)
        assert_true(fabs(left[i]) < 1e-3);
    rk_bilinear_free(m);
}


static void test_the_map_solves_the_normal_equations(void **state)
{
    rk_corpus c = small_corpus_random(6, 12, 7, 1);

    (void)state;
    assert_solved(&c, 5, 2, 0.7f, 10);
    assert_solved(&c, 5, 0, 0, 10);
    small_corpus_clear(&c);
}


static void test_more_pairs_than_a_batch_solve_them_too(void **state)
{
    rk_corpus c = small_corpus_random(60, I, 70, 2);

    (void)state;
    assert_solved(&c, D, 3, 0.6f, 2 * 1024);
    small_corpus_clear(&c);
}


static void test_the_mean_is_that_of_the_catalogue(void **state)
{
    enum { WIDE = 37 };
    static float vectors[12 * WIDE];
    rk_corpus c = small_corpus_random(6, 12, 7, 1);
    rk_bilinear *m;

    (void)state;
    vectors_fill(vectors, 12, WIDE, 1);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, WIDE, 0, 0, NULL), RK_OK);
    for (size_t j = 0; j < WIDE; j++) {
        double sum = 0;

        for (size_t i = 0; i < 12; i++)
            sum += (double)vectors[i * WIDE + j];
        assert_true(fabs(sum / 12 - (double)m->mean[j]) < 1e-6);
    }
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


static uint32_t best_item(const float *vectors, const float *query)
{
    uint32_t best = 0;
    float best_score = -INFINITY;

    for (uint32_t i = 0; i < I; i++) {
        float score = 0;

        for (size_t j = 0; j < D; j++)
            score += query[j] * vectors[i * D + j];
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return best;
}


/* The item nearest to v - mean turned by a quarter in each pair of
 * coordinates. */
static uint32_t turned_next(const float *vectors, const float *mean,
                            uint32_t item)
{
    const float *v = vectors + item * D;
    float turned[D];

    for (size_t j = 0; j < D; j += 2) {
        turned[j] = -(v[j + 1] - mean[j + 1]);
        turned[j + 1] = v[j] - mean[j];
    }
    return best_item(vectors, turned);
}


/* One user an item, who liked it and then the one that it turns to. */
static rk_corpus turning_corpus(const float *vectors)
{
    rk_corpus c = small_corpus_new(I, I, 2);
    float mean[D] = {0};

    for (size_t i = 0; i < (size_t)I * D; i++)
        mean[i % D] += vectors[i] / I;
    for (uint32_t u = 0; u < I; u++) {
        c.seen[2 * u] = (rk_seen){u, 1, 1, 0};
        c.seen[2 * u + 1] = (rk_seen){turned_next(vectors, mean, u), 1, 1, 1};
    }
    return c;
}


/* Learnt from five users in six, it finds what the others liked next, who
 * started from items that no history began with. */
static void test_a_planted_rotation_is_learnt(void **state)
{
    enum { TRAINING = I * 5 / 6 };
    static float vectors[I * D];
    rk_corpus c;
    rk_bilinear *m;
    float s[D];
    float query[D];
    size_t by_map = 0;
    size_t by_state = 0;

    (void)state;
    vectors_fill(vectors, I, D, 7);
    c = turning_corpus(vectors);
    c.n_users = TRAINING;
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0.1f, 0.8f, NULL),
                     RK_OK);
    for (size_t u = TRAINING; u < I; u++) {
        const rk_seen *seen = c.seen + 2 * u;

        assert_true(rk_bilinear_state(m, vectors, seen, 1, NULL, 0, s));
        rk_bilinear_query(m, s, query);
        by_map += best_item(vectors, query) == seen[1].item;
        by_state += best_item(vectors, s) == seen[1].item;
    }
    assert_true(by_map >= 70);
    assert_true(by_state <= 2);
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


static void test_a_state_is_the_decayed_sum_of_likes(void **state)
{
    static float vectors[I * D];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    rk_bilinear *m;
    float got[D];
    double want[D];

    (void)state;
    vectors_fill(vectors, I, D, 8);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 0, NULL), RK_OK);
    for (size_t u = 0; u < 20; u++) {
        const rk_seen *seen = c.seen + c.start[u];

        assert_int_equal(state_naive(m, vectors, seen, 9, want),
                         rk_bilinear_state(m, vectors, seen, 9, NULL, 1, got));
        for (size_t j = 0; j < D; j++)
            assert_true(fabs(want[j] - (double)got[j]) < 1e-5);
    }
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


static void test_a_profile_weighs_against_an_endless_history(void **state)
{
    static float vectors[I * D];
    static rk_seen endless[200];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    float profile[D];
    float alone[D];
    float mixed[D];
    rk_bilinear *m;
    double norm = 0;

    (void)state;
    vectors_fill(vectors, I, D, 9);
    vectors_fill(profile, 1, D, 10);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 0, NULL), RK_OK);
    for (size_t i = 0; i < 200; i++)
        endless[i] = (rk_seen){17, 1, 1, 0};

    /* At weight 1 the state lies halfway between item 17 and the profile. */
    assert_true(rk_bilinear_state(m, vectors, endless, 200, profile, 1, mixed));
    for (size_t j = 0; j < D; j++) {
        alone[j] = vectors[17 * D + j] + profile[j] - 2 * m->mean[j];
        norm += (double)alone[j] * (double)alone[j];
    }
    for (size_t j = 0; j < D; j++)
        assert_true(fabs((double)mixed[j] - (double)alone[j] / sqrt(norm)) <
                    1e-4);

    /* Without likes any weight gives the profile's own direction. */
    assert_true(rk_bilinear_state(m, vectors, NULL, 0, profile, 0.1f, mixed));
    assert_true(rk_bilinear_state(m, vectors, NULL, 0, profile, 2, alone));
    for (size_t j = 0; j < D; j++)
        assert_true(fabsf(mixed[j] - alone[j]) < 1e-6f);
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


static void test_without_likes_or_profile_there_is_no_state(void **state)
{
    static float vectors[I * D];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    rk_seen history[] = {{1, -1, 1, 0}, {2, 0, 1, 0}};
    float s[D];
    rk_bilinear *m;

    (void)state;
    vectors_fill(vectors, I, D, 9);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 0, NULL), RK_OK);
    s[0] = 1;
    assert_false(rk_bilinear_state(m, vectors, history, 2, NULL, 1, s));
    assert_true(s[0] == 0);
    assert_false(rk_bilinear_state(m, vectors, NULL, 0, m->mean, 1, s));
    for (size_t j = 0; j < D; j++)
        assert_true(s[j] == 0);
    rk_bilinear_free(m);
    rk_bilinear_free(NULL);
    small_corpus_clear(&c);
}


static void test_a_query_gives_the_score_of_the_header(void **state)
{
    static float vectors[I * D];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    float s[D];
    float query[D];
    rk_bilinear *m;

    (void)state;
    vectors_fill(vectors, I, D, 9);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 0, NULL), RK_OK);
    assert_true(rk_bilinear_state(m, vectors, c.seen, 9, NULL, 1, s));
    rk_bilinear_query(m, s, query);
    for (size_t j = 0; j < D; j++) {
        double sum = 0;

        for (size_t i = 0; i < D; i++)
            sum += (double)m->map[i * D + j] * (double)s[i];
        assert_true(fabs(sum - (double)query[j]) < 1e-5);
    }
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


static void test_unusable_input_is_refused(void **state)
{
    static float vectors[I * D];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    rk_corpus single = small_corpus_random(5, I, 1, 4);
    rk_bilinear *m;
    rk_error err;

    (void)state;
    vectors_fill(vectors, I, D, 9);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, 0, 0, 0, &err),
                     RK_EINVAL);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, -1, 0, &err),
                     RK_EINVAL);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 1, &err),
                     RK_EINVAL);
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, NAN, &err),
                     RK_EINVAL);
    assert_int_equal(rk_bilinear_fit(&m, &single, vectors, D, 0, 0, &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "no user of 5 liked two"));
    vectors[3 * D + 2] = NAN;
    assert_int_equal(rk_bilinear_fit(&m, &c, vectors, D, 0, 0, &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "component 2"));
    assert_null(m);
    small_corpus_clear(&c);
    small_corpus_clear(&single);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    static float vectors[I * D];
    rk_corpus c = small_corpus_random(20, I, 9, 4);
    rk_bilinear *m = NULL;
    size_t fail = 0;
    int rc;

    (void)state;
    vectors_fill(vectors, I, D, 9);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_bilinear_fit(&m, &c, vectors, D, 0, 0, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m);
        }
    } while (rc != RK_OK);
    assert_true(fail > 7);
    rk_bilinear_free(m);
    small_corpus_clear(&c);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_map_solves_the_normal_equations),
        cmocka_unit_test(test_more_pairs_than_a_batch_solve_them_too),
        cmocka_unit_test(test_the_mean_is_that_of_the_catalogue),
        cmocka_unit_test(test_a_planted_rotation_is_learnt),
        cmocka_unit_test(test_a_state_is_the_decayed_sum_of_likes),
        cmocka_unit_test(test_a_profile_weighs_against_an_endless_history),
        cmocka_unit_test(test_without_likes_or_profile_there_is_no_state),
        cmocka_unit_test(test_a_query_gives_the_score_of_the_header),
        cmocka_unit_test(test_unusable_input_is_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/mem.h"
#include "core/rng.h"
#include "learn/vector_taste.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define D       6
#define N_ITEMS 12
#define N_SEEN  9

static float vectors[N_ITEMS * D];
static float mean[D];
static rk_seen seen[N_SEEN];


static void draw(uint64_t seed)
{
    rk_rng rng = {seed};

    memset(mean, 0, sizeof(mean));
    for (size_t i = 0; i < N_ITEMS * D; i++) {
        vectors[i] = (float)(rk_rng_unit(&rng) - 0.5);
        mean[i % D] += vectors[i] / N_ITEMS;
    }
    for (uint32_t e = 0; e < N_SEEN; e++)
        seen[e] = (rk_seen){.item = e, .label = e % 3 == 0 ? -1 : e % 3 == 1};
}


static float kernel(uint32_t a, uint32_t b)
{
    float k = 0;

    for (size_t i = 0; i < D; i++)
        k += (vectors[a * D + i] - mean[i]) * (vectors[b * D + i] - mean[i]);
    return k;
}


/* (K + lambda I) alpha = y, row by row. */
static void test_alpha_solves_its_equation(void **state)
{
    rk_vector_taste t;
    float direction[D];

    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        draw(seed);
        assert_int_equal(rk_vector_taste_fit(&t, direction, vectors, mean, D,
                                             seen, N_SEEN, 0.5f, NULL),
                         RK_OK);
        assert_int_equal(t.n, 6); /* a third is neither liked nor disliked */
        for (size_t a = 0; a < t.n; a++) {
            float sum = 0.5f * t.alpha[a];

            for (size_t b = 0; b < t.n; b++)
                sum += kernel(t.item[a], t.item[b]) * t.alpha[b];
            assert_true(fabsf(sum - (float)t.label[a]) < 1e-4f);
        }
    }
}


static void test_parts_of_the_events_add_up_to_the_score(void **state)
{
    rk_vector_taste t;
    float direction[D];

    (void)state;
    draw(7);
    assert_int_equal(rk_vector_taste_fit(&t, direction, vectors, mean, D, seen,
                                         N_SEEN, 0, NULL),
                     RK_OK);
    for (uint32_t item = 0; item < N_ITEMS; item++) {
        float score = 0;
        float parts = 0;

        for (size_t i = 0; i < D; i++)
            score += direction[i] * (vectors[item * D + i] - mean[i]);
        for (size_t a = 0; a < t.n; a++)
            parts += rk_vector_taste_part(&t, a, vectors, mean, D, item);
        assert_true(fabsf(score - parts) < 1e-5f);
    }
}


static void test_the_newest_event_of_an_item_counts(void **state)
{
    rk_seen twice[] = {{.item = 3, .label = +1}, {.item = 3, .label = -1}};
    rk_vector_taste t;
    float direction[D];

    (void)state;
    draw(1);
    assert_int_equal(
        rk_vector_taste_fit(&t, direction, vectors, mean, D, twice, 2, 0, NULL),
        RK_OK);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.label[0], -1);
}


static void test_nothing_labelled_is_no_taste(void **state)
{
    rk_vector_taste t;
    float direction[D];

    (void)state;
    draw(1);
    assert_int_equal(
        rk_vector_taste_fit(&t, direction, vectors, mean, D, seen, 0, 0, NULL),
        RK_OK);
    assert_int_equal(t.n, 0);
    for (size_t i = 0; i < D; i++)
        assert_true(direction[i] == 0);
}


static void test_each_failing_allocation_is_reported(void **state)
{
    rk_vector_taste t;
    float direction[D];
    size_t failures = 0;
    int rc;

    (void)state;
    draw(2);
    for (size_t at = 1; at < 20; at++) {
        rk_mem_fail_at(at);
        rc = rk_vector_taste_fit(&t, direction, vectors, mean, D, seen, N_SEEN,
                                 0, NULL);
        rk_mem_fail_at(0);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        failures++;
    }
    assert_int_equal(rc, RK_OK);
    assert_true(failures >= 2);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha_solves_its_equation),
        cmocka_unit_test(test_parts_of_the_events_add_up_to_the_score),
        cmocka_unit_test(test_the_newest_event_of_an_item_counts),
        cmocka_unit_test(test_nothing_labelled_is_no_taste),
        cmocka_unit_test(test_each_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

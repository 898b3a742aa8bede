#include "core/rng.h"
#include "core/topk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define N 300


/* Few different scores, so that ties are common. */
static void draw(rk_hit *all, uint64_t seed)
{
    rk_rng rng = {seed};

    for (uint32_t i = 0; i < N; i++)
        all[i] = (rk_hit){i, (float)rk_rng_below(&rng, 40)};
}


static void test_the_best_are_those_of_a_whole_sort(void **state)
{
    static const size_t ks[] = {0, 1, 2, 7, 64, N, N + 50};
    rk_hit all[N];
    rk_hit room[N + 50];

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        for (size_t j = 0; j < sizeof(ks) / sizeof(ks[0]); j++) {
            rk_topk top;
            size_t n;

            draw(all, seed);
            rk_topk_init(&top, room, ks[j]);
            for (uint32_t i = 0; i < N; i++)
                rk_topk_add(&top, all[i].index, all[i].score);
            n = rk_topk_finish(&top);
            rk_hits_sort(all, N);
            assert_int_equal(n, ks[j] < N ? ks[j] : N);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(room[i].index, all[i].index);
        }
    }
}


static void test_ties_go_to_the_lower_index(void **state)
{
    rk_hit room[2];
    rk_topk top;

    (void)state;
    rk_topk_init(&top, room, 2);
    for (uint32_t i = 5; i-- > 0;)
        rk_topk_add(&top, i, 1);
    assert_int_equal(rk_topk_finish(&top), 2);
    assert_int_equal(room[0].index, 0);
    assert_int_equal(room[1].index, 1);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_are_those_of_a_whole_sort),
        cmocka_unit_test(test_ties_go_to_the_lower_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

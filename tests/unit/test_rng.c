#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DRAWS 20000


/* The first numbers of the reference implementation
 * (prng.di.unimi.it/splitmix64.c) for two seeds. */
static void test_the_numbers_are_those_of_splitmix64(void **state)
{
    static const uint64_t zero[] = {0xE220A8397B1DCDAFu, 0x6E789E6AA1B965F4u,
                                    0x06C45D188009454Fu, 0xF88BB8A8724C81ECu};
    static const uint64_t other[] = {6457827717110365317u, 3203168211198807973u,
                                     9817491932198370423u, 4593380528125082431u,
                                     16408922859458223821u};
    rk_rng a = {0};
    rk_rng b = {1234567};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(rk_rng_u64(&a) == zero[i]);
    for (size_t i = 0; i < 5; i++)
        assert_true(rk_rng_u64(&b) == other[i]);
}


/* Each tenth gets a tenth, within five standard deviations. */
static void test_draws_stay_in_their_range_and_fill_it(void **state)
{
    size_t below[10] = {0};
    size_t unit[10] = {0};
    rk_rng r = {7};

    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        uint32_t n = rk_rng_below(&r, 10);
        double u = rk_rng_unit(&r);

        assert_true(n < 10);
        assert_true(u >= 0 && u < 1);
        below[n]++;
        unit[(size_t)(10 * u)]++;
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(below[i], 2000 - 215, 2000 + 215);
        assert_in_range(unit[i], 2000 - 215, 2000 + 215);
    }
    assert_int_equal(rk_rng_below(&r, 1), 0);
    for (size_t i = 0; i < 100; i++)
        assert_true(rk_rng_below(&r, UINT32_MAX) < UINT32_MAX);
}


/* All six orders of three come about equally often. */
static void test_a_shuffle_is_every_order_equally(void **state)
{
    size_t seen[27] = {0};
    rk_rng r = {3};
    uint32_t none = 9;

    (void)state;
    for (size_t i = 0; i < 6000; i++) {
        uint32_t v[] = {0, 1, 2};

        rk_rng_shuffle(&r, v, 3);
        seen[9 * v[0] + 3 * v[1] + v[2]]++;
    }
    for (uint32_t a = 0; a < 27; a++) {
        uint32_t x = a / 9;
        uint32_t y = a / 3 % 3;
        uint32_t z = a % 3;

        if (x != y && y != z && x != z)
            assert_in_range(seen[a], 1000 - 150, 1000 + 150);
        else
            assert_int_equal(seen[a], 0);
    }
    rk_rng_shuffle(&r, &none, 0);
    assert_int_equal(none, 9);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_numbers_are_those_of_splitmix64),
        cmocka_unit_test(test_draws_stay_in_their_range_and_fill_it),
        cmocka_unit_test(test_a_shuffle_is_every_order_equally),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

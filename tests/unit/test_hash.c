#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Written into snapshots and stores: must never change. The first two are
 * XXH3_64bits of nothing and of "abc", as any xxHash gives them. */
static void test_hashes_are_what_they_were(void **state)
{
    (void)state;
    assert_true(rk_hash64("", 0) == 0x2D06800538D394C2u);
    assert_true(rk_hash64("abc", 3) == 0x78AF5F94892F3950u);
    assert_string_equal(rk_key_of("vector", "a", NULL).hex,
                        "c21307e7c4b4e3034f3f7ff88e4e0811");
}


static void test_a_key_tells_divisions_of_letters_apart(void **state)
{
    const rk_key keys[] = {
        rk_key_of("abc", NULL),     rk_key_of("ab", "c", NULL),
        rk_key_of("a", "bc", NULL), rk_key_of("a", "b", "c", NULL),
        rk_key_of("abc", "", NULL), rk_key_of("", "abc", NULL),
        rk_key_of("", NULL),        rk_key_of("c", "b", "a", NULL)};
    size_t n = sizeof(keys) / sizeof(keys[0]);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strlen(keys[i].hex), 32);
        assert_int_equal(strspn(keys[i].hex, "0123456789abcdef"), 32);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i].hex, keys[j].hex);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_what_they_were),
        cmocka_unit_test(test_a_key_tells_divisions_of_letters_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

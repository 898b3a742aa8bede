#include "data/strings.h"

#include "core/mem.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static rk_ids *new_ids(void)
{
    rk_ids *ids;

    assert_int_equal(rk_ids_new(&ids, NULL), RK_OK);
    return ids;
}


static uint32_t add(rk_ids *ids, const char *id)
{
    uint32_t position = RK_NO_ID;

    assert_int_equal(rk_ids_add(ids, id, &position, NULL), RK_OK);
    return position;
}


static void test_strings_at_finds_each_string_in_the_block(void **state)
{
    static const uint64_t offsets[] = {3, 0, 6};
    rk_strings s = {offsets, "ab\0cd\0\0", 3, 7};

    (void)state;
    assert_string_equal(rk_strings_at(&s, 0), "cd");
    assert_string_equal(rk_strings_at(&s, 1), "ab");
    assert_string_equal(rk_strings_at(&s, 2), "");
}


static void test_ids_are_given_positions_in_order_of_arrival(void **state)
{
    rk_ids *ids = new_ids();

    (void)state;
    assert_int_equal(add(ids, "b"), 0);
    assert_int_equal(add(ids, "a"), 1);
    assert_int_equal(add(ids, "b"), 0);
    assert_int_equal(add(ids, ""), 2);
    assert_int_equal(rk_ids_count(ids), 3);
    assert_string_equal(rk_ids_at(ids, 1), "a");
    assert_int_equal(rk_ids_find(ids, ""), 2);
    assert_int_equal(rk_ids_find(ids, "c"), RK_NO_ID);
    rk_ids_free(ids);
}


/* The slow oracle: a list searched from its start. */
static uint32_t list_find(char (*list)[8], size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], id) == 0)
            return (uint32_t)i;
    return RK_NO_ID;
}


static void test_ids_agree_with_a_searched_list(void **state)
{
    static char list[2000][8];
    rk_ids *ids = new_ids();
    rk_rng r = {7};
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        char id[8];
        uint32_t expected;

        snprintf(id, sizeof(id), "%x", (unsigned)rk_rng_below(&r, 2000));
        expected = list_find(list, n, id);
        assert_int_equal(rk_ids_find(ids, id), expected);
        if (expected == RK_NO_ID) {
            expected = (uint32_t)n;
            memcpy(list[n++], id, sizeof(id));
        }
        assert_int_equal(add(ids, id), expected);
        assert_int_equal(rk_ids_count(ids), n);
    }
    for (size_t i = 0; i < n; i++)
        assert_string_equal(rk_ids_at(ids, (uint32_t)i), list[i]);
    rk_ids_free(ids);
}


static void test_ids_keep_long_strings_and_do_not_move_them(void **state)
{
    static char big[200000];
    rk_ids *ids = new_ids();
    const char *first;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    add(ids, "first");
    first = rk_ids_at(ids, 0);
    for (size_t len = 0; len < sizeof(big); len += 9973) {
        big[len] = '\0';
        add(ids, big);
        assert_int_equal(rk_ids_find(ids, big), len / 9973 + 1);
        big[len] = 'x';
    }
    assert_ptr_equal(rk_ids_at(ids, 0), first);
    assert_string_equal(first, "first");
    assert_int_equal(strlen(rk_ids_at(ids, 2)), 9973);
    rk_ids_free(ids);
}


/* Adds 100 ids; RK_ENOMEM wherever an allocation fails. */
static int fill(rk_ids *ids)
{
    char id[16];
    uint32_t position;
    int rc = RK_OK;

    for (int i = 0; i < 100 && rc == RK_OK; i++) {
        snprintf(id, sizeof(id), "%d", i);
        rc = rk_ids_add(ids, id, &position, NULL);
    }
    return rc;
}


static void test_ids_stand_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t at = 1;; at++) {
        rk_ids *ids;
        int rc;

        rk_mem_fail_at(at);
        rc = rk_ids_new(&ids, NULL);
        if (rc) {
            assert_null(ids);
        } else {
            rc = fill(ids);
            rk_mem_fail_at(0);
            if (rc) {
                /* What came before the failure is whole, and it goes on. */
                size_t n = rk_ids_count(ids);

                assert_true(n < 100);
                for (size_t i = 0; i < n; i++)
                    assert_int_equal(
                        rk_ids_find(ids, rk_ids_at(ids, (uint32_t)i)), i);
                assert_int_equal(fill(ids), RK_OK);
            }
            assert_int_equal(rk_ids_count(ids), 100);
        }
        rk_mem_fail_at(0);
        rk_ids_free(ids);
        if (rc == RK_OK) {
            assert_true(at > 5);
            break;
        }
        assert_int_equal(rc, RK_ENOMEM);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_at_finds_each_string_in_the_block),
        cmocka_unit_test(test_ids_are_given_positions_in_order_of_arrival),
        cmocka_unit_test(test_ids_agree_with_a_searched_list),
        cmocka_unit_test(test_ids_keep_long_strings_and_do_not_move_them),
        cmocka_unit_test(test_ids_stand_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "paradigms/who.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Oldest first; items 1 and 2 come again. */
static const rk_seen history[] = {
    {.item = 1, .label = +1}, {.item = 2, .label = -1},
    {.item = 3, .label = 0},  {.item = 4, .label = +1},
    {.item = 1, .label = +1}, {.item = 2, .label = +1},
};

static const rk_who reader = {.history = history, .n_history = 6};
static const rk_who nobody = {.history = NULL};


static void test_events_are_counted_by_label(void **state)
{
    (void)state;
    assert_int_equal(rk_who_count(&reader, +1), 4);
    assert_int_equal(rk_who_count(&reader, -1), 1);
    assert_int_equal(rk_who_count(&reader, 0), 1);
    assert_int_equal(rk_who_count(&nobody, +1), 0);
}


static void test_the_share_of_likes_begins_at_everybodys(void **state)
{
    (void)state;
    assert_true(fabsf(rk_who_like_share(&nobody, 0.7f) - 0.7f) < 1e-6f);
    assert_true(fabsf(rk_who_like_share(&reader, 0.7f) - 7.5f / 10) < 1e-6f);
}


static void test_the_latest_are_each_item_once_oldest_first(void **state)
{
    static const uint32_t all[] = {4, 1, 2};
    static const uint32_t two[] = {1, 2};
    uint32_t items[6];

    (void)state;
    assert_int_equal(rk_who_latest(&reader, +1, 6, items), 3);
    assert_memory_equal(items, all, sizeof(all));
    assert_int_equal(rk_who_latest(&reader, +1, 2, items), 2);
    assert_memory_equal(items, two, sizeof(two));
    assert_int_equal(rk_who_latest(&reader, -1, 6, items), 1);
    assert_int_equal(items[0], 2);
    assert_int_equal(rk_who_latest(&reader, +1, 0, items), 0);
    assert_int_equal(rk_who_latest(&nobody, +1, 6, items), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_are_counted_by_label),
        cmocka_unit_test(test_the_share_of_likes_begins_at_everybodys),
        cmocka_unit_test(test_the_latest_are_each_item_once_oldest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

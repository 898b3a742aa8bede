#include "core/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MOST 1000

/* How often each place was visited, and by how many calls. */
typedef struct visits {
    atomic_int at[MOST + 1];
    atomic_size_t calls;
} visits;


static void visit(void *ctx, size_t begin, size_t end)
{
    visits *v = ctx;

    v->calls++;
    for (size_t i = begin; i < end; i++)
        v->at[i]++;
}


static void test_every_place_is_visited_once(void **state)
{
    static const size_t ns[] = {0, 1, 2, 3, 7, 64, 65, MOST};
    static visits v;

    (void)state;
    for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
        memset(&v, 0, sizeof(v));
        rk_parallel(ns[i], visit, &v);
        for (size_t k = 0; k <= MOST; k++)
            assert_int_equal(v.at[k], k < ns[i]);
        assert_true(v.calls <= (size_t)rk_threads());
        assert_true(v.calls <= ns[i]);
    }
}


static void split_again(void *ctx, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        rk_parallel(10, visit, ctx);
}


static void test_a_part_may_be_split_again(void **state)
{
    static visits v;

    (void)state;
    memset(&v, 0, sizeof(v));
    rk_parallel(5, split_again, &v);
    for (size_t k = 0; k < 10; k++)
        assert_int_equal(v.at[k], 5);
}


static void test_there_is_a_thread_and_not_too_many(void **state)
{
    (void)state;
    assert_in_range(rk_threads(), 1, 64);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_place_is_visited_once),
        cmocka_unit_test(test_a_part_may_be_split_again),
        cmocka_unit_test(test_there_is_a_thread_and_not_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

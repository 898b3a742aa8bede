#include "llm/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WORK 1e9

/* One batch: takes `took_us` of the clock and is disturbed so often. Returns
 * the threads it had. */
static int batch(rk_pace *p, int64_t *clock_us, int64_t took_us, long disturbed)
{
    int threads = rk_pace_threads(p, WORK, *clock_us);

    *clock_us += took_us;
    rk_pace_note(p, threads, *clock_us, took_us, disturbed);
    return threads;
}


static void test_pace_keeps_all_threads_while_nothing_disturbs(void **state)
{
    int64_t clock_us = 1;
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 8);
    for (int i = 0; i < 100; i++)
        assert_int_equal(batch(&p, &clock_us, 100000, 3), 8);
}


static void test_pace_halves_threads_that_are_disturbed(void **state)
{
    int64_t clock_us = 1;
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 8);
    assert_int_equal(batch(&p, &clock_us, 100000, 40), 8);
    assert_int_equal(batch(&p, &clock_us, 100000, 40), 4);
    assert_int_equal(batch(&p, &clock_us, 100000, 40), 2);
    assert_int_equal(batch(&p, &clock_us, 100000, 40), 1);
    assert_int_equal(batch(&p, &clock_us, 100000, 40), 1);
}


static void test_pace_doubles_again_once_the_others_are_gone(void **state)
{
    int64_t clock_us = 1;
    int64_t limit_us;
    rk_pace p;
    int last = 1;

    (void)state;
    rk_pace_init(&p, 6);
    while (batch(&p, &clock_us, 10000, 40) > 1)
        ;
    limit_us = clock_us + 120000000;
    while (last < 6 && clock_us < limit_us) {
        int threads = batch(&p, &clock_us, 10000, 0);

        assert_true(threads == last || threads == 2 * last || threads == 6);
        last = threads;
    }
    assert_int_equal(last, 6);
}


static void test_pace_tries_ever_more_rarely_while_it_fails(void **state)
{
    int64_t clock_us = 1;
    int64_t last_us = 0, gap_us = 0;
    int n_tries = 0;
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 2);
    while (clock_us < 600000000) {
        int64_t begun_us = clock_us;

        if (batch(&p, &clock_us, 10000, 40) < 2)
            continue;
        if (n_tries++ > 0) {
            assert_true(begun_us - last_us >= gap_us);
            gap_us = begun_us - last_us - 10000; /* a batch's grain */
        }
        last_us = begun_us;
    }
    assert_in_range(n_tries, 20, 30); /* seven, then one in 30 s */
}


static void
test_pace_gives_small_work_one_thread_and_learns_nothing(void **state)
{
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 2);
    assert_int_equal(rk_pace_threads(&p, 1e6, 1), 1);
    rk_pace_note(&p, 1, 2, 100000, 1000);
    assert_int_equal(rk_pace_threads(&p, WORK, 3), 2);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_keeps_all_threads_while_nothing_disturbs),
        cmocka_unit_test(test_pace_halves_threads_that_are_disturbed),
        cmocka_unit_test(test_pace_doubles_again_once_the_others_are_gone),
        cmocka_unit_test(test_pace_tries_ever_more_rarely_while_it_fails),
        cmocka_unit_test(
            test_pace_gives_small_work_one_thread_and_learns_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

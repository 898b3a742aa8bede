#include "llm/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WORK     1e9
#define BATCH_US 100000

/* A machine of which so many cores are free, and its clock. */
typedef struct machine {
    int n_free;
    int64_t now_us;
    int n_trials;
} machine;


/* One batch on it, as the backend does it. Returns the threads it had; those
 * that had no core of their own were put aside again and again. */
static int batch(rk_pace *p, machine *m)
{
    int threads;

    if (rk_pace_due(p, WORK, m->now_us)) {
        rk_pace_tried(p, m->n_free < p->most ? m->n_free : p->most, m->now_us);
        m->n_trials++;
    }
    threads = rk_pace_threads(p, WORK);
    m->now_us += BATCH_US;
    rk_pace_note(p, threads, m->now_us, BATCH_US, threads > m->n_free ? 40 : 3);
    return threads;
}


static void test_pace_uses_all_cores_that_are_free(void **state)
{
    machine m = {.n_free = 8};
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 8);
    for (int i = 0; i < 100; i++)
        assert_int_equal(batch(&p, &m), 8);
    assert_int_equal(m.n_trials, 1);

    m = (machine){.n_free = 5};
    rk_pace_init(&p, 8);
    for (int i = 0; i < 100; i++)
        assert_int_equal(batch(&p, &m), 5);
}


static void test_pace_leaves_cores_that_others_want(void **state)
{
    machine m = {.n_free = 8};
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 8);
    assert_int_equal(batch(&p, &m), 8);
    m.n_free = 1;
    assert_int_equal(batch(&p, &m), 8);
    assert_int_equal(batch(&p, &m), 4);
    assert_int_equal(batch(&p, &m), 2);
    assert_int_equal(batch(&p, &m), 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(batch(&p, &m), 1);
}


static void test_pace_comes_back_once_the_others_are_gone(void **state)
{
    machine m = {.n_free = 0};
    rk_pace p;
    int i = 0;

    (void)state;
    rk_pace_init(&p, 2);
    while (m.now_us < 60000000)
        assert_int_equal(batch(&p, &m), 1);
    m.n_free = 2;
    while (batch(&p, &m) == 1)
        i++;
    assert_true(i <= 100); /* ten seconds */
    assert_int_equal(batch(&p, &m), 2);
}


static void test_pace_tries_ever_more_rarely_while_it_fails(void **state)
{
    machine m = {.n_free = 1};
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 2);
    while (m.now_us < 8000000)
        batch(&p, &m);
    assert_int_equal(m.n_trials, 5); /* at 0, 0.5, 1.5, 3.5 and 7.5 s */
    m.n_trials = 0;
    while (m.now_us < 108000000)
        batch(&p, &m);
    assert_in_range(m.n_trials, 9, 11);
}


static void test_pace_gives_small_work_one_thread(void **state)
{
    rk_pace p;

    (void)state;
    rk_pace_init(&p, 2);
    assert_false(rk_pace_due(&p, 1e6, 0));
    assert_true(rk_pace_due(&p, WORK, 0));
    rk_pace_tried(&p, 2, 0);
    assert_int_equal(rk_pace_threads(&p, 1e6), 1);
    assert_int_equal(rk_pace_threads(&p, WORK), 2);
    rk_pace_note(&p, 1, 1, 100000, 1000); /* it learns nothing of that */
    assert_int_equal(rk_pace_threads(&p, WORK), 2);
}


static void test_pace_finds_no_more_free_cores_than_it_tried(void **state)
{
    int n_free = rk_pace_try(2);

    (void)state;
    assert_in_range(n_free, 0, 2);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_uses_all_cores_that_are_free),
        cmocka_unit_test(test_pace_leaves_cores_that_others_want),
        cmocka_unit_test(test_pace_comes_back_once_the_others_are_gone),
        cmocka_unit_test(test_pace_tries_ever_more_rarely_while_it_fails),
        cmocka_unit_test(test_pace_gives_small_work_one_thread),
        cmocka_unit_test(test_pace_finds_no_more_free_cores_than_it_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

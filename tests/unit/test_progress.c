#include "core/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct heard {
    const char *stage;
    uint64_t done;
    uint64_t total;
    int answer;
} heard;


static int hear(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    heard *h = ctx;

    h->stage = stage;
    h->done = done;
    h->total = total;
    return h->answer;
}


static void test_who_listens_hears_it(void **state)
{
    heard h = {0};
    rk_progress p = {hear, &h};

    (void)state;
    assert_int_equal(rk_progress_report(&p, "reading", 3, 9, NULL), RK_OK);
    assert_string_equal(h.stage, "reading");
    assert_int_equal(h.done, 3);
    assert_int_equal(h.total, 9);
}


static void test_nobody_need_listen(void **state)
{
    rk_progress silent = {0};

    (void)state;
    assert_int_equal(rk_progress_report(NULL, "reading", 1, 2, NULL), RK_OK);
    assert_int_equal(rk_progress_report(&silent, "reading", 1, 2, NULL), RK_OK);
}


static void test_any_answer_but_zero_stops(void **state)
{
    heard h = {.answer = -1};
    rk_progress p = {hear, &h};
    rk_error err;

    (void)state;
    assert_int_equal(rk_progress_report(&p, "reading", 3, 9, &err),
                     RK_ECANCELLED);
    assert_int_equal(err.code, RK_ECANCELLED);
    assert_string_equal(err.msg,
                        "stopped at reading, 3 of 9: run it again to go on");
    h.answer = 1;
    assert_int_equal(rk_progress_report(&p, "reading", 3, 9, NULL),
                     RK_ECANCELLED);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_listens_hears_it),
        cmocka_unit_test(test_nobody_need_listen),
        cmocka_unit_test(test_any_answer_but_zero_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_a_failure_is_one_line_with_its_code(void **state)
{
    rk_error err;

    (void)state;
    assert_int_equal(
        rk_fail(&err, RK_EINVAL, "k is %d,\nmust be\r1 to %s", 0, "9"),
        RK_EINVAL);
    assert_int_equal(err.code, RK_EINVAL);
    assert_string_equal(err.msg, "k is 0, must be 1 to 9");
}


static void test_a_long_message_is_cut(void **state)
{
    char text[1000];
    rk_error err;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(rk_fail(&err, RK_EIO, "%s", text), RK_EIO);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}


static void test_nobody_need_ask_why(void **state)
{
    rk_error err;

    (void)state;
    assert_int_equal(rk_fail(NULL, RK_EIO, "%d", 1), RK_EIO);
    assert_int_equal(rk_no_memory(NULL), RK_ENOMEM);
    assert_int_equal(rk_no_memory(&err), RK_ENOMEM);
    assert_string_equal(err.msg, "out of memory");
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_is_one_line_with_its_code),
        cmocka_unit_test(test_a_long_message_is_cut),
        cmocka_unit_test(test_nobody_need_ask_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
    int64_t us = -1;

    assert_true(rk_time_parse(text, &us));
    return us;
}


static void test_forms_of_one_moment_are_equal(void **state)
{
    int64_t noon = at("2026-11-24T12:00:00Z");

    (void)state;
    assert_true(noon == at("2026-11-24 12:00"));
    assert_true(noon == at("2026-11-24T12:00:00.000Z"));
    assert_true(noon == at("2026-11-24T14:00:00+02:00"));
    assert_true(noon == at("2026-11-24T06:30:00-0530"));
    assert_true(noon == at("1795521600"));
    assert_true(at("2026-11-24") == noon - (int64_t)12 * 3600 * 1000000);
    assert_true(at("1970-01-01T00:00:00.25Z") == 250000);
}


static void test_what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           "yesterday",        "2026-13-01",
        "2026-11-32", "2026-11-24T25:00", "2026-11-24T12:00:00X",
        "1e300",      "2026-11-24T12",    "2026-1-2",
    };
    int64_t us;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rk_time_parse(bad[i], &us));
}


static void test_what_is_written_is_read_back(void **state)
{
    static const int64_t times[] = {
        0, 1, -1, 874724710000000, 1795521600123456, -62135596800000000};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[32];

        rk_time_write(times[i], text);
        assert_true(at(text) == times[i]);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_one_moment_are_equal),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_what_is_written_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

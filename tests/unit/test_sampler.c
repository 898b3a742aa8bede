#include "learn/sampler.h"

#include "core/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ITEMS ((size_t)5)
#define DRAWS ((size_t)40000)

/* Item 1 once, item 3 six times, the others never. */
static const size_t start[] = {0, 3, 7};
static const uint32_t item[] = {3, 1, 3, 3, 3, 3, 3};
static const rk_histories histories = {2, ITEMS, start, item};


static void test_draws_come_as_often_as_they_say(void **state)
{
    static uint32_t drawn[DRAWS];
    static float log_expected[DRAWS];
    const double weight[] = {1, pow(2, 0.75), 1, pow(7, 0.75), 1};
    double found[ITEMS] = {0};
    double all = 0;
    rk_sampler *s;

    (void)state;
    for (size_t j = 0; j < ITEMS; j++)
        all += weight[j];
    assert_int_equal(rk_sampler_new(&s, &histories, NULL), RK_OK);
    rk_sampler_draw(s, 3, DRAWS, drawn, log_expected);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(drawn[i] < ITEMS);
        found[drawn[i]]++;
        assert_true(fabs(exp((double)log_expected[i]) / (double)DRAWS -
                         weight[drawn[i]] / all) < 1e-5);
    }
    for (size_t j = 0; j < ITEMS; j++)
        assert_true(fabs(found[j] / (double)DRAWS - weight[j] / all) < 0.01);
    rk_sampler_free(s);
}


static void test_the_seed_alone_decides(void **state)
{
    uint32_t a[16];
    uint32_t b[16];
    float log_expected[16];
    bool same = true;
    rk_sampler *s;

    (void)state;
    assert_int_equal(rk_sampler_new(&s, &histories, NULL), RK_OK);
    rk_sampler_draw(s, 1, 16, a, log_expected);
    rk_sampler_draw(s, 1, 16, b, log_expected);
    assert_memory_equal(a, b, sizeof(a));
    rk_sampler_draw(s, 2, 16, b, log_expected);
    for (size_t i = 0; i < 16; i++)
        same = same && a[i] == b[i];
    assert_false(same);
    rk_sampler_free(s);
}


static void test_each_failing_allocation_is_survived(void **state)
{
    rk_sampler *s;

    (void)state;
    for (size_t i = 1; i <= 2; i++) {
        rk_mem_fail_at(i);
        assert_int_equal(rk_sampler_new(&s, &histories, NULL), RK_ENOMEM);
        assert_null(s);
    }
    rk_mem_fail_at(0);
    rk_sampler_free(NULL);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_come_as_often_as_they_say),
        cmocka_unit_test(test_the_seed_alone_decides),
        cmocka_unit_test(test_each_failing_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/ials_run.h"

#include "small_histories.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define U 60
#define I 40
#define D 16

static const rk_ials_opts exact = {
    .d = D, .unseen = 0.1f, .lambda = 0.02f, .nu = 0.7f, .seed = 5};


static void test_the_gradient_is_zero_after_an_exact_half(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 1);
    rk_ials_run *run;

    (void)state;
    assert_int_equal(rk_ials_run_new(&run, h, &exact, NULL), RK_OK);
    rk_ials_run_users(run);
    rk_ials_run_items(run);
    rk_ials_run_users(run);
    for (size_t i = 0; i < (size_t)U * D; i += 7) {
        float *x = rk_ials_run_p(run) + i;
        float at = *x;
        float step = 0.05f;
        double up;
        double down;

        *x = at + step;
        up = rk_ials_run_objective(run);
        *x = at - step;
        down = rk_ials_run_objective(run);
        *x = at;
        /* The objective is quadratic in one entry: the difference of the two
         * sides is its slope, exactly. */
        assert_true(fabs(up - down) / (2 * (double)step) < 1e-3);
        assert_true(up > rk_ials_run_objective(run));
    }
    rk_ials_run_items(run);
    for (size_t i = 0; i < (size_t)I * D; i += 7) {
        float *x = rk_ials_run_q(run) + i;
        float at = *x;
        double up;
        double down;

        *x = at + 0.05f;
        up = rk_ials_run_objective(run);
        *x = at - 0.05f;
        down = rk_ials_run_objective(run);
        *x = at;
        assert_true(fabs(up - down) / 0.1 < 1e-3);
    }
    rk_ials_run_free(run);
    rk_histories_free(h);
}


/* Random starts leave rows without events to be pulled to zero, too. */
static void test_the_objective_never_rises(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 2);

    (void)state;
    for (size_t steps = 0; steps <= 3; steps++) {
        rk_ials_opts opts = exact;
        rk_ials_run *run;
        double before;
        double first;

        opts.cg_steps = steps;
        assert_int_equal(rk_ials_run_new(&run, h, &opts, NULL), RK_OK);
        first = before = rk_ials_run_objective(run);
        for (size_t half = 0; half < 16; half++) {
            double now;

            (half % 2 ? rk_ials_run_items : rk_ials_run_users)(run);
            now = rk_ials_run_objective(run);
            assert_true(now <= before * (1 + 1e-6));
            before = now;
        }
        assert_true(before < 0.9 * first);
        rk_ials_run_free(run);
    }
    rk_histories_free(h);
}


static void test_many_gradient_steps_agree_with_cholesky(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 3);
    rk_ials_opts opts = exact;
    rk_ials_run *a;
    rk_ials_run *b;

    (void)state;
    opts.cg_steps = 100;
    assert_int_equal(rk_ials_run_new(&a, h, &exact, NULL), RK_OK);
    assert_int_equal(rk_ials_run_new(&b, h, &opts, NULL), RK_OK);
    for (size_t epoch = 0; epoch < 2; epoch++) {
        rk_ials_run_users(a);
        rk_ials_run_users(b);
        rk_ials_run_items(a);
        rk_ials_run_items(b);
    }
    for (size_t i = 0; i < (size_t)I * D; i++)
        assert_true(fabsf(rk_ials_run_q(a)[i] - rk_ials_run_q(b)[i]) < 1e-3f);
    rk_ials_run_free(a);
    rk_ials_run_free(b);
    rk_histories_free(h);
}


/* An item with more users than are gathered at a time. */
static void test_long_rows_are_solved_block_by_block(void **state)
{
    enum { MANY = 8200 };
    size_t *start = rk_calloc(MANY + 1, sizeof(*start));
    uint32_t *item = rk_calloc(MANY, 2 * sizeof(*item));
    rk_histories h = {MANY, 3, start, item};
    rk_ials_opts opts = exact;
    rk_ials_run *run;
    double lowest;

    (void)state;
    for (size_t u = 0; u < MANY; u++) {
        start[u + 1] = 2 * (u + 1);
        item[2 * u + 1] = 1 + u % 2;
    }
    opts.cg_steps = 3;
    assert_int_equal(rk_ials_run_new(&run, &h, &opts, NULL), RK_OK);
    rk_ials_run_users(run);
    rk_ials_run_items(run);
    lowest = rk_ials_run_objective(run);
    for (size_t j = 0; j < D; j++) {
        float *x = rk_ials_run_q(run) + j;
        float at = *x;

        for (int side = -1; side <= 1; side += 2) {
            *x = at + 0.02f * (float)side;
            assert_true(rk_ials_run_objective(run) > lowest);
        }
        *x = at;
    }
    rk_ials_run_free(run);
    free(start);
    free(item);
}


static void test_the_same_seed_gives_the_same_factors(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 4);
    rk_ials_opts other = exact;
    rk_ials_run *a;
    rk_ials_run *b;
    rk_ials_run *c;
    size_t n_same = 0;

    (void)state;
    other.seed = 6;
    assert_int_equal(rk_ials_run_new(&a, h, &exact, NULL), RK_OK);
    assert_int_equal(rk_ials_run_new(&b, h, &exact, NULL), RK_OK);
    assert_int_equal(rk_ials_run_new(&c, h, &other, NULL), RK_OK);
    rk_ials_run_users(a);
    rk_ials_run_users(b);
    rk_ials_run_users(c);
    for (size_t i = 0; i < (size_t)U * D; i++) {
        assert_true(rk_ials_run_p(a)[i] == rk_ials_run_p(b)[i]);
        n_same += rk_ials_run_p(a)[i] == rk_ials_run_p(c)[i];
    }
    assert_true(n_same < U * D / 10);
    rk_ials_run_free(a);
    rk_ials_run_free(b);
    rk_ials_run_free(c);
    rk_histories_free(h);
}


static void test_options_out_of_range_are_refused(void **state)
{
    static const rk_ials_opts bad[] = {
        {.d = 0, .unseen = 1, .lambda = 1, .nu = 1},
        {.d = 50, .unseen = 1, .lambda = 1, .nu = 1},
        {.d = 4096, .unseen = 1, .lambda = 1, .nu = 1},
        {.d = 16, .unseen = 0, .lambda = 1, .nu = 1},
        {.d = 16, .unseen = NAN, .lambda = 1, .nu = 1},
        {.d = 16, .unseen = 1, .lambda = 0, .nu = 1},
        {.d = 16, .unseen = 1, .lambda = INFINITY, .nu = 1},
        {.d = 16, .unseen = 1, .lambda = 1, .nu = -1},
        {.d = 16, .unseen = 1, .lambda = 1, .nu = NAN},
    };
    rk_histories *h = small_histories(U, I, 12, 4);
    rk_ials_run *run;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(rk_ials_run_new(&run, h, &bad[i], NULL), RK_EINVAL);
        assert_null(run);
    }
    rk_histories_free(h);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 4);
    rk_ials_run *run = NULL;
    size_t fail = 0;
    int rc;

    (void)state;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_ials_run_new(&run, h, &exact, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(run);
        }
    } while (rc != RK_OK);
    assert_true(fail > 5);
    rk_ials_run_free(run);
    rk_ials_run_free(NULL);
    rk_histories_free(h);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gradient_is_zero_after_an_exact_half),
        cmocka_unit_test(test_the_objective_never_rises),
        cmocka_unit_test(test_many_gradient_steps_agree_with_cholesky),
        cmocka_unit_test(test_long_rows_are_solved_block_by_block),
        cmocka_unit_test(test_the_same_seed_gives_the_same_factors),
        cmocka_unit_test(test_options_out_of_range_are_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

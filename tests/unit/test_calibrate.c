#include "learn/calibrate.h"

#include "../scratch.h"
#include "core/mem.h"
#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define M 400

typedef struct rows {
    float score[M];
    uint8_t y[M];
} rows;


/* p of a like as it was drawn: a sigmoid, or a step that no sigmoid is. */
static double smooth(double s)
{
    return 1 / (1 + exp(-(1.5 * s - 0.5)));
}


static double step(double s)
{
    return s < -0.5 ? 0.05 : s < 1.2 ? 0.5 : 0.95;
}


static rows draw(double (*chance)(double s), uint64_t seed)
{
    rk_rng r = {seed};
    rows d;

    for (size_t i = 0; i < M; i++) {
        double s = 6 * rk_rng_unit(&r) - 3;

        d.score[i] = (float)s;
        d.y[i] = rk_rng_unit(&r) < chance(s);
    }
    return d;
}


static void test_what_was_drawn_from_a_sigmoid_is_found_again(void **state)
{
    rows d = draw(smooth, 1);
    rk_calibrate c;

    (void)state;
    assert_int_equal(rk_calibrate_fit_kind(&c, RK_PLATT, d.score, d.y, M, NULL),
                     RK_OK);
    for (int i = -6; i <= 6; i++) {
        double s = (double)i / 2;

        assert_true(fabs(rk_calibrate_probability(&c, (float)s) - smooth(s)) <
                    0.08);
    }
}


static double platt_loss(const rows *d, double a, double b)
{
    double n[2] = {0, 0};
    double sum = 0;

    for (size_t i = 0; i < M; i++)
        n[d->y[i]]++;
    for (size_t i = 0; i < M; i++) {
        double t = d->y[i] ? (n[1] + 1) / (n[1] + 2) : 1 / (n[0] + 2);
        double p = 1 / (1 + exp(-(a * (double)d->score[i] + b)));

        sum -= t * log(p) + (1 - t) * log(1 - p);
    }
    return sum;
}


static void test_the_slope_of_the_loss_is_zero_at_the_sigmoid(void **state)
{
    rows d = draw(smooth, 2);
    rk_calibrate c;

    (void)state;
    assert_int_equal(rk_calibrate_fit_kind(&c, RK_PLATT, d.score, d.y, M, NULL),
                     RK_OK);
    for (int i = 0; i < 2; i++) {
        double da = i ? 0 : 1e-3;
        double db = i ? 1e-3 : 0;
        double up = platt_loss(&d, (double)c.a + da, (double)c.b + db);
        double down = platt_loss(&d, (double)c.a - da, (double)c.b - db);

        assert_true(fabs(up - down) / 2e-3 < 1e-2);
        assert_true(up > platt_loss(&d, (double)c.a, (double)c.b));
    }
}


static void test_a_score_that_misleads_gets_a_level_sigmoid(void **state)
{
    rows d = draw(smooth, 3);
    rk_calibrate c;

    (void)state;
    for (size_t i = 0; i < M; i++)
        d.score[i] = -d.score[i];
    assert_int_equal(rk_calibrate_fit_kind(&c, RK_PLATT, d.score, d.y, M, NULL),
                     RK_OK);
    assert_true(c.a == 0);
}


/* Least squares over all non-decreasing fits is max over starts of min over
 * ends of the means (Barlow et al. 1972): O(n^3), for every length to 12. */
static void test_pooling_agrees_with_the_max_min_formula(void **state)
{
    rk_rng r = {4};

    (void)state;
    for (size_t m = 0; m <= 12; m++) {
        double y[12] = {0};
        double weight[12] = {0};
        double fit[12];

        for (size_t i = 0; i < m; i++) {
            y[i] = rk_rng_below(&r, 4);
            weight[i] = 1 + rk_rng_below(&r, 3);
        }
        assert_int_equal(rk_calibrate_pool(y, weight, m, fit, NULL), RK_OK);
        for (size_t i = 0; i < m; i++) {
            double best = -INFINITY;

            for (size_t s = 0; s <= i; s++) {
                double least = INFINITY;

                for (size_t e = i; e < m; e++) {
                    double sum = 0;
                    double n = 0;

                    for (size_t j = s; j <= e; j++) {
                        sum += weight[j] * y[j];
                        n += weight[j];
                    }
                    least = fmin(least, sum / n);
                }
                best = fmax(best, least);
            }
            assert_true(fabs(fit[i] - best) < 1e-12);
        }
    }
}


static void test_no_map_falls_or_is_certain(void **state)
{
    (void)state;
    for (uint64_t seed = 5; seed < 10; seed++) {
        rows d = draw(seed % 2 ? smooth : step, seed);

        for (int kind = RK_PLATT; kind <= RK_ISOTONIC; kind++) {
            double last = 0;
            rk_calibrate c;

            assert_int_equal(
                rk_calibrate_fit_kind(&c, kind, d.score, d.y, M, NULL), RK_OK);
            for (int i = -100; i <= 100; i++) {
                double p = rk_calibrate_probability(&c, (float)i / 20);

                assert_true(p > 0 && p < 1 && p >= last);
                last = p;
            }
            assert_true(rk_calibrate_probability(&c, INFINITY) < 1);
            assert_true(rk_calibrate_probability(&c, -INFINITY) > 0);
            assert_true(isnan(rk_calibrate_probability(&c, NAN)));
        }
    }
}


static void test_the_better_kind_is_chosen(void **state)
{
    rows sigmoid = draw(smooth, 11);
    rows steps = draw(step, 12);
    rk_calibrate c;

    (void)state;
    assert_int_equal(rk_calibrate_fit(&c, sigmoid.score, sigmoid.y, M, NULL),
                     RK_OK);
    assert_int_equal(c.kind, RK_PLATT);
    assert_int_equal(rk_calibrate_fit(&c, steps.score, steps.y, M, NULL),
                     RK_OK);
    assert_int_equal(c.kind, RK_ISOTONIC);
}


static void test_calibration_lowers_the_error_on_other_rows(void **state)
{
    rows train = draw(step, 13);
    rows test = draw(step, 14);
    double before[M];
    double after[M];
    rk_calibrate c;

    (void)state;
    assert_int_equal(rk_calibrate_fit(&c, train.score, train.y, M, NULL),
                     RK_OK);
    for (size_t i = 0; i < M; i++) {
        before[i] = 1 / (1 + exp(-5 * (double)test.score[i]));
        after[i] = rk_calibrate_probability(&c, test.score[i]);
    }
    assert_true(rk_calibrate_error(after, test.y, M, 10) <
                0.5 * rk_calibrate_error(before, test.y, M, 10));
}


static void test_the_error_is_the_mean_gap_of_bins(void **state)
{
    static const double p[] = {0.1, 0.2, 0.9, 1};
    static const uint8_t y[] = {0, 1, 1, 1};
    static const double bad[] = {0.5, 1.5};

    (void)state;
    assert_true(fabs(rk_calibrate_error(p, y, 4, 2) - (0.7 + 0.1) / 4) < 1e-12);
    assert_true(fabs(rk_calibrate_error(p, y, 4, 1) - 0.8 / 4) < 1e-12);
    assert_true(rk_calibrate_error(p, y, 0, 10) == 0);
    assert_true(isnan(rk_calibrate_error(bad, y, 2, 10)));
}


static void test_rows_that_say_nothing_are_refused(void **state)
{
    rows d = draw(smooth, 15);
    rk_calibrate c = {.kind = RK_ISOTONIC, .n = 77};

    (void)state;
    assert_int_equal(rk_calibrate_fit(&c, d.score, d.y, 9, NULL), RK_EINVAL);
    d.score[5] = NAN;
    assert_int_equal(rk_calibrate_fit(&c, d.score, d.y, M, NULL), RK_EINVAL);
    d.score[5] = 0;
    memset(d.y, 1, sizeof(d.y));
    assert_int_equal(rk_calibrate_fit(&c, d.score, d.y, M, NULL), RK_EINVAL);
    assert_int_equal(c.n, 77);
    d.y[3] = 0; /* the only one: no part can be fitted without it */
    assert_int_equal(rk_calibrate_fit(&c, d.score, d.y, M, NULL), RK_OK);
    assert_int_equal(c.kind, RK_PLATT);
    memset(d.score, 0, sizeof(d.score));
    memset(d.y, 0, M / 4);
    assert_int_equal(rk_calibrate_fit(&c, d.score, d.y, M, NULL), RK_OK);
    assert_true(fabs(rk_calibrate_probability(&c, 0) - 0.75) < 0.01);
}


static rk_bundle *bundle_of(scratch *s, size_t n, const float *values)
{
    rk_bundle_writer *w;
    rk_bundle *b;

    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "x.calibrate", RK_F32, 1, n, values, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(s, "b"), NULL), RK_OK);
    return b;
}


static void test_what_is_put_comes_back(void **state)
{
    (void)state;
    for (int kind = RK_PLATT; kind <= RK_ISOTONIC; kind++) {
        rows d = draw(step, 16);
        rk_bundle_writer *w;
        rk_calibrate c;
        rk_calibrate got;
        rk_bundle *b;
        scratch s;

        scratch_init(&s);
        assert_int_equal(rk_calibrate_fit_kind(&c, kind, d.score, d.y, M, NULL),
                         RK_OK);
        assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
        assert_int_equal(rk_calibrate_put(&c, "x", w, NULL), RK_OK);
        assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
        assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL),
                         RK_OK);
        assert_int_equal(rk_calibrate_get(&got, "x", b, NULL), RK_OK);
        for (size_t i = 0; i < M; i++)
            assert_true(rk_calibrate_probability(&c, d.score[i]) ==
                        rk_calibrate_probability(&got, d.score[i]));
        assert_int_equal(rk_calibrate_get(&got, "y", b, NULL), RK_ENOTFOUND);
        rk_bundle_close(b);
        rk_bundle_writer_free(w);
        scratch_clear(&s);
    }
}


static void test_a_hostile_bundle_is_refused(void **state)
{
    static const struct {
        size_t n;
        float values[7];
    } bad[] = {
        {2, {0, 1}},
        {3, {1, 0, 0}},
        {3, {2, 1, 0}},
        {3, {NAN, 1, 0}},
        {3, {0, -1, 0}},
        {3, {0, 1, INFINITY}},
        {4, {1, 0, 0, 1}},
        {5, {1, 0, 0, NAN, 0.5f}},
        {5, {1, 0, 0, 1, 1}},
        {5, {0, 1, 0, 1, 0.5f}},
        {7, {1, 0, 0, 2, 2, 0.1f, 0.2f}},
        {7, {1, 0, 0, 1, 2, 0.2f, 0.1f}},
    };
    static const float good[] = {1, 0, 0, 1, 2, 0.1f, 0.2f};
    rk_calibrate c;

    (void)state;
    for (size_t i = 0; i <= sizeof(bad) / sizeof(*bad); i++) {
        bool fine = i == sizeof(bad) / sizeof(*bad);
        rk_bundle *b;
        scratch s;

        scratch_init(&s);
        b = bundle_of(&s, fine ? 7 : bad[i].n, fine ? good : bad[i].values);
        assert_int_equal(rk_calibrate_get(&c, "x", b, NULL),
                         fine ? RK_OK : RK_EFORMAT);
        rk_bundle_close(b);
        scratch_clear(&s);
    }
    assert_true(fabs(rk_calibrate_probability(&c, 1.5f) - 0.15) < 1e-6);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    rows d = draw(step, 17);
    double y[3] = {3, 2, 1};
    double fit[3];
    rk_calibrate c;
    size_t fail = 0;
    int rc;

    (void)state;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_calibrate_fit(&c, d.score, d.y, M, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 5);
    for (fail = 1; fail <= 2; fail++) {
        rk_mem_fail_at(fail);
        assert_int_equal(rk_calibrate_pool(y, y, 3, fit, NULL), RK_ENOMEM);
        rk_mem_fail_at(0);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_drawn_from_a_sigmoid_is_found_again),
        cmocka_unit_test(test_the_slope_of_the_loss_is_zero_at_the_sigmoid),
        cmocka_unit_test(test_a_score_that_misleads_gets_a_level_sigmoid),
        cmocka_unit_test(test_pooling_agrees_with_the_max_min_formula),
        cmocka_unit_test(test_no_map_falls_or_is_certain),
        cmocka_unit_test(test_the_better_kind_is_chosen),
        cmocka_unit_test(test_calibration_lowers_the_error_on_other_rows),
        cmocka_unit_test(test_the_error_is_the_mean_gap_of_bins),
        cmocka_unit_test(test_rows_that_say_nothing_are_refused),
        cmocka_unit_test(test_what_is_put_comes_back),
        cmocka_unit_test(test_a_hostile_bundle_is_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

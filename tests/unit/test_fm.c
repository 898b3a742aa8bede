#include "learn/fm.h"

#include "../scratch.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/logistic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROWS 600
#define N    24
#define EACH 4
#define K    8

/* Rows of EACH features, one from each quarter of N. */
typedef struct example {
    uint64_t start[ROWS + 1];
    uint32_t col[ROWS * EACH];
    float value[ROWS * EACH];
    uint8_t y[ROWS];
    rk_csr rows;
} example;


/* A like is a matter of pairs: the first two features are both odd or both
 * even. No sum over single features can tell. */
static void example_init(example *e, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < ROWS; i++) {
        uint32_t *col = e->col + i * EACH;

        for (uint32_t j = 0; j < EACH; j++) {
            col[j] = j * N / EACH + rk_rng_below(&r, N / EACH);
            e->value[i * EACH + j] = j < 2 ? 1 : (float)rk_rng_unit(&r);
        }
        e->y[i] = (col[0] + col[1]) % 2 == 0;
        e->start[i] = i * EACH;
    }
    e->start[ROWS] = (uint64_t)ROWS * EACH;
    e->rows = (rk_csr){ROWS, N, e->start, e->col, e->value};
}


static double auc_of(const rk_fm *m, const example *e)
{
    float logits[ROWS];

    rk_fm_logits(m, &e->rows, logits);
    return rk_auc(logits, e->y, ROWS);
}


static rk_fm_opts opts_of(size_t k)
{
    rk_fm_opts o = rk_fm_defaults;

    o.k = k;
    o.n_epochs = 30;
    o.pairs.alpha = 0.2f;
    o.pairs.l2 = 0.1f;
    return o;
}


static void test_pairs_are_learnt_that_no_sum_can_tell(void **state)
{
    static example train;
    static example test;
    rk_fm_opts plain = opts_of(0);
    rk_fm_opts pairs = opts_of(K);
    rk_fm *m;

    (void)state;
    example_init(&train, 1);
    example_init(&test, 2);
    assert_int_equal(rk_fm_fit(&m, &train.rows, train.y, &pairs, NULL), RK_OK);
    assert_true(auc_of(m, &test) > 0.95);
    rk_fm_free(m);
    assert_int_equal(rk_fm_fit(&m, &train.rows, train.y, &plain, NULL), RK_OK);
    assert_true(auc_of(m, &test) < 0.65);
    rk_fm_free(m);
}


static void test_without_pairs_it_is_a_logistic_regression(void **state)
{
    static example e;
    rk_fm_opts plain = opts_of(0);
    rk_fm *m;

    (void)state;
    example_init(&e, 3);
    for (size_t i = 0; i < ROWS; i++)
        e.y[i] = e.col[i * EACH] < 3;
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, &plain, NULL), RK_OK);
    assert_true(auc_of(m, &e) > 0.99);
    for (size_t j = 0; j < 6; j++)
        assert_true(j < 3 ? m->w[j] > 0.5f : m->w[j] < -0.5f);
    /* What has no say is all but 0. */
    for (size_t j = 12; j < N; j++)
        assert_true(fabsf(m->w[j]) < 0.5f);
    rk_fm_free(m);
}


static void test_parts_add_up_to_the_logit(void **state)
{
    static example e;
    rk_fm *m;

    (void)state;
    example_init(&e, 4);
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, NULL, NULL), RK_OK);
    for (size_t i = 0; i < ROWS; i++) {
        const uint32_t *col = e.col + i * EACH;
        const float *x = e.value + i * EACH;
        double pairs[EACH * (EACH - 1) / 2];
        double linear[EACH];
        double sum = (double)m->w0;
        double logit = rk_fm_parts(m, col, x, EACH, linear, pairs);

        for (size_t j = 0; j < EACH; j++)
            sum += linear[j];
        for (size_t j = 0; j < EACH * (EACH - 1) / 2; j++)
            sum += pairs[j];
        assert_true(sum == logit);
        assert_true(fabs(logit - (double)rk_fm_logit(m, col, x, EACH)) < 1e-4);
    }
    rk_fm_free(m);
}


static void test_slopes_agree_with_finite_differences(void **state)
{
    static const uint32_t col[] = {1, 8, 14};
    static const float x[] = {1, 0.5f, -2};
    static example e;
    float slopes[3 * K];
    rk_fm *m;

    (void)state;
    example_init(&e, 5);
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, NULL, NULL), RK_OK);
    rk_fm_slopes(m, col, x, 3, slopes);
    for (size_t j = 0; j < 3; j++)
        for (size_t f = 0; f < K; f++) {
            float *v = (float *)m->owned[1] + col[j] * m->k + f;
            double linear[3];
            double pairs[3];
            float at = *v;
            double up;
            double down;

            *v = at + 0.01f;
            up = rk_fm_parts(m, col, x, 3, linear, pairs);
            *v = at - 0.01f;
            down = rk_fm_parts(m, col, x, 3, linear, pairs);
            *v = at;
            assert_true(fabs((up - down) / 0.02 - (double)slopes[j * K + f]) <
                        1e-4);
        }
    rk_fm_free(m);
}


static void test_features_newer_than_the_model_count_nothing(void **state)
{
    static const uint32_t col[] = {3, 9, N, UINT32_MAX};
    static const float x[] = {1, 1, 1, 1};
    static example e;
    double linear[4];
    double pairs[6];
    rk_fm *m;

    (void)state;
    example_init(&e, 6);
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, NULL, NULL), RK_OK);
    assert_true(rk_fm_logit(m, col, x, 4) == rk_fm_logit(m, col, x, 2));
    assert_true(rk_fm_parts(m, col, x, 4, linear, pairs) ==
                rk_fm_parts(m, col, x, 2, linear, pairs));
    rk_fm_free(m);
}


static rk_bundle *bundle_of(scratch *s, size_t n_w, const float *w, size_t rows,
                            size_t k)
{
    static const float v[3 * (RK_FM_MAX + 1)] = {0};
    rk_bundle_writer *writer;
    rk_bundle *b;

    assert_int_equal(rk_bundle_writer_new(&writer, NULL), RK_OK);
    rk_bundle_put(writer, "x.fm.w", RK_F32, 1, n_w, w, NULL);
    rk_bundle_put(writer, "x.fm.v", RK_F32, rows, k, v, NULL);
    assert_int_equal(rk_bundle_save(writer, scratch_path(s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(writer);
    assert_int_equal(rk_bundle_open(&b, scratch_path(s, "b"), NULL), RK_OK);
    return b;
}


static void test_a_hostile_bundle_is_refused(void **state)
{
    static const float good[] = {1, 2, 3, 4};
    static const float bad[] = {1, 2, NAN, 4};
    static const struct {
        const float *w;
        size_t n_w;
        size_t rows;
        size_t k;
        int rc;
    } cases[] = {
        {good, 4, 3, 2, RK_OK},
        {bad, 4, 3, 2, RK_EFORMAT},
        {good, 3, 3, 2, RK_EFORMAT},
        {good, 4, 2, 2, RK_EFORMAT},
        {good, 4, 3, RK_FM_MAX + 1, RK_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        rk_bundle *b;
        rk_fm *m;
        scratch s;

        scratch_init(&s);
        b = bundle_of(&s, cases[i].n_w, cases[i].w, cases[i].rows, cases[i].k);
        assert_int_equal(rk_fm_get(&m, "x", b, 3, NULL), cases[i].rc);
        rk_fm_free(m);
        assert_int_equal(rk_fm_get(&m, "y", b, 3, NULL), RK_ENOTFOUND);
        rk_bundle_close(b);
        scratch_clear(&s);
    }
}


static void test_what_is_put_comes_back_and_training_repeats(void **state)
{
    static example e;
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_fm *m;
    rk_fm *again;
    rk_fm *got;
    scratch s;

    (void)state;
    example_init(&e, 7);
    scratch_init(&s);
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, NULL, NULL), RK_OK);
    assert_int_equal(rk_fm_fit(&again, &e.rows, e.y, NULL, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_fm_put(m, "like", w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_fm_get(&got, "like", b, 0, NULL), RK_OK);
    for (size_t i = 0; i < ROWS; i++) {
        const uint32_t *col = e.col + i * EACH;
        const float *x = e.value + i * EACH;
        float logit = rk_fm_logit(m, col, x, EACH);

        assert_true(rk_fm_logit(again, col, x, EACH) == logit);
        assert_true(rk_fm_logit(got, col, x, EACH) == logit);
    }
    rk_fm_free(m);
    rk_fm_free(again);
    rk_fm_free(got);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    scratch_clear(&s);
}


static void test_what_cannot_be_learnt_from_is_refused(void **state)
{
    static example e;
    rk_fm_opts o = rk_fm_defaults;
    rk_csr none;
    size_t fail = 0;
    rk_fm *m;
    int rc;

    (void)state;
    example_init(&e, 8);
    none = e.rows;
    none.n_rows = 0;
    assert_int_equal(rk_fm_fit(&m, &none, e.y, NULL, NULL), RK_EINVAL);
    o.k = RK_FM_MAX + 1;
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, &o, NULL), RK_EINVAL);
    o = rk_fm_defaults;
    o.linear.alpha = -1;
    assert_int_equal(rk_fm_fit(&m, &e.rows, e.y, &o, NULL), RK_EINVAL);
    o = rk_fm_defaults;
    o.n_epochs = 1;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_fm_fit(&m, &e.rows, e.y, &o, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m);
        }
    } while (rc != RK_OK);
    assert_true(fail > 10);
    rk_fm_free(m);
    rk_fm_free(NULL);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_are_learnt_that_no_sum_can_tell),
        cmocka_unit_test(test_without_pairs_it_is_a_logistic_regression),
        cmocka_unit_test(test_parts_add_up_to_the_logit),
        cmocka_unit_test(test_slopes_agree_with_finite_differences),
        cmocka_unit_test(test_features_newer_than_the_model_count_nothing),
        cmocka_unit_test(test_a_hostile_bundle_is_refused),
        cmocka_unit_test(test_what_is_put_comes_back_and_training_repeats),
        cmocka_unit_test(test_what_cannot_be_learnt_from_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/rows_model.h"

#include "learner_laws.h"

#define N ((size_t)LAW_ITEMS)

enum { MATRICES = 2, DECAYS = 2, COLUMNS = MATRICES * DECAYS + 1 };

static const float decays[MATRICES * DECAYS] = {0.35f, 0.9f, 0.6f, 1};
static const rk_learner learner = {.name = "rows", .n_columns = COLUMNS};
static const rk_rows_plan plan = {
    .learner = &learner,
    .keep = 6,
    .n_matrices = MATRICES,
    .names = {"rows.a", "rows.b"},
    .n_decays = DECAYS,
    .decays = decays,
};
static float matrices[MATRICES * LAW_ITEMS * LAW_ITEMS];


static void matrices_fill(void)
{
    rk_rng r = {1};

    for (size_t i = 0; i < MATRICES * N * N; i++)
        matrices[i] = (float)rk_rng_unit(&r) - 0.5f;
}


static void test_each_matrix_is_read_by_its_own_decays(void **state)
{
    static float scores[LAW_USERS * COLUMNS * LAW_ITEMS];
    static float one[LAW_USERS * LAW_ITEMS];
    rk_model *m;
    law_data d;

    (void)state;
    matrices_fill();
    law_data_init(&d, 2);
    for (size_t i = 0; i < LAW_USERS * COLUMNS * N; i++)
        scores[i] = 7;
    assert_int_equal(rk_rows_model_of(&m, &plan, matrices, N, NULL), RK_OK);
    assert_int_equal(rk_rows_model_score(m, &d.h, scores, NULL), RK_OK);
    for (size_t c = 0; c < COLUMNS; c++) {
        rk_item_rows rows = {0};

        if (c < MATRICES * DECAYS) {
            assert_int_equal(rk_item_rows_init(&rows,
                                               matrices + c / DECAYS * N * N, N,
                                               plan.keep, NULL),
                             RK_OK);
            assert_int_equal(
                rk_item_rows_score(&rows, &d.h, decays + c, 1, 1, one, NULL),
                RK_OK);
        }
        for (size_t i = 0; i < LAW_USERS * N; i++) {
            float told = scores[(i / N * COLUMNS + c) * N + i % N];

            /* What the matrices have no column for is left alone. */
            assert_true(fabsf(told - (rows.b.start ? one[i] : 7)) < 1e-6f);
        }
        rk_item_rows_clear(&rows);
    }
    rk_rows_model_free(m);
}


static void test_what_was_put_is_got_or_refused(void **state)
{
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    rk_model *got;
    scratch s;
    size_t fail = 0;
    int rc;

    (void)state;
    matrices_fill();
    scratch_init(&s);
    assert_int_equal(rk_rows_model_of(&m, &plan, matrices, N, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(
        rk_item_rows_put(&((rk_rows_model *)m)->rows[0], "rows.a", w, NULL),
        RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "half"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_rows_model_put(m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "half"), NULL), RK_OK);
    assert_int_equal(rk_rows_model_get(&got, &plan, b, N, NULL), RK_ENOTFOUND);
    assert_null(got);
    rk_bundle_close(b);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_rows_model_get(&got, &plan, b, N - 1, NULL),
                     RK_EFORMAT);
    assert_null(got);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_rows_model_get(&got, &plan, b, N, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_int_equal(got == NULL, rc != RK_OK);
    } while (rc != RK_OK);
    for (size_t c = 0; c < MATRICES; c++) {
        const rk_csr *x = &((rk_rows_model *)m)->rows[c].b;
        const rk_csr *y = &((rk_rows_model *)got)->rows[c].b;

        assert_memory_equal(x->start, y->start, (N + 1) * sizeof(*x->start));
        assert_memory_equal(x->value, y->value, N * 6 * sizeof(*x->value));
    }
    rk_rows_model_free(got);
    rk_bundle_close(b);
    rk_rows_model_free(m);
    rk_rows_model_free(NULL);
    scratch_clear(&s);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    size_t fail = 0;
    rk_model *m;
    int rc;

    (void)state;
    matrices_fill();
    do {
        rk_mem_fail_at(++fail);
        rc = rk_rows_model_of(&m, &plan, matrices, N, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_int_equal(m == NULL, rc != RK_OK);
    } while (rc != RK_OK);
    assert_int_equal(fail, 1 + MATRICES * 4 + 1);
    rk_rows_model_free(m);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_matrix_is_read_by_its_own_decays),
        cmocka_unit_test(test_what_was_put_is_got_or_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/rows_model.h"

#include "learner_laws.h"

#define N        ((size_t)LAW_ITEMS)
#define MATRICES ((size_t)2)
#define DECAYS   ((size_t)2)
#define COLUMNS  (MATRICES * DECAYS + 1) /* the last is the learner's own */
#define KEEP     6

static const float decays[MATRICES * DECAYS] = {0.35f, 0.9f, 0.6f, 1};
static const rk_learner learner = {.name = "rows", .n_columns = COLUMNS};
static const rk_rows_plan plan = {
    .learner = &learner,
    .keep = KEEP,
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
                                               KEEP, NULL),
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


static void same(const rk_model *a, const rk_model *b)
{
    for (size_t c = 0; c < MATRICES; c++) {
        const rk_csr *x = &((const rk_rows_model *)a)->rows[c].b;
        const rk_csr *y = &((const rk_rows_model *)b)->rows[c].b;

        assert_memory_equal(x->start, y->start, (N + 1) * sizeof(*x->start));
        assert_memory_equal(x->col, y->col, N * KEEP * sizeof(*x->col));
        assert_memory_equal(x->value, y->value, N * KEEP * sizeof(*x->value));
    }
}


static void test_what_was_put_is_got(void **state)
{
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    rk_model *got;
    scratch s;
    size_t fail = 0;

    (void)state;
    matrices_fill();
    scratch_init(&s);
    assert_int_equal(rk_rows_model_of(&m, &plan, matrices, N, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_rows_model_put(m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_rows_model_get(&got, &plan, b, N - 1, NULL),
                     RK_EFORMAT);
    assert_null(got);
    do {
        int rc;

        rk_mem_fail_at(++fail);
        rc = rk_rows_model_get(&got, &plan, b, N, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(rc, got ? RK_OK : RK_ENOMEM);
    } while (!got);
    assert_int_equal(fail, 2);
    same(m, got);
    rk_rows_model_free(got);
    rk_bundle_close(b);
    rk_rows_model_free(m);
    scratch_clear(&s);
}


static void test_a_bundle_without_one_of_the_matrices_is_refused(void **state)
{
    rk_item_rows rows;
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *got;
    scratch s;

    (void)state;
    matrices_fill();
    scratch_init(&s);
    assert_int_equal(rk_item_rows_init(&rows, matrices, N, KEEP, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_item_rows_put(&rows, "rows.a", w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_rows_model_get(&got, &plan, b, N, NULL), RK_ENOTFOUND);
    assert_null(got);
    rk_bundle_close(b);
    rk_item_rows_clear(&rows);
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
    rk_rows_model_free(NULL);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_matrix_is_read_by_its_own_decays),
        cmocka_unit_test(test_what_was_put_is_got),
        cmocka_unit_test(test_a_bundle_without_one_of_the_matrices_is_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

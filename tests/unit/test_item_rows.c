#include "learn/item_rows.h"

#include "core/topk.h"
#include "learner_laws.h"

#define KEEP ((size_t)6)
#define WIDE ((size_t)9000) /* more columns than are summed at once */


static void matrix_fill(float *b, size_t n, uint64_t seed)
{
    rk_rng r = {seed};

    for (size_t i = 0; i < n; i++)
        b[i] = rk_rng_below(&r, 4) ? (float)rk_rng_unit(&r) - 0.5f : 0;
}


static void test_the_largest_entries_of_each_row_are_kept(void **state)
{
    static float b[LAW_ITEMS * LAW_ITEMS];
    rk_item_rows rows;

    (void)state;
    matrix_fill(b, LAW_ITEMS * LAW_ITEMS, 1);
    memset(b, 0, LAW_ITEMS * sizeof(*b)); /* a row of nothing */
    assert_int_equal(rk_item_rows_init(&rows, b, LAW_ITEMS, KEEP, NULL), RK_OK);
    assert_int_equal(rows.b.start[1], 0);
    for (size_t i = 1; i < LAW_ITEMS; i++) {
        rk_hit order[LAW_ITEMS];
        size_t k = rows.b.start[i];

        for (uint32_t j = 0; j < LAW_ITEMS; j++)
            order[j] = (rk_hit){j, fabsf(b[i * LAW_ITEMS + j])};
        rk_hits_sort(order, LAW_ITEMS);
        assert_int_equal(rows.b.start[i + 1] - k, KEEP);
        for (uint32_t j = 0; j < LAW_ITEMS; j++)
            for (size_t a = 0; a < KEEP; a++)
                if (order[a].index == j) {
                    assert_int_equal(rows.b.col[k], j);
                    assert_true(rows.b.value[k++] == b[i * LAW_ITEMS + j]);
                }
    }
    rk_item_rows_clear(&rows);
}


/* Scores by the sum that the header gives, in double. */
static void score_naive(const rk_csr *b, const rk_histories *who, size_t user,
                        double decay, double *out)
{
    double weight = 1;

    memset(out, 0, b->n_cols * sizeof(*out));
    for (size_t e = who->start[user + 1]; e-- > who->start[user];) {
        uint32_t i = who->item[e];

        for (uint64_t k = b->start[i]; weight >= 1e-3 && k < b->start[i + 1];
             k++)
            out[b->col[k]] += weight * (double)b->value[k];
        weight *= decay;
    }
}


static void test_scores_are_sums_of_rows_for_each_decay(void **state)
{
    static const float decays[] = {0.35f, 0.83f, 1};
    static float b[LAW_ITEMS * LAW_ITEMS];
    double want[LAW_ITEMS];
    rk_item_rows rows;
    law_data d;

    (void)state;
    law_data_init(&d, 4);
    matrix_fill(b, LAW_ITEMS * LAW_ITEMS, 2);
    assert_int_equal(rk_item_rows_init(&rows, b, LAW_ITEMS, 0, NULL), RK_OK);
    for (size_t n = 1; n <= 3; n++) {
        static float scores[LAW_USERS * 4 * LAW_ITEMS];

        assert_int_equal(
            rk_item_rows_score(&rows, &d.h, decays, n, 4, scores, NULL), RK_OK);
        for (size_t u = 0; u < LAW_USERS; u++)
            for (size_t c = 0; c < n; c++) {
                score_naive(&rows.b, &d.h, u, (double)decays[c], want);
                for (size_t j = 0; j < LAW_ITEMS; j++)
                    assert_true(
                        fabs((double)scores[(u * 4 + c) * LAW_ITEMS + j] -
                             want[j]) < 1e-5);
            }
    }
    rk_item_rows_clear(&rows);
}


/* A matrix wider than a block: the sums of one decay alone have no blocks. */
static void test_blocks_of_columns_make_no_difference(void **state)
{
    static uint64_t start[WIDE + 1];
    static uint32_t col[3000];
    static float value[3000];
    static float two[2 * WIDE];
    static float one[WIDE];
    const float decays[] = {0.5f, 0.9f};
    const uint32_t item[] = {0, 1, 2};
    const size_t bounds[] = {0, 3};
    rk_histories who = {1, WIDE, bounds, item};
    rk_item_rows rows = {{WIDE, WIDE, start, col, value}, true};

    (void)state;
    matrix_fill(value, 3000, 3);
    for (size_t i = 1; i <= WIDE; i++)
        start[i] = i < 3 ? 1000 * i : 3000;
    for (size_t k = 0; k < 3000; k++)
        col[k] = (uint32_t)(9 * (k % 1000) + k / 1000);
    assert_int_equal(rk_item_rows_score(&rows, &who, decays, 2, 2, two, NULL),
                     RK_OK);
    for (size_t c = 0; c < 2; c++) {
        assert_int_equal(
            rk_item_rows_score(&rows, &who, decays + c, 1, 1, one, NULL),
            RK_OK);
        for (size_t j = 0; j < WIDE; j++)
            assert_true(fabsf(one[j] - two[c * WIDE + j]) < 1e-6f);
    }
}


static void test_every_failing_allocation_is_reported(void **state)
{
    static const float decays[] = {0.5f, 0.9f};
    static float b[LAW_ITEMS * LAW_ITEMS];
    static float scores[LAW_USERS * 2 * LAW_ITEMS];
    rk_item_rows rows;
    size_t fail = 0;
    law_data d;
    int rc;

    (void)state;
    law_data_init(&d, 5);
    matrix_fill(b, LAW_ITEMS * LAW_ITEMS, 4);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_item_rows_init(&rows, b, LAW_ITEMS, KEEP, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_int_equal(fail, 5);
    rk_mem_fail_at(1);
    rc = rk_item_rows_score(&rows, &d.h, decays, 2, 2, scores, NULL);
    rk_mem_fail_at(0);
    assert_int_equal(rc, RK_ENOMEM);
    rk_item_rows_clear(&rows);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_entries_of_each_row_are_kept),
        cmocka_unit_test(test_scores_are_sums_of_rows_for_each_decay),
        cmocka_unit_test(test_blocks_of_columns_make_no_difference),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The ledger of what models cost, on every store. */
#include "store_suite.h"

#include <sys/wait.h>

#define DAY   ((int64_t)20000)
#define ADDED 150 /* times, by each process */


static rk_ledger_row row_of(int64_t day, const char *model, const char *purpose,
                            const char *user)
{
    return (rk_ledger_row){.day = day,
                           .model = model,
                           .purpose = purpose,
                           .user = user,
                           .calls = 1,
                           .prefix_tokens = 10,
                           .candidate_tokens = 20,
                           .reused_tokens = 3,
                           .generated_tokens = 4,
                           .took_us = 500,
                           .cost_micros = 6};
}


static void add(rk_store *s, int64_t day, const char *model,
                const char *purpose, const char *user)
{
    rk_ledger_row row = row_of(day, model, purpose, user);

    assert_int_equal(rk_store_add_ledger(s, &row, 1, NULL), RK_OK);
}


static int tell(void *ctx, const rk_ledger_row *r, rk_error *err)
{
    (void)err;
    rk_buf_printf(
        ctx, "%lld %s %s: %llu %llu %llu %llu %llu %llu %llu, %llu\n",
        (long long)(r->day - DAY), r->model, r->purpose,
        (unsigned long long)r->calls, (unsigned long long)r->prefix_tokens,
        (unsigned long long)r->candidate_tokens,
        (unsigned long long)r->reused_tokens,
        (unsigned long long)r->generated_tokens, (unsigned long long)r->took_us,
        (unsigned long long)r->cost_micros, (unsigned long long)r->n_users);
    return RK_OK;
}


static void assert_ledger(rk_store *s, int64_t since, const char *expected)
{
    rk_buf told;

    rk_buf_init(&told);
    assert_int_equal(rk_store_each_ledger(s, since, tell, &told, NULL), RK_OK);
    assert_string_equal(rk_buf_str(&told), expected);
    rk_buf_clear(&told);
}


static void assert_sum(rk_store *s, int64_t day, const char *user,
                       uint64_t calls, uint64_t tokens)
{
    rk_ledger_row sum;

    assert_int_equal(rk_store_sum_ledger(s, day, user, &sum, NULL), RK_OK);
    assert_int_equal(sum.calls, calls);
    assert_int_equal(sum.prefix_tokens + sum.candidate_tokens +
                         sum.generated_tokens,
                     tokens);
}


static void test_ledger_adds_up_by_day_model_and_purpose(void **state)
{
    fixture *f = *state;

    assert_ledger(f->s, 0, "");
    assert_sum(f->s, DAY, NULL, 0, 0);
    add(f->s, DAY, "m", "llm", "u1");
    add(f->s, DAY, "m", "llm", "u1");
    add(f->s, DAY, "m", "llm", "u2");
    add(f->s, DAY, "m", "rag", "");
    add(f->s, DAY, "e", "rag", "");
    add(f->s, DAY + 1, "m", "llm", "u1");
    assert_ledger(f->s, DAY,
                  "1 m llm: 1 10 20 3 4 500 6, 1\n"
                  "0 e rag: 1 10 20 3 4 500 6, 0\n"
                  "0 m llm: 3 30 60 9 12 1500 18, 2\n"
                  "0 m rag: 1 10 20 3 4 500 6, 0\n");
    assert_ledger(f->s, DAY + 1, "1 m llm: 1 10 20 3 4 500 6, 1\n");
    assert_sum(f->s, DAY, NULL, 5, 5 * 34);
    assert_sum(f->s, DAY, "u1", 2, 2 * 34);
    assert_sum(f->s, DAY, "u3", 0, 0);
    assert_sum(f->s, DAY, "", 2, 2 * 34);
    assert_sum(f->s, DAY + 1, "u1", 1, 34);
}


static void test_ledger_sums_answers_and_not_jobs(void **state)
{
    fixture *f = *state;

    add(f->s, DAY, "m", "llm", "");
    add(f->s, DAY, "m", "prepare: reading titles", "");
    assert_sum(f->s, DAY, NULL, 1, 34);
    assert_sum(f->s, DAY, "", 1, 34);
}


static void test_ledger_is_no_change_of_the_store(void **state)
{
    fixture *f = *state;
    rk_store_counts before = counts(f->s);

    add(f->s, DAY, "m", "llm", "u1");
    assert_same_counts(f->s, before);
}


static void test_ledger_forgets_old_days(void **state)
{
    fixture *f = *state;
    uint64_t n;

    add(f->s, DAY, "m", "llm", "u1");
    add(f->s, DAY, "m", "llm", "u2");
    add(f->s, DAY + 1, "m", "llm", "u1");
    assert_int_equal(rk_store_prune_ledger(f->s, DAY + 1, &n, NULL), RK_OK);
    assert_int_equal(n, 2);
    assert_ledger(f->s, 0, "1 m llm: 1 10 20 3 4 500 6, 1\n");
    assert_int_equal(rk_store_prune_ledger(f->s, DAY + 1, &n, NULL), RK_OK);
    assert_int_equal(n, 0);
}


static void test_ledger_takes_all_rows_or_none(void **state)
{
    static const char *const wrong[2][2] = {{"", "llm"}, {"m", ""}};
    fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        rk_ledger_row rows[2] = {row_of(DAY, "m", "llm", "u1"),
                                 row_of(DAY, wrong[i][0], wrong[i][1], "")};
        rk_error err;

        assert_int_equal(rk_store_add_ledger(f->s, rows, 2, &err), RK_EINVAL);
        assert_string_equal(err.msg, i ? "row 1 of the ledger has no purpose"
                                       : "row 1 of the ledger has no model");
    }
    assert_ledger(f->s, 0, "");
}


static void test_ledger_counts_stand_still_at_their_most(void **state)
{
    fixture *f = *state;
    rk_ledger_row row = row_of(DAY, "m", "llm", "");
    rk_ledger_row sum;

    row.took_us = UINT64_MAX;
    row.cost_micros = RK_LEDGER_MOST - 1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rk_store_add_ledger(f->s, &row, 1, NULL), RK_OK);
    assert_int_equal(rk_store_sum_ledger(f->s, DAY, NULL, &sum, NULL), RK_OK);
    assert_true(sum.took_us == RK_LEDGER_MOST);
    assert_true(sum.cost_micros == RK_LEDGER_MOST);
    assert_int_equal(sum.calls, 3);
}


static int write_inside(void *ctx, const rk_ledger_row *row, rk_error *err)
{
    rk_ledger_row more = row_of(row->day, row->model, row->purpose, "");

    return rk_store_add_ledger(ctx, &more, 1, err);
}


static void test_ledger_is_not_written_inside_a_walk(void **state)
{
    fixture *f = *state;

    add(f->s, DAY, "m", "llm", "");
    assert_int_equal(rk_store_each_ledger(f->s, 0, write_inside, f->s, NULL),
                     RK_EINVAL);
    assert_sum(f->s, DAY, NULL, 1, 34);
}


/* In a transaction of the caller's it comes and goes with it. */
static void test_ledger_joins_a_transaction(void **state)
{
    fixture *f = *state;

    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    add(f->s, DAY, "m", "llm", "");
    rk_store_rollback(f->s);
    assert_sum(f->s, DAY, NULL, 0, 0);
    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    add(f->s, DAY, "m", "llm", "");
    assert_int_equal(rk_store_commit(f->s, NULL), RK_OK);
    assert_sum(f->s, DAY, NULL, 1, 34);
}


static int add_many(fixture *f)
{
    rk_ledger_row rows[2] = {row_of(DAY, "m", "llm", "u1"),
                             row_of(DAY, "e", "llm", "u1")};
    rk_store *s = store_connect(f);
    int rc = RK_OK;

    for (int i = 0; i < ADDED && rc == RK_OK; i++)
        rc = rk_store_add_ledger(s, rows, 2, NULL);
    rk_store_close(s);
    return rc;
}


static void test_ledger_loses_nothing_of_two_processes(void **state)
{
    fixture *f = *state;
    pid_t child;
    int status;

    if (!f->how->file)
        skip(); /* a store in memory is one process's own */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(add_many(f) == RK_OK ? 0 : 1);
    assert_int_equal(add_many(f), RK_OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_sum(f->s, DAY, "u1", 4 * ADDED, (uint64_t)4 * ADDED * 34);
}


int main(void)
{
    const struct CMUnitTest suite[] = {
        cmocka_unit_test(test_ledger_adds_up_by_day_model_and_purpose),
        cmocka_unit_test(test_ledger_sums_answers_and_not_jobs),
        cmocka_unit_test(test_ledger_is_no_change_of_the_store),
        cmocka_unit_test(test_ledger_forgets_old_days),
        cmocka_unit_test(test_ledger_takes_all_rows_or_none),
        cmocka_unit_test(test_ledger_counts_stand_still_at_their_most),
        cmocka_unit_test(test_ledger_is_not_written_inside_a_walk),
        cmocka_unit_test(test_ledger_joins_a_transaction),
        cmocka_unit_test(test_ledger_loses_nothing_of_two_processes),
    };

    return suite_run(suite, sizeof(suite) / sizeof(*suite));
}

/* Loaders on tiny files: good, missing, damaged. With RECKON_EVAL_DATA set to
 * the folder of the real ones their counts are checked too. */
#include "../scratch.h"
#include "core/mem.h"
#include "eval/judge.h"
#include "eval/ml1m.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ITEMS                                                                  \
    "item_id\ttitle\tgenres\n1\tMatrix, The (1999)\tAction|Sci-Fi\n"           \
    "2\tHeat (1995)\tAction\n3\tSabrina\tComedy\n4\tBabe (1995)\tComedy\n"
#define USERS                                                                  \
    "user_id\tgender\tage_band\toccupation\tzip\n7\tF\t25\t12\t1\n"            \
    "8\tM\t1\t10\t2\n"
#define SEQUENCES                                                              \
    "user_id\tis_validation_user\thistory\ttest_item\n8\t1\t2 1 3\t4\n"        \
    "7\t0\t1 2\t3\n"


static void put(scratch *s, const char *name, const char *text)
{
    FILE *f = fopen(scratch_path(s, name), "wb");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}


static void put_ml1m(scratch *s, const char *sequences)
{
    scratch_init(s);
    put(s, "items.tsv", ITEMS);
    put(s, "users.tsv", USERS);
    put(s, "sequences.tsv", sequences);
}


static int load(const char *name, scratch *s, rk_task **t, rk_error *err)
{
    const rk_task_opts opts = {.data = s->dir, .seed = 1};

    return rk_protocol_find(name)->load(t, &opts, err);
}


static void test_ml1m_is_split_as_published(void **state)
{
    rk_task *t;
    rk_error err;
    scratch s;

    (void)state;
    put_ml1m(&s, SEQUENCES);
    assert_int_equal(load("ml-1m-loo", &s, &t, &err), RK_OK);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_int_equal(t->train->n_items, 4);
    assert_string_equal(t->train->items[0]->fields[0].value, "The Matrix");
    assert_string_equal(t->train->items[0]->fields[1].value, "1999");
    assert_string_equal(t->train->users[0]->fields[2].value, "programmer");
    assert_int_equal(t->train->start[1], 1);
    assert_int_equal(t->train->start[2], 2); /* tunes: less two */
    assert_int_equal(t->test.asked->n_users, 2);
    assert_int_equal(t->test.truth[0], 2);
    assert_int_equal(t->test.truth[1], 3);
    assert_int_equal(t->validation.asked->n_users, 1);
    assert_int_equal(t->validation.truth[0], 2);
    assert_int_equal(t->validation.user[0], 1);
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_a_missing_file_is_named(void **state)
{
    static const char *const names[] = {
        "ml-1m-loo",   "llmrank-ml-1m", "llmrank-games", "tallrec-movie",
        "ml-100k-loo", "cold-items",    "cold-users"};
    rk_task *t;
    rk_error err;
    scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(load(names[i], &s, &t, &err), RK_ENOTFOUND);
        assert_null(t);
        assert_non_null(strstr(err.msg, s.dir));
    }
    scratch_clear(&s);
}


static void test_damage_is_reported_with_its_line(void **state)
{
    static const char *const damaged[] = {
        "user_id\tis_validation_user\thistory\ttest_item\n8\t1\t2 9 3\t4\n",
        "user_id\tis_validation_user\thistory\ttest_item\n8\t1\t2 3\n",
        "user_id\tis_validation_user\thistory\ttest_item\n8\t2\t2 3\t4\n",
        "user_id\tis_validation_user\thistory\ttest_item\n99\t1\t2 3\t4\n",
        "user_id\tis_validation_user\thistory\ttest_item\n8\t1\t2 \xff\t4\n",
    };
    rk_task *t;
    rk_error err;
    scratch s;

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        put_ml1m(&s, damaged[i]);
        assert_int_equal(load("ml-1m-loo", &s, &t, &err), RK_EFORMAT);
        assert_null(t);
        assert_non_null(strstr(err.msg, "sequences.tsv:2: "));
        scratch_clear(&s);
    }
}


static void test_loading_survives_each_allocation_failing(void **state)
{
    size_t n = 1;
    size_t made;
    rk_task *t;
    scratch s;

    (void)state;
    put_ml1m(&s, SEQUENCES);
    do {
        int rc;

        rk_mem_fail_at(n);
        rc = load("ml-1m-loo", &s, &t, NULL);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(t != NULL || rc != RK_OK);
        rk_task_free(t);
        n++;
    } while (made >= n - 1);
    assert_true(n > 10);
    scratch_clear(&s);
}


static void test_cold_items_have_no_events(void **state)
{
    rk_task *t;
    rk_error err;
    scratch s;

    (void)state;
    put_ml1m(&s, SEQUENCES);
    assert_int_equal(load("cold-items", &s, &t, &err), RK_OK);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_true(t->test.hidden_only && !t->mixed.hidden_only);
    for (size_t i = 0; i < t->test.truth_start[t->test.asked->n_users]; i++)
        assert_true(t->hidden[t->test.truth[i]]);
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_real_files_have_their_counts(void **state)
{
    const rk_task_opts opts = {.data = getenv("RECKON_EVAL_DATA"), .seed = 1};
    rk_task *t;
    rk_error err;

    (void)state;
    if (!opts.data) {
        print_message("RECKON_EVAL_DATA is not set: no real files\n");
        skip();
    }
    assert_int_equal(rk_protocol_find("ml-1m-loo")->load(&t, &opts, &err), 0);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_int_equal(t->train->n_items, 3416);
    assert_int_equal(t->test.asked->n_users, 6040);
    assert_int_equal(t->test.asked->start[6040] + 6040, 999601);
    assert_int_equal(t->validation.asked->n_users, 512);
    rk_task_free(t);
    assert_int_equal(rk_protocol_find("llmrank-games")->load(&t, &opts, &err),
                     0);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_int_equal(t->train->n_items, 16859);
    assert_int_equal(t->test.asked->n_users, 6000);
    rk_task_free(t);
    assert_int_equal(rk_protocol_find("tallrec-movie")->load(&t, &opts, &err),
                     0);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_int_equal(t->test.asked->n_users, 1000);
    rk_task_free(t);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml1m_is_split_as_published),
        cmocka_unit_test(test_a_missing_file_is_named),
        cmocka_unit_test(test_damage_is_reported_with_its_line),
        cmocka_unit_test(test_loading_survives_each_allocation_failing),
        cmocka_unit_test(test_cold_items_have_no_events),
        cmocka_unit_test(test_real_files_have_their_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

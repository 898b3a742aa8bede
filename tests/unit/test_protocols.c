/* Loaders on tiny files: good, missing, damaged. With RECKON_EVAL_DATA set to
 * the folder of the real ones their counts are checked too. */
#include "eval/judge.h"
#include "eval/ml1m.h"
#include "protocol_files.h"

#define ITEMS                                                                  \
    "item_id\ttitle\tgenres\n1\tMatrix, The (1999)\tAction|Sci-Fi\n"           \
    "2\tHeat (1995)\tAction\n3\tSabrina\tComedy\n4\tBabe (1995)\tComedy\n"
#define USERS                                                                  \
    "user_id\tgender\tage_band\toccupation\tzip\n7\tF\t25\t12\t1\n"            \
    "8\tM\t1\t10\t2\n"
#define SEQUENCES                                                              \
    "user_id\tis_validation_user\thistory\ttest_item\n8\t1\t2 1 3\t4\n"        \
    "7\t0\t1 2\t3\n"


static void put_ml1m(scratch *s, const char *sequences)
{
    scratch_init(s);
    put(s, "items.tsv", ITEMS);
    put(s, "users.tsv", USERS);
    put(s, "sequences.tsv", sequences);
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
    scratch s;

    (void)state;
    put_ml1m(&s, SEQUENCES);
    load_without_memory("ml-1m-loo", &s, 1);
    scratch_clear(&s);
}


/* Whether a user of the crowd had the item in it. */
static bool in_history(const rk_corpus *c, size_t u, uint32_t item)
{
    for (size_t i = c->start[u]; i < c->start[u + 1]; i++)
        if (c->seen[i].item == item)
            return true;
    return false;
}


static void test_cold_items_have_no_events(void **state)
{
    size_t n_hidden = 0;
    size_t n_truths = 0;
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    t = load_good("cold-items", &s);
    assert_true(t->test.hidden_only && !t->mixed.hidden_only);
    assert_ptr_equal(t->test.truth, t->mixed.truth);
    for (uint32_t i = 0; i < CROWD; i++)
        n_hidden += t->hidden[i];
    assert_int_equal(n_hidden, CROWD / 10 + 1);
    for (size_t i = 0; i < t->train->start[CROWD]; i++)
        assert_false(t->hidden[t->train->seen[i].item]);
    /* Each of the seven items of each user is trained on or asked for. */
    n_truths = t->test.truth_start[t->test.asked->n_users];
    for (size_t i = 0; i < n_truths; i++)
        assert_true(t->hidden[t->test.truth[i]]);
    assert_int_equal(t->train->start[CROWD] + n_truths, 7 * CROWD);
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_cold_users_are_known_by_profile_only(void **state)
{
    const rk_corpus *c;
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    t = load_good("cold-users", &s);
    c = t->test.asked;
    assert_int_equal(c->n_users, CROWD / 10);
    assert_int_equal(c->start[c->n_users], 0);
    assert_true(t->validation.asked->n_users > 0);
    assert_int_equal(t->train->n_users, CROWD); /* known, without events */
    for (size_t u = 0; u < c->n_users; u++) {
        const char *id = rk_ids_at(c->user_ids, (uint32_t)u);

        uint32_t known = rk_ids_find(t->train->user_ids, id);

        assert_int_equal(t->test.user[u], known);
        assert_int_equal(t->train->start[known + 1], t->train->start[known]);
        assert_string_equal(c->users[u]->fields[0].value, "woman");
        assert_int_equal(t->test.truth_start[u + 1], 7 * (u + 1));
        assert_int_equal(t->test.truth[7 * u],
                         crowd_item((unsigned)atoi(id), 0) - 1);
    }
    for (size_t u = 0; u < t->train->n_users; u++) {
        const char *id = rk_ids_at(t->train->user_ids, (uint32_t)u);

        if (t->train->start[u + 1] > t->train->start[u])
            assert_true(
                in_history(t->train, u, crowd_item((unsigned)atoi(id), 6) - 1));
    }
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_cold_starts_survive_failing_allocations(void **state)
{
    scratch s;

    (void)state;
    put_ml1m(&s, SEQUENCES);
    load_without_memory("cold-items", &s, 1);
    load_without_memory("cold-users", &s, 1);
    put(&s, "users.tsv",
        "user_id\tgender\tage_band\toccupation\tzip\n"
        "7\tF\t26\t12\t1\n");
    load_damaged("cold-users", &s, "users.tsv:2: expected an age band");
    put(&s, "items.tsv", "item_id\ttitle\tgenres\n1\t\tAction\n");
    load_damaged("cold-items", &s, "items.tsv:2: expected an id and a title");
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
        cmocka_unit_test(test_cold_users_are_known_by_profile_only),
        cmocka_unit_test(test_cold_starts_survive_failing_allocations),
        cmocka_unit_test(test_real_files_have_their_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The next item among published candidates, on tiny files. */
#include "protocol_files.h"

#define GAMES_ITEMS "item_id:token\ttitle:token_seq\n"
#define GAMES_INTER "user_id:token\titem_id_list:token_seq\titem_id:token\n"


/* User u's candidates: all items, from number u on. */
static void put_lists(scratch *s, const char *name, unsigned from)
{
    rk_buf rows;

    rk_buf_init(&rows);
    for (unsigned u = from; u <= CROWD; u++) {
        rk_buf_printf(&rows, "%u\t", u);
        for (unsigned i = 0; i < CROWD; i++)
            rk_buf_printf(&rows, "%u ", (u + i) % CROWD + 1);
        rk_buf_puts(&rows, "unknown\n");
    }
    put_buf(s, name, &rows);
}


static bool listed(const rk_questions *q, size_t u, uint32_t item)
{
    for (size_t i = 0; i < q->n_candidates; i++)
        if (q->candidates[u * q->n_candidates + i] == item)
            return true;
    return false;
}


static void test_twenty_are_listed_the_truth_once_among_them(void **state)
{
    const rk_questions *q;
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    put_lists(&s, "ml-1m-full.random", 1);
    t = load_good("llmrank-ml-1m", &s);
    q = &t->test;
    assert_int_equal(q->asked->n_users, CROWD);
    assert_int_equal(q->n_candidates, 20);
    for (unsigned u = 0; u < CROWD; u++) {
        unsigned n_truths = 0;

        assert_int_equal(q->truth[u], crowd_item(u + 1, 6) - 1);
        for (size_t i = 0; i < 20; i++)
            n_truths += q->candidates[u * 20 + i] == q->truth[u];
        assert_int_equal(n_truths, 1);
        /* The first that is not the truth is the first published. */
        assert_true(listed(q, u, (u + 1) % CROWD));
        assert_int_equal(q->asked->start[u + 1] - q->asked->start[u], 6);
    }
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_tuning_uses_neither_the_truths_nor_the_lists(void **state)
{
    const rk_questions *q;
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    put_lists(&s, "ml-1m-full.random", 1);
    t = load_good("llmrank-ml-1m", &s);
    q = &t->validation;
    assert_non_null(t->tune);
    for (unsigned u = 0; u < CROWD; u++) {
        assert_int_equal(q->truth[u], crowd_item(u + 1, 5) - 1);
        assert_int_equal(t->tune->start[u + 1] - t->tune->start[u], 5);
        assert_int_equal(t->train->start[u + 1] - t->train->start[u], 6);
        for (size_t i = 0; i < 20; i++) {
            uint32_t item = q->candidates[u * 20 + i];

            assert_true(item == RK_NO_ID || item == q->truth[u] ||
                        item == t->test.truth[u] || !listed(&t->test, u, item));
        }
    }
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_few_users_are_asked_from_lists_of_their_own(void **state)
{
    rk_task_opts opts = {.seed = 1, .n_users = 7};
    rk_task *t;
    rk_error err;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    put_lists(&s, "ml-1m.random", 21);
    opts.data = s.dir;
    assert_int_equal(rk_protocol_find("llmrank-ml-1m")->load(&t, &opts, &err),
                     RK_OK);
    assert_int_equal(rk_task_check(t, &err), RK_OK);
    assert_int_equal(t->test.asked->n_users, 7);
    for (size_t u = 0; u < 7; u++)
        assert_true(t->test.user[u] >= 20);
    assert_int_equal(t->train->n_users, CROWD);
    rk_task_free(t);
    assert_int_equal(load("llmrank-ml-1m", &s, &t, &err), RK_ENOTFOUND);
    assert_non_null(strstr(err.msg, "ml-1m-full.random"));
    scratch_clear(&s);
}


static void test_damaged_lists_are_reported_with_their_line(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    put_crowd(&s);
    put(&s, "ml-1m-full.random", "1\t2 3\n99\t2 3\n");
    load_damaged("llmrank-ml-1m", &s,
                 "ml-1m-full.random:2: no sequence of user '99'");
    put(&s, "ml-1m-full.random", "1\t2 3\n1\t2 3\n");
    load_damaged("llmrank-ml-1m", &s, "ml-1m-full.random:2: user '1' again");
    put(&s, "ml-1m-full.random", "1\t2 3\n2 3\n");
    load_damaged("llmrank-ml-1m", &s, "ml-1m-full.random:2: expected 2 cells");
    scratch_clear(&s);
}


static void put_games(scratch *s, const char *items, const char *inter,
                      const char *lists)
{
    put(s, "Games-6k.item", items);
    put(s, "Games-6k.test.inter", inter);
    put(s, "Games-6k.random", lists);
}


static void test_games_have_their_titles_decoded(void **state)
{
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_games(&s,
              GAMES_ITEMS "1\tTom &amp; Jerry&#39;s &quot;Run&quot;\n"
                          "2\tA &#x; &#9; &lt;b&gt;&b\n3\tThree\n4\tFour\n",
              GAMES_INTER "7\t1 2\t3\n8\t4\t1\n", "7\t4 3 2\n8\t2 3\n");
    t = load_good("llmrank-games", &s);
    assert_string_equal(t->train->items[0]->fields[0].value,
                        "Tom & Jerry's \"Run\"");
    assert_string_equal(t->train->items[1]->fields[0].value,
                        "A &#x; &#9; <b>&b");
    assert_int_equal(t->test.asked->n_users, 2);
    assert_int_equal(t->test.truth[0], 2);
    assert_true(listed(&t->test, 0, 3) && listed(&t->test, 0, 1));
    assert_false(listed(&t->test, 0, 0));
    /* Of a history of one, nothing is left to tune with. */
    assert_int_equal(t->validation.asked->start[1], 1);
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_damaged_games_are_reported_with_their_line(void **state)
{
    static const char items[] = GAMES_ITEMS "1\tOne\n2\tTwo\n";
    static const char inter[] = GAMES_INTER "7\t1\t2\n";
    scratch s;

    (void)state;
    scratch_init(&s);
    put_games(&s, "item\ttitle\n1\tOne\n", inter, "");
    load_damaged("llmrank-games", &s, "Games-6k.item:1: expected the header");
    put_games(&s, items, GAMES_INTER "7\t1 5\t2\n", "");
    load_damaged("llmrank-games", &s,
                 "Games-6k.test.inter:2: no such item: '5'");
    put_games(&s, items, GAMES_INTER "7\t1\t5\n", "");
    load_damaged("llmrank-games", &s,
                 "Games-6k.test.inter:2: no such item: '5'");
    put_games(&s, items, GAMES_INTER "7\t1\t2\n7\t2\t1\n", "");
    load_damaged("llmrank-games", &s, "Games-6k.test.inter:3: user '7' again");
    put_games(&s, items, inter, "8\t1 2\n");
    load_damaged("llmrank-games", &s,
                 "Games-6k.random:1: no sequence of user '8'");
    scratch_clear(&s);
}


static void test_loading_survives_each_allocation_failing(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    put_games(&s, GAMES_ITEMS "1\tOne\n2\tTwo\n3\tThree\n",
              GAMES_INTER "7\t1 2\t3\n", "7\t1 2\n");
    load_without_memory("llmrank-games", &s, 1);
    scratch_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twenty_are_listed_the_truth_once_among_them),
        cmocka_unit_test(test_tuning_uses_neither_the_truths_nor_the_lists),
        cmocka_unit_test(test_few_users_are_asked_from_lists_of_their_own),
        cmocka_unit_test(test_damaged_lists_are_reported_with_their_line),
        cmocka_unit_test(test_games_have_their_titles_decoded),
        cmocka_unit_test(test_damaged_games_are_reported_with_their_line),
        cmocka_unit_test(test_loading_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "eval/fill.h"
#include "small_task.h"


static void test_what_is_filled_in_is_handed_over(void **state)
{
    static const rk_field age = {"age", "9"};
    rk_corpus *shelf = shelf_new();
    rk_questions q;
    rk_fill f;

    (void)state;
    assert_int_equal(rk_fill_begin(&f, shelf, 0, NULL), RK_OK);
    rk_fill_user(&f, "a", &(rk_record){"other", &age, 1}, 5, NULL);
    rk_fill_event(&f, (rk_seen){2, 1, 1, 7}, NULL);
    rk_fill_event(&f, (rk_seen){4, -1, 1, 8}, NULL);
    rk_fill_truth(&f, 3, NULL);
    rk_fill_user(&f, "b", &(rk_record){.id = "b"}, RK_NO_ID, NULL);
    rk_fill_truth(&f, 1, NULL);
    rk_fill_truth(&f, 0, NULL);
    rk_fill_label(&f, 1, 42, NULL);
    rk_fill_take_questions(&f, &q);
    assert_null(f.q.asked);
    rk_fill_clear(&f);
    assert_int_equal(q.asked->n_users, 2);
    assert_ptr_equal(q.asked->items, shelf->items);
    assert_string_equal(rk_ids_at(q.asked->user_ids, 0), "a");
    assert_string_equal(q.asked->users[0]->fields[0].value, "9");
    assert_int_equal(q.user[0], 5);
    assert_int_equal(q.user[1], RK_NO_ID);
    assert_int_equal(q.asked->start[1], 2);
    assert_int_equal(q.asked->start[2], 2);
    assert_int_equal(q.asked->seen[1].item, 4);
    assert_int_equal(q.truth_start[1], 1);
    assert_int_equal(q.truth_start[2], 3);
    assert_int_equal(q.truth[2], 0);
    assert_int_equal(q.label[1], 1);
    assert_int_equal(q.cluster[1], 42);
    rk_fill_free_questions(&q);
    rk_corpus_free(shelf);
}


static void test_a_user_again_is_refused(void **state)
{
    rk_corpus *shelf = shelf_new();
    rk_error err;
    rk_fill f;

    (void)state;
    assert_int_equal(rk_fill_begin(&f, shelf, 0, NULL), RK_OK);
    rk_fill_user(&f, "a", &(rk_record){.id = "a"}, 0, NULL);
    assert_int_equal(rk_fill_user(&f, "a", &(rk_record){.id = "a"}, 0, &err),
                     RK_EFORMAT);
    assert_string_equal(err.msg, "user 'a' again");
    assert_int_equal(f.q.asked->n_users, 1);
    rk_fill_clear(&f);
    rk_corpus_free(shelf);
}


/* The truth stands anywhere, each place as often; the others keep their order,
 * and what is short ends with RK_NO_ID. */
static void test_the_truth_is_put_at_a_drawn_place(void **state)
{
    static const uint32_t others[] = {10, 11, 12, 13, 14};
    rk_corpus *shelf = shelf_new();
    rk_rng rng = {5};
    size_t places[6] = {0};
    rk_fill f;

    (void)state;
    assert_int_equal(rk_fill_begin(&f, shelf, 6, NULL), RK_OK);
    for (size_t u = 0; u < 800; u++) {
        size_t n_others = u < 400 ? 3 : 20; /* 20: more than there is room */
        const uint32_t *list;
        uint32_t next = 10;
        char id[24];

        snprintf(id, sizeof(id), "U%zu", u);
        rk_fill_user(&f, id, &(rk_record){.id = id}, 0, NULL);
        rk_fill_truth(&f, 7, NULL);
        rk_fill_candidates(&f, others, n_others, &rng, NULL);
        list = f.q.candidates + u * 6;
        for (size_t i = 0; i < 6; i++) {
            if (list[i] == 7 && u < 400)
                places[i]++;
            else if (u < 400 && i > 3)
                assert_int_equal(list[i], RK_NO_ID);
            else if (list[i] != 7)
                assert_int_equal(list[i], next++);
        }
        assert_int_equal(next, u < 400 ? 13 : 15);
    }
    for (size_t i = 0; i < 4; i++)
        assert_in_range(places[i], 70, 130);
    rk_fill_clear(&f);
    rk_corpus_free(shelf);
}


static void test_a_draw_has_its_size_and_is_that_of_its_seed(void **state)
{
    size_t n_of[20] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        bool *a = rk_fill_draw(20, 6, seed);
        bool *b = rk_fill_draw(20, 6, seed);
        size_t n = 0;

        assert_memory_equal(a, b, 20);
        for (size_t i = 0; i < 20; i++) {
            n += a[i];
            n_of[i] += a[i];
        }
        assert_int_equal(n, 6);
        free(a);
        free(b);
    }
    for (size_t i = 0; i < 20; i++)
        assert_in_range(n_of[i], 240, 360);
    for (size_t most = 0; most < 9; most += 4) {
        bool *all = rk_fill_draw(4, most, 1); /* 0: no limit */

        for (size_t i = 0; i < 4; i++)
            assert_true(all[i]);
        free(all);
    }
    free(rk_fill_draw(0, 3, 1));
}


static void test_filling_survives_each_allocation_failing(void **state)
{
    rk_corpus *shelf = shelf_new();
    size_t n = 0;
    int rc;

    (void)state;
    do {
        rk_rng rng = {1};
        rk_fill f;

        rk_mem_fail_at(++n);
        rc = rk_fill_begin(&f, shelf, 3, NULL);
        if (rc == RK_OK)
            rc = rk_fill_user(&f, "a", &(rk_record){.id = "a"}, 0, NULL);
        if (rc == RK_OK)
            rc = rk_fill_event(&f, (rk_seen){.item = 1}, NULL);
        if (rc == RK_OK)
            rc = rk_fill_truth(&f, 2, NULL);
        if (rc == RK_OK)
            rc = rk_fill_candidates(&f, NULL, 0, &rng, NULL);
        if (rc == RK_OK)
            rc = rk_fill_label(&f, 1, 1, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_fill_clear(&f);
    } while (rc != RK_OK);
    assert_true(n > 10);
    rk_corpus_free(shelf);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_filled_in_is_handed_over),
        cmocka_unit_test(test_a_user_again_is_refused),
        cmocka_unit_test(test_the_truth_is_put_at_a_drawn_place),
        cmocka_unit_test(test_a_draw_has_its_size_and_is_that_of_its_seed),
        cmocka_unit_test(test_filling_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "data/histories.h"

#include "small_corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>


/* Whether event e is the first like of its item by its user. */
static bool is_first_like(const rk_corpus *c, size_t user, size_t e)
{
    if (c->seen[e].label <= 0)
        return false;
    for (size_t i = c->start[user]; i < e; i++)
        if (c->seen[i].label > 0 && c->seen[i].item == c->seen[e].item)
            return false;
    return true;
}


static void test_histories_are_each_like_once_in_order(void **state)
{
    rk_corpus c = small_corpus_random(30, 9, 20, 1);
    rk_histories *h;
    size_t n = 0;

    (void)state;
    assert_int_equal(rk_histories_new(&h, &c, NULL), RK_OK);
    assert_int_equal(h->n_users, 30);
    assert_int_equal(h->n_items, 9);
    assert_int_equal(h->start[0], 0);
    for (size_t u = 0; u < 30; u++) {
        for (size_t e = c.start[u]; e < c.start[u + 1]; e++)
            if (is_first_like(&c, u, e))
                assert_int_equal(h->item[n++], c.seen[e].item);
        assert_int_equal(h->start[u + 1], n);
    }
    assert_true(n < c.start[30] / 2); /* there was something to leave out */
    rk_histories_free(h);
    small_corpus_clear(&c);
}


static void test_what_was_disliked_first_stands_where_it_was_liked(void **state)
{
    rk_corpus c = small_corpus_new(2, 3, 4);
    static const rk_seen seen[] = {{2, -1, 0, 0}, {1, 1, 0, 1}, {2, 1, 0, 2},
                                   {1, 1, 0, 3},  {1, 0, 0, 0}, {0, 0, 0, 1},
                                   {2, 0, 0, 2},  {2, -1, 0, 3}};
    rk_histories *h;

    (void)state;
    memcpy(c.seen, seen, sizeof(seen));
    assert_int_equal(rk_histories_new(&h, &c, NULL), RK_OK);
    assert_int_equal(h->start[1], 2);
    assert_int_equal(h->start[2], 2);
    assert_int_equal(h->item[0], 1);
    assert_int_equal(h->item[1], 2);
    rk_histories_free(h);
    small_corpus_clear(&c);
}


static void test_a_part_is_a_view_of_some_users(void **state)
{
    rk_corpus c = small_corpus_random(12, 9, 7, 3);
    rk_histories *h;
    rk_histories part;

    (void)state;
    assert_int_equal(rk_histories_new(&h, &c, NULL), RK_OK);
    part = rk_histories_part(h, 5, 4);
    assert_int_equal(part.n_users, 4);
    assert_int_equal(part.n_items, 9);
    assert_ptr_equal(part.item, h->item);
    for (size_t u = 0; u <= 4; u++)
        assert_int_equal(part.start[u], h->start[5 + u]);
    part = rk_histories_part(&part, 1, 2);
    assert_int_equal(part.start[0], h->start[6]);
    part = rk_histories_part(h, 12, 0);
    assert_int_equal(part.n_users, 0);
    rk_histories_free(h);
    small_corpus_clear(&c);
}


static void test_nobody_and_nothing_make_empty_histories(void **state)
{
    static const size_t n_users[] = {0, 3, 0};
    static const size_t n_items[] = {0, 0, 3};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rk_corpus c = small_corpus_new(n_users[i], n_items[i], 0);
        rk_histories *h;

        assert_int_equal(rk_histories_new(&h, &c, NULL), RK_OK);
        assert_int_equal(h->n_users, n_users[i]);
        assert_int_equal(h->start[h->n_users], 0);
        rk_histories_free(h);
        small_corpus_clear(&c);
    }
    rk_histories_free(NULL);
}


static void test_histories_survive_each_allocation_failing(void **state)
{
    rk_corpus c = small_corpus_random(5, 4, 6, 2);
    rk_histories *h;
    size_t fail = 0;
    rk_error err;
    int rc;

    (void)state;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_histories_new(&h, &c, &err);
        rk_mem_fail_at(0);
        assert_int_equal(h == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && err.code == rc));
    } while (rc != RK_OK);
    assert_int_equal(fail, 5);
    rk_histories_free(h);
    small_corpus_clear(&c);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories_are_each_like_once_in_order),
        cmocka_unit_test(
            test_what_was_disliked_first_stands_where_it_was_liked),
        cmocka_unit_test(test_a_part_is_a_view_of_some_users),
        cmocka_unit_test(test_nobody_and_nothing_make_empty_histories),
        cmocka_unit_test(test_histories_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

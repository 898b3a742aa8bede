#include "data/corpus.h"

#include "core/mem.h"
#include "core/rng.h"
#include "data/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const rk_rules rules = {
    .positive = {{"rating", RK_AT_LEAST, 4}},
    .n_positive = 1,
    .negative = {{"rating", RK_AT_MOST, 2}},
    .n_negative = 1,
};


static rk_corpus_builder *new_builder(void)
{
    rk_corpus_builder *b;

    assert_int_equal(rk_corpus_builder_new(&b, &rules, NULL), RK_OK);
    return b;
}


static int add_item(rk_corpus_builder *b, const char *id, const char *title)
{
    rk_field f = {"title", title};

    return rk_corpus_add_item(b, &(rk_record){id, &f, 1}, NULL);
}


static int add_event(rk_corpus_builder *b, const char *user, const char *item,
                     double value, int64_t at_us)
{
    return rk_corpus_add_event(
        b, &(rk_event){user, item, "rating", value, at_us}, NULL);
}


static rk_corpus *finish(rk_corpus_builder *b)
{
    rk_corpus *c;

    assert_int_equal(rk_corpus_finish(b, &c, NULL), RK_OK);
    rk_corpus_builder_free(b);
    return c;
}


static void test_corpus_has_dense_positions_and_owned_records(void **state)
{
    char title[] = "The Night Circus";
    rk_corpus_builder *b = new_builder();
    rk_field age = {"age", "29"};
    rk_corpus *c;

    (void)state;
    assert_int_equal(add_item(b, "i2", title), RK_OK);
    assert_int_equal(add_item(b, "i1", "Dracula"), RK_OK);
    assert_int_equal(rk_corpus_add_user(b, &(rk_record){"u", &age, 1}, NULL),
                     RK_OK);
    memset(title, 'x', sizeof(title) - 1);
    c = finish(b);

    assert_int_equal(c->n_items, 2);
    assert_int_equal(rk_ids_find(c->item_ids, "i1"), 1);
    assert_string_equal(c->items[0]->id, "i2");
    assert_string_equal(rk_record_get(c->items[0], "title"),
                        "The Night Circus");
    assert_int_equal(c->n_users, 1);
    assert_string_equal(rk_record_get(c->users[0], "age"), "29");
    assert_int_equal(c->start[1], 0);
    rk_corpus_free(c);
}


static void test_corpus_replaces_a_record_that_comes_again(void **state)
{
    rk_corpus_builder *b = new_builder();
    rk_field age = {"age", "29"};
    rk_corpus *c;

    (void)state;
    add_item(b, "a", "old");
    add_item(b, "b", "other");
    add_item(b, "a", "new");
    add_event(b, "u", "a", 5, 1);
    assert_int_equal(rk_corpus_add_user(b, &(rk_record){"u", &age, 1}, NULL),
                     RK_OK);
    c = finish(b);
    assert_int_equal(c->n_items, 2);
    assert_string_equal(rk_record_get(c->items[0], "title"), "new");
    assert_int_equal(c->n_users, 1);
    assert_string_equal(rk_record_get(c->users[0], "age"), "29");
    assert_int_equal(c->start[1], 1);
    rk_corpus_free(c);
}


static void test_corpus_sorts_histories_and_keeps_ties_in_order(void **state)
{
    static const double expected[] = {4, 1, 3, 2, 5};
    rk_corpus_builder *b = new_builder();
    rk_corpus *c;

    (void)state;
    add_item(b, "i", "t");
    add_event(b, "u", "i", 1, 50);
    add_event(b, "v", "i", 1, 70);
    add_event(b, "u", "i", 2, 60);
    add_event(b, "u", "i", 3, 50);
    add_event(b, "u", "i", 4, -1);
    add_event(b, "u", "i", 5, 60);
    c = finish(b);
    assert_int_equal(c->start[0], 0);
    assert_int_equal(c->start[1], 5);
    assert_int_equal(c->start[2], 6);
    for (size_t i = 0; i < 5; i++)
        assert_true(c->seen[i].value == (float)expected[i]);
    rk_corpus_free(c);
}


static void test_corpus_labels_events_by_the_rules(void **state)
{
    static const int labels[] = {-1, -1, 0, 1, 1};
    rk_corpus_builder *b = new_builder();
    rk_corpus *c;

    (void)state;
    add_item(b, "i", "t");
    for (int i = 0; i < 5; i++)
        add_event(b, "u", "i", i + 1, i);
    c = finish(b);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(c->seen[i].label, labels[i]);
    rk_corpus_free(c);
}


static void test_corpus_drops_events_of_unknown_items_and_counts(void **state)
{
    rk_corpus_builder *b = new_builder();
    rk_corpus *c;

    (void)state;
    add_item(b, "i", "t");
    assert_int_equal(add_event(b, "ghost", "none", 5, 1), RK_OK);
    assert_int_equal(add_event(b, "u", "i", 5, 2), RK_OK);
    assert_int_equal(add_event(b, "u", "none", 5, 3), RK_OK);
    c = finish(b);
    assert_int_equal(c->n_dropped, 2);
    assert_int_equal(c->n_users, 1);
    assert_string_equal(c->users[0]->id, "u");
    assert_int_equal(c->users[0]->n_fields, 0);
    assert_int_equal(c->start[1], 1);
    rk_corpus_free(c);
}


static void test_corpus_may_be_empty(void **state)
{
    rk_corpus *c = finish(new_builder());

    (void)state;
    assert_int_equal(c->n_items, 0);
    assert_int_equal(c->n_users, 0);
    assert_int_equal(c->start[0], 0);
    rk_corpus_free(c);
    rk_corpus_free(NULL);
}


/* Users u0, u1 ... with 0 to 19 events each, in random order. */
static rk_corpus *random_corpus(uint64_t seed)
{
    rk_corpus_builder *b = new_builder();
    rk_rng r = {seed};

    for (int i = 0; i < 30; i++) {
        char id[16];

        snprintf(id, sizeof(id), "i%d", i);
        assert_int_equal(add_item(b, id, "t"), RK_OK);
    }
    for (int u = 0; u < 40; u++) {
        char id[16];

        snprintf(id, sizeof(id), "u%d", u);
        assert_int_equal(rk_corpus_add_user(b, &(rk_record){.id = id}, NULL),
                         RK_OK);
    }
    for (int i = 0; i < 400; i++) {
        char user[16];
        char item[16];

        snprintf(user, sizeof(user), "u%u", rk_rng_below(&r, 40));
        snprintf(item, sizeof(item), "i%u", rk_rng_below(&r, 30));
        assert_int_equal(add_event(b, user, item, 1 + rk_rng_below(&r, 5),
                                   rk_rng_below(&r, 100)),
                         RK_OK);
    }
    return finish(b);
}


/* The contract, user by user: what stays is a prefix; what went begins with
 * `held`, a like, and holds the last n likes or all there were. */
static void assert_held_out(const rk_corpus *c, size_t n, size_t keep)
{
    rk_corpus *train;
    rk_seen *held;

    assert_int_equal(rk_corpus_hold_out(c, n, keep, &train, &held, NULL),
                     RK_OK);
    assert_ptr_equal(train->items, c->items);
    assert_int_equal(train->n_users, c->n_users);
    for (size_t u = 0; u < c->n_users; u++) {
        const rk_seen *history = c->seen + c->start[u];
        size_t len = c->start[u + 1] - c->start[u];
        size_t kept = train->start[u + 1] - train->start[u];
        size_t n_likes = 0;
        size_t n_gone = 0;

        for (size_t i = 0; i < len; i++) {
            n_likes += history[i].label > 0;
            n_gone += i >= kept && history[i].label > 0;
        }
        if (kept)
            assert_memory_equal(train->seen + train->start[u], history,
                                kept * sizeof(*history));
        if (len <= keep || n_likes == 0 || n == 0) {
            assert_int_equal(kept, len);
            assert_int_equal(held[u].item, RK_NO_ID);
        } else {
            assert_int_equal(n_gone, n_likes < n ? n_likes : n);
            assert_memory_equal(&held[u], &history[kept], sizeof(*history));
            assert_int_equal(held[u].label, 1);
        }
    }
    rk_corpus_free(train);
    free(held);
}


static void test_hold_out_takes_the_last_likes_and_what_follows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        rk_corpus *c = random_corpus(seed);

        for (size_t n = 0; n <= 4; n++)
            for (size_t keep = 0; keep <= 20; keep += 4)
                assert_held_out(c, n, keep);
        rk_corpus_free(c);
    }
}


static void test_hold_out_takes_dislikes_after_the_last_like(void **state)
{
    rk_corpus_builder *b = new_builder();
    rk_corpus *train;
    rk_corpus *c;
    rk_seen *held;

    (void)state;
    add_item(b, "a", "t");
    add_item(b, "b", "t");
    add_event(b, "u", "a", 5, 1);
    add_event(b, "u", "b", 5, 2);
    add_event(b, "u", "a", 1, 3);
    c = finish(b);
    assert_int_equal(rk_corpus_hold_out(c, 1, 2, &train, &held, NULL), RK_OK);
    assert_int_equal(train->start[1], 1);
    assert_int_equal(held[0].item, 1);
    assert_int_equal(held[0].at_us, 2);
    rk_corpus_free(train);
    free(held);
    assert_int_equal(rk_corpus_hold_out(c, 1, 3, &train, &held, NULL), RK_OK);
    assert_int_equal(train->start[1], 3);
    assert_int_equal(held[0].item, RK_NO_ID);
    rk_corpus_free(train);
    free(held);
    rk_corpus_free(c);
}


/* Fills, finishes and holds out; RK_ENOMEM wherever an allocation fails. */
static int whole_life(void)
{
    rk_corpus_builder *b = NULL;
    rk_corpus *c = NULL;
    rk_corpus *train = NULL;
    rk_seen *held = NULL;
    int rc = rk_corpus_builder_new(&b, &rules, NULL);

    for (int i = 0; i < 40 && rc == RK_OK; i++) {
        char id[16];

        snprintf(id, sizeof(id), "%d", i);
        rc = add_item(b, id, "t");
        if (rc == RK_OK)
            rc = add_event(b, id, id, 5, 40 - i);
        if (rc == RK_OK)
            rc = rk_corpus_add_user(b, &(rk_record){.id = id}, NULL);
    }
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, &c, NULL);
    if (rc == RK_OK)
        rc = rk_corpus_hold_out(c, 1, 0, &train, &held, NULL);
    free(held);
    rk_corpus_free(train);
    rk_corpus_free(c);
    rk_corpus_builder_free(b);
    return rc;
}


static void test_corpus_stands_each_allocation_failing(void **state)
{
    int rc;

    (void)state;
    for (size_t at = 1;; at++) {
        rk_mem_fail_at(at);
        rc = whole_life();
        rk_mem_fail_at(0);
        if (rc == RK_OK) {
            assert_true(at > 100);
            break;
        }
        assert_int_equal(rc, RK_ENOMEM);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus_has_dense_positions_and_owned_records),
        cmocka_unit_test(test_corpus_replaces_a_record_that_comes_again),
        cmocka_unit_test(test_corpus_sorts_histories_and_keeps_ties_in_order),
        cmocka_unit_test(test_corpus_labels_events_by_the_rules),
        cmocka_unit_test(test_corpus_drops_events_of_unknown_items_and_counts),
        cmocka_unit_test(test_corpus_may_be_empty),
        cmocka_unit_test(test_hold_out_takes_the_last_likes_and_what_follows),
        cmocka_unit_test(test_hold_out_takes_dislikes_after_the_last_like),
        cmocka_unit_test(test_corpus_stands_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

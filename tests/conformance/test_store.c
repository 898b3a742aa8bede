/* What every store backend promises in store.h, run on each of them. */
#include "store_suite.h"

#include "data/record.h"

#include <math.h>

static void test_store_begins_empty(void **state)
{
    fixture *f = *state;
    rk_record *r = (rk_record *)f;

    assert_same_counts(f->s, (rk_store_counts){0});
    assert_records(f->s, RK_ITEMS, 0, "");
    assert_records(f->s, RK_USERS, 0, "");
    assert_events(f->s, NULL, "");
    assert_int_equal(rk_store_get_record(f->s, RK_ITEMS, "a", &r, NULL),
                     RK_ENOTFOUND);
    assert_null(r);
}


static void test_store_gives_back_a_record_as_it_was_put(void **state)
{
    static const rk_field fields[] = {
        {"title", "The \"Night\" Circus\n"},
        {"b", ""},
        {"a", "na\xC3\xAFve|\xF0\x9F\x8E\xAA"},
    };
    const rk_record put = {"B'1;--\xC3\xA9", fields, 3};
    fixture *f = *state;
    rk_error err = {0};
    rk_record *r;

    assert_int_equal(rk_store_put_record(f->s, RK_ITEMS, &put, &err), RK_OK);
    assert_int_equal(rk_store_get_record(f->s, RK_ITEMS, put.id, &r, &err),
                     RK_OK);
    assert_string_equal(r->id, put.id);
    assert_int_equal(r->n_fields, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(r->fields[i].name, fields[i].name);
        assert_string_equal(r->fields[i].value, fields[i].value);
    }
    rk_record_free(r);
    assert_int_equal(rk_store_get_record(f->s, RK_USERS, put.id, &r, &err),
                     RK_ENOTFOUND);
    assert_string_equal(err.msg, "no such user: 'B'1;--\xC3\xA9'");
}


static void test_store_counts_only_real_changes(void **state)
{
    fixture *f = *state;
    uint64_t change;

    put_item(f->s, "a", "one");
    put_event(f->s, "u", "a", "view", 1, 5);
    change = counts(f->s).change;
    put_item(f->s, "a", "one");
    put_event(f->s, "u", "a", "view", 1, 5);
    rk_store_put_record(f->s, RK_USERS, &(rk_record){.id = "u"}, NULL);
    rk_store_put_output(f->s, "k", "x", 1, NULL);
    rk_store_put_note(f->s, "n", "v", NULL);
    assert_int_equal(counts(f->s).change, change);

    put_item(f->s, "a", "two");
    assert_true(counts(f->s).change > change);
    change = counts(f->s).change;
    put_event(f->s, "u", "a", "view", 2, 5);
    assert_true(counts(f->s).change > change);
    change = counts(f->s).change;
    put_event(f->s, "u", "a", "view", 2, 6);
    assert_true(counts(f->s).change > change);
    assert_same_counts(f->s,
                       (rk_store_counts){1, 1, 2, 1, counts(f->s).change});
}


static void test_store_walks_records_in_order_of_arrival(void **state)
{
    fixture *f = *state;
    uint64_t since;

    put_item(f->s, "c", "1");
    put_item(f->s, "a", "2");
    put_item(f->s, "b", "3");
    since = counts(f->s).change;
    assert_records(f->s, RK_ITEMS, 0, "c title=1\na title=2\nb title=3\n");
    assert_records(f->s, RK_ITEMS, since, "");

    put_item(f->s, "d", "4");
    put_item(f->s, "c", "5");
    put_item(f->s, "b", "3");
    assert_records(f->s, RK_ITEMS, since, "c title=5\nd title=4\n");
    assert_records(f->s, RK_ITEMS, 0,
                   "c title=5\na title=2\nb title=3\nd title=4\n");
    assert_records(f->s, RK_USERS, 0, "");
    assert_records(f->s, RK_ITEMS, UINT64_MAX, "");
}


static void test_store_creates_the_user_of_an_event(void **state)
{
    fixture *f = *state;
    uint64_t since;

    put_item(f->s, "a", "1");
    since = counts(f->s).change;
    assert_int_equal(put_event(f->s, "u", "a", "view", 1, 0), RK_OK);
    assert_records(f->s, RK_USERS, since, "u\n");
    assert_int_equal(counts(f->s).n_users, 1);
}


static void test_store_refuses_an_event_of_an_unknown_item(void **state)
{
    const rk_event e = {"u", "none", "view", 1, 0};
    fixture *f = *state;
    rk_error err = {0};

    assert_int_equal(rk_store_put_event(f->s, &e, &err), RK_ENOTFOUND);
    assert_string_equal(err.msg, "no such item: 'none'");
    assert_same_counts(f->s, (rk_store_counts){0});
    assert_records(f->s, RK_USERS, 0, "");
}


static void test_store_keys_events_by_user_item_type_and_time(void **state)
{
    fixture *f = *state;

    put_item(f->s, "a", "1");
    put_item(f->s, "b", "2");
    put_event(f->s, "u", "a", "rating", 4, 7);
    put_event(f->s, "v", "a", "rating", 4, 7);
    put_event(f->s, "u", "b", "rating", 4, 7);
    put_event(f->s, "u", "a", "view", 4, 7);
    put_event(f->s, "u", "a", "rating", 4, 8);
    put_event(f->s, "u", "a", "rating", 2.5, 7);
    assert_events(f->s, NULL,
                  "u a rating 2.5 7\nu b rating 4 7\nu a view 4 7\n"
                  "u a rating 4 8\nv a rating 4 7\n");
    assert_int_equal(counts(f->s).n_events, 5);
}


static void test_store_orders_events_by_user_time_and_arrival(void **state)
{
    fixture *f = *state;

    put_item(f->s, "b", "1");
    put_item(f->s, "a", "2");
    put_event(f->s, "z", "a", "v", 1, 50);
    put_event(f->s, "y", "b", "v", 2, 40);
    put_event(f->s, "z", "b", "v", 3, 50);
    put_event(f->s, "z", "a", "u", 4, 50);
    put_event(f->s, "z", "a", "v", 5, -60000000);
    put_event(f->s, "y", "a", "v", 6, INT64_C(874724710000000));
    put_event(f->s, "z", "a", "v", 7, 49);
    assert_events(f->s, NULL,
                  "z a v 5 -60000000\nz a v 7 49\nz a v 1 50\nz b v 3 50\n"
                  "z a u 4 50\ny b v 2 40\ny a v 6 874724710000000\n");
    assert_events(f->s, "y", "y b v 2 40\ny a v 6 874724710000000\n");
    assert_events(f->s, "nobody", "");
}


static void test_store_refuses_what_no_store_should_hold(void **state)
{
    fixture *f = *state;
    rk_record r = {.id = "a"};

    assert_int_equal(rk_store_put_record(f->s, RK_ITEMS, &r, NULL), RK_EINVAL);
    assert_int_equal(rk_store_put_record(f->s, RK_EVENTS, &r, NULL), RK_EINVAL);
    r.id = "";
    assert_int_equal(rk_store_put_record(f->s, RK_USERS, &r, NULL), RK_EINVAL);
    put_item(f->s, "a", "1");
    assert_int_equal(put_event(f->s, "u", "a", "view", NAN, 0), RK_EINVAL);
    assert_int_equal(put_event(f->s, "", "a", "view", 1, 0), RK_EINVAL);
    assert_int_equal(rk_store_put_output(f->s, "", "x", 1, NULL), RK_EINVAL);
    assert_int_equal(rk_store_put_note(f->s, "", "x", NULL), RK_EINVAL);
    assert_int_equal(
        rk_store_each_record(f->s, RK_EVENTS, 0, record_tell, NULL, NULL),
        RK_EINVAL);
    assert_int_equal(counts(f->s).change, 1);
}


static void test_store_commits_all_or_rolls_all_back(void **state)
{
    fixture *f = *state;
    rk_store_counts before;

    put_item(f->s, "a", "1");
    before = counts(f->s);
    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    put_item(f->s, "a", "2");
    put_item(f->s, "b", "3");
    put_event(f->s, "u", "b", "view", 1, 0);
    rk_store_put_output(f->s, "k", "x", 1, NULL);
    rk_store_put_note(f->s, "n", "v", NULL);
    assert_records(f->s, RK_ITEMS, 0, "a title=2\nb title=3\n");
    assert_int_equal(counts(f->s).n_events, 1);
    rk_store_rollback(f->s);
    assert_records(f->s, RK_ITEMS, 0, "a title=1\n");
    assert_events(f->s, NULL, "");
    assert_same_counts(f->s, before);

    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    put_item(f->s, "b", "3");
    assert_int_equal(put_event(f->s, "u", "none", "view", 1, 0), RK_ENOTFOUND);
    put_event(f->s, "u", "b", "view", 1, 0);
    assert_int_equal(rk_store_commit(f->s, NULL), RK_OK);
    assert_records(f->s, RK_ITEMS, 0, "a title=1\nb title=3\n");
    assert_events(f->s, NULL, "u b view 1 0\n");
    assert_int_equal(counts(f->s).n_items, 2);
}


static void test_store_has_one_transaction_at_a_time(void **state)
{
    fixture *f = *state;

    assert_int_equal(rk_store_commit(f->s, NULL), RK_EINVAL);
    rk_store_rollback(f->s);
    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    assert_int_equal(rk_store_begin(f->s, NULL), RK_EINVAL);
    put_item(f->s, "a", "1");
    assert_int_equal(rk_store_commit(f->s, NULL), RK_OK);
    assert_int_equal(rk_store_commit(f->s, NULL), RK_EINVAL);
    rk_store_rollback(f->s);
    assert_int_equal(counts(f->s).n_items, 1);
}


static void test_store_keeps_outputs_byte_by_byte(void **state)
{
    static const char bytes[] = {0, 1, 'x', 0, (char)0xFF};
    fixture *f = *state;
    void *got = f;
    size_t len = 1;

    assert_int_equal(rk_store_get_output(f->s, "k", &got, &len, NULL),
                     RK_ENOTFOUND);
    assert_null(got);
    assert_int_equal(rk_store_put_output(f->s, "k", "old", 3, NULL), RK_OK);
    assert_int_equal(rk_store_put_output(f->s, "k", bytes, 5, NULL), RK_OK);
    assert_int_equal(rk_store_put_output(f->s, "e", NULL, 0, NULL), RK_OK);
    assert_int_equal(rk_store_get_output(f->s, "k", &got, &len, NULL), RK_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(got, bytes, 5);
    free(got);
    assert_int_equal(rk_store_get_output(f->s, "e", &got, &len, NULL), RK_OK);
    assert_non_null(got);
    assert_int_equal(len, 0);
    free(got);
    assert_same_counts(f->s, (rk_store_counts){.n_outputs = 2});
}


static void test_store_prunes_outputs_to_the_newest(void **state)
{
    fixture *f = *state;
    char key[16];
    void *got;
    size_t len;

    for (int i = 0; i < 9; i++) {
        /* Not in the order of their keys. */
        snprintf(key, sizeof(key), "p%d", (i * 4) % 9);
        assert_int_equal(rk_store_put_output(f->s, key, "x", 1, NULL), RK_OK);
    }
    assert_int_equal(rk_store_put_output(f->s, "o", "x", 1, NULL), RK_OK);
    assert_int_equal(rk_store_put_output(f->s, "q", "x", 1, NULL), RK_OK);
    assert_int_equal(rk_store_prune_outputs(f->s, "p", 9, NULL), RK_OK);
    assert_same_counts(f->s, (rk_store_counts){.n_outputs = 11});
    assert_int_equal(rk_store_prune_outputs(f->s, "p", 3, NULL), RK_OK);
    assert_same_counts(f->s, (rk_store_counts){.n_outputs = 5});
    for (int i = 0; i < 9; i++) {
        snprintf(key, sizeof(key), "p%d", (i * 4) % 9);
        assert_int_equal(rk_store_get_output(f->s, key, &got, &len, NULL),
                         i < 6 ? RK_ENOTFOUND : RK_OK);
        free(got);
    }
    assert_int_equal(rk_store_prune_outputs(f->s, "p", 0, NULL), RK_OK);
    assert_same_counts(f->s, (rk_store_counts){.n_outputs = 2});
    assert_int_equal(rk_store_prune_outputs(f->s, "", 0, NULL), RK_EINVAL);
}


static void test_store_keeps_notes(void **state)
{
    fixture *f = *state;
    char *value = (char *)f;

    assert_int_equal(rk_store_get_note(f->s, "n", &value, NULL), RK_ENOTFOUND);
    assert_null(value);
    assert_int_equal(rk_store_put_note(f->s, "n", "first", NULL), RK_OK);
    assert_int_equal(rk_store_put_note(f->s, "n", "\xC3\xA9", NULL), RK_OK);
    assert_int_equal(rk_store_put_note(f->s, "e", "", NULL), RK_OK);
    assert_int_equal(rk_store_get_note(f->s, "n", &value, NULL), RK_OK);
    assert_string_equal(value, "\xC3\xA9");
    free(value);
    assert_int_equal(rk_store_get_note(f->s, "e", &value, NULL), RK_OK);
    assert_string_equal(value, "");
    free(value);
}


/* Counts to three, then stops with a code of its own. */
static int third_stops(void *ctx, const rk_record *r, rk_error *err)
{
    (void)r;
    return ++*(int *)ctx == 3 ? rk_fail(err, RK_ECANCELLED, "enough") : RK_OK;
}


static int first_stops(void *ctx, const rk_event *e, rk_error *err)
{
    (void)ctx;
    (void)e;
    return rk_fail(err, RK_EIO, "no more");
}


static void test_store_walk_ends_where_the_callback_says(void **state)
{
    fixture *f = *state;
    rk_error err = {0};
    int n = 0;

    for (const char *id = "abcd"; *id; id++)
        put_item(f->s, (char[]){*id, '\0'}, "t");
    put_event(f->s, "u", "a", "view", 1, 0);
    assert_int_equal(
        rk_store_each_record(f->s, RK_ITEMS, 0, third_stops, &n, &err),
        RK_ECANCELLED);
    assert_int_equal(n, 3);
    assert_string_equal(err.msg, "enough");
    assert_int_equal(rk_store_each_event(f->s, NULL, first_stops, NULL, &err),
                     RK_EIO);
    assert_string_equal(err.msg, "no more");
    assert_int_equal(put_item(f->s, "e", "t"), RK_OK);
}


/* Reads everything there is, and tries to write, inside a walk. */
static int walk_inside(void *ctx, const rk_record *r, rk_error *err)
{
    rk_store *s = ctx;
    rk_record *again;

    (void)err;
    assert_records(s, RK_ITEMS, 0, "a title=1\nb title=2\n");
    assert_events(s, "u", "u a view 1 0\n");
    assert_int_equal(rk_store_get_record(s, RK_ITEMS, r->id, &again, NULL),
                     RK_OK);
    assert_string_equal(again->id, r->id);
    rk_record_free(again);
    assert_int_equal(put_item(s, "c", "3"), RK_EINVAL);
    assert_int_equal(put_event(s, "u", "a", "view", 1, 9), RK_EINVAL);
    assert_int_equal(rk_store_put_output(s, "k", "x", 1, NULL), RK_EINVAL);
    assert_int_equal(rk_store_put_note(s, "n", "x", NULL), RK_EINVAL);
    assert_int_equal(rk_store_begin(s, NULL), RK_EINVAL);
    return RK_OK;
}


static void test_store_may_be_read_but_not_written_inside_a_walk(void **state)
{
    fixture *f = *state;

    put_item(f->s, "a", "1");
    put_item(f->s, "b", "2");
    put_event(f->s, "u", "a", "view", 1, 0);
    assert_int_equal(
        rk_store_each_record(f->s, RK_ITEMS, 0, walk_inside, f->s, NULL),
        RK_OK);
    assert_int_equal(put_item(f->s, "c", "3"), RK_OK);
}


static void test_store_shows_one_connection_what_another_committed(void **state)
{
    fixture *f = *state;
    rk_store *other;
    uint64_t since;

    if (!f->how->file) {
        print_message("%s: a store of one connection\n", f->how->name);
        skip();
    }
    other = store_connect(f);
    put_item(f->s, "a", "1");
    assert_records(other, RK_ITEMS, 0, "a title=1\n");
    since = counts(other).change;
    rk_store_begin(f->s, NULL);
    put_item(f->s, "b", "2");
    assert_int_equal(counts(other).change, since);
    assert_records(other, RK_ITEMS, 0, "a title=1\n");
    rk_store_commit(f->s, NULL);
    assert_int_equal(counts(other).change, since + 1);
    assert_records(other, RK_ITEMS, since, "b title=2\n");

    assert_int_equal(put_item(other, "b", "3"), RK_OK);
    assert_int_equal(put_item(f->s, "b", "2"), RK_OK);
    assert_int_equal(counts(f->s).change, since + 3);
    rk_store_close(other);
}


static void test_store_is_found_again_after_closing(void **state)
{
    fixture *f = *state;
    rk_store_counts before;

    if (!f->how->file) {
        print_message("%s: a store of one connection\n", f->how->name);
        skip();
    }
    put_item(f->s, "a", "1");
    put_event(f->s, "u", "a", "rating", 4.5, 7);
    rk_store_put_output(f->s, "k", "x", 1, NULL);
    before = counts(f->s);
    rk_store_close(f->s);
    f->s = store_connect(f);
    assert_same_counts(f->s, before);
    assert_records(f->s, RK_ITEMS, 0, "a title=1\n");
    assert_events(f->s, NULL, "u a rating 4.5 7\n");
}


/* One of each; RK_ENOMEM wherever an allocation fails. */
static int one_of_each(rk_store *s)
{
    rk_record *r = NULL;
    void *bytes = NULL;
    char *note = NULL;
    rk_buf told;
    size_t len;
    int rc = put_item(s, "a", "1");

    rk_buf_init(&told);
    if (rc == RK_OK)
        rc = put_event(s, "u", "a", "view", 1, 0);
    if (rc == RK_OK)
        rc = rk_store_put_output(s, "k", "x", 1, NULL);
    if (rc == RK_OK)
        rc = rk_store_put_note(s, "n", "v", NULL);
    if (rc == RK_OK)
        rc = rk_store_get_record(s, RK_ITEMS, "a", &r, NULL);
    if (rc == RK_OK)
        rc = rk_store_each_record(s, RK_USERS, 0, record_tell, &told, NULL);
    if (rc == RK_OK)
        rc = rk_store_each_event(s, NULL, event_tell, &told, NULL);
    if (rc == RK_OK && told.failed)
        rc = RK_ENOMEM;
    if (rc == RK_OK)
        rc = rk_store_get_output(s, "k", &bytes, &len, NULL);
    if (rc == RK_OK)
        rc = rk_store_get_note(s, "n", &note, NULL);
    rk_record_free(r);
    free(bytes);
    free(note);
    rk_buf_clear(&told);
    return rc;
}


static void test_store_stands_each_allocation_failing(void **state)
{
    fixture *f = *state;
    int rc;

    for (size_t at = 1;; at++) {
        rk_mem_fail_at(at);
        rc = one_of_each(f->s);
        rk_mem_fail_at(0);
        if (rc == RK_OK) {
            assert_true(at > 5);
            break;
        }
        assert_int_equal(rc, RK_ENOMEM);
    }
    assert_records(f->s, RK_ITEMS, 0, "a title=1\n");
}


static const struct CMUnitTest suite[] = {
    cmocka_unit_test(test_store_begins_empty),
    cmocka_unit_test(test_store_gives_back_a_record_as_it_was_put),
    cmocka_unit_test(test_store_counts_only_real_changes),
    cmocka_unit_test(test_store_walks_records_in_order_of_arrival),
    cmocka_unit_test(test_store_creates_the_user_of_an_event),
    cmocka_unit_test(test_store_refuses_an_event_of_an_unknown_item),
    cmocka_unit_test(test_store_keys_events_by_user_item_type_and_time),
    cmocka_unit_test(test_store_orders_events_by_user_time_and_arrival),
    cmocka_unit_test(test_store_refuses_what_no_store_should_hold),
    cmocka_unit_test(test_store_commits_all_or_rolls_all_back),
    cmocka_unit_test(test_store_has_one_transaction_at_a_time),
    cmocka_unit_test(test_store_keeps_outputs_byte_by_byte),
    cmocka_unit_test(test_store_prunes_outputs_to_the_newest),
    cmocka_unit_test(test_store_keeps_notes),
    cmocka_unit_test(test_store_walk_ends_where_the_callback_says),
    cmocka_unit_test(test_store_may_be_read_but_not_written_inside_a_walk),
    cmocka_unit_test(test_store_shows_one_connection_what_another_committed),
    cmocka_unit_test(test_store_is_found_again_after_closing),
    cmocka_unit_test(test_store_stands_each_allocation_failing),
};


int main(void)
{
    return suite_run(suite, sizeof(suite) / sizeof(*suite));
}

/* What a person said of words by hand, on every store. */
#include "store_suite.h"

#include <math.h>


static const rk_edit thriller = {.kind = "user",
                                 .id = "u1",
                                 .token = "thriller",
                                 .what = "set",
                                 .into = "",
                                 .weight = -1,
                                 .who = "ada",
                                 .at_us = 5};


static uint64_t add(rk_store *s, const rk_edit *e)
{
    uint64_t version;

    assert_int_equal(rk_store_add_edit(s, e, &version, NULL), RK_OK);
    return version;
}


static uint64_t newest(rk_store *s)
{
    uint64_t version;

    assert_int_equal(rk_store_edits_version(s, &version, NULL), RK_OK);
    return version;
}


static int tell(void *ctx, const rk_edit *e, rk_error *err)
{
    (void)err;
    rk_buf_printf(ctx, "%llu %s '%s' %s %s '%s' %g %s %lld\n",
                  (unsigned long long)e->version, e->kind, e->id, e->what,
                  e->token, e->into, e->weight, e->who, (long long)e->at_us);
    return RK_OK;
}


static void assert_edits(rk_store *s, bool latest, const char *expected)
{
    rk_buf told;

    rk_buf_init(&told);
    assert_int_equal(rk_store_each_edit(s, latest, tell, &told, NULL), RK_OK);
    assert_string_equal(rk_buf_str(&told), expected);
    rk_buf_clear(&told);
}


static void test_edits_are_kept_and_the_latest_of_a_token_counts(void **state)
{
    fixture *f = *state;
    rk_edit clear = thriller;
    rk_edit merge = {"vocabulary", "", "crime", "merge", "murder", 0, "", 6, 0};

    clear.what = "clear";
    clear.weight = 0;
    assert_int_equal(newest(f->s), 0);
    assert_int_equal(add(f->s, &thriller), 1);
    assert_int_equal(add(f->s, &merge), 2);
    assert_int_equal(add(f->s, &clear), 3);
    assert_int_equal(newest(f->s), 3);
    assert_edits(f->s, false,
                 "1 user 'u1' set thriller '' -1 ada 5\n"
                 "2 vocabulary '' merge crime 'murder' 0  6\n"
                 "3 user 'u1' clear thriller '' 0 ada 5\n");
    assert_edits(f->s, true,
                 "3 user 'u1' clear thriller '' 0 ada 5\n"
                 "2 vocabulary '' merge crime 'murder' 0  6\n");
}


static void test_an_edit_does_not_count_as_a_change_of_the_data(void **state)
{
    fixture *f = *state;
    rk_store_counts before = counts(f->s);

    add(f->s, &thriller);
    assert_same_counts(f->s, before);
}


static void test_an_edit_that_is_rolled_back_leaves_no_trace(void **state)
{
    fixture *f = *state;

    assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
    add(f->s, &thriller);
    rk_store_rollback(f->s);
    assert_int_equal(newest(f->s), 0);
    assert_edits(f->s, false, "");
}


static void test_an_edit_is_seen_through_another_connection(void **state)
{
    fixture *f = *state;
    rk_store *other;

    if (!f->how->file)
        skip();
    other = store_connect(f);
    add(other, &thriller);
    rk_store_close(other);
    assert_int_equal(newest(f->s), 1);
}


static void assert_refused(rk_store *s, const rk_edit *e, const char *why)
{
    rk_error err = {0};
    uint64_t version = 9;

    assert_int_equal(rk_store_add_edit(s, e, &version, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, why));
    assert_int_equal(version, 0);
    assert_int_equal(newest(s), 0);
}


static void test_what_is_no_edit_is_refused_and_says_why(void **state)
{
    fixture *f = *state;
    rk_edit e = thriller;

    e.weight = 1.5;
    assert_refused(f->s, &e, "weight is 1.5, must be -1 to 1");
    e.weight = NAN;
    assert_refused(f->s, &e, "must be -1 to 1");
    e = thriller;
    e.id = "";
    assert_refused(f->s, &e, "expected an item's or user's id");
    e = thriller;
    e.kind = "vocabulary";
    assert_refused(f->s, &e, "the vocabulary and none");
    e = thriller;
    e.what = "merge";
    assert_refused(f->s, &e, "an edit 'merge' of the user");
    e = thriller;
    e.token = "";
    assert_refused(f->s, &e, "lacks a word");
    e = (rk_edit){"vocabulary", "", "crime", "merge", "", 0, "", 6, 0};
    assert_refused(f->s, &e, "lacks a word");
}


int main(void)
{
    const struct CMUnitTest suite[] = {
        cmocka_unit_test(test_edits_are_kept_and_the_latest_of_a_token_counts),
        cmocka_unit_test(test_an_edit_does_not_count_as_a_change_of_the_data),
        cmocka_unit_test(test_an_edit_that_is_rolled_back_leaves_no_trace),
        cmocka_unit_test(test_an_edit_is_seen_through_another_connection),
        cmocka_unit_test(test_what_is_no_edit_is_refused_and_says_why),
    };

    return suite_run(suite, sizeof(suite) / sizeof(*suite));
}

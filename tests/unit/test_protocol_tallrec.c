/* Whether a film pleases, on tiny files. */
#include "protocol_files.h"

#define HEADER                                                                 \
    "split\tuser_id\thistory_item_ids\thistory_labels\titem_id\tlabel\t"       \
    "timestamp\n"
#define LABELS "1,0,1,0,1,0,1,0,1,0"
#define ROW(split, user, first, item, label, at)                               \
    split "\t" user "\t" first "2,3,4,5,6,7,8,9,10\t" LABELS "\t" item         \
          "\t" label "\t" at "\n"
#define PROMPT(target)                                                         \
    "{\"input\": \"Liked: \\\"Matrix, The (1999)\\\", \\\"F3\\\", \\\"F5\\\""  \
    ", \\\"F7\\\", \\\"F9\\\". Disliked: \\\"F2\\\", \\\"F4\\\", \\\"F6\\\","  \
    " \\\"F8\\\", \\\"F10\\\". Whether \\\"" target "\\\"\"}"

/* User 5 is asked from 400 on; a training row of theirs is older, one newer.
 * User 6 only trains. */
#define WINDOWS                                                                \
    HEADER ROW("train", "5", "1,", "20", "1", "300")                           \
        ROW("train", "5", "1,", "21", "0", "500")                              \
            ROW("train", "6", "1,", "22", "0", "900")                          \
                ROW("valid", "5", "1,", "23", "1", "400")                      \
                    ROW("test", "5", "1,", "24", "0", "600")                   \
                        ROW("test", "5", "1,", "26", "1", "700")               \
                            ROW("test", "9", "1,", "25", "1", "100")


static void put_files(scratch *s, const char *windows)
{
    put(s, "windows.tsv", windows);
    put(s, "test.json",
        "[" PROMPT("Target (2001)") "," PROMPT("X") "," PROMPT("Y") "]");
    put(s, "valid.json", "[" PROMPT("Tuned") "]");
}


/* The place of an item by its number in the file. */
static uint32_t at(const rk_task *t, const char *number)
{
    return rk_ids_find(t->catalogue->item_ids, number);
}


static const char *title(const rk_task *t, const char *number)
{
    return t->catalogue->items[at(t, number)]->fields[0].value;
}


static void test_rows_become_questions_with_labels_by_user(void **state)
{
    static const int8_t labels[] = {0, 1, 1};
    static const uint32_t users[] = {5, 5, 9};
    static const char *const truths[] = {"24", "26", "25"};
    const rk_questions *q;
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_files(&s, WINDOWS);
    t = load_good("tallrec-movie", &s);
    q = &t->test;
    assert_int_equal(t->kind, RK_TASK_LIKE);
    assert_int_equal(q->asked->n_users, 3);
    assert_int_equal(q->n_candidates, 1);
    for (size_t u = 0; u < 3; u++) {
        assert_int_equal(q->truth[u], at(t, truths[u]));
        assert_int_equal(q->candidates[u], q->truth[u]);
        assert_int_equal(q->label[u], labels[u]);
        assert_int_equal(q->cluster[u], users[u]);
        assert_int_equal(q->asked->start[u + 1], 10 * (u + 1));
    }
    assert_int_equal(q->asked->seen[0].label, 1);
    assert_int_equal(q->asked->seen[1].label, -1);
    assert_int_equal(q->user[2], RK_NO_ID);
    assert_int_equal(t->validation.asked->n_users, 1);
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_nothing_newer_than_a_question_is_trained_on(void **state)
{
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_files(&s, WINDOWS);
    t = load_good("tallrec-movie", &s);
    assert_int_equal(t->train->n_users, 2);
    assert_int_equal(t->train->start[1], 11);
    assert_int_equal(t->train->start[2], 22);
    for (size_t i = 0; i < 22; i++)
        assert_true(t->train->seen[i].item != at(t, "21"));
    assert_true(t->train->seen[10].item == at(t, "20"));
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_titles_are_read_from_the_prompts(void **state)
{
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_files(&s, WINDOWS);
    t = load_good("tallrec-movie", &s);
    assert_string_equal(title(t, "1"), "The Matrix");
    assert_string_equal(title(t, "2"), "F2");
    assert_string_equal(title(t, "10"), "F10");
    assert_string_equal(title(t, "24"), "Target");
    assert_string_equal(title(t, "23"), "Tuned");
    assert_string_equal(title(t, "22"), "film 22");
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_damage_is_reported_with_its_line(void **state)
{
    static const char *const rows[] = {
        ROW("exam", "5", "1,", "20", "1", "300"),
        ROW("train", "100000", "1,", "20", "1", "300"),
        ROW("train", "5", "1,", "-1", "1", "300"),
        ROW("train", "5", "1,", "20", "2", "300"),
        ROW("train", "5", "1,", "20", "1", "3e9"),
        ROW("train", "5", "", "20", "1", "300"),
        ROW("train", "5", "1,1,", "20", "1", "300"),
        ROW("train", "5", "x,", "20", "1", "300"),
        "train\t5\n",
    };
    rk_buf windows;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_files(&s, WINDOWS);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rk_buf_init(&windows);
        rk_buf_puts(&windows, HEADER ROW("train", "5", "1,", "20", "1", "1"));
        rk_buf_puts(&windows, rows[i]);
        put_buf(&s, "windows.tsv", &windows);
        load_damaged("tallrec-movie", &s, "windows.tsv:3: expected ");
    }
    put_files(&s, WINDOWS);
    put(&s, "test.json", "[{}]");
    load_damaged("tallrec-movie", &s, "test.json: expected the text \"input\"");
    put(&s, "test.json", "[{");
    load_damaged("tallrec-movie", &s, "test.json: not JSON");
    scratch_clear(&s);
}


static void test_loading_survives_each_allocation_failing(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    put_files(&s, WINDOWS);
    load_without_memory("tallrec-movie", &s, 3);
    scratch_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_become_questions_with_labels_by_user),
        cmocka_unit_test(test_nothing_newer_than_a_question_is_trained_on),
        cmocka_unit_test(test_titles_are_read_from_the_prompts),
        cmocka_unit_test(test_damage_is_reported_with_its_line),
        cmocka_unit_test(test_loading_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

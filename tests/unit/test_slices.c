#include "eval/slices.h"
#include "small_task.h"


/* A history of n events, for each of some lengths, and one truth each. */
static void lengths_init(small *s, const size_t *lengths, size_t n)
{
    rk_fill f;

    memset(s, 0, sizeof(*s));
    s->shelf = shelf_new();
    assert_int_equal(rk_fill_begin(&f, s->shelf, 0, NULL), RK_OK);
    for (size_t u = 0; u < n; u++) {
        char id[24];

        snprintf(id, sizeof(id), "U%zu", u);
        rk_fill_user(&f, id, &(rk_record){.id = id}, RK_NO_ID, NULL);
        for (size_t i = 0; i < lengths[u]; i++)
            rk_fill_event(&f, (rk_seen){.item = 0, .label = 1}, NULL);
        rk_fill_truth(&f, (uint32_t)(u % ITEMS), NULL);
    }
    rk_fill_take_questions(&f, &s->task.test);
}


static void test_histories_are_sliced_by_their_length(void **state)
{
    static const size_t lengths[] = {0, 9, 10, 19, 20, 49, 50, 199, 200, 999};
    static const uint32_t popularity[ITEMS] = {0};
    int8_t slice[2 * 10];
    small s;

    (void)state;
    lengths_init(&s, lengths, 10);
    assert_int_equal(rk_slices_find(slice, &s.task.test, popularity, NULL),
                     RK_OK);
    for (size_t u = 0; u < 10; u++) {
        assert_int_equal(slice[2 * u], u / 2);
        assert_string_equal(rk_slice_names[slice[2 * u]].by, "history");
        assert_int_equal(slice[2 * u + 1], -1); /* nothing was ever had */
    }
    small_clear(&s);
}


/* Of 40 items, item i had 40 - i times: the first four are the head, and the
 * tail begins where what is before it reaches four fifths. */
static void test_truths_are_sliced_by_their_popularity(void **state)
{
    size_t lengths[ITEMS] = {0};
    uint32_t popularity[ITEMS];
    int8_t slice[2 * ITEMS];
    double before = 0;
    small s;

    (void)state;
    for (uint32_t i = 0; i < ITEMS; i++)
        popularity[i] = ITEMS - i;
    lengths_init(&s, lengths, ITEMS);
    assert_int_equal(rk_slices_find(slice, &s.task.test, popularity, NULL),
                     RK_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        int8_t at = slice[2 * i + 1];

        assert_int_equal(at, i < 4 ? 5 : before >= 0.8 * 820 ? 7 : 6);
        assert_string_equal(rk_slice_names[at].by, "popularity");
        before += popularity[i];
    }
    small_clear(&s);
}


static void test_several_truths_and_none_are_not_sliced(void **state)
{
    uint32_t popularity[ITEMS];
    int8_t slice[2 * USERS];
    rk_questions *q;
    small s;

    (void)state;
    for (uint32_t i = 0; i < ITEMS; i++)
        popularity[i] = i;
    small_init(&s, 0); /* every other one has two truths */
    q = &s.task.test;
    q->truth_start[USERS] = q->truth_start[USERS - 1];
    assert_int_equal(rk_slices_find(slice, q, popularity, NULL), RK_OK);
    for (size_t u = 0; u + 1 < USERS; u++) {
        assert_int_equal(slice[2 * u], 0);
        assert_int_equal(slice[2 * u + 1], -1);
    }
    assert_int_equal(slice[2 * USERS - 2], -1);
    assert_int_equal(slice[2 * USERS - 1], -1);
    for (size_t n = 1; n <= 2; n++) {
        rk_mem_fail_at(n);
        assert_int_equal(rk_slices_find(slice, q, popularity, NULL), RK_ENOMEM);
        rk_mem_fail_at(0);
    }
    small_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories_are_sliced_by_their_length),
        cmocka_unit_test(test_truths_are_sliced_by_their_popularity),
        cmocka_unit_test(test_several_truths_and_none_are_not_sliced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tasks that break a guard, one each. */
#include "small_task.h"


static void test_guards_find_each_leak(void **state)
{
    rk_error err;
    small s;

    (void)state;
    small_init(&s, CANDIDATES);
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    s.task.train->seen[5].item = s.task.test.truth[1];
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "user 'U1'"));
    assert_non_null(strstr(err.msg, "trained on"));
    small_clear(&s);

    small_init(&s, 0);
    s.task.train->seen[5].at_us = 100;
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "later"));
    small_clear(&s);

    small_init(&s, 0);
    s.task.test.asked->seen[0].item = s.task.test.truth[0];
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "in the history"));
    small_clear(&s);
}


static void test_guards_find_a_truth_at_one_place_or_none(void **state)
{
    rk_questions *q;
    rk_error err;
    small s;

    (void)state;
    small_init(&s, CANDIDATES);
    q = &s.task.test;
    for (size_t u = 0; u < USERS; u++) {
        uint32_t *list = q->candidates + u * CANDIDATES;

        for (size_t i = 0; i < CANDIDATES; i++) {
            if (list[i] == q->truth[u]) {
                list[i] = list[2];
                list[2] = q->truth[u];
                break;
            }
        }
    }
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "place 2"));
    q->candidates[2] = q->candidates[1];
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "not among the candidates"));
    small_clear(&s);
}


static void test_a_user_must_have_a_place_in_training(void **state)
{
    rk_error err;
    small s;

    (void)state;
    small_init(&s, 0);
    s.task.test.user[7] = USERS;
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "user 'U7'"));
    assert_non_null(strstr(err.msg, "no such place"));
    /* Nobody that was trained on: nothing to hold them to. */
    s.task.test.user[7] = RK_NO_ID;
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    small_clear(&s);
}


static void test_somebody_without_a_history_may_not_be_trained_on(void **state)
{
    rk_error err;
    small s;

    (void)state;
    small_init(&s, 0);
    for (size_t u = 0; u <= USERS; u++)
        s.task.test.asked->start[u] = 0;
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "later than the history"));
    small_clear(&s);
}


static void test_who_is_not_asked_is_not_guarded(void **state)
{
    rk_questions *q;
    small s;

    (void)state;
    small_init(&s, 0);
    q = &s.task.test;
    s.task.train->seen[(size_t)3 * (USERS - 1)].at_us = 100;
    assert_int_equal(rk_task_check(&s.task, NULL), RK_EINVAL);
    q->truth_start[USERS] = q->truth_start[USERS - 1];
    assert_int_equal(rk_task_check(&s.task, NULL), RK_OK);
    small_clear(&s);
}


static void test_hidden_items_have_no_events(void **state)
{
    bool hidden[ITEMS] = {false};
    rk_error err;
    small s;

    (void)state;
    small_init(&s, 0);
    s.task.test.hidden_only = true;
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_string_equal(err.msg, "small ranks hidden items and has none");
    s.task.hidden = hidden;
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    hidden[9] = true;
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_string_equal(err.msg, "small: item 'I9' is hidden, and trained on");
    small_clear(&s);
}


/* Tuning is held to what is trained on while it is asked: `tune` where there
 * is one. */
static void test_tuning_is_guarded_too(void **state)
{
    rk_corpus tune;
    rk_error err;
    small s;
    small other;

    (void)state;
    small_init(&s, 0);
    small_init(&other, 0);
    s.task.validation = other.task.test;
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    tune = *s.task.train;
    s.task.tune = &tune;
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    tune = *other.task.train;
    tune.seen[5].item = other.task.test.truth[other.task.test.truth_start[1]];
    assert_int_equal(rk_task_check(&s.task, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "small, validation: user 'U1'"));
    s.task.tune = NULL;
    assert_int_equal(rk_task_check(&s.task, &err), RK_OK);
    small_clear(&other);
    small_clear(&s);
}


static void test_guarding_says_when_there_is_no_memory(void **state)
{
    small s;

    (void)state;
    small_init(&s, 0);
    rk_mem_fail_at(1);
    assert_int_equal(rk_task_check(&s.task, NULL), RK_ENOMEM);
    rk_mem_fail_at(0);
    small_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guards_find_each_leak),
        cmocka_unit_test(test_guards_find_a_truth_at_one_place_or_none),
        cmocka_unit_test(test_a_user_must_have_a_place_in_training),
        cmocka_unit_test(test_somebody_without_a_history_may_not_be_trained_on),
        cmocka_unit_test(test_who_is_not_asked_is_not_guarded),
        cmocka_unit_test(test_hidden_items_have_no_events),
        cmocka_unit_test(test_tuning_is_guarded_too),
        cmocka_unit_test(test_guarding_says_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A store's own events divided by time, and a downloaded set that comes as
 * items, users and events. */
#include "protocol_files.h"

enum { USERS = 12, ITEMS = 9, EVENTS = 100 };

#define ITEMS_CSV "id,title\n1,One\n2,Two\n3,Three\n4,Four\n"
#define USERS_CSV "id,age\n7,30\n8,31\n9,32\n"
#define EVENTS_CSV                                                             \
    "user,item,type,value,at\n7,3,rating,1,3000\n7,1,rating,5,1000\n"          \
    "7,2,rating,2,2000\n7,4,rating,5,4000\n8,1,rating,4,1000\n"                \
    "8,2,rating,4,2000\n9,1,rating,4,1000\n"


/* Event i of the log is by user i % USERS at time i; the last USERS / 2 users
 * of all begin late. Every third is no like. */
static rk_corpus *log_new(size_t n_events)
{
    static const rk_rules rules = {.positive = {{"like", RK_ALWAYS, 0}},
                                   .n_positive = 1};
    rk_corpus_builder *b = NULL;
    rk_corpus *c = NULL;
    rk_rng r = {3};

    assert_int_equal(rk_corpus_builder_new(&b, &rules, NULL), RK_OK);
    for (unsigned i = 0; i < ITEMS; i++) {
        char id[16];

        snprintf(id, sizeof(id), "I%u", i);
        assert_int_equal(
            rk_corpus_add_item(b, &(rk_record){id, &(rk_field){"title", id}, 1},
                               NULL),
            RK_OK);
    }
    for (size_t i = 0; i < n_events; i++) {
        uint32_t u = rk_rng_below(&r, i * 20 < n_events * 18 ? 8 : USERS);
        char user[16];
        char item[16];
        rk_event e = {user, item, i % 3 ? "like" : "view", 1, (int64_t)i};

        snprintf(user, sizeof(user), "U%u", u);
        snprintf(item, sizeof(item), "I%u", rk_rng_below(&r, ITEMS));
        assert_int_equal(rk_corpus_add_event(b, &e, NULL), RK_OK);
    }
    assert_int_equal(rk_corpus_finish(b, &c, NULL), RK_OK);
    rk_corpus_builder_free(b);
    return c;
}


static rk_task *mine(const rk_corpus *c)
{
    const rk_task_opts opts = {.corpus = c, .seed = 1};
    rk_error err = {0};
    rk_task *t;

    if (rk_protocol_find("mine")->load(&t, &opts, &err) ||
        rk_task_check(t, &err))
        fail_msg("%s", err.msg);
    return t;
}


/* The newest time in a corpus. */
static int64_t newest(const rk_corpus *c)
{
    int64_t at = INT64_MIN;

    for (size_t i = 0; i < c->start[c->n_users]; i++)
        at = c->seen[i].at_us > at ? c->seen[i].at_us : at;
    return at;
}


static size_t likes_after(const rk_corpus *c, int64_t from, int64_t end)
{
    size_t n = 0;

    for (size_t i = 0; i < c->start[c->n_users]; i++)
        n += c->seen[i].label > 0 && c->seen[i].at_us > from &&
             c->seen[i].at_us <= end;
    return n;
}


static void test_the_newest_tenth_of_the_likes_is_held(void **state)
{
    rk_corpus *c = log_new(EVENTS);
    rk_task *t = mine(c);
    size_t n = likes_after(c, -1, INT64_MAX);
    size_t held = likes_after(c, newest(t->train), INT64_MAX);

    (void)state;
    assert_int_equal(n, 66);
    assert_int_equal(held, 7);
    /* Tuning: the same again of what is left. */
    assert_int_equal(likes_after(c, newest(t->tune), newest(t->train)), 6);
    assert_int_equal(t->train->n_users, c->n_users);
    rk_task_free(t);
    rk_corpus_free(c);
}


/* What user u should be asked after `split`: their first like of an item that
 * they had not met by then; RK_NO_ID: nothing. */
static uint32_t wanted(const rk_corpus *c, size_t u, int64_t split)
{
    bool met[ITEMS] = {false};
    size_t n_before = 0;

    for (size_t i = c->start[u]; i < c->start[u + 1]; i++) {
        const rk_seen *e = &c->seen[i];

        if (e->at_us <= split) {
            met[e->item] = true;
            n_before++;
        } else if (n_before > 0 && e->label > 0 && !met[e->item]) {
            return e->item;
        }
    }
    return RK_NO_ID;
}


static void test_who_had_something_is_asked_for_the_first_new_like(void **state)
{
    rk_corpus *c = log_new(EVENTS);
    rk_task *t = mine(c);
    const rk_questions *q = &t->test;
    size_t n_late = 0;
    size_t at = 0;

    (void)state;
    for (uint32_t u = 0; u < c->n_users; u++) {
        uint32_t item = wanted(c, u, newest(t->train));

        n_late += c->seen[c->start[u]].at_us > newest(t->train);
        if (item == RK_NO_ID)
            continue;
        assert_int_equal(q->user[at], u);
        assert_int_equal(q->truth[at++], item);
    }
    assert_int_equal(q->asked->n_users, at);
    assert_true(at > 0 && n_late > 0);
    rk_task_free(t);
    rk_corpus_free(c);
}


static void test_a_store_of_few_or_no_events_makes_a_task(void **state)
{
    (void)state;
    for (size_t n = 0; n < 12; n++) {
        rk_corpus *c = log_new(n);
        rk_task *t = mine(c);

        assert_true(t->test.asked->n_users <= 1 + n / 5);
        rk_task_free(t);
        rk_corpus_free(c);
    }
}


static void test_mine_without_a_store_is_refused(void **state)
{
    const rk_task_opts none = {.seed = 1};
    rk_task *t;
    rk_error err;

    (void)state;
    assert_int_equal(rk_protocol_find("mine")->load(&t, &none, &err),
                     RK_EINVAL);
    assert_null(t);
    assert_int_equal(rk_protocol_find("mine")->load(&t, NULL, &err), RK_EINVAL);
    assert_int_equal(rk_protocol_find("ml-100k-loo")->load(&t, &none, &err),
                     RK_EINVAL);
    assert_non_null(strstr(err.msg, "events.csv"));
}


static void test_mine_survives_each_allocation_failing(void **state)
{
    rk_corpus *c = log_new(40);
    const rk_task_opts opts = {.corpus = c, .seed = 1};
    size_t n = 0;
    int rc;

    (void)state;
    do {
        rk_task *t;

        rk_mem_fail_at(++n);
        rc = rk_protocol_find("mine")->load(&t, &opts, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(t == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_task_free(t);
    } while (rc != RK_OK);
    assert_true(n > 10);
    rk_corpus_free(c);
}


static void put_ml100k(scratch *s, const char *items, const char *users,
                       const char *events)
{
    put(s, "items.csv", items);
    put(s, "users.csv", users);
    put(s, "events.csv", events);
}


static void test_ml100k_asks_for_the_last_rating_of_any_value(void **state)
{
    rk_task *t;
    scratch s;

    (void)state;
    scratch_init(&s);
    put_ml100k(&s, ITEMS_CSV, USERS_CSV, EVENTS_CSV);
    t = load_good("ml-100k-loo", &s);
    /* User 9 has nothing but the test. */
    assert_int_equal(t->test.asked->n_users, 2);
    assert_int_equal(t->test.truth[0], 3);
    assert_int_equal(t->test.asked->start[1], 3);
    assert_int_equal(t->test.truth[1], 1);
    assert_int_equal(t->validation.asked->n_users, 1);
    assert_int_equal(t->validation.truth[0], 2);
    assert_int_equal(t->train->n_users, 3);
    assert_int_equal(t->train->start[3], 2);
    assert_int_equal(t->train->seen[0].item, 0);
    assert_int_equal(t->train->seen[1].item, 1);
    assert_int_equal(t->train->seen[1].label, 1); /* rated 2 */
    rk_task_free(t);
    scratch_clear(&s);
}


static void test_damaged_ml100k_is_reported_with_its_line(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    put_ml100k(&s, ITEMS_CSV, USERS_CSV,
               "user,item,type,value,at\n7,1,rating,5,1000\n7,2,rating,x,9\n");
    load_damaged("ml-100k-loo", &s, "events.csv:3:");
    put_ml100k(&s, "id,title\n1,One\n,Two\n", USERS_CSV, EVENTS_CSV);
    load_damaged("ml-100k-loo", &s, "items.csv:3:");
    put_ml100k(&s, ITEMS_CSV, "id,age\n7,\xff\n", EVENTS_CSV);
    load_damaged("ml-100k-loo", &s, "users.csv:2:");
    put_ml100k(&s, ITEMS_CSV, USERS_CSV, EVENTS_CSV);
    load_without_memory("ml-100k-loo", &s, 3);
    scratch_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_tenth_of_the_likes_is_held),
        cmocka_unit_test(
            test_who_had_something_is_asked_for_the_first_new_like),
        cmocka_unit_test(test_a_store_of_few_or_no_events_makes_a_task),
        cmocka_unit_test(test_mine_without_a_store_is_refused),
        cmocka_unit_test(test_mine_survives_each_allocation_failing),
        cmocka_unit_test(test_ml100k_asks_for_the_last_rating_of_any_value),
        cmocka_unit_test(test_damaged_ml100k_is_reported_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

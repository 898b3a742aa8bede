/* Events put to a way as questions: none may hold its own answer. */
#include "paradigms/liking.h"

#include "learn/popular.h"
#include "small_corpus.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N_USERS  12
#define N_ITEMS  80
#define PER_USER 20
#define N_EVENTS ((size_t)N_USERS * PER_USER)

static const rk_record user = {"U", NULL, 0};
static rk_record *users[N_USERS];
static const char *profiles[N_USERS];
static const rk_settings settings = {.seed = 5};


/* What the questions were, as the features saw them. */
typedef struct asked {
    const rk_corpus *corpus;
    const float *rates; /* of all events; NULL: not looked at */
    size_t n;
    bool user[N_USERS];
    uint32_t truth[N_USERS];
} asked;


static rk_corpus draw(uint64_t seed)
{
    rk_corpus c = small_corpus_random(N_USERS, N_ITEMS, PER_USER, seed);

    for (size_t u = 0; u < N_USERS; u++) {
        users[u] = (rk_record *)&user;
        profiles[u] = "";
    }
    c.users = users;
    return c;
}


static rk_workshop workshop_of(const rk_corpus *c, rk_snapshot *s)
{
    *s = (rk_snapshot){
        .settings = &settings, .n_items = N_ITEMS, .n_fitted = N_ITEMS};
    return (rk_workshop){.corpus = c, .snapshot = s, .user_profiles = profiles};
}


static bool has(const rk_seen *seen, size_t n, uint32_t item)
{
    for (size_t i = 0; i < n; i++)
        if (seen[i].item == item)
            return true;
    return false;
}


/* The user whose history is asked with, found by what was taken out of it. */
static size_t user_of(const asked *a, const rk_who *who, uint32_t item)
{
    for (size_t u = 0; u < N_USERS; u++) {
        const rk_seen *seen = a->corpus->seen + u * PER_USER;
        size_t kept = 0;
        bool same = true;

        for (size_t i = 0; i < PER_USER && same; i++)
            if (seen[i].item != item)
                same = kept < who->n_history &&
                       memcmp(&who->history[kept++], &seen[i], sizeof(*seen)) ==
                           0;
        if (same && kept == who->n_history && kept < PER_USER)
            return u;
    }
    fail_msg("no user has this history and item %u", (unsigned)item);
    return 0;
}


/* One feature, which knows the answer only if the question gives it away. */
static int ask_like(const rk_snapshot *s, const rk_who *who,
                    const uint32_t *items, size_t n, float *x, void *ctx,
                    rk_error *err)
{
    asked *a = ctx;

    (void)err;
    assert_int_equal(n, 1);
    assert_false(has(who->history, who->n_history, items[0]));
    a->user[user_of(a, who, items[0])] = true;
    if (a->rates)
        assert_true(rk_snapshot_like_rate(s, items[0]) != a->rates[items[0]]);
    a->n++;
    x[0] = (float)(items[0] % 7);
    return RK_OK;
}


static size_t labelled(const rk_corpus *c)
{
    size_t n = 0;

    for (size_t e = 0; e < N_EVENTS; e++)
        n += c->seen[e].label != 0;
    return n;
}


static void test_no_question_holds_its_answer(void **state)
{
    float rates[N_ITEMS];
    rk_corpus c = draw(1);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    asked a = {.corpus = &c, .rates = rates};
    rk_like_model m;

    (void)state;
    assert_int_equal(rk_like_rate_fit(&c, rates, NULL), RK_OK);
    s.like_rate = rates;
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_like, &a, 1, NULL, 6000, NULL), RK_OK);
    assert_true(m.fitted);
    assert_int_equal(a.n, labelled(&c));
    small_corpus_clear(&c);
}


static void test_fewer_questions_are_spread_over_all_users(void **state)
{
    rk_corpus c = draw(2);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    asked a = {.corpus = &c};
    rk_like_model m;

    (void)state;
    assert_int_equal(rk_liking_fit(&m, &w, &s, ask_like, &a, 1, NULL, 60, NULL),
                     RK_OK);
    assert_int_equal(a.n, 60);
    for (size_t u = 0; u < N_USERS; u++)
        assert_true(a.user[u]);
    small_corpus_clear(&c);
}


static void test_too_few_of_either_are_no_model_and_no_error(void **state)
{
    rk_corpus c = draw(3);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    asked a = {.corpus = &c};
    rk_like_model m;
    size_t dislikes = 0;

    (void)state;
    for (size_t e = 0; e < N_EVENTS; e++) {
        dislikes += c.seen[e].label < 0;
        if (c.seen[e].label < 0 && dislikes > 9)
            c.seen[e].label = 0;
    }
    assert_true(dislikes > 9);
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_like, &a, 1, NULL, 6000, NULL), RK_OK);
    assert_false(m.fitted);
    for (size_t e = 0; e < N_EVENTS; e++)
        c.seen[e].label = 0;
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_like, &a, 1, NULL, 6000, NULL), RK_OK);
    assert_false(m.fitted);
    small_corpus_clear(&c);
}


/* A feature that is the answer gets all the weight, and no sign but its own. */
static int ask_with_a_leak(const rk_snapshot *s, const rk_who *who,
                           const uint32_t *items, size_t n, float *x, void *ctx,
                           rk_error *err)
{
    const rk_corpus *c = ctx;

    (void)s;
    (void)who;
    (void)n;
    (void)err;
    x[0] = (float)(items[0] % 5);
    for (size_t e = 0; e < N_EVENTS; e++)
        if (c->seen[e].item == items[0] && c->seen[e].label != 0)
            x[0] = (float)c->seen[e].label;
    return RK_OK;
}


static void test_labels_are_those_of_the_events(void **state)
{
    static const int8_t down[] = {-1};
    rk_corpus c = draw(4);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    rk_like_model m;

    (void)state;
    for (size_t e = 0; e < N_EVENTS; e++) /* one label for an item */
        if (c.seen[e].label != 0)
            c.seen[e].label = c.seen[e].item % 3 == 0 ? -1 : 1;
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_with_a_leak, &c, 1, NULL, 6000, NULL),
        RK_OK);
    assert_true(m.fitted);
    assert_true(m.logistic.weight[0] > 1);
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_with_a_leak, &c, 1, down, 6000, NULL),
        RK_OK);
    assert_true(m.logistic.weight[0] == 0);
    small_corpus_clear(&c);
}


static int ask_and_fail(const rk_snapshot *s, const rk_who *who,
                        const uint32_t *items, size_t n, float *x, void *ctx,
                        rk_error *err)
{
    size_t *left = ctx;

    (void)s;
    (void)who;
    (void)items;
    memset(x, 0, n * sizeof(*x));
    return --*left ? RK_OK : rk_fail(err, RK_EBACKEND, "no more");
}


static void test_a_failing_question_ends_it(void **state)
{
    rk_corpus c = draw(5);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    size_t left = 17;
    rk_like_model m;
    rk_error err;

    (void)state;
    assert_int_equal(
        rk_liking_fit(&m, &w, &s, ask_and_fail, &left, 1, NULL, 6000, &err),
        RK_EBACKEND);
    assert_int_equal(left, 0);
    assert_false(m.fitted);
    small_corpus_clear(&c);
}


/* The second of two features knows the truth. */
static int ask_rank(const rk_snapshot *s, const rk_who *who,
                    const uint32_t *items, size_t n, float *x, void *ctx,
                    rk_error *err)
{
    asked *a = ctx;
    size_t u = (size_t)(who->history - a->corpus->seen) / PER_USER;
    size_t n_truth = 0;

    (void)s;
    (void)err;
    assert_int_equal(n, 50);
    for (size_t i = 0; i < n; i++) {
        bool is_truth = items[i] == a->truth[u];

        n_truth += is_truth;
        assert_true(is_truth || !has(who->history, who->n_history, items[i]));
        x[2 * i] = (float)(items[i] * 31 % 17);
        x[2 * i + 1] = is_truth;
    }
    assert_int_equal(n_truth, 1);
    a->n++;
    return RK_OK;
}


static void test_ranking_finds_what_knows_the_held_like(void **state)
{
    static const float prior[] = {0.5f, 0.5f};
    rk_corpus c = draw(6);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    asked a = {.corpus = &c};
    rk_seen held[N_USERS] = {{0}};
    float weights[2];

    (void)state;
    for (uint32_t u = 0; u < N_USERS; u++) {
        for (uint32_t i = 0; has(c.seen + u * PER_USER, PER_USER, i); i++)
            a.truth[u] = i + 1;
        held[u] = (rk_seen){.item = u == 3 ? RK_NO_ID : a.truth[u]};
    }
    assert_int_equal(rk_ranking_fit(weights, &w, &s, held, ask_rank, &a, 2, 400,
                                    prior, NULL),
                     RK_OK);
    assert_int_equal(a.n, N_USERS - 1); /* one has nothing held */
    assert_true(weights[1] > 1);
    assert_true(weights[0] >= 0 && weights[0] < 0.5f);
    a.n = 0;
    assert_int_equal(
        rk_ranking_fit(weights, &w, &s, held, ask_rank, &a, 2, 4, prior, NULL),
        RK_OK);
    assert_in_range(a.n, 1, 4);
    for (size_t u = 0; u < N_USERS; u++)
        held[u].item = RK_NO_ID;
    assert_int_equal(rk_ranking_fit(weights, &w, &s, held, ask_rank, &a, 2, 400,
                                    prior, NULL),
                     RK_OK);
    assert_memory_equal(weights, prior, sizeof(prior));
    small_corpus_clear(&c);
}


static void test_learning_survives_each_allocation_failing(void **state)
{
    static const float prior[] = {1, 1};
    rk_corpus c = draw(7);
    rk_snapshot s;
    rk_workshop w = workshop_of(&c, &s);
    asked a = {.corpus = &c};
    rk_seen held[N_USERS];
    float weights[2];
    rk_like_model m;
    size_t n = 0;
    size_t made;

    (void)state;
    for (size_t u = 0; u < N_USERS; u++)
        held[u].item = RK_NO_ID;
    do {
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_liking_fit(&m, &w, &s, ask_like, &a, 1, NULL, 60, NULL);
        if (rc == RK_OK)
            rc = rk_ranking_fit(weights, &w, &s, held, ask_rank, &a, 2, 9,
                                prior, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
    } while (made >= n);
    assert_true(n > 5);
    small_corpus_clear(&c);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_question_holds_its_answer),
        cmocka_unit_test(test_fewer_questions_are_spread_over_all_users),
        cmocka_unit_test(test_too_few_of_either_are_no_model_and_no_error),
        cmocka_unit_test(test_labels_are_those_of_the_events),
        cmocka_unit_test(test_a_failing_question_ends_it),
        cmocka_unit_test(test_ranking_finds_what_knows_the_held_like),
        cmocka_unit_test(test_learning_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Two towers that learn who likes what from features. */
#include "../scratch.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/two_tower.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { USERS = 40, ITEMS = 12, N_USER = 5, N_ITEM = 4, EACH = 2 };

static float users[USERS * N_USER];
static float items[ITEMS * N_ITEM];
static uint32_t of_user[USERS * EACH];
static uint32_t of_item[USERS * EACH];
static rk_error err;

static const rk_two_tower_opts opts = {
    .rank = 3, .epochs = 300, .rate = 0.05f, .l2 = 1e-4f, .seed = 1};


/* Users like the items whose first feature has the sign of their own. */
static int make(void **state)
{
    rk_rng rng = {7};

    (void)state;
    for (size_t i = 0; i < USERS * N_USER; i++)
        users[i] = (float)rk_rng_unit(&rng) - 0.5f;
    for (size_t i = 0; i < ITEMS * N_ITEM; i++)
        items[i] = (float)rk_rng_unit(&rng) + 3;
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i * N_ITEM] = i % 2 ? 4 : 2;
    for (uint32_t e = 0; e < USERS * EACH; e++) {
        of_user[e] = e / EACH;
        of_item[e] = 2 * rk_rng_below(&rng, ITEMS / 2) +
                     (users[of_user[e] * N_USER] > 0);
    }
    return 0;
}


static rk_pairs pairs(void)
{
    return (rk_pairs){users,  USERS,   N_USER,  items,       ITEMS,
                      N_ITEM, of_user, of_item, USERS * EACH};
}


static double loss_of(const rk_two_tower *t)
{
    rk_pairs d = pairs();

    return rk_two_tower_loss(t, &d, 0.3f, NULL, NULL);
}


static void test_the_gradient_is_that_of_finite_differences(void **state)
{
    float d_user[(N_USER + 1) * 3];
    float d_item[N_ITEM * 3];
    rk_two_tower_opts few = opts;
    rk_pairs d = pairs();
    rk_two_tower t;

    (void)state;
    few.epochs = 3;
    assert_int_equal(rk_two_tower_fit(&t, &d, &few, &err), RK_OK);
    assert_true(isfinite(rk_two_tower_loss(&t, &d, 0.3f, d_user, d_item)));
    for (size_t i = 0; i < (N_USER + 1 + N_ITEM) * 3; i++) {
        bool is_user = i < (N_USER + 1) * 3;
        float slope = is_user ? d_user[i] : d_item[i - (N_USER + 1) * 3];
        float kept = t.room[i];
        double up;
        double down;

        t.room[i] = kept + 0.01f;
        up = loss_of(&t);
        t.room[i] = kept - 0.01f;
        down = loss_of(&t);
        t.room[i] = kept;
        assert_true(fabs((up - down) / 0.02 - (double)slope) < 2e-3);
    }
    rk_two_tower_clear(&t);
}


static float score(const rk_two_tower *t, uint32_t user, uint32_t item)
{
    float p[RK_TWO_TOWER_RANK];

    rk_two_tower_user(t, users + user * N_USER, p);
    return rk_two_tower_score(t, p, items + item * N_ITEM);
}


/* The softmax of the scores, one by one, says what the loss says. */
static void test_the_loss_is_that_of_the_scores(void **state)
{
    rk_pairs d = pairs();
    rk_two_tower t;
    double loss = 0;
    double squares = 0;

    (void)state;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_OK);
    for (size_t e = 0; e < d.n; e++) {
        double sum = 0;

        for (uint32_t i = 0; i < ITEMS; i++)
            sum += exp((double)score(&t, of_user[e], i));
        loss += log(sum) - (double)score(&t, of_user[e], of_item[e]);
    }
    for (size_t i = 0; i < (N_USER + 1 + N_ITEM) * 3; i++)
        if (i / 3 != N_USER) /* the constant is free */
            squares += (double)t.room[i] * (double)t.room[i];
    loss = loss / (double)d.n + 0.15 * squares;
    assert_true(fabs(loss - loss_of(&t)) < 1e-4);
    rk_two_tower_clear(&t);
}


static void test_what_is_liked_ranks_first(void **state)
{
    rk_pairs d = pairs();
    rk_two_tower t;
    size_t right = 0;

    (void)state;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_OK);
    for (uint32_t u = 0; u < USERS; u++) {
        float odd = 0;
        float even = 0;

        for (uint32_t i = 0; i < ITEMS; i++)
            *(i % 2 ? &odd : &even) += score(&t, u, i);
        right += (odd > even) == (users[u * N_USER] > 0);
    }
    assert_true(right >= USERS * 9 / 10);
    rk_two_tower_clear(&t);
}


static void test_fitting_again_gives_the_same(void **state)
{
    rk_pairs d = pairs();
    rk_two_tower a;
    rk_two_tower b;

    (void)state;
    assert_int_equal(rk_two_tower_fit(&a, &d, &opts, &err), RK_OK);
    assert_int_equal(rk_two_tower_fit(&b, &d, &opts, &err), RK_OK);
    assert_memory_equal(a.room, b.room,
                        (N_USER + 1 + N_ITEM) * 3 * sizeof(*a.room));
    rk_two_tower_clear(&a);
    rk_two_tower_clear(&b);
}


static void test_a_column_that_never_changes_says_nothing(void **state)
{
    float flat[USERS * N_USER];
    rk_pairs d = pairs();
    rk_two_tower t;

    (void)state;
    memcpy(flat, users, sizeof(flat));
    for (size_t u = 0; u < USERS; u++)
        flat[u * N_USER + 1] = 8;
    d.users = flat;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_OK);
    assert_true(t.user_scale[N_USER + 1] == 0);
    rk_two_tower_clear(&t);
}


static void test_nonsense_is_refused(void **state)
{
    rk_two_tower_opts o = opts;
    rk_pairs d = pairs();
    rk_two_tower t;
    float kept = users[3];
    uint32_t item = of_item[5];

    (void)state;
    o.rank = 0;
    assert_int_equal(rk_two_tower_fit(&t, &d, &o, &err), RK_EINVAL);
    o.rank = RK_TWO_TOWER_RANK + 1;
    assert_int_equal(rk_two_tower_fit(&t, &d, &o, &err), RK_EINVAL);
    users[3] = INFINITY;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_EINVAL);
    users[3] = kept;
    of_item[5] = ITEMS;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "pair 5"));
    of_item[5] = item;
    d.n = 0;
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_EINVAL);
    assert_int_equal(t.n_user, 0);
}


static void test_each_allocation_failing_is_an_error(void **state)
{
    rk_two_tower_opts few = opts;
    rk_pairs d = pairs();
    rk_two_tower t;
    int rc = RK_ENOMEM;

    (void)state;
    few.epochs = 2;
    for (size_t n = 1; rc != RK_OK; n++) {
        rk_mem_fail_at(n);
        rc = rk_two_tower_fit(&t, &d, &few, &err);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    }
    rk_two_tower_clear(&t);
}


static void test_a_bundle_brings_it_back(void **state)
{
    rk_pairs d = pairs();
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_two_tower t;
    rk_two_tower back;
    scratch files;

    (void)state;
    scratch_init(&files);
    assert_int_equal(rk_two_tower_fit(&t, &d, &opts, &err), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, &err), RK_OK);
    assert_int_equal(rk_two_tower_put(&t, w, "towers", &err), RK_OK);
    assert_int_equal(rk_bundle_put(w, "odd.user", RK_F32, 6, 3, t.user, &err),
                     RK_OK);
    assert_int_equal(rk_bundle_put(w, "odd.item", RK_F32, 6, 2, t.item, &err),
                     RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "odd.user_scale", RK_F32, 2, 5, t.user_scale, &err),
        RK_OK);
    assert_int_equal(
        rk_bundle_put(w, "odd.item_scale", RK_F32, 2, 4, t.item_scale, &err),
        RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&files, "b"), &err), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&files, "b"), &err),
                     RK_OK);
    assert_int_equal(rk_two_tower_get(&back, b, "towers", &err), RK_OK);
    assert_true(score(&t, 3, 4) == score(&back, 3, 4));
    rk_two_tower_clear(&back);
    assert_int_equal(rk_two_tower_get(&back, b, "odd", &err), RK_EFORMAT);
    assert_int_equal(rk_two_tower_get(&back, b, "none", &err), RK_ENOTFOUND);
    assert_int_equal(back.n_user, 0);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    rk_two_tower_clear(&t);
    scratch_clear(&files);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gradient_is_that_of_finite_differences),
        cmocka_unit_test(test_the_loss_is_that_of_the_scores),
        cmocka_unit_test(test_what_is_liked_ranks_first),
        cmocka_unit_test(test_fitting_again_gives_the_same),
        cmocka_unit_test(test_a_column_that_never_changes_says_nothing),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_each_allocation_failing_is_an_error),
        cmocka_unit_test(test_a_bundle_brings_it_back),
    };

    return cmocka_run_group_tests(tests, make, NULL);
}

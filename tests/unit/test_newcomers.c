/* People of two kinds, whose profiles say which: what is learnt for those who
 * have nothing else. */
#include "engine/newcomers.h"

#include "../scratch.h"
#include "core/mem.h"
#include "core/rng.h"
#include "engine/rank.h"
#include "learn/user_map.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { USERS = 120, ITEMS = 40, LIKES = 6, D = 3 };

typedef struct town {
    rk_corpus c;
    rk_record *users[USERS];
    size_t start[USERS + 1];
    rk_seen seen[USERS * LIKES];
    float profiles[USERS * D];
    const char *texts[USERS];
    float popularity[ITEMS];
    float rates[2][RK_EMBEDDINGS_WEIGHTS];
    float mean[D];
    rk_settings settings;
    rk_snapshot s;
    rk_workshop w;
    rk_run run;
} town;

static const rk_record somebody = {"U", NULL, 0};


/* Even users like the first half of the items, odd ones the second. `telling`:
 * their profiles differ by that; else by chance. */
static void town_init(town *t, bool telling)
{
    float vectors[ITEMS * D];
    rk_rng r = {3};

    memset(t, 0, sizeof(*t));
    for (size_t u = 0; u < USERS; u++) {
        t->users[u] = (rk_record *)&somebody;
        t->texts[u] = "";
        t->start[u + 1] = (u + 1) * LIKES;
        for (uint32_t i = 0; i < LIKES; i++)
            t->seen[u * LIKES + i] = (rk_seen){
                .item = rk_rng_below(&r, ITEMS / 2) + (u % 2) * (ITEMS / 2),
                .label = 1,
                .at_us = i};
        for (size_t k = 0; k < D; k++)
            t->profiles[u * D + k] = (float)rk_rng_unit(&r) - 0.5f;
        if (telling)
            t->profiles[u * D] = u % 2 ? 1 : -1;
    }
    for (size_t i = 0; i < ITEMS * D; i++)
        vectors[i] = (float)rk_rng_unit(&r) - 0.5f;
    t->rates[0][0] = t->rates[0][1] = t->rates[1][0] = t->rates[1][1] = 1;
    t->settings.seed = 1;
    t->c = (rk_corpus){.n_items = ITEMS,
                       .n_users = USERS,
                       .users = t->users,
                       .start = t->start,
                       .seen = t->seen};
    t->s = (rk_snapshot){.settings = &t->settings,
                         .n_items = ITEMS,
                         .n_fitted = ITEMS,
                         .d = D,
                         .popularity = t->popularity,
                         .vector_mean = t->mean,
                         .catalogue_share = 0.5f,
                         .embeddings_rank = t->rates[0]};
    assert_int_equal(rk_index_new(&t->s.vectors, D, NULL), RK_OK);
    assert_int_equal(rk_index_add(t->s.vectors, vectors, ITEMS, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&t->w.out, NULL), RK_OK);
    t->w.corpus = &t->c;
    t->w.snapshot = &t->s;
    t->w.user_profiles = t->texts;
    t->w.user_vectors = t->profiles;
    t->w.run = &t->run;
}


static void town_clear(town *t)
{
    rk_index_free(t->s.vectors);
    rk_bundle_writer_free(t->w.out);
}


static rk_bundle *bundle_of(const town *t)
{
    rk_bundle *b;
    scratch files;

    scratch_init(&files);
    assert_int_equal(rk_bundle_save(t->w.out, scratch_path(&files, "b"), NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&files, "b"), NULL),
                     RK_OK);
    scratch_clear(&files);
    return b;
}


static void test_a_profile_that_tells_is_learnt_from(void **state)
{
    static const float odd[D] = {1, 0, 0};
    float fusion[RK_FUSION_FEATURES];
    float rank[RK_EMBEDDINGS_WEIGHTS];
    float scores[ITEMS];
    float firsts = 0;
    float seconds = 0;
    rk_user_map map;
    rk_bundle *b;
    town t;

    (void)state;
    town_init(&t, true);
    assert_int_equal(rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL), RK_OK);
    b = bundle_of(&t);
    assert_int_equal(rk_user_map_get(&map, b, ITEMS, D, NULL), RK_OK);
    rk_user_map_score(&map, odd, scores);
    for (size_t i = 0; i < ITEMS; i++)
        *(i < ITEMS / 2 ? &firsts : &seconds) += scores[i];
    assert_true(seconds > 3 * firsts);
    assert_true(rank[0] > 5 * rank[1]); /* vectors say nothing here */
    assert_true(fusion[RK_BY_OTHERS] > fusion[RK_BY_POPULARITY]);
    rk_bundle_close(b);
    town_clear(&t);
}


static void test_a_profile_that_tells_nothing_has_no_map(void **state)
{
    float fusion[RK_FUSION_FEATURES];
    float rank[RK_EMBEDDINGS_WEIGHTS];
    rk_bundle *b;
    town t;

    (void)state;
    town_init(&t, false);
    assert_int_equal(rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL), RK_OK);
    b = bundle_of(&t);
    assert_false(rk_bundle_has(b, "user_map.mean"));
    rk_bundle_close(b);
    town_clear(&t);
}


static void test_a_dozen_people_are_too_few_for_a_map(void **state)
{
    float fusion[RK_FUSION_FEATURES];
    float rank[RK_EMBEDDINGS_WEIGHTS];
    rk_bundle *b;
    town t;

    (void)state;
    town_init(&t, true);
    t.c.n_users = 12;
    assert_int_equal(rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL), RK_OK);
    b = bundle_of(&t);
    assert_false(rk_bundle_has(b, "user_map.mean"));
    rk_bundle_close(b);
    town_clear(&t);
}


static void test_without_profiles_the_weights_are_the_prior(void **state)
{
    float fusion[RK_FUSION_FEATURES];
    float prior[RK_FUSION_FEATURES];
    float rank[RK_EMBEDDINGS_WEIGHTS] = {0.25f, 0.75f};
    town t;

    (void)state;
    town_init(&t, true);
    memset(t.profiles, 0, sizeof(t.profiles));
    rk_rank_prior(prior, true);
    assert_int_equal(rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL), RK_OK);
    assert_memory_equal(fusion, prior, sizeof(prior));
    assert_true(rank[0] == 0.25f && rank[1] == 0.75f); /* left as they were */
    t.w.user_vectors = NULL;
    assert_int_equal(rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL), RK_OK);
    assert_memory_equal(fusion, prior, sizeof(prior));
    town_clear(&t);
}


static void test_fitting_survives_allocations_failing(void **state)
{
    size_t made;
    size_t last;
    size_t at = 1;

    (void)state;
    do {
        float fusion[RK_FUSION_FEATURES];
        float rank[RK_EMBEDDINGS_WEIGHTS];
        town t;
        int rc;

        town_init(&t, true);
        rk_mem_fail_at(at);
        rc = rk_newcomers_fit(fusion, rank, &t.w, &t.s, NULL);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        town_clear(&t);
        last = at;
        at += at < 60 ? 1 : 97; /* hundreds, of lists that are alike */
    } while (made >= last);
    assert_true(last > 60);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_profile_that_tells_is_learnt_from),
        cmocka_unit_test(test_a_profile_that_tells_nothing_has_no_map),
        cmocka_unit_test(test_a_dozen_people_are_too_few_for_a_map),
        cmocka_unit_test(test_without_profiles_the_weights_are_the_prior),
        cmocka_unit_test(test_fitting_survives_allocations_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

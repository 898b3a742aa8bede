/* What comes next, and what is carried over to newer items: a snapshot whose
 * last items are newer than the text map it holds. */
#include "paradigms/next.h"

#include "learn/fuse.h"
#include "learn/text_map.h"
#include "learner_laws.h"
#include "paradigms/carry.h"

#define N       ((size_t)LAW_ITEMS)
#define OLD     (N - 4) /* fitted items */
#define CHANGED 3

typedef struct world {
    law_data d;
    rk_blend blend;
    rk_snapshot s;
    rk_user_map map;
    float *text_x;
    bool is_changed[LAW_ITEMS];
    rk_settings settings;
} world;


/* A text map of the first OLD items, and vectors and tokens of all. */
static void world_init(world *w, uint64_t seed)
{
    rk_histories h;

    memset(w, 0, sizeof(*w));
    law_data_init(&w->d, seed);
    for (size_t e = 0; e < w->d.start[LAW_USERS]; e++)
        w->d.item[e] %= OLD;
    h = w->d.h;
    h.n_items = OLD;
    w->d.side.tokens = &w->d.tokens;
    assert_int_equal(
        rk_learner_text_map.train(&w->blend.models[0], &h, &w->d.opts, NULL),
        RK_OK);
    w->blend.n_models = 1;
    w->blend.n_items = OLD;
    w->s = (rk_snapshot){.settings = &w->settings,
                         .n_items = N,
                         .n_fitted = OLD,
                         .d = LAW_D,
                         .item_tokens = w->d.tokens,
                         .is_changed = w->is_changed,
                         .blend = &w->blend};
    assert_int_equal(rk_index_new(&w->s.vectors, LAW_D, NULL), RK_OK);
    assert_int_equal(rk_index_add(w->s.vectors, w->d.vectors, N, NULL), RK_OK);
}


static void world_clear(world *w)
{
    rk_index_free(w->s.vectors);
    rk_user_map_clear(&w->map);
    rk_learner_text_map.free(w->blend.models[0]);
    free(w->text_x);
}


static void map_fit(world *w)
{
    static float profiles[LAW_USERS * LAW_D];
    rk_histories h = w->d.h;
    rk_rng r = {9};

    h.n_items = OLD;
    for (size_t i = 0; i < LAW_USERS * LAW_D; i++)
        profiles[i] = (float)rk_rng_unit(&r) - 0.5f;
    assert_int_equal(rk_user_map_fit(&w->map, profiles, LAW_D, &h, 0.5f, NULL),
                     RK_OK);
}


static void test_texts_of_newer_and_changed_items_are_read_anew(void **state)
{
    float all[LAW_ITEMS * LAW_ITEMS];
    const float *own;
    size_t width;
    world w;

    (void)state;
    world_init(&w, 1);
    own = rk_text_map_rows(w.blend.models[0]);
    width = rk_text_map_width(w.blend.models[0]);
    w.is_changed[CHANGED] = true;
    memcpy(w.d.vectors + CHANGED * LAW_D, w.d.vectors, LAW_D * sizeof(float));
    rk_index_free(w.s.vectors);
    assert_int_equal(rk_index_new(&w.s.vectors, LAW_D, NULL), RK_OK);
    assert_int_equal(rk_index_add(w.s.vectors, w.d.vectors, N, NULL), RK_OK);
    assert_int_equal(rk_carry_texts(&w.s, &w.text_x, NULL), RK_OK);
    assert_ptr_equal(w.s.text_x, w.text_x);
    assert_int_equal(
        rk_text_map_features(w.s.text_map, &w.d.side, N, all, NULL), RK_OK);
    for (size_t i = 0; i < N * width; i++)
        assert_true(fabsf(w.text_x[i] - all[i]) < 1e-6f);
    assert_true(memcmp(w.text_x + CHANGED * width, own + CHANGED * width,
                       width * sizeof(float)) != 0);
    world_clear(&w);
}


static void test_without_newer_items_nothing_is_copied(void **state)
{
    world w;

    (void)state;
    world_init(&w, 2);
    w.s.n_items = OLD;
    assert_int_equal(rk_carry_texts(&w.s, &w.text_x, NULL), RK_OK);
    assert_null(w.text_x);
    assert_ptr_equal(w.s.text_x, rk_text_map_rows(w.blend.models[0]));
    map_fit(&w);
    assert_int_equal(rk_carry_profiles(&w.s, &w.map, NULL), RK_OK);
    assert_int_equal(w.map.n_items, OLD);
    w.blend.n_models = 0; /* nor is there a map where there is none */
    assert_int_equal(rk_carry_texts(&w.s, &w.text_x, NULL), RK_OK);
    assert_null(w.s.text_map);
    assert_null(w.s.text_x);
    w.blend.n_models = 1;
    world_clear(&w);
}


static void
test_what_comes_next_is_what_the_whole_history_asks_for(void **state)
{
    static const rk_seen history[] = {
        {2, 1, 1, 1}, {5, -1, 1, 2}, {N - 1, 1, 1, 3}, {7, 1, 1, 4}};
    static const uint32_t liked[] = {2, N - 1, 7};
    const rk_who who = {.history = history, .n_history = 4};
    rk_run run = {0};
    float query[LAW_ITEMS];
    float want[LAW_ITEMS];
    const float *got;
    const float *again;
    size_t width;
    world w;

    (void)state;
    world_init(&w, 3);
    assert_int_equal(rk_carry_texts(&w.s, &w.text_x, NULL), RK_OK);
    width = rk_text_map_width(w.s.text_map);
    rk_text_map_query(w.s.text_map, liked, 3, 1, query);
    for (size_t i = 0; i < N; i++) {
        want[i] = 0;
        for (size_t k = 0; k < width; k++)
            want[i] += query[k] * w.text_x[i * width + k];
    }
    rk_zscore(want, N);
    assert_int_equal(rk_next_scores(&w.s, &who, &run, &got, NULL), RK_OK);
    for (size_t i = 0; i < N; i++)
        assert_true(fabsf(got[i] - want[i]) < 1e-3f);
    assert_int_equal(rk_next_scores(&w.s, &who, &run, &again, NULL), RK_OK);
    assert_ptr_equal(got, again);
    rk_run_clear(&run);
    w.s.text_map = NULL; /* nothing that could say */
    assert_int_equal(rk_next_scores(&w.s, &who, &run, &got, NULL), RK_OK);
    assert_null(got);
    world_clear(&w);
}


/* By the oracle: every product, sorted. */
static void nearest_to_last(const world *w, rk_hit near[OLD])
{
    const float *last = w->d.vectors + (N - 1) * LAW_D;

    for (uint32_t k = 0; k < OLD; k++) {
        near[k] = (rk_hit){k, 0};
        for (size_t j = 0; j < LAW_D; j++)
            near[k].score += w->d.vectors[k * LAW_D + j] * last[j];
    }
    rk_hits_sort(near, OLD);
}


static void
test_a_profile_asks_the_user_map_and_newer_items_the_near(void **state)
{
    static const float profile[LAW_D] = {0.5f, -0.5f, 0.5f, -0.5f, 0.1f};
    const rk_who who = {.vector = profile};
    const rk_who nobody = {0};
    rk_run run = {0};
    rk_hit near[OLD];
    float old[LAW_ITEMS];
    float all[LAW_ITEMS];
    const float *got;
    float mean = 0;
    world w;

    (void)state;
    world_init(&w, 4);
    map_fit(&w);
    rk_user_map_score(&w.map, profile, old);
    assert_int_equal(rk_carry_profiles(&w.s, &w.map, NULL), RK_OK);
    rk_user_map_score(w.s.user_map, profile, all);
    for (size_t i = 0; i < OLD; i++)
        assert_true(fabsf(all[i] - old[i]) < 1e-6f);
    nearest_to_last(&w, near);
    for (size_t k = 0; k < 10; k++)
        mean += old[near[k].index] / 10;
    assert_true(fabsf(all[N - 1] - mean) < 1e-5f);
    rk_zscore(all, N);
    assert_int_equal(rk_next_scores(&w.s, &who, &run, &got, NULL), RK_OK);
    for (size_t i = 0; i < N; i++)
        assert_true(fabsf(got[i] - all[i]) < 1e-4f);
    assert_int_equal(rk_next_scores(&w.s, &nobody, &run, &got, NULL), RK_OK);
    assert_null(got);
    rk_run_clear(&run);
    world_clear(&w);
}


static void test_all_survive_each_allocation_failing(void **state)
{
    static const rk_seen history[] = {{2, 1, 1, 1}};
    const rk_who who = {.history = history, .n_history = 1};
    size_t made;
    size_t at = 1;

    (void)state;
    do {
        rk_run run = {0};
        const float *got;
        world w;
        int rc;

        world_init(&w, 5);
        map_fit(&w);
        rk_mem_fail_at(at);
        rc = rk_carry_texts(&w.s, &w.text_x, NULL);
        if (rc == RK_OK)
            rc = rk_carry_profiles(&w.s, &w.map, NULL);
        if (rc == RK_OK)
            rc = rk_next_scores(&w.s, &who, &run, &got, NULL);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(rc == RK_OK || !w.s.user_map || !run.next);
        rk_run_clear(&run);
        world_clear(&w);
        at++;
    } while (made >= at - 1);
    assert_true(at > 8);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_newer_and_changed_items_are_read_anew),
        cmocka_unit_test(test_without_newer_items_nothing_is_copied),
        cmocka_unit_test(
            test_what_comes_next_is_what_the_whole_history_asks_for),
        cmocka_unit_test(
            test_a_profile_asks_the_user_map_and_newer_items_the_near),
        cmocka_unit_test(test_all_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

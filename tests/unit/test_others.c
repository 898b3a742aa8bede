/* What other users' histories say, asked of a prepared bookstore. */
#include "../shop.h"
#include "core/mem.h"
#include "engine/engine.h"
#include "engine/others.h"
#include "paradigms/next.h"

#include <math.h>

static shop prepared;
static const rk_snapshot *snapshot; /* of it */


static int prepare_once(void **state)
{
    rk_run run;
    rk_error err;

    (void)state;
    shop_open_prepared(&prepared, "embedder: none, writer: none");
    run = rk_engine_run(prepared.engine);
    assert_ok(rk_engine_serving(prepared.engine, &run, &err), err);
    rk_run_clear(&run);
    snapshot = &prepared.engine->serving->snapshot;
    assert_non_null(snapshot->blend);
    return 0;
}


static int close_it(void **state)
{
    (void)state;
    shop_close(&prepared);
    return 0;
}


static const float *scores_of(const rk_snapshot *s, const rk_seen *history,
                              size_t n, rk_run *run)
{
    const rk_who who = {.history = history, .n_history = n};
    const float *scores = (const float *)1;

    assert_int_equal(rk_others_scores(s, &who, run, &scores, NULL), RK_OK);
    return scores;
}


static void test_a_run_asks_the_others_once(void **state)
{
    static const rk_seen seen[] = {{3, 1, 1, 0}, {5, -1, 1, 1}, {9, 1, 1, 2}};
    static const uint32_t liked[] = {3, 9};
    static const size_t start[] = {0, 2};
    const rk_histories who = {1, snapshot->n_items, start, liked};
    float *want = rk_calloc(snapshot->n_fitted, sizeof(*want));
    rk_run run = {0};
    const float *first;

    (void)state;
    first = scores_of(snapshot, seen, 3, &run);
    assert_non_null(first);
    assert_int_equal(run.n_stages, 1);
    assert_string_equal(run.stages[0].name, "others' histories");
    assert_int_equal(run.stages[0].n_in, 2);
    assert_ptr_equal(scores_of(snapshot, seen, 3, &run), first);
    assert_int_equal(run.n_stages, 1);
    assert_int_equal(rk_blend_score(snapshot->blend, &who, want, NULL, NULL),
                     RK_OK);
    for (size_t i = 0; i < snapshot->n_fitted; i++)
        if (snapshot->popularity[i] > 0)
            assert_true(first[i] == want[i]);
    rk_run_clear(&run);
    free(want);
}


/* What nobody had: on the line that the others' scores lie about, against what
 * their texts say. */
static void test_what_nobody_had_is_guessed_from_its_text(void **state)
{
    static const rk_seen seen[] = {{3, 1, 1, 0}, {9, 1, 1, 2}};
    const rk_who who = {.history = seen, .n_history = 2};
    size_t n = snapshot->n_fitted;
    float *popularity = rk_alloc_array(n, sizeof(*popularity));
    rk_snapshot s = *snapshot;
    rk_run run = {0};
    const float *scores;
    const float *next;
    double sum[5] = {0}; /* 1, x, y, x x, x y */
    double slope;

    (void)state;
    memcpy(popularity, snapshot->popularity, n * sizeof(*popularity));
    popularity[20] = popularity[21] = 0;
    s.popularity = popularity;
    scores = scores_of(&s, seen, 2, &run);
    assert_int_equal(rk_next_scores(&s, &who, &run, &next, NULL), RK_OK);
    for (size_t i = 0; i < n; i++) {
        double x = next ? next[i] : 0;
        double y = scores[i];

        if (popularity[i] == 0)
            continue;
        sum[0]++;
        sum[1] += x;
        sum[2] += y;
        sum[3] += x * x;
        sum[4] += x * y;
    }
    slope = next ? (sum[0] * sum[4] - sum[1] * sum[2]) /
                       (sum[0] * sum[3] - sum[1] * sum[1])
                 : 0;
    for (size_t i = 20; i < 22; i++)
        assert_true(
            fabs((double)scores[i] -
                 (sum[2] / sum[0] + slope * ((next ? (double)next[i] : 0) -
                                             sum[1] / sum[0]))) < 1e-4);
    rk_run_clear(&run);
    free(popularity);
}


static void test_nothing_liked_or_no_blend_gives_no_scores(void **state)
{
    static const rk_seen seen[] = {{3, -1, 1, 0}, {5, 0, 1, 1}};
    static const rk_seen liked[] = {{3, 1, 1, 0}};
    rk_snapshot bare = *snapshot;
    rk_run run = {0};

    (void)state;
    assert_null(scores_of(snapshot, seen, 2, &run));
    assert_null(scores_of(snapshot, NULL, 0, &run));
    bare.blend = NULL;
    assert_null(scores_of(&bare, liked, 1, &run));
    assert_int_equal(run.n_stages, 0);
    rk_run_clear(&run);
}


static void test_an_item_liked_twice_counts_once(void **state)
{
    static const rk_seen twice[] = {
        {3, 1, 1, 0}, {9, 1, 1, 1}, {3, 1, 1, 2}, {9, 0, 1, 3}};
    rk_run a = {0};
    rk_run b = {0};

    (void)state;
    assert_memory_equal(scores_of(snapshot, twice, 4, &a),
                        scores_of(snapshot, twice, 2, &b),
                        snapshot->n_fitted * sizeof(float));
    assert_int_equal(a.stages[0].n_in, 2);
    rk_run_clear(&a);
    rk_run_clear(&b);
}


/* An item's part in another's score, as the item-to-item model has it. */
static float part_of(const rk_snapshot *s, uint32_t from, uint32_t to)
{
    const rk_csr *b = &s->ease;

    for (uint64_t k = b->start[from]; k < b->start[from + 1]; k++)
        if (b->col[k] == to)
            return b->value[k];
    return 0;
}


static void test_the_witness_is_the_like_with_the_largest_part(void **state)
{
    static const rk_seen seen[] = {
        {3, 1, 1, 0}, {5, 1, 1, 1}, {7, -1, 1, 2}, {9, 1, 1, 3}, {11, 1, 1, 4}};
    const rk_who who = {.history = seen, .n_history = 5};
    float decay = RK_WITNESS_DECAY;
    size_t n_found = 0;

    (void)state;
    for (uint32_t item = 0; item < snapshot->n_fitted; item++) {
        uint32_t best = RK_NO_ID;
        float most = 0;

        for (size_t i = 0; i < 5; i++) {
            size_t age = i > 2 ? 4 - i : 3 - i; /* in likes */
            float part = powf(decay, (float)age) *
                         part_of(snapshot, seen[i].item, item);

            if (seen[i].label > 0 && part > most) {
                most = part;
                best = seen[i].item;
            }
        }
        assert_int_equal(rk_others_witness(snapshot, &who, item), best);
        n_found += best != RK_NO_ID;
    }
    assert_true(n_found > 0 && n_found < snapshot->n_fitted);
}


/* Liked: `old`, then an item newer than the model, then `late`. */
static void assert_newer_items_age_a_witness(const rk_snapshot *s)
{
    uint32_t n = (uint32_t)s->n_fitted;
    float decay = RK_WITNESS_DECAY;
    size_t n_told = 0; /* where it makes a difference */

    for (uint32_t old = 0; old < n; old++) {
        uint32_t late = (old + 7) % n;
        const rk_seen seen[] = {{old, 1, 1, 0}, {n, 1, 1, 1}, {late, 1, 1, 2}};
        const rk_who who = {.history = seen, .n_history = 3};

        for (uint32_t item = 0; item < n; item++) {
            float a = part_of(s, old, item);
            float b = part_of(s, late, item);
            uint32_t want = a * decay * decay > b ? old : late;

            if (fmaxf(a, b) <= 0)
                want = RK_NO_ID;
            assert_int_equal(rk_others_witness(s, &who, item), want);
            n_told += a * decay > b && b > a * decay * decay;
        }
    }
    assert_true(n_told > 0);
}


/* One that came after preparing: it ages what was liked before it, adds
 * nothing, and is neither scored nor a witness. */
static void test_a_new_item_is_taken_in_a_history(void **state)
{
    const rk_field fields[] = {{"title", "New"}, {"genres", "fiction"}};
    rk_error err;
    rk_run run;
    rk_run other = {0};
    const rk_snapshot *s;
    shop copy;

    (void)state;
    shop_copy(&copy, &prepared);
    snapshot = NULL; /* copying opened the shop anew */
    assert_ok(
        rk_put_items(copy.engine, &(rk_record){"NEW", fields, 2}, 1, &err),
        err);
    run = rk_engine_run(copy.engine);
    assert_ok(rk_engine_serving(copy.engine, &run, &err), err);
    rk_run_clear(&run);
    s = &copy.engine->serving->snapshot;
    assert_int_equal(s->n_items, s->n_fitted + 1);
    const rk_seen seen[] = {{3, 1, 1, 0}, {(uint32_t)s->n_fitted, 1, 1, 1}};
    const rk_who who = {.history = seen, .n_history = 2};
    const float *scores = scores_of(s, seen, 2, &run);

    assert_non_null(scores);
    for (size_t i = 0; i < s->n_fitted; i++)
        assert_true(isfinite(scores[i]));
    assert_non_null(scores_of(s, seen + 1, 1, &other));
    assert_int_equal(rk_others_witness(s, &who, (uint32_t)s->n_fitted),
                     RK_NO_ID);
    for (uint32_t i = 0; i < s->n_fitted; i++) {
        uint32_t witness = rk_others_witness(s, &who, i);

        assert_true(witness == 3 || witness == RK_NO_ID);
    }
    rk_run_clear(&run);
    rk_run_clear(&other);
    assert_newer_items_age_a_witness(s);
    shop_close(&copy);
}


static void test_asking_survives_each_allocation_failing(void **state)
{
    static const rk_seen seen[] = {{3, 1, 1, 0}, {9, 1, 1, 2}};
    const rk_who who = {.history = seen, .n_history = 2};
    size_t n = 0;
    int rc;

    (void)state;
    do {
        const float *scores;
        rk_run run = {0};

        rk_mem_fail_at(++n);
        rc = rk_others_scores(snapshot, &who, &run, &scores, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(scores == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_run_clear(&run);
    } while (rc != RK_OK);
    assert_true(n > 3);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_asks_the_others_once),
        cmocka_unit_test(test_nothing_liked_or_no_blend_gives_no_scores),
        cmocka_unit_test(test_what_nobody_had_is_guessed_from_its_text),
        cmocka_unit_test(test_an_item_liked_twice_counts_once),
        cmocka_unit_test(test_the_witness_is_the_like_with_the_largest_part),
        cmocka_unit_test(test_asking_survives_each_allocation_failing),
        cmocka_unit_test(test_a_new_item_is_taken_in_a_history),
    };

    return cmocka_run_group_tests(tests, prepare_once, close_it);
}

#include "learn/transformer.h"

#include "../scratch.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/transformer_train.h"
#include "learn/transformer_windows.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define USERS ((size_t)24)
#define ITEMS ((size_t)19)
#define LONG  ((size_t)23) /* items of a history: some windows of 8 */

static size_t starts[USERS + 1];
static uint32_t items[USERS * LONG];
static const rk_histories histories = {USERS, ITEMS, starts, items};


/* Each user goes round a circle of items from a place of their own; what
 * comes next is always known. */
static int circles(void **state)
{
    (void)state;
    for (size_t u = 0; u < USERS; u++) {
        starts[u + 1] = starts[u] + LONG - u % 5;
        for (size_t i = starts[u]; i < starts[u + 1]; i++)
            items[i] = (uint32_t)((u * 7 + i - starts[u]) * 4 % ITEMS);
    }
    return 0;
}


static rk_transformer_opts small(size_t epochs)
{
    rk_transformer_opts o = rk_transformer_defaults(RK_FAST);

    o.d = 16;
    o.context = 8;
    o.epochs = epochs;
    o.batch = 12;
    o.dropout = 0.1f;
    o.rate = 1e-2f;
    o.n_sampled = 8;
    return o;
}


static rk_transformer *trained(const rk_train_opts *opts,
                               const rk_transformer_opts *o)
{
    rk_model *m = NULL;
    rk_error err = {0};

    if (rk_transformer_train(&m, &histories, opts, o, &err) != RK_OK)
        fail_msg("%s", err.msg);
    return (rk_transformer *)m;
}


static void model_free(rk_transformer *m)
{
    rk_learner_transformer.free(m ? &m->base : NULL);
}


static void assert_same(const rk_transformer *a, const rk_transformer *b)
{
    assert_true(a->layout.n == b->layout.n);
    assert_memory_equal(a->w, b->w, a->layout.n * sizeof(*a->w));
}


static void watched_note(void *ctx, const rk_transformer_epoch *e)
{
    *(rk_transformer_epoch *)ctx = *e;
}


static uint32_t best_of(const float *scores)
{
    uint32_t best = 0;

    for (uint32_t j = 1; j < ITEMS; j++)
        best = scores[j] > scores[best] ? j : best;
    return best;
}


/* Whether the next item of each circle is foretold after training so. */
static void circle_check(const rk_transformer_opts *o)
{
    rk_transformer *m = trained(&(rk_train_opts){.seed = 3}, o);
    static float scores[USERS * ITEMS];

    assert_int_equal(
        rk_learner_transformer.score(&m->base, &histories, scores, NULL),
        RK_OK);
    for (size_t u = 0; u < USERS; u++)
        assert_int_equal(best_of(scores + u * ITEMS),
                         (items[starts[u + 1] - 1] + 4) % ITEMS);
    model_free(m);
}


static void test_a_circle_is_learnt(void **state)
{
    rk_transformer_opts o = small(25);

    (void)state;
    circle_check(&o);
}


static void test_a_circle_is_learnt_from_samples_too(void **state)
{
    rk_transformer_opts o = small(30);

    (void)state;
    o.full_items = ITEMS - 1;
    circle_check(&o);
}


static void test_who_is_watched_is_measured(void **state)
{
    rk_transformer_opts o = small(25);
    uint32_t truth[USERS];
    rk_transformer_epoch last = {0};
    rk_train_opts opts = {.seed = 3, .watch = &histories, .watch_truth = truth};
    rk_transformer *m;

    (void)state;
    for (size_t u = 0; u < USERS; u++)
        truth[u] = (items[starts[u + 1] - 1] + 4) % ITEMS;
    o.each_epoch = watched_note;
    o.ctx = &last;
    m = trained(&opts, &o);
    assert_int_equal(last.epoch, 25);
    assert_true(last.loss < 1);
    assert_true(last.ndcg > 0.99);
    model_free(m);
}


static void test_the_number_of_threads_does_not_change_the_weights(void **state)
{
    rk_transformer_opts o = small(2);
    rk_train_opts opts = {.seed = 5};
    rk_transformer *many = trained(&opts, &o);
    rk_transformer *one;
    cpu_set_t all;
    cpu_set_t first;
    int cpu = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&first);
    CPU_SET(cpu, &first);
    assert_int_equal(sched_setaffinity(0, sizeof(first), &first), 0);
    one = trained(&opts, &o);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    assert_same(many, one);
    model_free(many);
    model_free(one);
}


static void test_another_seed_gives_other_weights(void **state)
{
    rk_transformer_opts o = small(1);
    rk_transformer *a = trained(&(rk_train_opts){.seed = 5}, &o);
    rk_transformer *b = trained(&(rk_train_opts){.seed = 6}, &o);

    (void)state;
    assert_true(memcmp(a->w, b->w, a->layout.n * sizeof(*a->w)) != 0);
    model_free(a);
    model_free(b);
}


/* Stops at its `left`th report. */
static int stop_after(void *ctx, const char *stage, uint64_t done,
                      uint64_t total)
{
    size_t *left = ctx;

    assert_true(strncmp(stage, "transformer: epoch ", 19) == 0);
    assert_true(done > 0 && done <= total);
    return --*left == 0;
}


static void test_training_goes_on_as_if_never_interrupted(void **state)
{
    scratch dir;
    const char *path;
    rk_transformer_opts o = small(4);
    size_t left = 14; /* within the third epoch */
    rk_train_opts opts = {.seed = 5};
    rk_transformer *whole = trained(&opts, &o);
    rk_transformer *resumed;
    rk_transformer_epoch last = {0};
    rk_model *none = NULL;
    char *bytes = NULL;
    size_t len;

    (void)state;
    scratch_init(&dir);
    path = scratch_path(&dir, "checkpoint");
    opts.checkpoint = path;
    opts.progress = (rk_progress){stop_after, &left};
    assert_int_equal(rk_transformer_train(&none, &histories, &opts, &o, NULL),
                     RK_ECANCELLED);
    assert_null(none);
    assert_int_equal(rk_file_read(path, 1 << 24, &bytes, &len, NULL), RK_OK);

    opts.progress = (rk_progress){0};
    resumed = trained(&opts, &o);
    assert_same(whole, resumed);
    assert_int_equal(access(path, F_OK), -1);
    model_free(resumed);

    /* Another seed does not go on from it: the weights are its own. */
    assert_int_equal(rk_file_write(path, bytes, len, NULL), RK_OK);
    opts.seed = 6;
    o.each_epoch = watched_note;
    o.ctx = &last;
    resumed = trained(&opts, &o);
    assert_true(
        memcmp(whole->w, resumed->w, whole->layout.n * sizeof(*whole->w)) != 0);
    model_free(resumed);
    model_free(whole);
    free(bytes);
    scratch_clear(&dir);
}


static void test_a_damaged_checkpoint_is_ignored(void **state)
{
    scratch dir;
    const char *path;
    rk_transformer_opts o = small(1);
    rk_train_opts opts = {.seed = 5};
    rk_transformer *whole = trained(&opts, &o);
    rk_transformer *again;

    (void)state;
    scratch_init(&dir);
    path = scratch_path(&dir, "checkpoint");
    assert_int_equal(rk_file_write(path, "RKSN?", 5, NULL), RK_OK);
    opts.checkpoint = path;
    again = trained(&opts, &o);
    assert_same(whole, again);
    model_free(whole);
    model_free(again);
    scratch_clear(&dir);
}


static void test_items_begin_at_their_vectors_when_asked_to(void **state)
{
    rk_transformer_opts o = small(1);
    static float vectors[ITEMS * 24];
    rk_side side = {.vectors = vectors, .d = 24};
    rk_train_opts opts = {.seed = 5, .side = &side};
    rk_rng r = {9};
    rk_transformer *a = trained(&opts, &o);
    rk_transformer *b;

    (void)state;
    for (size_t i = 0; i < ITEMS * 24; i++)
        vectors[i] = (float)rk_rng_unit(&r);
    o.use_vectors = true;
    b = trained(&opts, &o);
    assert_true(memcmp(a->w, b->w, a->layout.n * sizeof(*a->w)) != 0);
    vectors[5] = NAN;
    {
        rk_model *m = NULL;

        assert_int_equal(rk_transformer_train(&m, &histories, &opts, &o, NULL),
                         RK_EINVAL);
        assert_null(m);
    }
    model_free(a);
    model_free(b);
}


static void test_scores_do_not_depend_on_who_else_is_asked(void **state)
{
    rk_transformer_opts o = small(2);
    rk_transformer *m = trained(&(rk_train_opts){.seed = 5}, &o);
    static float all[USERS * ITEMS];
    float one[ITEMS];

    (void)state;
    assert_int_equal(
        rk_learner_transformer.score(&m->base, &histories, all, NULL), RK_OK);
    for (size_t u = 0; u < USERS; u++) {
        rk_histories part = rk_histories_part(&histories, u, 1);

        assert_int_equal(
            rk_learner_transformer.score(&m->base, &part, one, NULL), RK_OK);
        for (size_t j = 0; j < ITEMS; j++)
            assert_true(fabsf(one[j] - all[u * ITEMS + j]) < 1e-4f);
    }
    model_free(m);
}


static void test_items_newer_than_the_model_age_the_others(void **state)
{
    rk_transformer_opts o = small(2);
    rk_transformer *m = trained(&(rk_train_opts){.seed = 5}, &o);
    uint32_t item[] = {3, 4, 3, 4, 21, 21, 26};
    size_t start[] = {0, 2, 5, 5, 7};
    rk_histories who = {4, ITEMS + 10, start, item};
    float s[4 * ITEMS];

    (void)state;
    assert_int_equal(rk_learner_transformer.score(&m->base, &who, s, NULL),
                     RK_OK);
    for (size_t j = 0; j < ITEMS; j++) {
        assert_true(s[j] != s[ITEMS + j]);
        assert_true(isfinite(s[ITEMS + j]));
        assert_true(s[2 * ITEMS + j] == 0); /* an empty history */
        assert_true(s[3 * ITEMS + j] == 0); /* nothing that is known */
    }
    model_free(m);
}


static void test_nobody_is_scored_at_no_cost(void **state)
{
    rk_transformer_opts o = small(1);
    rk_transformer *m = trained(&(rk_train_opts){.seed = 5}, &o);
    rk_histories nobody = rk_histories_part(&histories, 0, 0);
    double ndcg;

    (void)state;
    assert_int_equal(
        rk_learner_transformer.score(&m->base, &nobody, NULL, NULL), RK_OK);
    assert_int_equal(rk_transformer_ndcg(m, &nobody, NULL, &ndcg, NULL), RK_OK);
    assert_true(isnan(ndcg));
    model_free(m);
}


/* A bundle of a shape and n weights of the same value. */
static int got(const uint64_t *shape, size_t n, float value, size_t n_items)
{
    scratch dir;
    const char *path;
    float *w = rk_calloc(n, sizeof(*w));
    rk_bundle_writer *to = NULL;
    rk_bundle *b = NULL;
    rk_model *m = NULL;
    int rc;

    scratch_init(&dir);
    path = scratch_path(&dir, "bundle");
    for (size_t i = 0; i < n; i++)
        w[i] = i + 1 == n ? value : 0;
    assert_int_equal(rk_bundle_writer_new(&to, NULL), RK_OK);
    if (shape)
        assert_int_equal(
            rk_bundle_put(to, "transformer.shape", RK_U64, 1, 5, shape, NULL),
            RK_OK);
    if (n)
        assert_int_equal(
            rk_bundle_put(to, "transformer.weights", RK_F32, 1, n, w, NULL),
            RK_OK);
    assert_int_equal(rk_bundle_save(to, path, NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, path, NULL), RK_OK);
    rc = rk_learner_transformer.get(&m, b, n_items, NULL);
    assert_true((rc == RK_OK) == (m != NULL));
    rk_learner_transformer.free(m);
    rk_bundle_close(b);
    rk_bundle_writer_free(to);
    free(w);
    scratch_clear(&dir);
    return rc;
}


static void
test_a_bundle_gives_back_what_was_put_and_nothing_hostile(void **state)
{
    const uint64_t good[5] = {ITEMS, 16, 2, 2, 8};
    const uint64_t heads[5] = {ITEMS, 16, 2, 3, 8};
    const uint64_t huge[5] = {ITEMS, UINT64_MAX - 7, 2, 2, 8};
    const uint64_t many[5] = {ITEMS, 16, UINT64_MAX, 2, 8};
    rk_tf_layout l;

    (void)state;
    assert_int_equal(
        rk_tf_layout_init(&l, &(rk_tf_shape){ITEMS, 16, 2, 2, 8}, NULL), RK_OK);
    assert_int_equal(got(good, l.n, 1, ITEMS), RK_OK);
    assert_int_equal(got(good, l.n, 1, ITEMS + 1), RK_EFORMAT);
    assert_int_equal(got(good, l.n, 1, ITEMS - 1), RK_EFORMAT);
    assert_int_equal(got(good, l.n, NAN, ITEMS), RK_EFORMAT);
    assert_int_equal(got(good, l.n, INFINITY, ITEMS), RK_EFORMAT);
    assert_int_equal(got(good, l.n - 1, 1, ITEMS), RK_EFORMAT);
    assert_int_equal(got(good, 0, 1, ITEMS), RK_EFORMAT);
    assert_int_equal(got(heads, l.n, 1, ITEMS), RK_EFORMAT);
    assert_int_equal(got(huge, l.n, 1, ITEMS), RK_EFORMAT);
    assert_int_equal(got(many, l.n, 1, ITEMS), RK_EFORMAT);
    assert_int_equal(got(NULL, l.n, 1, ITEMS), RK_ENOTFOUND);
}


static void test_a_model_scores_the_same_from_its_bundle(void **state)
{
    scratch dir;
    const char *path;
    rk_transformer_opts o = small(2);
    rk_transformer *m = trained(&(rk_train_opts){.seed = 5}, &o);
    static float before[USERS * ITEMS];
    static float after[USERS * ITEMS];
    rk_bundle_writer *w = NULL;
    rk_bundle *b = NULL;
    rk_model *read = NULL;

    (void)state;
    scratch_init(&dir);
    path = scratch_path(&dir, "bundle");
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_learner_transformer.put(&m->base, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, path, NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, path, NULL), RK_OK);
    assert_int_equal(rk_learner_transformer.get(&read, b, ITEMS, NULL), RK_OK);
    (void)rk_learner_transformer.score(&m->base, &histories, before, NULL);
    (void)rk_learner_transformer.score(read, &histories, after, NULL);
    assert_memory_equal(before, after, sizeof(before));
    rk_learner_transformer.free(read);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    model_free(m);
    scratch_clear(&dir);
}


static void test_options_that_cannot_be_are_refused(void **state)
{
    rk_transformer_opts bad[8];
    rk_train_opts opts = {.seed = 5};
    rk_model *m;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        bad[i] = small(1);
    bad[0].epochs = 0;
    bad[1].batch = 0;
    bad[2].dropout = NAN;
    bad[3].rate = -1;
    bad[4].d = 17;
    bad[5].heads = 3;
    bad[6].n_sampled = 0;
    bad[7].context = 0;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(
            rk_transformer_train(&m, &histories, &opts, &bad[i], NULL),
            RK_EINVAL);
        assert_null(m);
    }
    opts.max_bytes = 1000;
    assert_int_equal(rk_learner_transformer.train(&m, &histories, &opts, NULL),
                     RK_EINVAL);
}


static void test_nothing_to_learn_from_is_refused(void **state)
{
    const size_t start[] = {0, 1, 1, 2};
    const uint32_t item[] = {3, 4};
    const rk_histories short_ones = {3, ITEMS, start, item};
    rk_transformer_opts o = small(1);
    rk_train_opts opts = {.seed = 5};
    rk_model *m;

    (void)state;
    assert_int_equal(rk_transformer_train(&m, &short_ones, &opts, &o, NULL),
                     RK_EINVAL);
    assert_null(m);
}


static void test_training_survives_each_failing_allocation(void **state)
{
    rk_transformer_opts o = small(1);
    rk_train_opts opts = {.seed = 5};
    rk_model *m = NULL;
    int rc = RK_ENOMEM;
    size_t i;

    (void)state;
    o.full_items = ITEMS - 1;
    for (i = 1; rc != RK_OK; i++) {
        rk_mem_fail_at(i);
        rc = rk_transformer_train(&m, &histories, &opts, &o, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK ? m != NULL : rc == RK_ENOMEM && !m);
    }
    assert_true(i > 8);
    rc = RK_ENOMEM;
    for (i = 1; rc != RK_OK; i++) {
        static float scores[USERS * ITEMS];

        rk_mem_fail_at(i);
        rc = rk_learner_transformer.score(m, &histories, scores, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    }
    rk_learner_transformer.free(m);
}


/* Every item but a history's first is a target, in windows that fit; only
 * the newest of a long history may be met twice. */
static void test_windows_cover_each_history(void **state)
{
    rk_windows w = {0};
    uint8_t seen[USERS * LONG] = {0};

    (void)state;
    assert_int_equal(rk_windows_cut(&w, &histories, 8, 4, NULL), RK_OK);
    for (size_t i = 0; i < w.n; i++) {
        assert_true(w.window[i].n >= 1 && w.window[i].n <= 8);
        for (size_t j = 1; j <= w.window[i].n; j++)
            seen[w.window[i].from + j]++;
    }
    for (size_t u = 0; u < USERS; u++) {
        assert_int_equal(seen[starts[u]], 0);
        for (size_t i = starts[u] + 1; i < starts[u + 1]; i++) {
            assert_true(seen[i] >= 1);
            assert_true(seen[i] == 1 || i + 8 >= starts[u + 1]);
        }
    }
    rk_windows_clear(&w);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_circle_is_learnt),
        cmocka_unit_test(test_a_circle_is_learnt_from_samples_too),
        cmocka_unit_test(test_who_is_watched_is_measured),
        cmocka_unit_test(
            test_the_number_of_threads_does_not_change_the_weights),
        cmocka_unit_test(test_another_seed_gives_other_weights),
        cmocka_unit_test(test_training_goes_on_as_if_never_interrupted),
        cmocka_unit_test(test_a_damaged_checkpoint_is_ignored),
        cmocka_unit_test(test_items_begin_at_their_vectors_when_asked_to),
        cmocka_unit_test(test_scores_do_not_depend_on_who_else_is_asked),
        cmocka_unit_test(test_items_newer_than_the_model_age_the_others),
        cmocka_unit_test(test_nobody_is_scored_at_no_cost),
        cmocka_unit_test(
            test_a_bundle_gives_back_what_was_put_and_nothing_hostile),
        cmocka_unit_test(test_a_model_scores_the_same_from_its_bundle),
        cmocka_unit_test(test_options_that_cannot_be_are_refused),
        cmocka_unit_test(test_nothing_to_learn_from_is_refused),
        cmocka_unit_test(test_training_survives_each_failing_allocation),
        cmocka_unit_test(test_windows_cover_each_history),
    };

    return cmocka_run_group_tests(tests, circles, NULL);
}

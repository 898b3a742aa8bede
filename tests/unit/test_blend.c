/* The blend over small histories in which the next item can be told: after
 * item i comes i + 1. */
#include "learn/blend.h"

#include "learn/blend_scale.h"
#include "learn/ease.h"
#include "learn/popular.h"
#include "learner_laws.h"

enum { USERS = 80, ITEMS = 30, LONGEST = 9 };

static const rk_learner *const cheap[] = {&rk_learner_popular, &rk_learner_ease,
                                          NULL};

typedef struct lessons {
    rk_histories *h;
    uint32_t truth[USERS];
} lessons;


static void lessons_init(lessons *l, uint64_t seed)
{
    l->h = small_histories(USERS, ITEMS, LONGEST, seed);
    for (size_t u = 0; u < USERS; u++)
        l->truth[u] = (l->h->item[l->h->start[u + 1] - 1] + 1) % ITEMS;
}


static rk_blend *trained(const lessons *l, const rk_learner *const *learners)
{
    const rk_blend_opts opts = {.learners = learners, .train = {.seed = 5}};
    rk_blend *b;

    assert_int_equal(rk_blend_train(&b, l->h, l->truth, &opts, NULL), RK_OK);
    return b;
}


/* One row, in double. */
static void scale_slowly(const float *row, size_t n, bool is_log, double *out)
{
    double mean = 0;
    double variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)row[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += pow((double)row[i] - mean, 2) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double z = variance > 0 ? ((double)row[i] - mean) / sqrt(variance) : 0;

        out[i] = is_log ? z : asinh(2 * z);
    }
}


static void test_scaling_is_that_of_double_at_any_length(void **state)
{
    float rows[3 * 70];
    float scaled[3 * 70];
    double want[70];
    rk_rng r = {4};

    (void)state;
    for (size_t n = 2; n <= 70; n++) {
        for (int is_log = 0; is_log < 2; is_log++) {
            /* Many small ones and a few large. */
            for (size_t i = 0; i < 3 * n; i++)
                rows[i] = (float)pow(rk_rng_unit(&r), 1 + (double)(i % 17));
            memcpy(scaled, rows, 3 * n * sizeof(*rows));
            rk_blend_scale(scaled, 3, n, is_log);
            for (size_t k = 0; k < 3; k++) {
                scale_slowly(rows + k * n, n, is_log, want);
                for (size_t i = 0; i < n; i++)
                    assert_true(fabs((double)scaled[k * n + i] - want[i]) <
                                1e-5);
            }
        }
    }
}


static void test_a_row_that_is_all_the_same_becomes_zeros(void **state)
{
    static const float same[] = {0, 0.1f, -3e7f, 1e30f, 1e-40f};
    float row[37];

    (void)state;
    for (size_t k = 0; k < sizeof(same) / sizeof(same[0]); k++) {
        for (size_t n = 1; n <= 37; n += 6) {
            for (size_t i = 0; i < n; i++)
                row[i] = same[k];
            rk_blend_scale(row, 1, n, k % 2);
            for (size_t i = 0; i < n; i++)
                assert_true(row[i] == 0);
        }
    }
    rk_blend_scale(row, 5, 0, false);
}


/* The score of one user and item by the header's equation, from what the
 * learners say for themselves; model m's part goes to part[m]. */
static double score_slowly(const rk_blend *b, const rk_histories *who, size_t u,
                           size_t item, double *part)
{
    rk_histories one = rk_histories_part(who, u, 1);
    double sum = 0;
    size_t c = 0;

    for (size_t m = 0; m < b->n_models; m++) {
        const rk_learner *l = b->models[m]->learner;
        float *scores = law_scores(b->models[m], &one);

        part[m] = 0;
        for (size_t k = 0; k < l->n_columns; k++, c++) {
            double x[ITEMS];

            scale_slowly(scores + k * ITEMS, ITEMS, l->is_log, x);
            part[m] += (double)b->weights[c] * x[item];
        }
        sum += part[m];
        free(scores);
    }
    return sum;
}


static void test_a_score_is_the_equation_and_its_parts_add_up(void **state)
{
    static float scores[USERS * ITEMS];
    static float alone[USERS * ITEMS];
    static float parts[USERS * 2 * ITEMS];
    rk_blend *b;
    lessons l;

    (void)state;
    lessons_init(&l, 1);
    b = trained(&l, cheap);
    assert_int_equal(b->n_models, 2);
    assert_int_equal(b->n_columns, 1 + rk_learner_ease.n_columns);
    assert_int_equal(rk_blend_score(b, l.h, scores, parts, NULL), RK_OK);
    assert_int_equal(rk_blend_score(b, l.h, alone, NULL, NULL), RK_OK);
    assert_memory_equal(scores, alone, sizeof(scores));
    for (size_t u = 0; u < USERS; u += 3) {
        for (size_t i = 0; i < ITEMS; i++) {
            const float *part = parts + u * 2 * ITEMS + i;
            double want[2];
            double sum = score_slowly(b, l.h, u, i, want);

            assert_true(fabs((double)scores[u * ITEMS + i] - sum) < 1e-3);
            assert_true(fabs((double)part[0] - want[0]) < 1e-3);
            assert_true(fabs((double)part[ITEMS] - want[1]) < 1e-3);
            assert_true(fabsf(part[0] + part[ITEMS] - scores[u * ITEMS + i]) <
                        1e-4f);
        }
    }
    rk_blend_free(b);
    rk_histories_free(l.h);
}


/* Two learners made for these histories: one knows what comes next, the other
 * says anything. */
static const rk_learner knows; /* defined below */
static const rk_learner noise;


static void planted_estimate(const rk_histories *h, const rk_train_opts *opts,
                             rk_estimate *out)
{
    (void)h;
    (void)opts;
    *out = (rk_estimate){1, 1};
}


static int planted_score(const rk_model *m, const rk_histories *who,
                         float *scores, rk_error *err)
{
    bool knowing = m->learner == &knows;

    (void)err;
    for (size_t u = 0; u < who->n_users; u++) {
        uint32_t last = who->item[who->start[u + 1] - 1];
        rk_rng r = {u * 7919 + last + (knowing ? 1 << 20 : 0)};

        for (size_t i = 0; i < m->n_items; i++)
            scores[u * m->n_items + i] = (float)rk_rng_unit(&r);
        if (knowing)
            scores[u * m->n_items + (last + 1) % m->n_items] += 1;
    }
    return RK_OK;
}


static void planted_free(rk_model *m)
{
    free(m);
}


static int planted_train(rk_model **out, const rk_learner *l,
                         const rk_histories *h)
{
    *out = rk_calloc(1, sizeof(**out));
    if (!*out)
        return RK_ENOMEM;
    **out = (rk_model){l, h->n_items};
    return RK_OK;
}


static int knows_train(rk_model **out, const rk_histories *h,
                       const rk_train_opts *opts, rk_error *err)
{
    (void)opts;
    (void)err;
    return planted_train(out, &knows, h);
}


static int noise_train(rk_model **out, const rk_histories *h,
                       const rk_train_opts *opts, rk_error *err)
{
    (void)opts;
    (void)err;
    return planted_train(out, &noise, h);
}


static const char *const planted_columns[] = {"planted"};

static const rk_learner knows = {
    .name = "knows",
    .n_columns = 1,
    .columns = planted_columns,
    .is_log = true,
    .estimate = planted_estimate,
    .train = knows_train,
    .score = planted_score,
    .free = planted_free,
};

static const rk_learner noise = {
    .name = "noise",
    .n_columns = 1,
    .columns = planted_columns,
    .is_log = true,
    .estimate = planted_estimate,
    .train = noise_train,
    .score = planted_score,
    .free = planted_free,
};


static void test_a_learner_that_knows_outweighs_one_that_does_not(void **state)
{
    static const rk_learner *const both[] = {&noise, &knows, NULL};
    rk_blend *b;
    lessons l;

    (void)state;
    lessons_init(&l, 2);
    b = trained(&l, both);
    assert_true(b->weights[1] > 1);
    assert_true(fabsf(b->weights[0]) < b->weights[1] / 3);
    rk_blend_free(b);

    /* Nobody's next item known: nothing tells them apart. */
    for (size_t u = 0; u < USERS; u++)
        l.truth[u] = RK_NO_ID;
    b = trained(&l, both);
    assert_true(b->weights[0] == 0.5f && b->weights[1] == 0.5f);
    rk_blend_free(b);
    rk_histories_free(l.h);
}


static rk_blend *with_lists(const lessons *l, size_t n_lists, uint64_t seed)
{
    const rk_blend_opts opts = {.learners = cheap,
                                .train = {.seed = seed},
                                .n_lists = n_lists,
                                .n_candidates = 12};
    rk_blend *b;

    assert_int_equal(rk_blend_train(&b, l->h, l->truth, &opts, NULL), RK_OK);
    return b;
}


static void test_the_same_seed_gives_the_same_weights(void **state)
{
    static const size_t n_lists[] = {0, USERS, 10 * USERS, 20, 20};
    rk_blend *b[6];
    size_t size;
    lessons l;

    (void)state;
    lessons_init(&l, 3);
    for (size_t i = 0; i < 5; i++)
        b[i] = with_lists(&l, n_lists[i], 9);
    b[5] = with_lists(&l, 20, 10);
    size = b[0]->n_columns * sizeof(float);
    /* More lists than there are change nothing; fewer are drawn alike. */
    assert_memory_equal(b[0]->weights, b[1]->weights, size);
    assert_memory_equal(b[0]->weights, b[2]->weights, size);
    assert_memory_equal(b[3]->weights, b[4]->weights, size);
    assert_memory_not_equal(b[0]->weights, b[3]->weights, size);
    assert_memory_not_equal(b[3]->weights, b[5]->weights, size);
    for (size_t i = 0; i < 6; i++)
        rk_blend_free(b[i]);
    rk_histories_free(l.h);
}


static void test_retraining_keeps_weights_and_learns_the_new(void **state)
{
    const rk_blend_opts opts = {.train = {.seed = 5}};
    rk_histories *other = small_histories(50, ITEMS + 4, LONGEST, 8);
    rk_blend *again;
    rk_blend *b;
    lessons l;

    (void)state;
    lessons_init(&l, 4);
    b = trained(&l, cheap);
    assert_int_equal(rk_blend_retrain(&again, b, other, &opts, NULL), RK_OK);
    assert_int_equal(again->n_items, ITEMS + 4);
    assert_int_equal(again->n_models, b->n_models);
    assert_memory_equal(again->weights, b->weights,
                        b->n_columns * sizeof(float));
    assert_string_equal(again->left_out, b->left_out);
    for (size_t m = 0; m < again->n_models; m++) {
        rk_model *fresh;

        assert_int_equal(cheap[m]->train(&fresh, other, &opts.train, NULL),
                         RK_OK);
        law_same(again->models[m], fresh, other);
        cheap[m]->free(fresh);
    }
    rk_blend_free(again);
    rk_blend_free(b);
    rk_blend_free(NULL);
    rk_histories_free(other);
    rk_histories_free(l.h);
}


static void assert_same_scores(const rk_blend *a, const rk_blend *b,
                               const rk_histories *who)
{
    static float x[USERS * ITEMS];
    static float y[USERS * ITEMS];

    assert_int_equal(rk_blend_score(a, who, x, NULL, NULL), RK_OK);
    assert_int_equal(rk_blend_score(b, who, y, NULL, NULL), RK_OK);
    assert_memory_equal(x, y, sizeof(x));
}


static void test_what_is_put_is_got_to_the_bit(void **state)
{
    rk_bundle_writer *w;
    rk_bundle *bundle;
    rk_blend *got;
    rk_blend *b;
    size_t fail = 0;
    lessons l;
    scratch s;
    int rc;

    (void)state;
    lessons_init(&l, 5);
    b = trained(&l, cheap);
    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_blend_put(b, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&bundle, scratch_path(&s, "b"), NULL),
                     RK_OK);
    assert_int_equal(rk_blend_get(&got, bundle, ITEMS, NULL), RK_OK);
    assert_string_equal(got->left_out, b->left_out);
    assert_same_scores(b, got, l.h);
    rk_blend_free(got);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_blend_get(&got, bundle, ITEMS, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(got == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 3);
    rk_blend_free(got);
    assert_int_equal(rk_blend_get(&got, bundle, ITEMS + 1, NULL), RK_EFORMAT);
    assert_null(got);
    rk_bundle_close(bundle);
    rk_blend_free(b);
    rk_histories_free(l.h);
    scratch_clear(&s);
}


/* A blend as a bundle has it, each part of it good unless changed. */
typedef struct written {
    size_t n_models;
    const char *models[20];
    size_t n_columns; /* of the weights; 0: not there */
    float weights[8];
    const char *left_out; /* NULL: not there */
    bool without_popular;
    bool without_names;
} written;

static const written whole = {.n_models = 1,
                              .models = {"popular"},
                              .n_columns = 1,
                              .weights = {1},
                              .left_out = "slit: too large"};


static const char *name_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}


/* What the getter says to it, with the message in `err`. */
static int got(const written *as, rk_error *err)
{
    static const float popular[ITEMS] = {1, 2};
    rk_bundle_writer *w;
    rk_bundle *bundle;
    rk_blend *b;
    scratch s;
    int rc;

    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    if (!as->without_names)
        rk_bundle_put_strings(w, "blend.models", as->n_models, name_at,
                              as->models, NULL);
    if (as->n_columns)
        rk_bundle_put(w, "blend.weights", RK_F32, 1, as->n_columns, as->weights,
                      NULL);
    if (as->left_out)
        rk_bundle_put_strings(w, "blend.left_out", 1, name_at, &as->left_out,
                              NULL);
    if (!as->without_popular)
        rk_bundle_put(w, "popular.scores", RK_F32, 1, ITEMS, popular, NULL);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&bundle, scratch_path(&s, "b"), NULL),
                     RK_OK);
    *err = (rk_error){0};
    rc = rk_blend_get(&b, bundle, ITEMS, err);
    assert_int_equal(b == NULL, rc != RK_OK);
    assert_int_equal(err->code, rc);
    rk_blend_free(b);
    rk_bundle_close(bundle);
    scratch_clear(&s);
    return rc;
}


static void test_a_hostile_bundle_gives_no_blend(void **state)
{
    rk_error err;
    written as;

    (void)state;
    assert_int_equal(got(&whole, &err), RK_OK);
    as = whole;
    as.models[0] = "nobody";
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "unknown model"));
    as = whole;
    as.weights[0] = NAN;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "weight 0"));
    as = whole;
    as.weights[0] = INFINITY;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.n_columns = 2;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.left_out = NULL;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.without_popular = true;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.without_names = true;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.n_models = 0;
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    as = whole;
    as.n_models = 17;
    for (size_t i = 0; i < 17; i++)
        as.models[i] = "popular";
    assert_int_equal(got(&as, &err), RK_EFORMAT);
    assert_non_null(strstr(err.msg, "17 models"));
    as = whole;
    as.n_columns = 0;
    assert_int_equal(got(&as, &err), RK_ENOTFOUND);
}


static void test_who_cannot_be_trained_is_left_out_unless_named(void **state)
{
    const rk_learner *named[] = {&rk_learner_popular, rk_learner_find("l3ae"),
                                 NULL};
    rk_blend_opts opts = {.train = {.seed = 5}};
    rk_error err;
    rk_blend *b;
    lessons l;

    (void)state;
    lessons_init(&l, 6);
    assert_int_equal(rk_blend_train(&b, l.h, l.truth, &opts, NULL), RK_OK);
    assert_true(b->n_models > 3);
    assert_non_null(strstr(b->left_out, "l3ae: needs the items' vectors; "));
    assert_null(strstr(b->left_out, "transformer"));
    for (size_t m = 0; m < b->n_models; m++) {
        assert_int_equal(b->models[m]->learner->needs, 0);
        assert_int_equal(b->models[m]->learner->effort, RK_FAST);
    }
    rk_blend_free(b);
    opts.learners = named;
    assert_int_equal(rk_blend_train(&b, l.h, l.truth, &opts, &err), RK_EINVAL);
    assert_string_equal(err.msg, "l3ae: needs the items' vectors");
    assert_null(b);
    opts.learners = NULL;
    opts.train.max_bytes = 1;
    assert_int_equal(rk_blend_train(&b, l.h, l.truth, &opts, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, "no learner can be trained: popular"));
    assert_null(b);
    rk_histories_free(l.h);
}


static void test_blending_survives_each_allocation_failing(void **state)
{
    static float scores[USERS * ITEMS];
    const rk_blend_opts opts = {.learners = cheap, .train = {.seed = 5}};
    rk_blend *again;
    rk_blend *b;
    size_t fail = 0;
    lessons l;
    int rc;

    (void)state;
    lessons_init(&l, 7);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_blend_train(&b, l.h, l.truth, &opts, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(b == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 10);
    fail = 0;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_blend_retrain(&again, b, l.h, &opts, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(again == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 5);
    fail = 0;
    do {
        rk_mem_fail_at(++fail);
        rc = rk_blend_score(b, l.h, scores, NULL, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 1);
    rk_blend_free(again);
    rk_blend_free(b);
    rk_histories_free(l.h);
}


static void test_blending_stops_at_any_of_its_reports(void **state)
{
    int rc = RK_ECANCELLED;
    size_t n_stops = 0;
    lessons l;

    (void)state;
    lessons_init(&l, 8);
    while (rc != RK_OK) {
        size_t left = n_stops;
        const rk_blend_opts opts = {
            .learners = cheap,
            .train = {.seed = 5, .progress = {law_stop, &left}}};
        rk_blend *b;

        rc = rk_blend_train(&b, l.h, l.truth, &opts, NULL);
        assert_int_equal(b == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ECANCELLED);
        n_stops += rc != RK_OK;
        rk_blend_free(b);
    }
    assert_true(n_stops > 2);
    rk_histories_free(l.h);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling_is_that_of_double_at_any_length),
        cmocka_unit_test(test_a_row_that_is_all_the_same_becomes_zeros),
        cmocka_unit_test(test_a_score_is_the_equation_and_its_parts_add_up),
        cmocka_unit_test(test_a_learner_that_knows_outweighs_one_that_does_not),
        cmocka_unit_test(test_the_same_seed_gives_the_same_weights),
        cmocka_unit_test(test_retraining_keeps_weights_and_learns_the_new),
        cmocka_unit_test(test_what_is_put_is_got_to_the_bit),
        cmocka_unit_test(test_a_hostile_bundle_gives_no_blend),
        cmocka_unit_test(test_who_cannot_be_trained_is_left_out_unless_named),
        cmocka_unit_test(test_blending_survives_each_allocation_failing),
        cmocka_unit_test(test_blending_stops_at_any_of_its_reports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "learn/fm_ranker.h"

#include "learner_laws.h"

#define U 60
#define I 40

static const rk_train_opts fast = {.effort = RK_FAST, .seed = 3};


static void test_the_laws_of_learners_hold(void **state)
{
    (void)state;
    learner_laws_with(&rk_learner_fm, true);
}


static rk_fm_ranker_opts patient(void)
{
    rk_fm_ranker_opts o = rk_fm_ranker_defaults();

    o.k = 16;
    o.n_epochs = 20;
    o.pairs.alpha = 0.2f;
    return o;
}


static void test_neighbours_on_a_ring_are_what_comes_next(void **state)
{
    rk_histories *h = small_histories(300, I, 12, 2);
    rk_fm_ranker_opts o = patient();
    size_t start[] = {0, 3};
    uint32_t item[] = {8, 9, 10};
    rk_histories who = {1, I, start, item};
    rk_model *m;
    float *scores;

    (void)state;
    assert_int_equal(rk_fm_ranker_train(&m, h, &fast, &o, NULL), RK_OK);
    scores = law_scores(m, &who);
    for (size_t i = 0; i < I; i++)
        if (i < 8 || i > 15)
            assert_true(scores[i] < scores[11]);
    free(scores);
    m->learner->free(m);
    rk_histories_free(h);
}


/* Items 0 to 29 form three circles of ten, and whoever is in one stays there.
 * Items 30 to 32 are new; their token alone says which circle they are of. */
static void test_a_cold_item_is_ranked_by_its_tokens(void **state)
{
    enum { CIRCLES = 3, OLD = 30, ALL = 33, LEN = 6 };
    static uint32_t item[300 * LEN];
    static size_t start[301];
    uint64_t token_start[ALL + 1];
    uint32_t token[ALL];
    float weight[ALL];
    rk_csr tokens = {ALL, CIRCLES, token_start, token, weight};
    rk_side side = {.tokens = &tokens};
    rk_histories h = {300, ALL, start, item};
    rk_train_opts opts = fast;
    rk_fm_ranker_opts o = patient();
    rk_rng r = {4};
    rk_model *m;
    float *scores;

    (void)state;
    opts.side = &side;
    for (uint32_t i = 0; i <= ALL; i++)
        token_start[i] = i;
    for (uint32_t i = 0; i < ALL; i++) {
        token[i] = i < OLD ? i / 10 : i - OLD;
        weight[i] = 1;
    }
    for (size_t u = 0; u < 300; u++) {
        start[u + 1] = (u + 1) * LEN;
        for (size_t e = 0; e < LEN; e++)
            item[u * LEN + e] = (uint32_t)(u % CIRCLES) * 10 +
                                rk_rng_below(&r, 10);
    }
    assert_int_equal(rk_fm_ranker_train(&m, &h, &opts, &o, NULL), RK_OK);
    h.n_users = CIRCLES;
    scores = law_scores(m, &h);
    for (size_t u = 0; u < CIRCLES; u++)
        for (size_t i = 0; i < CIRCLES; i++)
            assert_true(scores[u * ALL + OLD + i] <= scores[u * ALL + OLD + u]);
    free(scores);
    m->learner->free(m);
    opts.side = NULL;
    h.n_users = 300;
    assert_int_equal(rk_fm_ranker_train(&m, &h, &opts, &o, NULL), RK_OK);
    h.n_users = CIRCLES;
    scores = law_scores(m, &h);
    for (size_t u = 0; u < CIRCLES; u++)
        for (size_t i = OLD; i < ALL; i++)
            assert_true(scores[u * ALL + i] == 0);
    free(scores);
    m->learner->free(m);
}


static void test_options_out_of_range_are_refused(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 5);
    rk_fm_ranker_opts good = patient();
    rk_model *m;

    (void)state;
    for (int i = 0; i < 6; i++) {
        rk_fm_ranker_opts o = good;

        o.k = i == 0 ? 0 : i == 1 ? RK_FM_RANKER_MAX + 1 : o.k;
        o.recent = i == 2 ? 0 : i == 3 ? 65 : o.recent;
        o.decay = i == 4 ? NAN : o.decay;
        o.pairs.alpha = i == 5 ? 0 : o.pairs.alpha;
        assert_int_equal(rk_fm_ranker_train(&m, h, &fast, &o, NULL), RK_EINVAL);
        assert_null(m);
    }
    rk_histories_free(h);
}


static void test_a_hostile_bundle_is_refused(void **state)
{
    static const struct {
        float opts[2];
        float had;
        float next;
        size_t k;
        int rc;
    } cases[] = {
        {{10, 0.8f}, 1, 1, 2, RK_OK},
        {{0, 0.8f}, 1, 1, 2, RK_EFORMAT},
        {{65, 0.8f}, 1, 1, 2, RK_EFORMAT},
        {{NAN, 0.8f}, 1, 1, 2, RK_EFORMAT},
        {{10, 1.5f}, 1, 1, 2, RK_EFORMAT},
        {{10, 0.8f}, NAN, 1, 2, RK_EFORMAT},
        {{10, 0.8f}, 1, 1e30f, 2, RK_EFORMAT},
        {{10, 0.8f}, 1, 1, RK_FM_RANKER_MAX + 1, RK_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        static float had[2 * (RK_FM_RANKER_MAX + 2)];
        static float next[2 * (RK_FM_RANKER_MAX + 2)];
        rk_bundle_writer *w;
        rk_bundle *b;
        rk_model *m;
        scratch s;

        had[1] = cases[i].had;
        next[1] = cases[i].next;
        scratch_init(&s);
        assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
        rk_bundle_put(w, "fm.opts", RK_F32, 1, 2, cases[i].opts, NULL);
        rk_bundle_put(w, "fm.had", RK_F32, 2, cases[i].k, had, NULL);
        rk_bundle_put(w, "fm.next", RK_F32, 2, cases[i].k + 1, next, NULL);
        assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
        assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL),
                         RK_OK);
        assert_int_equal(rk_learner_fm.get(&m, b, 2, NULL), cases[i].rc);
        rk_learner_fm.free(m);
        rk_bundle_close(b);
        rk_bundle_writer_free(w);
        scratch_clear(&s);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_laws_of_learners_hold),
        cmocka_unit_test(test_neighbours_on_a_ring_are_what_comes_next),
        cmocka_unit_test(test_a_cold_item_is_ranked_by_its_tokens),
        cmocka_unit_test(test_options_out_of_range_are_refused),
        cmocka_unit_test(test_a_hostile_bundle_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

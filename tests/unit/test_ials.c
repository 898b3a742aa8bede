#include "learn/ials.h"

#include "learn/gathered.h"

#include "learner_laws.h"

#define U 60
#define I 40
#define D 16

static const rk_ials_opts exact = {
    .d = D, .unseen = 0.1f, .lambda = 0.02f, .nu = 1, .seed = 5};
static const rk_train_opts fast = {.effort = RK_FAST, .seed = 3};


static void test_the_laws_of_learners_hold(void **state)
{
    (void)state;
    learner_laws(&rk_learner_ials);
}


/* The same factors, solved once more by the run that made them. */
static void test_folding_in_a_trained_user_gives_their_row(void **state)
{
    rk_histories *h = small_histories(U, I, 12, 2);
    float room[RK_IALS_ROOM(D)];
    float p[D];
    rk_ials_run *run;
    rk_model *model;

    (void)state;
    assert_int_equal(rk_ials_train(&model, h, &fast, &exact, 4, NULL), RK_OK);
    assert_int_equal(rk_ials_run_new(&run, h, &exact, NULL), RK_OK);
    memcpy(rk_ials_run_q(run), ((rk_ials *)model)->items,
           sizeof(float) * I * D);
    rk_ials_run_users(run);
    for (size_t u = 0; u < U; u++) {
        rk_ials_fold((rk_ials *)model, h->item + h->start[u],
                     h->start[u + 1] - h->start[u], 1, p, room);
        for (size_t j = 0; j < D; j++)
            assert_true(fabsf(p[j] - rk_ials_run_p(run)[u * D + j]) < 1e-4f);
    }
    rk_ials_run_free(run);
    model->learner->free(model);
    rk_histories_free(h);
}


/* sum of w_i (q_i.p - 1) q_i + a0 Q'Q p + ridge p = 0, over a history longer
 * than a block. */
static void test_a_decayed_history_solves_its_own_equations(void **state)
{
    enum { N = 3 * RK_IALS_BLOCK / 2 };
    rk_histories *h = small_histories(U, I, 12, 3);
    float room[RK_IALS_ROOM(D)];
    uint32_t history[N];
    float p[D];
    rk_model *model;
    const rk_ials *m;

    (void)state;
    assert_int_equal(rk_ials_train(&model, h, &fast, &exact, 4, NULL), RK_OK);
    m = (const rk_ials *)model;
    for (size_t i = 0; i < N; i++)
        history[i] = i % 5 == 4 ? I : (uint32_t)(i * 7 % I);
    rk_ials_fold(m, history, N, 0.99f, p, room);
    for (size_t j = 0; j < D; j++) {
        double total = 0;
        double sum = 0;

        for (size_t i = N; i-- > 0;) {
            const float *q = m->items + (size_t)history[i] * D;
            double weight = pow(0.99, (double)(N - 1 - i));
            double miss = -1;

            if (history[i] == I)
                continue;
            total += weight;
            for (size_t k = 0; k < D; k++)
                miss += (double)p[k] * (double)q[k];
            sum += weight * miss * (double)q[j];
        }
        for (size_t k = 0; k < D; k++)
            sum += (double)m->gram[j * D + k] * (double)p[k];
        sum += (double)(rk_ials_ridge(&exact, total, I) * p[j]);
        assert_true(fabs(sum) < 1e-3);
    }
    model->learner->free(model);
    rk_histories_free(h);
}


static void test_neighbours_on_a_ring_are_what_comes_next(void **state)
{
    rk_histories *h = small_histories(400, I, 12, 4);
    size_t start[] = {0, 3};
    uint32_t item[] = {8, 9, 10};
    rk_histories who = {1, I, start, item};
    rk_model *m;
    float *scores;

    (void)state;
    assert_int_equal(rk_learner_ials.train(&m, h, &fast, NULL), RK_OK);
    scores = law_scores(m, &who);
    for (size_t column = 0; column < 2; column++)
        assert_true(scores[column * I + 11] > scores[column * I + 25]);
    free(scores);
    m->learner->free(m);
    rk_histories_free(h);
}


/* 2 / I of the mean length, and a ridge that falls with it. */
static void test_defaults_follow_the_length_of_histories(void **state)
{
    static const size_t start[] = {0, 10, 40};
    rk_histories h = {2, 1000, start, NULL};
    rk_ials_opts o = rk_ials_defaults(&h, 7);

    (void)state;
    assert_true(fabsf(o.unseen - 0.04f) < 1e-6f);
    assert_true(fabsf(o.lambda - 0.55f / 20.01f) < 1e-6f);
    assert_int_equal(o.seed, 7);
    h.n_users = 0;
    h.n_items = 0;
    o = rk_ials_defaults(&h, 7);
    assert_int_equal(rk_ials_check(&o, NULL), RK_OK);
}


static void test_a_hostile_bundle_is_refused(void **state)
{
    static const float good[] = {0.1f, 0.01f, 1, 0.7f};
    static const struct {
        float opts[4];
        float factor;
        size_t d;
    } bad[] = {
        {{0, 0.01f, 1, 0.7f}, 1, D},        {{0.1f, NAN, 1, 0.7f}, 1, D},
        {{0.1f, 0.01f, 1, 2}, 1, D},        {{0.1f, 0.01f, 1, 0}, 1, D},
        {{0.1f, 0.01f, 1, 0.7f}, 1, 8},     {{0.1f, 0.01f, 1, 0.7f}, NAN, D},
        {{0.1f, 0.01f, 1, 0.7f}, 1e30f, D},
    };

    (void)state;
    for (size_t i = 0; i <= sizeof(bad) / sizeof(*bad); i++) {
        bool fine = i == sizeof(bad) / sizeof(*bad);
        size_t d = fine ? D : bad[i].d;
        float items[I * D] = {0};
        rk_bundle_writer *w;
        rk_bundle *b;
        rk_model *m;
        scratch s;

        items[3] = fine ? 1 : bad[i].factor;
        scratch_init(&s);
        assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
        assert_int_equal(rk_bundle_put(w, "ials.opts", RK_F32, 1, 4,
                                       fine ? good : bad[i].opts, NULL),
                         RK_OK);
        assert_int_equal(
            rk_bundle_put(w, "ials.items", RK_F32, I, d, items, NULL), RK_OK);
        assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
        assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL),
                         RK_OK);
        assert_int_equal(rk_learner_ials.get(&m, b, I, NULL),
                         fine ? RK_OK : RK_EFORMAT);
        rk_learner_ials.free(m);
        rk_bundle_close(b);
        rk_bundle_writer_free(w);
        scratch_clear(&s);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_laws_of_learners_hold),
        cmocka_unit_test(test_folding_in_a_trained_user_gives_their_row),
        cmocka_unit_test(test_a_decayed_history_solves_its_own_equations),
        cmocka_unit_test(test_neighbours_on_a_ring_are_what_comes_next),
        cmocka_unit_test(test_defaults_follow_the_length_of_histories),
        cmocka_unit_test(test_a_hostile_bundle_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

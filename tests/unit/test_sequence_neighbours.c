#include "learn/sequence_neighbours.h"

#include "learner_laws.h"

#define U 60
#define I 40

static const rk_train_opts fast = {.effort = RK_FAST};


static void test_the_laws_of_learners_hold(void **state)
{
    (void)state;
    learner_laws(&rk_learner_neighbours);
}


/* w(i) of the asked history; 0 where i is not in it. */
static double weight_of(const rk_histories *h, size_t u, uint32_t item,
                        double forget)
{
    for (size_t e = h->start[u]; e < h->start[u + 1]; e++)
        if (h->item[e] == item)
            return pow(forget, (double)(h->start[u + 1] - 1 - e));
    return 0;
}


static double similarity(const rk_histories *h, size_t u, size_t v,
                         const rk_neighbours_opts *o)
{
    double length = (double)(h->start[v + 1] - h->start[v]);
    double sum = 0;

    for (size_t e = h->start[v]; e < h->start[v + 1]; e++) {
        double n = 0;

        for (size_t f = 0; f < h->start[h->n_users]; f++)
            n += h->item[f] == h->item[e];
        sum += weight_of(h, u, h->item[e], (double)o->forget) *
               log1p((double)h->n_users / n);
    }
    return sum / pow(length, (double)o->norm);
}


/* The header's equations, with every user a neighbour. */
static void test_scores_are_what_the_equations_say(void **state)
{
    static const rk_neighbours_opts o = {U, I, 0.8f, 0.7f, 0.5f};
    rk_histories *h = small_histories(U, I, 12, 2);
    rk_model *m;
    float *scores;

    (void)state;
    assert_int_equal(rk_neighbours_train(&m, h, &fast, &o, NULL), RK_OK);
    scores = law_scores(m, h);
    for (size_t u = 0; u < U; u += 5) {
        double after[I] = {0};
        double any[I] = {0};

        for (size_t v = 0; v < U; v++) {
            double sim = similarity(h, u, v, &o);

            for (size_t t = h->start[v]; t < h->start[v + 1]; t++) {
                any[h->item[t]] += sim;
                for (size_t s = h->start[v]; s < t; s++)
                    after[h->item[t]] += sim *
                                         weight_of(h, u, h->item[s],
                                                   (double)o.forget) *
                                         pow((double)o.fade,
                                             (double)(t - s - 1));
            }
        }
        for (size_t i = 0; i < I; i++) {
            const float *got = scores + u * 2 * I;

            assert_true(fabs((double)got[i] - after[i]) < 1e-3);
            assert_true(fabs((double)got[I + i] - any[i]) < 1e-3);
        }
    }
    free(scores);
    m->learner->free(m);
    rk_histories_free(h);
}


static void test_only_the_nearest_vote(void **state)
{
    static const rk_neighbours_opts o = {1, 10, 0.9f, 0.9f, 0};
    static const uint32_t item[] = {0, 1, 2, 0, 1, 3, 4, 1, 5};
    static const size_t start[] = {0, 3, 7, 9};
    static const size_t asked_start[] = {0, 3};
    static const uint32_t asked_item[] = {4, 0, 1};
    rk_histories h = {3, 6, start, item};
    rk_histories asked = {1, 6, asked_start, asked_item};
    rk_model *m;
    float *scores;

    (void)state;
    assert_int_equal(rk_neighbours_train(&m, &h, &fast, &o, NULL), RK_OK);
    scores = law_scores(m, &asked);
    assert_true(scores[2] == 0);
    assert_true(scores[5] == 0);
    assert_true(scores[3] > 0);
    free(scores);
    m->learner->free(m);
}


/* More users of an item than its list may hold. */
static void test_long_lists_are_cut_evenly(void **state)
{
    enum { MANY = 2 * RK_NEIGHBOURS_LIST + 1 };
    size_t *start = rk_calloc(MANY + 1, sizeof(*start));
    uint32_t *item = rk_calloc(MANY, 2 * sizeof(*item));
    rk_histories h = {MANY, 3, start, item};
    rk_histories one = {1, 3, start, item};
    rk_model *m;
    float *scores;

    (void)state;
    for (size_t u = 0; u < MANY; u++) {
        start[u + 1] = 2 * (u + 1);
        item[2 * u + 1] = u < MANY / 2 ? 1 : 2;
    }
    assert_int_equal(rk_learner_neighbours.train(&m, &h, &fast, NULL), RK_OK);
    scores = law_scores(m, &one);
    assert_true(scores[1] > 0);
    free(scores);
    m->learner->free(m);
    free(start);
    free(item);
}


/* One user with items 0 and 1; each case spoils one thing. */
static int get_spoilt(size_t spoilt)
{
    float opts[] = {1, 1, 1, 1, 1};
    uint64_t start[] = {0, 2};
    uint32_t item[] = {0, 1};
    uint64_t list_start[] = {0, 1, 2};
    uint32_t list[] = {0, 0};
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    scratch s;
    int rc;

    switch (spoilt) {
    case 1: opts[0] = 0; break;
    case 2: opts[2] = NAN; break;
    case 3: opts[1] = -5; break;
    case 4: start[0] = 1; break;
    case 5: start[1] = 3; break;
    case 6: item[1] = 2; break;
    case 7: list[1] = 1; break;
    case 8: list_start[1] = 3; break;
    default: break;
    }
    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    rk_bundle_put(w, "neighbours.opts", RK_F32, 1, 5, opts, NULL);
    rk_bundle_put(w, "neighbours.start", RK_U64, 1, 2, start, NULL);
    rk_bundle_put(w, "neighbours.item", RK_U32, 1, 2, item, NULL);
    rk_bundle_put(w, "neighbours.list_start", RK_U64, 1, 3, list_start, NULL);
    rk_bundle_put(w, "neighbours.list", RK_U32, 1, 2, list, NULL);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    rc = rk_learner_neighbours.get(&m, b, 2, NULL);
    rk_learner_neighbours.free(m);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    scratch_clear(&s);
    return rc;
}


static void test_a_hostile_bundle_is_refused(void **state)
{
    (void)state;
    assert_int_equal(get_spoilt(0), RK_OK);
    for (size_t i = 1; i <= 8; i++)
        assert_int_equal(get_spoilt(i), RK_EFORMAT);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_laws_of_learners_hold),
        cmocka_unit_test(test_scores_are_what_the_equations_say),
        cmocka_unit_test(test_only_the_nearest_vote),
        cmocka_unit_test(test_long_lists_are_cut_evenly),
        cmocka_unit_test(test_a_hostile_bundle_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What holds for every learner behind learn/learner.h. Include it after
 * cmocka. */
#ifndef RK_TESTS_KEPT_LAWS_H
#define RK_TESTS_KEPT_LAWS_H

#include "../scratch.h"
#include "learn/learner.h"
#include "small_histories.h"

#include <math.h>


static inline float *law_scores(const rk_model *m, const rk_histories *who)
{
    size_t n = who->n_users * m->learner->n_columns * m->n_items;
    float *scores = rk_calloc(n, sizeof(*scores));

    for (size_t i = 0; i < n; i++)
        scores[i] = NAN;
    assert_int_equal(m->learner->score(m, who, scores, NULL), RK_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(isfinite(scores[i]));
    return scores;
}


/* What is put and got back gives the same scores to the bit, and so does
 * training again; asking one user at a time changes little more than the last
 * bits. */
static inline void law_scores_are_kept(const rk_learner *l,
                                       const rk_histories *h,
                                       const rk_train_opts *opts)
{
    size_t n = h->n_users * l->n_columns * h->n_items;
    size_t one = l->n_columns * h->n_items;
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    rk_model *again;
    rk_model *got;
    float *scores[3];
    scratch s;

    scratch_init(&s);
    assert_int_equal(l->train(&m, h, opts, NULL), RK_OK);
    assert_int_equal(l->train(&again, h, opts, NULL), RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(l->put(m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(l->get(&got, b, h->n_items + 1, NULL), RK_EFORMAT);
    assert_null(got);
    assert_int_equal(l->get(&got, b, h->n_items, NULL), RK_OK);
    assert_true(got->learner == l);
    assert_int_equal(got->n_items, h->n_items);
    scores[0] = law_scores(m, h);
    scores[1] = law_scores(again, h);
    scores[2] = law_scores(got, h);
    assert_memory_equal(scores[0], scores[1], n * sizeof(float));
    assert_memory_equal(scores[0], scores[2], n * sizeof(float));
    for (size_t u = 0; u < h->n_users; u += 7) {
        rk_histories part = rk_histories_part(h, u, 1);
        float *alone = law_scores(m, &part);

        for (size_t i = 0; i < one; i++)
            assert_true(fabsf(alone[i] - scores[0][u * one + i]) <
                        1e-4f * (1 + fabsf(alone[i])));
        free(alone);
    }
    for (size_t i = 0; i < 3; i++)
        free(scores[i]);
    l->free(m);
    l->free(again);
    l->free(got);
    l->free(NULL);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    scratch_clear(&s);
}


/* An empty history is finite; so is one of items that nobody knows. */
static inline void law_new_items_are_taken(const rk_learner *l,
                                           const rk_histories *h,
                                           const rk_train_opts *opts)
{
    size_t start[] = {0, 0, 2, 3, 5};
    uint32_t item[] = {(uint32_t)h->n_items, UINT32_MAX, 3, 3,
                       (uint32_t)h->n_items + 9};
    rk_histories who = {4, h->n_items + 10, start, item};
    rk_model *m;

    assert_int_equal(l->train(&m, h, opts, NULL), RK_OK);
    free(law_scores(m, &who));
    who.n_users = 0;
    free(law_scores(m, &who));
    l->free(m);
}


/* Nobody, nothing, or somebody without a history: all scores are the same for
 * all items. */
static inline void law_nothing_to_learn(const rk_learner *l,
                                        const rk_train_opts *opts)
{
    static const size_t start[] = {0, 0, 0};
    static const uint32_t none[1] = {0};
    static const size_t n_users[] = {0, 2, 2};
    static const size_t n_items[] = {0, 0, 5};

    for (size_t i = 0; i < 3; i++) {
        rk_histories h = {n_users[i], n_items[i], start, none};
        size_t n = h.n_users * l->n_columns * h.n_items;
        rk_model *m;
        float *scores;

        assert_int_equal(l->train(&m, &h, opts, NULL), RK_OK);
        scores = law_scores(m, &h);
        for (size_t j = 0; j < n; j++)
            assert_true(scores[j] == scores[0]);
        free(scores);
        l->free(m);
    }
}


static inline int law_stop(void *ctx, const char *stage, uint64_t done,
                           uint64_t total)
{
    (void)ctx;
    (void)stage;
    (void)done;
    (void)total;
    return 1;
}


static inline void law_refuses(const rk_learner *l, const rk_histories *h,
                               const rk_train_opts *opts)
{
    rk_train_opts poor = *opts;
    rk_train_opts stopped = *opts;
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *m;
    rk_error err;
    scratch s;

    poor.max_bytes = 1;
    rk_mem_fail_at(0);
    assert_int_equal(l->train(&m, h, &poor, &err), RK_EINVAL);
    assert_int_equal(rk_mem_fail_at(0), 0);
    assert_null(m);
    assert_non_null(strstr(err.msg, l->name));
    stopped.progress.report = law_stop;
    assert_int_equal(l->train(&m, h, &stopped, NULL), RK_ECANCELLED);
    assert_null(m);

    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(l->get(&m, b, h->n_items, NULL), RK_ENOTFOUND);
    assert_null(m);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    scratch_clear(&s);
}


/* Every allocation of training and of scoring fails in turn. */
static inline void law_lack_of_memory(const rk_learner *l,
                                      const rk_histories *h,
                                      const rk_train_opts *opts)
{
    size_t n = h->n_users * l->n_columns * h->n_items;
    float *scores = rk_calloc(n, sizeof(*scores));
    rk_model *m = NULL;
    size_t fail = 0;
    int rc;

    do {
        rk_mem_fail_at(++fail);
        rc = l->train(&m, h, opts, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m);
        }
    } while (rc != RK_OK);
    assert_true(fail > 2);
    fail = 0;
    do {
        rk_mem_fail_at(++fail);
        rc = l->score(m, h, scores, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    l->free(m);
    free(scores);
}

#endif

/* The laws that every learner keeps (learn/learner.h), over histories made by
 * chance; a learner's own test adds its equations. */
#ifndef RK_TESTS_LEARNER_LAWS_H
#define RK_TESTS_LEARNER_LAWS_H

#include "../scratch.h"
#include "learn/learner.h"
#include "small_histories.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LAW_USERS = 24, LAW_ITEMS = 25, LAW_LONGEST = 12, LAW_D = 5 };

typedef struct law_data {
    rk_histories h; /* user 0 has nothing, no item twice in a history */
    size_t start[LAW_USERS + 1];
    uint32_t item[LAW_USERS * LAW_LONGEST];
    float vectors[LAW_ITEMS * LAW_D];
    uint64_t token_start[LAW_ITEMS + 1];
    uint32_t token[LAW_ITEMS * 2];
    float weight[LAW_ITEMS * 2];
    rk_csr tokens;
    rk_side side;
    rk_train_opts opts;
} law_data;


static inline void law_side(law_data *d, rk_rng *r)
{
    for (size_t i = 0; i < LAW_ITEMS; i++) {
        float *v = d->vectors + i * LAW_D;
        float sum = 0;

        for (size_t k = 0; k < LAW_D; k++) {
            v[k] = (float)rk_rng_unit(r) - 0.5f;
            sum += v[k] * v[k];
        }
        for (size_t k = 0; k < LAW_D; k++)
            v[k] /= sqrtf(sum);
        d->token[2 * i] = rk_rng_below(r, 3);
        d->token[2 * i + 1] = 3 + rk_rng_below(r, 4);
        d->weight[2 * i] = 1;
        d->weight[2 * i + 1] = (float)rk_rng_unit(r);
        d->token_start[i + 1] = 2 * (i + 1);
    }
    d->tokens = (rk_csr){LAW_ITEMS, 7, d->token_start, d->token, d->weight};
    d->side = (rk_side){d->vectors, LAW_D, &d->tokens};
    d->opts = (rk_train_opts){.seed = 1, .side = &d->side};
}


static inline void law_data_init(law_data *d, uint64_t seed)
{
    rk_rng r = {seed};

    *d = (law_data){0};
    ring_walks(LAW_USERS - 1, LAW_ITEMS, LAW_LONGEST, d->start + 1, d->item,
               &r);
    d->h = (rk_histories){LAW_USERS, LAW_ITEMS, d->start, d->item};
    law_side(d, &r);
}


/* All scores of some users, each of them finite; yours to free. */
static inline float *law_scores(const rk_model *m, const rk_histories *who)
{
    size_t n = who->n_users * m->learner->n_columns * m->n_items;
    float *scores = rk_alloc_array(n, sizeof(*scores));

    assert_non_null(scores);
    for (size_t i = 0; i < n; i++)
        scores[i] = NAN;
    assert_int_equal(m->learner->score(m, who, scores, NULL), RK_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(isfinite(scores[i]));
    return scores;
}


/* Two models that were trained alike, or put and got, say the same. */
static inline void law_same(const rk_model *a, const rk_model *b,
                            const rk_histories *who)
{
    float *x = law_scores(a, who);
    float *y = law_scores(b, who);

    assert_true(a->learner == b->learner);
    assert_int_equal(a->n_items, b->n_items);
    assert_memory_equal(
        x, y, who->n_users * a->learner->n_columns * a->n_items * sizeof(*x));
    free(x);
    free(y);
}


/* Asked alone, a user is told what they are told among others, but for the
 * last bits. */
static inline void law_alone(const rk_model *m, const rk_histories *who)
{
    size_t width = m->learner->n_columns * m->n_items;
    float *all = law_scores(m, who);

    for (size_t u = 0; u < who->n_users; u++) {
        rk_histories part = rk_histories_part(who, u, 1);
        float *alone = law_scores(m, &part);

        for (size_t i = 0; i < width; i++)
            assert_true(fabsf(alone[i] - all[u * width + i]) <
                        1e-4f * (1 + fabsf(alone[i])));
        free(alone);
    }
    free(all);
}


static inline void law_get_without_memory(const rk_learner *l,
                                          const rk_bundle *b, size_t n_items)
{
    size_t fail = 0;
    rk_model *got;
    int rc;

    do {
        rk_mem_fail_at(++fail);
        rc = l->get(&got, b, n_items, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(got == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 1);
    l->free(got);
}


/* What was put is got; a bundle without one of the tensors, or of another
 * number of items, gives no model. */
static inline void law_put_get(const rk_model *m, const rk_histories *who)
{
    const rk_learner *l = m->learner;
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_model *got;
    scratch s;

    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "none"), NULL), RK_OK);
    assert_int_equal(l->put(m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "none"), NULL), RK_OK);
    assert_int_equal(l->get(&got, b, m->n_items, NULL), RK_ENOTFOUND);
    assert_null(got);
    rk_bundle_close(b);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(l->get(&got, b, m->n_items + 1, NULL), RK_EFORMAT);
    assert_null(got);
    assert_int_equal(l->get(&got, b, m->n_items, NULL), RK_OK);
    law_same(m, got, who);
    l->free(got);
    law_get_without_memory(l, b, m->n_items);
    rk_bundle_close(b);
    scratch_clear(&s);
}


/* Items newer than the model add nothing: they age what was before them, and
 * somebody who has nothing else is told what somebody without a history is.
 * That is nothing, unless the learner has a prior. An item may come twice. */
static inline void law_histories(const rk_model *m, bool has_prior)
{
    size_t width = m->learner->n_columns * m->n_items;
    uint32_t item[] = {LAW_ITEMS + 7, LAW_ITEMS, UINT32_MAX, 3, 4, 4,
                       LAW_ITEMS};
    size_t start[] = {0, 0, 1, 3, 7};
    rk_histories who = {4, LAW_ITEMS + 8, start, item};
    float *scores = law_scores(m, &who);

    for (size_t j = 0; j < width; j++) {
        assert_true(scores[j] == scores[width + j]);
        assert_true(scores[j] == scores[2 * width + j]);
        assert_true(has_prior || scores[j] == 0);
    }
    free(scores);
    who.n_users = 0;
    free(law_scores(m, &who));
}


/* Too little memory allowed, or a need not met: refused by name, before
 * anything is allocated. */
static inline void law_refuses(const rk_learner *l, const law_data *d)
{
    rk_train_opts poor = d->opts;
    rk_model *m = NULL;
    rk_error err;

    poor.max_bytes = 1;
    rk_mem_fail_at(0);
    assert_int_equal(l->train(&m, &d->h, &poor, &err), RK_EINVAL);
    assert_int_equal(rk_mem_fail_at(0), 0);
    assert_non_null(strstr(err.msg, l->name));
    assert_null(m);
    if (!l->needs)
        return;
    poor = d->opts;
    poor.side = NULL;
    assert_int_equal(l->train(&m, &d->h, &poor, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, l->name));
    assert_null(m);
}


/* Each allocation of training, and then of scoring, fails in turn. */
static inline void law_lack_of_memory(const rk_learner *l, const law_data *d)
{
    size_t n = d->h.n_users * l->n_columns * d->h.n_items;
    float *scores = rk_calloc(n, sizeof(*scores));
    rk_model *m = NULL;
    size_t fail = 0;
    int rc;

    do {
        rk_mem_fail_at(++fail);
        rc = l->train(&m, &d->h, &d->opts, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(m == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_true(fail > 2);
    fail = 0;
    do {
        rk_mem_fail_at(++fail);
        rc = l->score(m, &d->h, scores, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    l->free(m);
    l->free(NULL);
    free(scores);
}


static inline int law_stop(void *ctx, const char *stage, uint64_t done,
                           uint64_t total)
{
    size_t *left = ctx;

    (void)stage;
    assert_true(total == 0 || done <= total);
    return (*left)-- == 0;
}


/* Stopped at any of its reports, training leaves nothing. */
static inline void law_cancel(const rk_learner *l, const law_data *d)
{
    int rc = RK_ECANCELLED;

    for (size_t after = 0; rc != RK_OK; after++) {
        size_t left = after;
        rk_train_opts opts = d->opts;
        rk_model *m;

        opts.progress = (rk_progress){law_stop, &left};
        rc = l->train(&m, &d->h, &opts, NULL);
        assert_true(rc == RK_OK ? after > 0 : rc == RK_ECANCELLED);
        assert_int_equal(m == NULL, rc != RK_OK);
        l->free(m);
    }
}


/* Nobody, nothing, or nobody with a history: no item is better than another,
 * or the learner refuses by name. */
static inline void law_nothing_to_learn(const rk_learner *l, const law_data *d)
{
    static const size_t n_users[] = {0, 2, 2};
    static const size_t n_items[] = {0, 0, 5};

    for (size_t i = 0; i < 3; i++) {
        static const size_t start[] = {0, 0, 0};
        static const uint32_t none[1] = {0};
        rk_histories h = {n_users[i], n_items[i], start, none};
        size_t n = h.n_users * l->n_columns * h.n_items;
        rk_csr tokens = d->tokens;
        rk_side side = {d->vectors, LAW_D, &tokens};
        rk_train_opts opts = {.seed = 1, .side = &side};
        rk_model *m;
        float *scores;
        rk_error err;
        int rc;

        tokens.n_rows = h.n_items;
        rc = l->train(&m, &h, &opts, &err);
        assert_int_equal(m == NULL, rc != RK_OK);
        if (rc == RK_EINVAL) {
            assert_non_null(strstr(err.msg, l->name));
            continue;
        }
        assert_int_equal(rc, RK_OK);
        scores = law_scores(m, &h);
        for (size_t j = 0; j < n; j++)
            assert_true(scores[j] == scores[0]);
        free(scores);
        l->free(m);
    }
}


/* All of them. `has_prior`: the learner knows better items of worse without
 * any history. */
static inline void learner_laws_with(const rk_learner *l, bool has_prior)
{
    rk_model *a;
    rk_model *b;
    law_data d;

    assert_ptr_equal(rk_learner_find(l->name), l);
    law_data_init(&d, 7);
    assert_int_equal(l->train(&a, &d.h, &d.opts, NULL), RK_OK);
    assert_int_equal(l->train(&b, &d.h, &d.opts, NULL), RK_OK);
    law_same(a, b, &d.h);
    l->free(b);
    law_alone(a, &d.h);
    law_histories(a, has_prior);
    law_put_get(a, &d.h);
    l->free(a);
    law_refuses(l, &d);
    law_lack_of_memory(l, &d);
    law_cancel(l, &d);
    law_nothing_to_learn(l, &d);
}


static inline void learner_laws(const rk_learner *l)
{
    learner_laws_with(l, false);
}

#endif

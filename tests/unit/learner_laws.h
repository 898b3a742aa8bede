/* The laws that every learner keeps (learn/learner.h), over histories made by
 * chance; a learner's own test adds its equations. */
#ifndef RK_TESTS_LEARNER_LAWS_H
#define RK_TESTS_LEARNER_LAWS_H

#include "../scratch.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/learner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LAW_USERS = 24, LAW_ITEMS = 19, LAW_LONGEST = 12, LAW_D = 5 };

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
    uint32_t order[LAW_ITEMS];

    *d = (law_data){0};
    for (uint32_t i = 0; i < LAW_ITEMS; i++)
        order[i] = i;
    for (size_t u = 1; u < LAW_USERS; u++) {
        size_t n = 1 + rk_rng_below(&r, LAW_LONGEST);

        rk_rng_shuffle(&r, order, LAW_ITEMS);
        memcpy(d->item + d->start[u], order, n * sizeof(*order));
        d->start[u + 1] = d->start[u] + n;
    }
    d->h = (rk_histories){LAW_USERS, LAW_ITEMS, d->start, d->item};
    law_side(d, &r);
}


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

    assert_memory_equal(
        x, y, who->n_users * a->learner->n_columns * a->n_items * sizeof(*x));
    free(x);
    free(y);
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
    for (size_t i = 1; l->get(&got, b, m->n_items, NULL) == RK_OK; i++) {
        l->free(got);
        rk_mem_fail_at(i);
        if (l->get(&got, b, m->n_items, NULL) == RK_OK) {
            rk_mem_fail_at(0);
            l->free(got);
            break;
        }
        assert_null(got);
        rk_mem_fail_at(0);
    }
    rk_bundle_close(b);
    scratch_clear(&s);
}


/* Nothing to go by is nothing said, and items newer than the model age what
 * was before them. */
static inline void law_histories(const rk_model *m, const rk_histories *who)
{
    size_t width = m->learner->n_columns * m->n_items;
    uint32_t item[] = {3, 4, LAW_ITEMS + 7};
    size_t start[] = {0, 2, 3};
    rk_histories newer = {2, LAW_ITEMS + 8, start, item};
    float *scores = law_scores(m, who);

    for (size_t j = 0; j < width; j++)
        assert_true(scores[j] == 0);
    free(scores);
    scores = law_scores(m, &newer);
    for (size_t j = 0; j < width; j++)
        assert_true(scores[width + j] == 0);
    free(scores);
}


static inline void law_failures(const rk_learner *l, law_data *d)
{
    rk_train_opts little = d->opts;
    rk_model *m = NULL;
    size_t fail = 0;
    rk_error err;
    int rc;

    little.max_bytes = 10;
    assert_int_equal(l->train(&m, &d->h, &little, &err), RK_EINVAL);
    assert_non_null(strstr(err.msg, l->name));
    assert_null(m);
    if (l->needs) {
        little = d->opts;
        little.side = NULL;
        assert_int_equal(l->train(&m, &d->h, &little, &err), RK_EINVAL);
        assert_null(m);
    }
    do {
        rk_mem_fail_at(++fail);
        rc = l->train(&m, &d->h, &d->opts, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m);
        }
    } while (rc != RK_OK);
    assert_true(fail > 3);
    l->free(m);
    l->free(NULL);
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
        if (rc != RK_OK)
            assert_null(m);
        l->free(m);
    }
}


/* Someone without a history, or with nobody and nothing there. */
static inline void law_empty(const rk_learner *l)
{
    size_t start[] = {0, 0};
    uint64_t none[] = {0};
    rk_csr tokens = {0, 7, none, NULL, NULL};
    float vectors[1] = {0};
    rk_side side = {vectors, LAW_D, &tokens};
    rk_train_opts opts = {.side = &side};
    rk_histories h = {0, 0, start, NULL};
    rk_model *m;

    assert_int_equal(l->train(&m, &h, &opts, NULL), RK_OK);
    assert_int_equal(l->score(m, &h, NULL, NULL), RK_OK);
    l->free(m);
}


static inline void learner_laws(const rk_learner *l)
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
    law_histories(a, &d.h);
    law_put_get(a, &d.h);
    l->free(a);
    law_failures(l, &d);
    law_cancel(l, &d);
    law_empty(l);
}

#endif

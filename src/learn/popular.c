#include "learn/popular.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

#define DAY_US    86400e6
#define SMOOTHING 5.0f


/* O(events). */
void rk_popular_fit(const rk_corpus *c, double half_life_days, float *scores)
{
    size_t n = c->start[c->n_users];
    double per_us = half_life_days > 0 ? 1 / (half_life_days * DAY_US) : 0;
    int64_t newest = INT64_MIN;

    memset(scores, 0, c->n_items * sizeof(*scores));
    for (size_t i = 0; i < n; i++)
        newest = c->seen[i].at_us > newest ? c->seen[i].at_us : newest;
    for (size_t i = 0; i < n; i++) {
        const rk_seen *e = &c->seen[i];

        /* In double: the difference of two times need not fit an int64. */
        if (e->label > 0)
            scores[e->item] += (float)exp2(per_us *
                                           ((double)e->at_us - (double)newest));
    }
    for (size_t i = 0; i < c->n_items; i++)
        scores[i] = log1pf(scores[i]);
}


/* O(events + items). */
int rk_like_rate_fit(const rk_corpus *c, float *rates, rk_error *err)
{
    size_t n = c->start[c->n_users];
    uint32_t *judged = rk_calloc(c->n_items, sizeof(*judged));
    size_t n_likes = 0;
    size_t n_judged = 0;
    float share;

    if (!judged)
        return rk_no_memory(err);
    memset(rates, 0, c->n_items * sizeof(*rates));
    for (size_t i = 0; i < n; i++) {
        const rk_seen *e = &c->seen[i];

        if (e->label == 0)
            continue;
        n_judged++;
        judged[e->item]++;
        if (e->label > 0) {
            n_likes++;
            rates[e->item] += 1;
        }
    }
    share = n_judged ? (float)((double)n_likes / (double)n_judged) : 0.5f;
    for (size_t i = 0; i < c->n_items; i++)
        rates[i] = (rates[i] + SMOOTHING * share) /
                   ((float)judged[i] + SMOOTHING);
    free(judged);
    return RK_OK;
}


float rk_like_rate_without(float rate, uint32_t judged, uint32_t likes,
                           uint32_t dislikes)
{
    float weight = (float)judged + SMOOTHING;

    return (rate * weight - (float)likes) /
           (weight - (float)likes - (float)dislikes);
}


typedef struct popular {
    rk_model model;
    const float *scores; /* (n_items) owned, or the bundle's */
    float *own;
} popular;


static void popular_estimate(const rk_histories *h, const rk_train_opts *opts,
                             rk_estimate *out)
{
    (void)opts;
    *out = (rk_estimate){.bytes = (double)h->n_items * sizeof(float),
                         .flop = (double)h->start[h->n_users]};
}


static void popular_free(rk_model *m)
{
    popular *p = (popular *)m;

    if (!p)
        return;
    free(p->own);
    free(p);
}


static int popular_train(rk_model **out, const rk_histories *h,
                         const rk_train_opts *opts, rk_error *err)
{
    popular *p;
    int rc = rk_learner_check(&rk_learner_popular, h, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    p = rk_calloc(1, sizeof(*p));
    if (!p)
        return rk_no_memory(err);
    p->model = (rk_model){&rk_learner_popular, h->n_items};
    p->own = rk_calloc(h->n_items, sizeof(*p->own));
    if (!p->own) {
        popular_free(&p->model);
        return rk_no_memory(err);
    }
    for (size_t i = h->start[0]; i < h->start[h->n_users]; i++)
        p->own[h->item[i]] += 1;
    for (size_t i = 0; i < h->n_items; i++)
        p->own[i] = log1pf(p->own[i]);
    p->scores = p->own;
    rc = rk_progress_report(&opts->progress, "popular", 1, 1, err);
    if (rc) {
        popular_free(&p->model);
        return rc;
    }
    *out = &p->model;
    return RK_OK;
}


static int popular_score(const rk_model *m, const rk_histories *who,
                         float *scores, rk_error *err)
{
    const popular *p = (const popular *)m;

    (void)err;
    for (size_t u = 0; u < who->n_users; u++)
        memcpy(scores + u * m->n_items, p->scores,
               m->n_items * sizeof(*scores));
    return RK_OK;
}


static int popular_put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    return rk_bundle_put(w, "popular.scores", RK_F32, 1, m->n_items,
                         ((const popular *)m)->scores, err);
}


static int popular_get(rk_model **out, const rk_bundle *b, size_t n_items,
                       rk_error *err)
{
    popular *p;
    rk_tensor t;
    int rc = rk_bundle_get(b, "popular.scores", RK_F32, 1, n_items, &t, err);

    *out = NULL;
    if (rc)
        return rc;
    for (size_t i = 0; i < n_items; i++)
        if (!isfinite(((const float *)t.data)[i]))
            return rk_fail(err, RK_EFORMAT, "popular: score %zu is not finite",
                           i);
    p = rk_calloc(1, sizeof(*p));
    if (!p)
        return rk_no_memory(err);
    *p = (popular){.model = {&rk_learner_popular, n_items}, .scores = t.data};
    *out = &p->model;
    return RK_OK;
}


static const char *const columns[] = {"popular"};

const rk_learner rk_learner_popular = {
    .name = "popular",
    .summary = "how many users had an item: the floor",
    .cites = "Cremonesi, Koren, Turrin, RecSys 2010 (TopPop)",
    .n_columns = 1,
    .columns = columns,
    .is_log = true,
    .estimate = popular_estimate,
    .train = popular_train,
    .score = popular_score,
    .put = popular_put,
    .get = popular_get,
    .free = popular_free,
};

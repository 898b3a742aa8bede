#include "learn/slit.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/threads.h"
#include "learn/floats.h"
#include "learn/places.h"
#include "learn/rows_model.h"

#include <math.h>
#include <string.h>

#define LAMBDA    60.0f
#define KEEP      512
#define N_DECAYS  3
#define MIDDLE    1 /* the decay that slit.pop reads */
#define N_COLUMNS (N_DECAYS + 1)
#define DISCOUNT  0.3f
#define PRIOR     5.0f /* added to each item's count before it divides */
/* Places further apart than this are taken to weigh nothing on each other. */
#define FORGOTTEN 1e-6
#define LAGS      1024

typedef struct slit_model {
    rk_model base;
    rk_model *rows;        /* a rk_rows_model: all columns but the last */
    const float *discount; /* (n_items) */
    bool borrowed;         /* the discount, from a bundle */
} slit_model;

typedef struct sums_job {
    const rk_histories *h;
    rk_places places;
    size_t n_lags; /* places at most this far apart meet */
    double decay;
    float power[LAGS + 1];    /* decay^lag */
    float together[LAGS + 1]; /* (1 - decay^(2 x)) / (1 - decay^2) */
    float *q;
    float *t;
} sums_job;

static const float decays[N_DECAYS] = {0.4f, 0.7f, 0.87f};
static const char *const columns[N_COLUMNS] = {"slit.4", "slit.7", "slit.87",
                                               "slit.pop"};
static const rk_rows_plan plan = {
    .learner = &rk_learner_slit,
    .keep = KEEP,
    .n_matrices = N_DECAYS,
    .names = {"slit.0", "slit.1", "slit.2"},
    .n_decays = 1,
    .decays = decays,
};


/* What the item at place `at` of user u adds to its rows of Q and T: only
 * Q's upper triangle is wanted. */
static void place_add(const sums_job *job, rk_place place, size_t i, float *q,
                      float *t)
{
    const uint32_t *item = job->h->item + job->h->start[place.user];
    size_t len = job->h->start[place.user + 1] - job->h->start[place.user];
    size_t left = len - 1 - place.at; /* places behind it */
    size_t ahead = left < job->n_lags ? left : job->n_lags;
    size_t behind = place.at < job->n_lags ? place.at : job->n_lags;
    float meet = job->together[left < LAGS ? left : LAGS];

    q[i] += meet;
    for (size_t lag = 1; lag <= behind; lag++)
        q[item[place.at - lag]] += job->power[lag] * meet;
    for (size_t lag = 1; lag <= ahead; lag++) {
        uint32_t next = item[place.at + lag];
        size_t after = left - lag;

        t[next] += job->power[lag - 1];
        q[next] += job->power[lag] * job->together[after < LAGS ? after : LAGS];
    }
}


static void sums_rows(void *ctx, size_t begin, size_t end)
{
    const sums_job *job = ctx;
    size_t n = job->h->n_items;

    for (size_t i = begin; i < end; i++) {
        memset(job->q + i * n, 0, n * sizeof(float));
        memset(job->t + i * n, 0, n * sizeof(float));
        for (size_t k = job->places.start[i]; k < job->places.start[i + 1]; k++)
            place_add(job, job->places.place[k], i, job->q + i * n,
                      job->t + i * n);
    }
}


static void powers(sums_job *job, double decay)
{
    double power = 1;

    job->n_lags = 0;
    for (size_t lag = 0; lag <= LAGS; lag++) {
        job->power[lag] = (float)power;
        job->together[lag] = (float)((1 - power * power) / (1 - decay * decay));
        if (power >= FORGOTTEN)
            job->n_lags = lag;
        power *= decay;
    }
}


/* O(events * lags + n_items^3). */
int rk_slit_matrix(float **b, const rk_histories *h, float decay, float lambda,
                   rk_error *err)
{
    size_t n = h->n_items;
    sums_job *job = NULL;
    int rc;

    *b = NULL;
    if (!(decay > 0 && decay < 1) || !(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL,
                       "decay is %g and lambda %g, must be 0 to 1 and over 0",
                       (double)decay, (double)lambda);
    job = rk_calloc(1, sizeof(*job));
    if (!job)
        return rk_no_memory(err);
    job->h = h;
    powers(job, (double)decay);
    rc = rk_places_init(&job->places, h, err);
    if (rc != RK_OK)
        goto done;
    job->q = rk_alloc_aligned(n, n * sizeof(float));
    job->t = rk_alloc_aligned(n, n * sizeof(float));
    if (!job->q || !job->t) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_parallel(n, sums_rows, job);
    for (size_t i = 0; i < n; i++)
        job->q[i * n + i] += lambda;
    rc = rk_spd_solve(job->q, n, job->t, n, err);
    if (rc != RK_OK)
        goto done;
    *b = job->t;
    job->t = NULL;

done:
    rk_places_clear(&job->places);
    free(job->q);
    free(job->t);
    free(job);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    double n = (double)h->n_items;

    (void)opts;
    out->bytes = 8 * n * n + rk_rows_model_bytes(&plan, h->n_items) +
                 rk_places_bytes(h);
    out->flop = N_DECAYS * (7.0 / 3) * n * n * n;
}


static void model_free(rk_model *m)
{
    slit_model *slit = (slit_model *)m;

    if (!slit)
        return;
    rk_rows_model_free(slit->rows);
    if (!slit->borrowed)
        free((void *)slit->discount);
    free(slit);
}


/* (n_items) popularity^-DISCOUNT of what is predicted: all but the first. */
static float *discount_new(const rk_histories *h)
{
    float *discount = rk_alloc_array(h->n_items, sizeof(*discount));

    if (!discount)
        return NULL;
    for (size_t i = 0; i < h->n_items; i++)
        discount[i] = PRIOR;
    for (size_t u = 0; u < h->n_users; u++)
        for (size_t e = h->start[u] + 1; e < h->start[u + 1]; e++)
            discount[h->item[e]] += 1;
    for (size_t i = 0; i < h->n_items; i++)
        discount[i] = powf(discount[i], -DISCOUNT);
    return discount;
}


static int rows_train(slit_model *m, const rk_histories *h,
                      const rk_progress *progress, rk_error *err)
{
    rk_rows_model *rows;
    int rc = rk_rows_model_new(&rows, &plan, h->n_items, err);

    if (rc != RK_OK)
        return rc;
    m->rows = &rows->base;
    rc = rk_progress_report(progress, "slit", 0, N_DECAYS, err);
    for (size_t d = 0; rc == RK_OK && d < N_DECAYS; d++) {
        float *b = NULL;

        rc = rk_slit_matrix(&b, h, decays[d], LAMBDA, err);
        if (rc == RK_OK)
            rc = rk_rows_model_keep(rows, d, b, err);
        free(b);
        if (rc == RK_OK)
            rc = rk_progress_report(progress, "slit", d + 1, N_DECAYS, err);
    }
    return rc;
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    slit_model *m = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_slit, h, opts, err);
    if (rc != RK_OK)
        return rc;
    m = rk_calloc(1, sizeof(*m));
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_slit, h->n_items};
    m->discount = discount_new(h);
    rc = m->discount ? rows_train(m, h, &opts->progress, err)
                     : rk_no_memory(err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


static int score(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err)
{
    const slit_model *slit = (const slit_model *)m;
    size_t n = m->n_items;
    int rc = rk_rows_model_score(slit->rows, who, scores, err);

    for (size_t u = 0; rc == RK_OK && u < who->n_users; u++) {
        const float *from = scores + (u * N_COLUMNS + MIDDLE) * n;
        float *to = scores + (u * N_COLUMNS + N_DECAYS) * n;

        for (size_t j = 0; j < n; j++)
            to[j] = from[j] * slit->discount[j];
    }
    return rc;
}


static int put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    const slit_model *slit = (const slit_model *)m;
    int rc = rk_bundle_put(w, "slit.discount", RK_F32, 1, m->n_items,
                           slit->discount, err);

    return rc == RK_OK ? rk_rows_model_put(slit->rows, w, err) : rc;
}


static int discount_get(slit_model *m, const rk_bundle *b, rk_error *err)
{
    size_t n = m->base.n_items;
    int rc = rk_floats_get(b, "slit.discount", 1, n, &m->discount, err);

    m->borrowed = true;
    for (size_t i = 0; rc == RK_OK && i < n; i++)
        if (m->discount[i] < 0 || m->discount[i] > 1)
            rc = rk_fail(err, RK_EFORMAT,
                         "slit.discount of item %zu is %g, must be 0 to 1", i,
                         (double)m->discount[i]);
    return rc;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    slit_model *m = rk_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_slit, n_items};
    rc = discount_get(m, b, err);
    if (rc == RK_OK)
        rc = rk_rows_model_get(&m->rows, &plan, b, n_items, err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


const rk_learner rk_learner_slit = {
    .name = "slit",
    .summary = "what comes next after the last few items",
    .cites = "Choe et al., Session-aware Linear Item-Item Models, 2021",
    .effort = RK_FAST,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .estimate = estimate,
    .train = train,
    .score = score,
    .put = put,
    .get = get,
    .free = model_free,
};

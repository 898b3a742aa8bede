#include "learn/fm_ranker.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/logistic.h"

#include <math.h>
#include <string.h>

#define MAX_K      RK_FM_RANKER_MAX
#define MAX_RECENT 64
#define START      0.05f

typedef struct ranker {
    rk_model model;
    size_t k;
    uint32_t recent;
    float decay;
    const float *had;  /* (n_items, k) of questions */
    const float *next; /* (n_items, k + 1) s_t, b_t */
    void *owned[2];    /* the two above, when they are ours */
} ranker;

typedef struct training {
    const rk_histories *h;
    const rk_csr *tokens; /* NULL: none */
    const rk_fm_ranker_opts *how;
    rk_ftrl bias;   /* w0 */
    rk_ftrl linear; /* (n_items + n_tokens) */
    rk_ftrl had;    /* (n_items, k) */
    rk_ftrl target; /* (n_items + n_tokens, k) items, then tokens */
    uint32_t *event;
    uint32_t *user_of; /* of an event */
    size_t n_events;   /* that have something before them */
    uint32_t *known;   /* items that somebody had */
    uint32_t n_known;
    bool *met; /* (n_items) */
    rk_rng rng;
} training;

/* A target's features: the item itself, x = 1, then its tokens. */
typedef struct target {
    uint32_t item;
    size_t n_tokens;
    const uint32_t *token;
    const float *x;
} target;


rk_fm_ranker_opts rk_fm_ranker_defaults(void)
{
    return (rk_fm_ranker_opts){
        .k = 32,
        .n_epochs = 3,
        .n_negatives = 8,
        .recent = 10,
        .decay = 0.8f,
        .linear = {0.05f, 1, 0, 1},
        .pairs = {0.15f, 1, 0, 1},
    };
}


static target target_of(const training *t, uint32_t item)
{
    const rk_csr *m = t->tokens;
    size_t n = m ? m->start[item + 1] - m->start[item] : 0;

    return (target){item, n, n ? m->col + m->start[item] : NULL,
                    n ? m->value + m->start[item] : NULL};
}


static void axpy(size_t n, float a, const float *x, float *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}


static float dot(size_t n, const float *a, const float *b)
{
    float sum[8] = {0};
    float total = 0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        total += a[i] * b[i];
    for (size_t j = 0; j < 8; j++)
        total += sum[j];
    return total;
}


/* s_t (k), and b_t is returned. `own` false: by its tokens alone. */
static float target_sum(const training *t, const target *of, bool own, float *s)
{
    size_t k = t->how->k;
    size_t n_items = t->h->n_items;
    const float *v = t->target.w + (size_t)of->item * k;
    float bias = own ? t->linear.w[of->item] : 0;
    float squares = 0;

    memset(s, 0, k * sizeof(*s));
    if (own) {
        axpy(k, 1, v, s);
        squares = of->n_tokens ? dot(k, v, v) : 0;
    }
    for (size_t j = 0; j < of->n_tokens; j++) {
        float x = of->x[j];

        v = t->target.w + (n_items + of->token[j]) * k;
        axpy(k, x, v, s);
        squares += x * x * dot(k, v, v);
        bias += x * t->linear.w[n_items + of->token[j]];
    }
    return of->n_tokens ? bias + (dot(k, s, s) - squares) / 2 : bias;
}


/* One target of a question q: a step for its features, and what the question's
 * slope gets of it. */
static void learn_target(training *t, uint32_t item, float label,
                         const float *q, float *q_slope)
{
    static const float one = 1;
    size_t k = t->how->k;
    size_t n_items = t->h->n_items;
    target of = target_of(t, item);
    float s[MAX_K];
    float slope[MAX_K];
    float bias = target_sum(t, &of, true, s);
    float miss = rk_sigmoid(t->bias.w[0] + bias + dot(k, q, s)) - label;

    axpy(k, miss, s, q_slope);
    /* x_j (q + s - x_j v_j), the item's own first: without tokens s is v. */
    for (size_t j = 0; j <= of.n_tokens; j++) {
        size_t at = j ? n_items + of.token[j - 1] : item;
        float x = j ? of.x[j - 1] : 1;
        const float *v = t->target.w + at * k;

        for (size_t f = 0; f < k; f++)
            slope[f] = x * (q[f] + s[f] - x * v[f]);
        rk_ftrl_step(&t->target, at * k, k, miss, slope);
        rk_ftrl_step(&t->linear, at, 1, miss, &x);
    }
    rk_ftrl_step(&t->bias, 0, 1, miss, &one);
}


static void learn_event(training *t, size_t event)
{
    const rk_fm_ranker_opts *o = t->how;
    size_t before = event - t->h->start[t->user_of[event]];
    size_t n = before < o->recent ? before : o->recent;
    float q[MAX_K] = {0};
    float slope[MAX_K] = {0};
    float x = 1;

    for (size_t age = 0; age < n; age++) {
        axpy(o->k, x, t->had.w + (size_t)t->h->item[event - 1 - age] * o->k, q);
        x *= o->decay;
    }
    learn_target(t, t->h->item[event], 1, q, slope);
    for (uint32_t i = 0; i < o->n_negatives; i++) {
        uint32_t item = t->known[rk_rng_below(&t->rng, t->n_known)];

        if (item != t->h->item[event])
            learn_target(t, item, 0, q, slope);
    }
    x = 1;
    for (size_t age = 0; age < n; age++) {
        rk_ftrl_step(&t->had, (size_t)t->h->item[event - 1 - age] * o->k, o->k,
                     x, slope);
        x *= o->decay;
    }
}


static void events_gather(training *t)
{
    const rk_histories *h = t->h;

    for (size_t u = 0; u < h->n_users; u++)
        for (size_t e = h->start[u]; e < h->start[u + 1]; e++) {
            uint32_t item = h->item[e];

            if (!t->met[item])
                t->known[t->n_known++] = item;
            t->met[item] = true;
            t->user_of[e] = (uint32_t)u;
            if (e > h->start[u])
                t->event[t->n_events++] = (uint32_t)e;
        }
}


static int training_init(training *t, uint64_t seed, rk_error *err)
{
    const rk_fm_ranker_opts *o = t->how;
    rk_ftrl_opts free_bias = {o->linear.alpha, o->linear.beta, 0, 0};
    size_t n_items = t->h->n_items;
    size_t n = n_items + (t->tokens ? t->tokens->n_cols : 0);
    size_t n_events = t->h->start[t->h->n_users];
    int rc = rk_ftrl_init(&t->bias, 1, &free_bias, err);

    if (rc == RK_OK)
        rc = rk_ftrl_init(&t->linear, n, &o->linear, err);
    if (rc == RK_OK)
        rc = rk_ftrl_init(&t->had, n_items * o->k, &o->pairs, err);
    if (rc == RK_OK)
        rc = rk_ftrl_init(&t->target, n * o->k, &o->pairs, err);
    if (rc != RK_OK)
        return rc;
    t->event = rk_alloc_array(n_events, sizeof(*t->event));
    t->user_of = rk_alloc_array(n_events, sizeof(*t->user_of));
    t->known = rk_alloc_array(n_items, sizeof(*t->known));
    t->met = rk_calloc(n_items, sizeof(*t->met));
    if (!t->event || !t->user_of || !t->known || !t->met)
        return rk_no_memory(err);
    events_gather(t);
    t->rng.state = seed;
    for (size_t i = 0; i < n_items * o->k; i++)
        rk_ftrl_start(&t->had, i,
                      START * (float)(2 * rk_rng_unit(&t->rng) - 1));
    for (size_t i = 0; i < n * o->k; i++)
        rk_ftrl_start(&t->target, i,
                      START * (float)(2 * rk_rng_unit(&t->rng) - 1));
    return RK_OK;
}


static void training_clear(training *t)
{
    rk_ftrl_clear(&t->bias);
    rk_ftrl_clear(&t->linear);
    rk_ftrl_clear(&t->had);
    rk_ftrl_clear(&t->target);
    free(t->event);
    free(t->user_of);
    free(t->known);
    free(t->met);
}


static int learn_all(training *t, const rk_train_opts *opts, rk_error *err)
{
    int rc = RK_OK;

    for (size_t epoch = 0; rc == RK_OK && epoch < t->how->n_epochs; epoch++) {
        rk_rng_shuffle(&t->rng, t->event, (uint32_t)t->n_events);
        for (size_t i = 0; i < t->n_events; i++)
            learn_event(t, t->event[i]);
        rc = rk_progress_report(&opts->progress, "fm", epoch + 1,
                                t->how->n_epochs, err);
    }
    return rc;
}


static void ranker_free(rk_model *model)
{
    ranker *m = (ranker *)model;

    if (!m)
        return;
    free(m->owned[0]);
    free(m->owned[1]);
    free(m);
}


/* What training found, one row for each item. */
static int ranker_new(rk_model **out, training *t, rk_error *err)
{
    size_t k = t->how->k;
    size_t n_items = t->h->n_items;
    ranker *m = rk_calloc(1, sizeof(*m));
    float *next = rk_alloc_array(n_items, (k + 1) * sizeof(*next));

    if (!m || !next) {
        free(m);
        free(next);
        return rk_no_memory(err);
    }
    for (size_t i = 0; i < n_items; i++) {
        target of = target_of(t, (uint32_t)i);

        next[i * (k + 1) + k] = target_sum(t, &of, t->met[i],
                                           next + i * (k + 1));
        if (!t->met[i])
            memset(t->had.w + i * k, 0, k * sizeof(float));
    }
    /* Nothing was learnt: what factors begin with is noise. */
    if (t->n_events == 0 && n_items)
        memset(next, 0, n_items * (k + 1) * sizeof(*next));
    *m = (ranker){.model = {&rk_learner_fm, n_items},
                  .k = k,
                  .recent = t->how->recent,
                  .decay = t->how->decay,
                  .next = next};
    m->owned[0] = next;
    m->owned[1] = rk_ftrl_take(&t->had);
    m->had = m->owned[1];
    *out = &m->model;
    return RK_OK;
}


int rk_fm_ranker_train(rk_model **out, const rk_histories *h,
                       const rk_train_opts *opts, const rk_fm_ranker_opts *how,
                       rk_error *err)
{
    training t = {
        .h = h, .tokens = opts->side ? opts->side->tokens : NULL, .how = how};
    int rc;

    *out = NULL;
    if (how->k < 1 || how->k > MAX_K || how->recent < 1 ||
        how->recent > MAX_RECENT || !(how->decay > 0 && how->decay <= 1))
        return rk_fail(err, RK_EINVAL, "fm: options out of range");
    if (h->start[h->n_users] > UINT32_MAX)
        return rk_fail(err, RK_EINVAL, "fm: %zu events, may be %u",
                       h->start[h->n_users], UINT32_MAX);
    rc = training_init(&t, opts->seed, err);
    if (rc == RK_OK)
        rc = learn_all(&t, opts, err);
    if (rc == RK_OK)
        rc = ranker_new(out, &t, err);
    training_clear(&t);
    return rc;
}


static void fm_estimate(const rk_histories *h, const rk_train_opts *opts,
                        rk_estimate *out)
{
    const rk_csr *tokens = opts->side ? opts->side->tokens : NULL;
    rk_fm_ranker_opts o = rk_fm_ranker_defaults();
    double n_items = (double)h->n_items;
    double n_tokens = tokens ? (double)tokens->n_cols : 0;
    double per_item = tokens && h->n_items
                          ? (double)tokens->start[tokens->n_rows] / n_items
                          : 0;
    double events = (double)(h->start[h->n_users] - h->start[0]);
    double k = (double)o.k;

    out->bytes = 12 * (2 * n_items + n_tokens) * (k + 1) + 8 * events +
                 4 * n_items * (k + 2);
    out->flop = (double)o.n_epochs * events * 12 * k *
                (o.recent + (o.n_negatives + 1) * (1 + per_item));
}


static int fm_train(rk_model **out, const rk_histories *h,
                    const rk_train_opts *opts, rk_error *err)
{
    rk_fm_ranker_opts how = rk_fm_ranker_defaults();
    int rc = rk_learner_check(&rk_learner_fm, h, opts, err);

    *out = NULL;
    return rc != RK_OK ? rc : rk_fm_ranker_train(out, h, opts, &how, err);
}


/* s_q (k) and 1, which b_t is multiplied by. */
static void question(const ranker *m, const uint32_t *history, size_t n,
                     float *q)
{
    float x = 1;

    memset(q, 0, m->k * sizeof(*q));
    q[m->k] = 1;
    for (size_t age = 0; age < n && age < m->recent; age++) {
        uint32_t item = history[n - 1 - age];

        if (item < m->model.n_items)
            axpy(m->k, x, m->had + item * m->k, q);
        x *= m->decay;
    }
}


static int fm_score(const rk_model *model, const rk_histories *who,
                    float *scores, rk_error *err)
{
    const ranker *m = (const ranker *)model;
    size_t width = m->k + 1;
    float *q = rk_alloc_array(who->n_users, width * sizeof(*q));

    if (!q)
        return rk_no_memory(err);
    for (size_t u = 0; u < who->n_users; u++)
        question(m, who->item + who->start[u],
                 who->start[u + 1] - who->start[u], q + u * width);
    rk_gemm(false, true, who->n_users, model->n_items, width, 1, q, m->next, 0,
            scores);
    free(q);
    return RK_OK;
}


static int fm_put(const rk_model *model, rk_bundle_writer *w, rk_error *err)
{
    const ranker *m = (const ranker *)model;
    const float opts[] = {(float)m->recent, m->decay};
    int rc = rk_bundle_put(w, "fm.opts", RK_F32, 1, 2, opts, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "fm.had", RK_F32, model->n_items, m->k, m->had,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "fm.next", RK_F32, model->n_items, m->k + 1,
                           m->next, err);
    return rc;
}


/* Finite, and so far from the largest float that no score overflows. */
static bool moderate(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) < 1e6f))
            return false;
    return true;
}


static int fm_get(rk_model **out, const rk_bundle *b, size_t n_items,
                  rk_error *err)
{
    const float *o;
    rk_tensor opts;
    rk_tensor had;
    rk_tensor next;
    ranker *m;
    int rc;

    *out = NULL;
    rc = rk_bundle_get(b, "fm.opts", RK_F32, 1, 2, &opts, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, "fm.had", RK_F32, n_items, 0, &had, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, "fm.next", RK_F32, n_items, had.cols + 1, &next,
                           err);
    if (rc != RK_OK)
        return rc;
    o = opts.data;
    if (!(o[0] >= 1 && o[0] <= MAX_RECENT && o[1] > 0 && o[1] <= 1) ||
        had.cols < 1 || had.cols > MAX_K ||
        !moderate(had.data, n_items * had.cols) ||
        !moderate(next.data, n_items * next.cols))
        return rk_fail(err, RK_EFORMAT, "fm.* is no model");
    m = rk_calloc(1, sizeof(*m));
    if (!m)
        return rk_no_memory(err);
    *m = (ranker){.model = {&rk_learner_fm, n_items},
                  .k = had.cols,
                  .recent = (uint32_t)o[0],
                  .decay = o[1],
                  .had = had.data,
                  .next = next.data};
    *out = &m->model;
    return RK_OK;
}


static const char *const columns[] = {"fm"};

const rk_learner rk_learner_fm = {
    .name = "fm",
    .summary = "pairs of recent items with the next one and its tokens",
    .cites = "Rendle, Factorization Machines, 2010; McMahan et al., Ad Click "
             "Prediction, 2013",
    .effort = RK_FAST,
    .n_columns = 1,
    .columns = columns,
    .estimate = fm_estimate,
    .train = fm_train,
    .score = fm_score,
    .put = fm_put,
    .get = fm_get,
    .free = ranker_free,
};

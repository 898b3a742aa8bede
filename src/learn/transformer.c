#include "learn/transformer.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/threads.h"
#include "learn/transformer_train.h"

#include <math.h>
#include <string.h>

/* Users whose windows go through the network together. */
#define CHUNK 8

static const char *const columns[] = {"transformer"};


rk_transformer_opts rk_transformer_defaults(enum rk_effort effort)
{
    return (rk_transformer_opts){.d = 64,
                                 .blocks = 2,
                                 .heads = 2,
                                 .context = 128,
                                 .epochs = effort == RK_FULL ? 24 : 4,
                                 .batch = 48,
                                 .dropout = 0.2f,
                                 .rate = effort == RK_FULL ? 2e-3f : 3e-3f,
                                 .decay = 1e-5f,
                                 .warm_up = 200,
                                 .use_vectors = false,
                                 .full_items = 20000,
                                 .n_sampled = 2048};
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    rk_transformer_opts o = rk_transformer_defaults(opts->effort);

    rk_transformer_estimate(h, &o, out);
}


static void model_free(rk_model *model)
{
    rk_transformer *m = (rk_transformer *)model;

    if (!m)
        return;
    free(m->owned);
    free(m);
}


static int model_new(rk_transformer **out, const rk_tf_shape *shape,
                     rk_error *err)
{
    rk_transformer *m = rk_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_transformer, shape->n_items};
    m->shape = *shape;
    rc = rk_tf_layout_init(&m->layout, shape, err);
    if (rc == RK_OK)
        *out = m;
    else
        free(m);
    return rc;
}


static int opts_check(const rk_transformer_opts *o, rk_error *err)
{
    if (o->epochs == 0 || o->batch == 0 || o->batch > 4096 ||
        !(o->dropout >= 0) || o->dropout > 0.9f || !(o->rate > 0) ||
        !isfinite(o->rate) || !(o->decay >= 0) || o->n_sampled == 0)
        return rk_fail(err, RK_EINVAL,
                       "transformer: %zu epochs, batch %zu, dropout %g, rate "
                       "%g, %zu sampled: not to be trained with",
                       o->epochs, o->batch, (double)o->dropout, (double)o->rate,
                       o->n_sampled);
    return RK_OK;
}


int rk_transformer_train(rk_model **out, const rk_histories *h,
                         const rk_train_opts *opts,
                         const rk_transformer_opts *o, rk_error *err)
{
    rk_transformer_opts chosen = o ? *o : rk_transformer_defaults(opts->effort);
    rk_tf_shape shape = {h->n_items, chosen.d, chosen.blocks, chosen.heads,
                         chosen.context};
    rk_transformer *m = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_transformer, h, opts, err);
    if (rc != RK_OK)
        goto done;
    rc = opts_check(&chosen, err);
    if (rc != RK_OK)
        goto done;
    rc = model_new(&m, &shape, err);
    if (rc != RK_OK)
        goto done;
    m->owned = rk_alloc_aligned(m->layout.n, sizeof(*m->owned));
    m->w = m->owned;
    if (!m->owned) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_transformer_fit(m, h, opts, &chosen, err);
    if (rc != RK_OK)
        goto done;
    *out = &m->base;
    m = NULL;

done:
    model_free(m ? &m->base : NULL);
    return rc;
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    return rk_transformer_train(out, h, opts, NULL, err);
}


/* Scoring in parallel: thread i has room i. */
typedef struct scoring {
    const rk_transformer *m;
    const rk_histories *who;
    float *scores;
    size_t n_threads;
    rk_tf_room *room[64];
    uint32_t *tokens[64]; /* (2, CHUNK * context) items and ages */
    float *last;          /* (threads, CHUNK, d) */
} scoring;


/* The window of a user: newest items, those that the model knows, with their
 * age among all. Returns its length. */
static uint32_t window_of(const scoring *s, size_t user, uint32_t *item,
                          uint32_t *age)
{
    size_t end = s->who->start[user + 1];
    size_t from = s->who->start[user];
    uint32_t n = 0;

    if (end - from > s->m->shape.context)
        from = end - s->m->shape.context;
    for (size_t i = from; i < end; i++)
        if (s->who->item[i] < s->m->shape.n_items) {
            item[n] = s->who->item[i];
            age[n++] = (uint32_t)(end - 1 - i);
        }
    return n;
}


static void chunk_score(const scoring *s, size_t worker, size_t first, size_t n)
{
    const rk_transformer *m = s->m;
    size_t d = m->shape.d;
    size_t n_items = m->shape.n_items;
    uint32_t *item = s->tokens[worker];
    uint32_t *age = item + CHUNK * m->shape.context;
    float *last = s->last + worker * CHUNK * d;
    uint32_t start[CHUNK + 1] = {0};
    rk_tf_batch batch = {n, start, item, age};
    const float *h;

    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] +
                       window_of(s, first + i, item + start[i], age + start[i]);
    h = rk_tf_forward(s->room[worker], &m->layout, m->w, &batch, 0, 0);
    memset(last, 0, n * d * sizeof(*last));
    for (size_t i = 0; i < n; i++)
        if (start[i + 1] > start[i])
            memcpy(last + i * d, h + (start[i + 1] - 1) * d, d * sizeof(*h));
    rk_gemm(false, true, n, n_items, d, 1.0f, last, m->w + m->layout.items,
            0.0f, s->scores + first * n_items);
    for (size_t i = 0; i < n; i++)
        if (start[i + 1] > start[i])
            rk_axpy(n_items, 1.0f, m->w + m->layout.bias,
                    s->scores + (first + i) * n_items);
}


static void users_score(void *ctx, size_t begin, size_t end)
{
    const scoring *s = ctx;

    for (size_t worker = begin; worker < end; worker++) {
        size_t to = s->who->n_users * (worker + 1) / s->n_threads;

        for (size_t u = s->who->n_users * worker / s->n_threads; u < to;
             u += CHUNK)
            chunk_score(s, worker, u, to - u < CHUNK ? to - u : CHUNK);
    }
}


static int score(const rk_model *model, const rk_histories *who, float *scores,
                 rk_error *err)
{
    const rk_transformer *m = (const rk_transformer *)model;
    scoring s = {.m = m, .who = who, .scores = scores};
    size_t n_positions = CHUNK * m->shape.context;
    int rc = RK_OK;

    s.n_threads = (size_t)rk_threads();
    s.n_threads = s.n_threads < who->n_users ? s.n_threads : who->n_users;
    s.last = rk_alloc_array(s.n_threads * CHUNK, m->shape.d * sizeof(float));
    if (!s.last) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < s.n_threads; i++) {
        rc = rk_tf_room_new(&s.room[i], &m->shape, n_positions, CHUNK, err);
        if (rc != RK_OK)
            goto done;
        s.tokens[i] = rk_calloc(2 * n_positions, sizeof(*s.tokens[i]));
        if (!s.tokens[i]) {
            rc = rk_no_memory(err);
            goto done;
        }
    }
    rk_blas_alone_begin();
    rk_parallel(s.n_threads, users_score, &s);
    rk_blas_alone_end();

done:
    for (size_t i = 0; i < s.n_threads; i++) {
        rk_tf_room_free(s.room[i]);
        free(s.tokens[i]);
    }
    free(s.last);
    return rc;
}


int rk_transformer_ndcg(const rk_transformer *m, const rk_histories *who,
                        const uint32_t *truth, double *out, rk_error *err)
{
    enum { ASKED = 64 };
    size_t n_items = m->shape.n_items;
    float *scores = rk_alloc_array(ASKED, n_items * sizeof(*scores));
    int rc = scores ? RK_OK : rk_no_memory(err);
    double sum = 0;

    for (size_t u = 0; u < who->n_users && rc == RK_OK; u += ASKED) {
        size_t n = who->n_users - u < ASKED ? who->n_users - u : ASKED;
        rk_histories part = rk_histories_part(who, u, n);

        rc = score(&m->base, &part, scores, err);
        for (size_t i = 0; i < n && rc == RK_OK; i++) {
            float *s = scores + i * n_items;
            float own = truth[u + i] < n_items ? s[truth[u + i]] : -INFINITY;
            double rank = 0.5;

            for (size_t e = part.start[i]; e < part.start[i + 1]; e++)
                if (part.item[e] < n_items && part.item[e] != truth[u + i])
                    s[part.item[e]] = -INFINITY;
            for (size_t j = 0; j < n_items; j++)
                rank += s[j] > own ? 1 : s[j] == own ? 0.5 : 0;
            sum += rank <= 10 && own > -INFINITY ? 1 / log2(rank + 1) : 0;
        }
    }
    free(scores);
    *out = who->n_users ? sum / (double)who->n_users : NAN;
    return rc;
}


static int put(const rk_model *model, rk_bundle_writer *w, rk_error *err)
{
    const rk_transformer *m = (const rk_transformer *)model;
    uint64_t shape[5] = {m->shape.n_items, m->shape.d, m->shape.blocks,
                         m->shape.heads, m->shape.context};
    int rc = rk_bundle_put(w, "transformer.shape", RK_U64, 1, 5, shape, err);

    if (rc != RK_OK)
        return rc;
    return rk_bundle_put(w, "transformer.weights", RK_F32, 1, m->layout.n, m->w,
                         err);
}


/* The shape is held against its own limits, and then the weights against it,
 * before anything is made of either. */
static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    rk_transformer *m = NULL;
    rk_tensor shape = {0};
    rk_tensor weights = {0};
    const uint64_t *s;
    rk_error why;
    int rc;

    *out = NULL;
    rc = rk_bundle_get(b, "transformer.shape", RK_U64, 1, 5, &shape, err);
    if (rc != RK_OK)
        goto done;
    s = shape.data;
    if (s[0] != n_items) {
        rc = rk_fail(err, RK_EFORMAT,
                     "transformer of %llu items, there are %zu",
                     (unsigned long long)s[0], n_items);
        goto done;
    }
    rc = model_new(&m, &(rk_tf_shape){s[0], s[1], s[2], s[3], s[4]}, &why);
    if (rc != RK_OK) {
        rc = rk_fail(err, rc == RK_EINVAL ? RK_EFORMAT : rc, "%s", why.msg);
        goto done;
    }
    rc = rk_bundle_get(b, "transformer.weights", RK_F32, 1, m->layout.n,
                       &weights, err);
    if (rc != RK_OK) {
        rc = rk_fail(err, RK_EFORMAT, "transformer: expected %zu weights",
                     m->layout.n);
        goto done;
    }
    m->w = weights.data;
    for (size_t i = 0; i < m->layout.n; i++)
        if (!isfinite(m->w[i])) {
            rc = rk_fail(err, RK_EFORMAT,
                         "transformer: weight %zu is not finite", i);
            goto done;
        }
    *out = &m->base;
    m = NULL;

done:
    model_free(m ? &m->base : NULL);
    return rc;
}


const rk_learner rk_learner_transformer = {
    .name = "transformer",
    .summary = "self-attention over the newest items, full softmax",
    .cites = "Kang & McAuley, Self-Attentive Sequential Recommendation, 2018",
    .needs = 0,
    .effort = RK_FULL,
    .n_columns = 1,
    .columns = columns,
    .estimate = estimate,
    .train = train,
    .score = score,
    .put = put,
    .get = get,
    .free = model_free,
};

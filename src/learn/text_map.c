#include "learn/text_map.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/ease.h"
#include "learn/floats.h"
#include "learn/places.h"
#include "learn/text_kernel.h"

#include <math.h>
#include <string.h>

#define LAMBDA_EASE 600.0f
#define LAMBDA      0.3f
#define JITTER      1e-3f /* what float32 needs to tell K from singular... */
#define MOST_JITTER 1e3f  /* ...where texts are not nearly all alike */
#define SPREAD      0.6f /* mean square of a vector less the mean, as trained */
#define LANDMARKS   ((size_t)1024)
#define N_COLUMNS   2

typedef struct text_map {
    rk_model base;
    size_t d;               /* of the vectors */
    size_t n_tokens;        /* 0: none */
    size_t width;           /* landmarks */
    const float *mean;      /* (d + n_tokens) */
    float stretch;          /* of vectors less their mean, to SPREAD */
    const float *landmarks; /* (width, d + n_tokens), the mean taken off */
    const float *weights;   /* W (n_items, width) */
    const float *x;         /* (n_items, width) */
    bool borrowed;          /* these four, from a bundle */
} text_map;

static const float decays[N_COLUMNS] = {1, 0.9f};
static const char *const columns[N_COLUMNS] = {"text_map", "text_map.9"};


/* The landmarks' places in `which` (n_items), drawn from the items with
 * events; returns how many. */
static size_t landmarks_draw(const rk_places *places, uint64_t seed,
                             uint32_t *which)
{
    rk_rng r = {seed};
    uint32_t n = 0;

    for (uint32_t i = 0; i < places->n_items; i++)
        if (places->start[i + 1] > places->start[i])
            which[n++] = i;
    rk_rng_shuffle(&r, which, n);
    return n < LANDMARKS ? n : LANDMARKS;
}


/* f (n, d + n_tokens) less the mean, vectors stretched. */
static void centre(const text_map *m, float *f, size_t n)
{
    size_t wide = m->d + m->n_tokens;

    for (size_t i = 0; i < n; i++, f += wide) {
        rk_axpy(wide, -1, m->mean, f);
        for (size_t k = 0; k < m->d; k++)
            f[k] *= m->stretch;
    }
}


/* Embedders differ in how far apart they put texts: a writer's pooled states
 * are all within a few degrees. The kernel has one width for all of them, so
 * the vectors are brought to one spread. */
static float stretch_of(const text_map *m, const float *f, size_t n)
{
    size_t wide = m->d + m->n_tokens;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)rk_dot(f + i * wide, f + i * wide, m->d);
    return sum > 0 ? (float)sqrt((double)SPREAD * (double)n / sum) : 1;
}


/* Everything about texts: mean, landmarks, x. */
static int texts_read(text_map *m, const rk_side *side, const rk_places *places,
                      uint64_t seed, rk_error *err)
{
    size_t n = m->base.n_items;
    size_t wide = m->d + m->n_tokens;
    uint32_t *which = rk_alloc_array(n, sizeof(*which));
    float *f = rk_alloc_array(n, wide * sizeof(*f));
    float *mean = rk_calloc(wide, sizeof(*mean));
    float *landmarks = NULL;
    float *x = NULL;
    int rc = RK_OK;

    m->mean = mean;
    if (which)
        m->width = landmarks_draw(places, seed, which);
    m->landmarks = landmarks = rk_alloc_array(m->width,
                                              wide * sizeof(*landmarks));
    m->x = x = rk_alloc_array(n, m->width * sizeof(*x));
    if (!which || !f || !mean || !landmarks || !x) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_text_sides(side, n, m->n_tokens, f);
    for (size_t i = 0; i < n; i++)
        rk_axpy(wide, 1 / (float)n, f + i * wide, mean);
    m->stretch = 1;
    centre(m, f, n);
    m->stretch = stretch_of(m, f, n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m->d; k++)
            f[i * wide + k] *= m->stretch;
    for (size_t k = 0; k < m->width; k++)
        memcpy(landmarks + k * wide, f + which[k] * wide,
               wide * sizeof(*landmarks));
    rk_text_kernel(f, n, landmarks, m->width, wide, x);

done:
    free(which);
    free(f);
    return rc;
}


/* normal (width, width) = X'X + lambda K + jitter, X of items with events. */
static void normal_fill(const text_map *m, const float *x, float jitter,
                        float *normal)
{
    size_t w = m->width;

    rk_text_kernel(m->landmarks, w, m->landmarks, w, m->d + m->n_tokens,
                   normal);
    for (size_t i = 0; i < w * w; i++)
        normal[i] *= LAMBDA;
    rk_gram(m->base.n_items, w, x, 1, normal);
    for (size_t i = 0; i < w; i++)
        normal[i * w + i] += jitter;
}


/* The right-hand side X' (B - row means)', float32 (width, n): B's columns of
 * items without events are zero and not counted. */
static void target_fill(const text_map *m, const float *b, const float *x,
                        size_t n_known, float *sum, float *target)
{
    size_t n = m->base.n_items;
    size_t w = m->width;

    rk_gemm(true, true, w, n, n, 1, x, b, 0, target);
    memset(sum, 0, w * sizeof(*sum));
    for (size_t j = 0; j < n; j++)
        rk_axpy(w, 1, x + j * w, sum);
    for (size_t i = 0; i < n; i++) {
        float mean = 0;

        for (size_t j = 0; j < n; j++)
            mean += b[i * n + j];
        mean /= (float)(n_known ? n_known : 1);
        for (size_t k = 0; k < w; k++)
            target[k * n + i] -= mean * sum[k];
    }
}


/* W of items without events, from W of the others: R = argmin sum of
 * |x_i R - W_i|^2 + lambda tr(R' K R), by the same normal matrix. */
static int rows_guess(const text_map *m, const rk_places *places,
                      const float *x, float *normal, float *weights,
                      rk_error *err)
{
    size_t n = m->base.n_items;
    size_t w = m->width;
    float *r = rk_alloc_array(w, w * sizeof(*r));
    int rc;

    if (!r)
        return rk_no_memory(err);
    rk_gemm(true, false, w, w, n, 1, x, weights, 0, r);
    rc = rk_spd_solve(normal, w, r, w, err);
    for (size_t i = 0; rc == RK_OK && i < n; i++)
        if (places->start[i + 1] == places->start[i])
            rk_gemm(false, false, 1, w, w, 1, m->x + i * w, r, 0,
                    weights + i * w);
    free(r);
    return rc;
}


/* W from B (n, n). O(n^2 width). */
static int weights_fit(text_map *m, const float *b, const rk_places *places,
                       rk_error *err)
{
    size_t n = m->base.n_items;
    size_t w = m->width;
    size_t n_known = 0;
    float jitter = JITTER;
    float *known = rk_alloc_array(n, w * sizeof(*known)); /* x, else zeros */
    float *normal = rk_alloc_array(w, w * sizeof(*normal));
    float *target = rk_alloc_array(w, n * sizeof(*target));
    float *sum = rk_alloc_array(w, sizeof(*sum));
    float *weights = rk_alloc_array(n, w * sizeof(*weights));
    int rc = RK_OK;

    m->weights = weights;
    if (!known || !normal || !target || !sum || !weights) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n * w; i++)
        known[i] = m->x[i];
    for (size_t i = 0; i < n; i++) {
        if (places->start[i + 1] > places->start[i])
            n_known++;
        else
            memset(known + i * w, 0, w * sizeof(*known));
    }
    target_fill(m, b, known, n_known, sum, target);
    do {
        normal_fill(m, known, jitter, normal);
        rc = rk_spd_solve(normal, w, target, n, err);
    } while (rc == RK_EINVAL && (jitter *= 100) <= MOST_JITTER);
    if (rc != RK_OK)
        goto done;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < w; k++)
            weights[i * w + k] = target[k * n + i];
    if (n_known < n) {
        normal_fill(m, known, jitter, normal);
        rc = rows_guess(m, places, known, normal, weights, err);
    }

done:
    free(known);
    free(normal);
    free(target);
    free(sum);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    const rk_side *side = opts->side;
    double n = (double)h->n_items;
    double d = side ? (double)side->d : 0;
    double w = n < (double)LANDMARKS ? n : (double)LANDMARKS;

    if (side && side->tokens)
        d += (double)side->tokens->n_cols;
    out->bytes = 4 * n * (n + d + 4 * w) + rk_places_bytes(h);
    out->flop = n * n * (n + 2 * w);
}


static void model_free(rk_model *m)
{
    text_map *map = (text_map *)m;

    if (!map)
        return;
    if (!map->borrowed) {
        free((void *)map->mean);
        free((void *)map->landmarks);
        free((void *)map->weights);
        free((void *)map->x);
    }
    free(map);
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    rk_places places = {0};
    text_map *m = NULL;
    float *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_text_map, h, opts, err);
    if (rc == RK_OK)
        rc = rk_ease_matrix(&b, h, LAMBDA_EASE, &opts->progress, err);
    if (rc == RK_OK)
        rc = rk_places_init(&places, h, err);
    if (rc != RK_OK)
        goto done;
    m = rk_calloc(1, sizeof(*m));
    if (!m) {
        rc = rk_no_memory(err);
        goto done;
    }
    m->base = (rk_model){&rk_learner_text_map, h->n_items};
    m->d = opts->side->d;
    m->n_tokens = opts->side->tokens ? opts->side->tokens->n_cols : 0;
    rc = texts_read(m, opts->side, &places, opts->seed, err);
    if (rc == RK_OK)
        rc = weights_fit(m, b, &places, err);
    if (rc == RK_OK)
        rc = rk_progress_report(&opts->progress, "text_map", 1, 1, err);
    if (rc != RK_OK)
        goto done;
    *out = &m->base;
    m = NULL;

done:
    model_free(m ? &m->base : NULL);
    rk_places_clear(&places);
    free(b);
    return rc;
}


size_t rk_text_map_width(const rk_model *m)
{
    return ((const text_map *)m)->width;
}


const float *rk_text_map_rows(const rk_model *m)
{
    return ((const text_map *)m)->x;
}


int rk_text_map_features(const rk_model *m, const rk_side *items, size_t n,
                         float *x, rk_error *err)
{
    const text_map *map = (const text_map *)m;
    size_t wide = map->d + map->n_tokens;
    bool tokens = map->n_tokens && items->tokens;
    float *f;

    if (items->d != map->d ||
        (tokens && items->tokens->n_cols != map->n_tokens))
        return rk_fail(err, RK_EINVAL,
                       "text_map: %zu dimensions and %zu tokens, learnt from "
                       "%zu and %zu",
                       items->d, tokens ? items->tokens->n_cols : 0, map->d,
                       map->n_tokens);
    f = rk_alloc_array(n, wide * sizeof(*f));
    if (!f)
        return rk_no_memory(err);
    if (tokens) {
        rk_text_sides(items, n, map->n_tokens, f);
    } else {
        for (size_t i = 0; i < n; i++) {
            memcpy(f + i * wide, map->mean, wide * sizeof(*f));
            memcpy(f + i * wide, items->vectors + i * map->d,
                   map->d * sizeof(*f));
        }
    }
    centre(map, f, n);
    rk_text_kernel(f, n, map->landmarks, map->width, wide, x);
    free(f);
    return RK_OK;
}


void rk_text_map_query(const rk_model *m, const uint32_t *items, size_t n,
                       float decay, float *query)
{
    const text_map *map = (const text_map *)m;
    float weight = 1;

    memset(query, 0, map->width * sizeof(*query));
    while (n-- > 0) {
        if (items[n] < m->n_items)
            rk_axpy(map->width, weight, map->weights + items[n] * map->width,
                    query);
        weight *= decay;
    }
}


static int score(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err)
{
    const text_map *map = (const text_map *)m;
    size_t w = map->width;
    float *queries = rk_alloc_array(who->n_users,
                                    N_COLUMNS * w * sizeof(float));

    if (!queries)
        return rk_no_memory(err);
    for (size_t u = 0; u < who->n_users; u++)
        for (size_t c = 0; c < N_COLUMNS; c++)
            rk_text_map_query(m, who->item + who->start[u],
                              who->start[u + 1] - who->start[u], decays[c],
                              queries + (u * N_COLUMNS + c) * w);
    rk_gemm(false, true, who->n_users * N_COLUMNS, m->n_items, w, 1, queries,
            map->x, 0, scores);
    free(queries);
    return RK_OK;
}


static int put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    const text_map *map = (const text_map *)m;
    size_t wide = map->d + map->n_tokens;
    uint64_t shape[] = {map->d, map->n_tokens, map->width};
    int rc = rk_bundle_put(w, "text_map.shape", RK_U64, 1, 3, shape, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "text_map.mean", RK_F32, 1, wide, map->mean, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "text_map.stretch", RK_F32, 1, 1, &map->stretch,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "text_map.landmarks", RK_F32, map->width, wide,
                           map->landmarks, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "text_map.weights", RK_F32, m->n_items,
                           map->width, map->weights, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "text_map.x", RK_F32, m->n_items, map->width,
                           map->x, err);
    return rc;
}


static int parts_get(text_map *m, const rk_bundle *b, rk_error *err)
{
    const uint64_t *shape;
    size_t n = m->base.n_items;
    const float *stretch = NULL;
    rk_tensor t;
    int rc = rk_bundle_get(b, "text_map.shape", RK_U64, 1, 3, &t, err);

    if (rc != RK_OK)
        return rc;
    shape = t.data;
    if (shape[0] > UINT32_MAX || shape[1] > UINT32_MAX || shape[2] > LANDMARKS)
        return rk_fail(err, RK_EFORMAT, "text_map.shape is out of bounds");
    m->d = shape[0];
    m->n_tokens = shape[1];
    m->width = shape[2];
    rc = rk_floats_get(b, "text_map.mean", 1, m->d + m->n_tokens, &m->mean,
                       err);
    if (rc == RK_OK)
        rc = rk_floats_get(b, "text_map.stretch", 1, 1, &stretch, err);
    if (rc == RK_OK)
        m->stretch = *stretch;
    if (rc == RK_OK)
        rc = rk_floats_get(b, "text_map.landmarks", m->width,
                           m->d + m->n_tokens, &m->landmarks, err);
    if (rc == RK_OK)
        rc = rk_floats_get(b, "text_map.weights", n, m->width, &m->weights,
                           err);
    if (rc == RK_OK)
        rc = rk_floats_get(b, "text_map.x", n, m->width, &m->x, err);
    return rc;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    text_map *m = rk_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_text_map, n_items};
    m->borrowed = true;
    rc = parts_get(m, b, err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


const rk_learner rk_learner_text_map = {
    .name = "text_map",
    .summary = "what goes with a history by text, for items without events too",
    .cites = "Saunders et al., Ridge Regression Learning in Dual Variables, "
             "1998",
    .needs = RK_NEEDS_VECTORS,
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

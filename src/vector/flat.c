#include "core/mem.h"
#include "core/threads.h"
#include "vector/vector.h"

#include <math.h>
#include <string.h>

#define MAX_D          8192
#define MAX_NORM       1e4
#define MAX_QUERY_NORM 1e30 /* so that no score overflows */
#define BLOCK          256  /* positions scored between two looks at the heap */
#define PARALLEL_BYTES (8u << 20)

struct rk_index {
    size_t d;
    size_t n;
    size_t cap;
    float *vectors; /* (n, d) */
    int8_t *codes;  /* (n, d) round(v / scale) */
    float *scales;  /* (n) max-abs / 127 */
};

/* One search, shared by the threads that scan its parts. */
typedef struct scan {
    const rk_index *x;
    const float *query; /* (d) */
    enum rk_search how;
    bool (*skip)(const void *ctx, uint32_t position);
    const void *ctx;
    size_t n_parts;
    rk_topk *best;             /* (n_parts) */
    int8_t query_codes[MAX_D]; /* (d); their scale does not change the order */
} scan;


int rk_index_new(rk_index **out, size_t d, rk_error *err)
{
    *out = NULL;
    if (d < 1 || d > MAX_D)
        return rk_fail(err, RK_EINVAL,
                       "vectors of dimension %zu, must be 1 to %d", d, MAX_D);
    *out = rk_calloc(1, sizeof(**out));
    if (!*out)
        return rk_no_memory(err);
    (*out)->d = d;
    return RK_OK;
}


void rk_index_free(rk_index *x)
{
    if (!x)
        return;
    free(x->vectors);
    free(x->codes);
    free(x->scales);
    free(x);
}


/* The first component that is not finite (d: none) and the norm. */
static size_t first_bad(const float *v, size_t d, double *norm)
{
    double sum = 0;

    for (size_t i = 0; i < d; i++) {
        if (!isfinite(v[i]))
            return i;
        sum += (double)v[i] * v[i];
    }
    *norm = sqrt(sum);
    return d;
}


static int vectors_check(const float *vectors, size_t n, size_t d,
                         rk_error *err)
{
    for (size_t row = 0; row < n; row++) {
        double norm = 0;
        size_t col = first_bad(vectors + row * d, d, &norm);

        if (col < d)
            return rk_fail(err, RK_EFORMAT,
                           "vector %zu has %g at component %zu, must be finite",
                           row, (double)vectors[row * d + col], col);
        if (norm > MAX_NORM)
            return rk_fail(err, RK_EFORMAT,
                           "vector %zu has norm %g, must be at most %g", row,
                           norm, MAX_NORM);
    }
    return RK_OK;
}


/* Signed bytes with max-abs at 127; returns the scale, 0 for a zero vector. */
static float quantise(int8_t *codes, const float *v, size_t d)
{
    float max = 0;
    double per_unit;

    for (size_t i = 0; i < d; i++)
        max = fmaxf(max, fabsf(v[i]));
    /* In double, where 127 over the smallest float is still finite. */
    per_unit = max > 0 ? 127.0 / max : 0;
    for (size_t i = 0; i < d; i++)
        codes[i] = (int8_t)lrint(v[i] * per_unit);
    return max / 127;
}


/* Makes room for n vectors in all; on failure the old ones stand. */
static int reserve(rk_index *x, size_t n, rk_error *err)
{
    size_t cap = x->cap > n / 2 ? x->cap * 2 : n;
    void *p;

    if (n <= x->cap)
        return RK_OK;
    p = rk_realloc_array(x->vectors, cap, x->d * sizeof(*x->vectors));
    if (!p)
        return rk_no_memory(err);
    x->vectors = p;
    p = rk_realloc_array(x->codes, cap, x->d);
    if (!p)
        return rk_no_memory(err);
    x->codes = p;
    p = rk_realloc_array(x->scales, cap, sizeof(*x->scales));
    if (!p)
        return rk_no_memory(err);
    x->scales = p;
    x->cap = cap;
    return RK_OK;
}


int rk_index_add(rk_index *x, const float *vectors, size_t n, rk_error *err)
{
    int rc;

    if (n > UINT32_MAX - x->n)
        return rk_fail(err, RK_EINVAL,
                       "%zu vectors on top of %zu, must be %u in all", n, x->n,
                       UINT32_MAX);
    rc = vectors_check(vectors, n, x->d, err);
    if (rc == RK_OK)
        rc = reserve(x, x->n + n, err);
    if (rc != RK_OK || n == 0)
        return rc;

    memcpy(x->vectors + x->n * x->d, vectors, n * x->d * sizeof(*vectors));
    for (size_t i = 0; i < n; i++)
        x->scales[x->n + i] = quantise(x->codes + (x->n + i) * x->d,
                                       vectors + i * x->d, x->d);
    x->n += n;
    return RK_OK;
}


size_t rk_index_count(const rk_index *x)
{
    return x->n;
}


const float *rk_index_vector(const rk_index *x, size_t position)
{
    return x->vectors + position * x->d;
}


/* Scores of positions [begin, end). */
static void score_block(const scan *s, size_t begin, size_t end, float *scores)
{
    const rk_index *x = s->x;
    size_t d = x->d;

    if (s->how == RK_SEARCH_I8) {
        for (size_t i = begin; i < end; i++)
            scores[i - begin] = x->scales[i] *
                                (float)rk_dot_i8(x->codes + i * d,
                                                 s->query_codes, d);
    } else {
        for (size_t i = begin; i < end; i++)
            scores[i - begin] = rk_dot_f32(x->vectors + i * d, s->query, d);
    }
}


static void scan_part(scan *s, size_t part)
{
    size_t end = s->x->n * (part + 1) / s->n_parts;
    rk_topk *best = &s->best[part];
    float scores[BLOCK] = {0};

    for (size_t i = s->x->n * part / s->n_parts; i < end; i += BLOCK) {
        size_t len = end - i < BLOCK ? end - i : BLOCK;

        score_block(s, i, i + len, scores);
        for (size_t j = 0; j < len; j++) {
            uint32_t position = (uint32_t)(i + j);

            /* Positions rise, so an equal score would lose the tie. */
            if (best->n == best->k && scores[j] <= best->heap[0].score)
                continue;
            if (!s->skip || !s->skip(s->ctx, position))
                rk_topk_add(best, position, scores[j]);
        }
    }
}


static void scan_parts(void *ctx, size_t begin, size_t end)
{
    for (size_t part = begin; part < end; part++)
        scan_part(ctx, part);
}


/* Scans all vectors for the `keep` best, which `s->best[0]` then holds. What
 * is kept does not depend on how the work was divided: the order is total. */
static void scan_run(scan *s, size_t keep, rk_hit *room)
{
    rk_topk *best = s->best;

    for (size_t part = 0; part < s->n_parts; part++)
        rk_topk_init(&best[part], room + part * keep, keep);
    rk_parallel(s->n_parts, scan_parts, s);
    for (size_t part = 1; part < s->n_parts; part++)
        for (size_t i = 0; i < best[part].n; i++)
            rk_topk_add(best, best[part].heap[i].index,
                        best[part].heap[i].score);
}


static int query_check(const float *query, size_t d, rk_error *err)
{
    double norm = 0;
    size_t col = first_bad(query, d, &norm);

    if (col < d)
        return rk_fail(err, RK_EINVAL,
                       "query has %g at component %zu, must be finite",
                       (double)query[col], col);
    if (norm > MAX_QUERY_NORM)
        return rk_fail(err, RK_EINVAL, "query has norm %g, must be at most %g",
                       norm, MAX_QUERY_NORM);
    return RK_OK;
}


/* The k best of the kept hits, with their scores in float32, into `hits`. */
static size_t hits_take(const scan *s, size_t k, rk_hit *hits)
{
    rk_topk *best = s->best;
    size_t n = best->n < k ? best->n : k;

    if (s->how == RK_SEARCH_I8)
        for (size_t i = 0; i < best->n; i++)
            best->heap[i].score = rk_dot_f32(
                rk_index_vector(s->x, best->heap[i].index), s->query, s->x->d);
    rk_hits_sort(best->heap, best->n);
    memcpy(hits, best->heap, n * sizeof(*hits));
    return n;
}


int rk_index_search(const rk_index *x, const float *query, size_t k,
                    enum rk_search how,
                    bool (*skip)(const void *ctx, uint32_t position),
                    const void *ctx, rk_hit *hits, size_t *n, rk_error *err)
{
    scan s = {.x = x, .query = query, .how = how, .skip = skip, .ctx = ctx};
    size_t bytes = x->n * x->d * (how == RK_SEARCH_I8 ? 1 : sizeof(float));
    size_t keep;
    rk_hit *room = NULL;
    int rc;

    *n = 0;
    k = k < x->n ? k : x->n;
    keep = k;
    rc = query_check(query, x->d, err);
    if (rc != RK_OK || k == 0)
        goto done;

    if (how == RK_SEARCH_I8) {
        keep = 4 * k + 32 < x->n ? 4 * k + 32 : x->n;
        quantise(s.query_codes, query, x->d);
    }
    s.n_parts = bytes > PARALLEL_BYTES ? (size_t)rk_threads() : 1;
    s.best = rk_alloc_array(s.n_parts, sizeof(*s.best));
    room = rk_alloc_array(s.n_parts * keep, sizeof(*room));
    if (!s.best || !room) {
        rc = rk_no_memory(err);
        goto done;
    }
    scan_run(&s, keep, room);
    *n = hits_take(&s, k, hits);

done:
    free(s.best);
    free(room);
    return rc;
}

#include "vector/index.h"
#include "core/mem.h"
#include "core/threads.h"
#include "vector/bits.h"
#include "vector/graph.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define MAX_NORM       1e4
#define MAX_QUERY_NORM 1e30 /* so that no score overflows */


int rk_index_new(rk_index **out, size_t d, rk_error *err)
{
    *out = NULL;
    if (d < 1 || d > RK_MAX_D)
        return rk_fail(err, RK_EINVAL,
                       "vectors of dimension %zu, must be 1 to %d", d,
                       (int)RK_MAX_D);
    *out = rk_calloc(1, sizeof(**out));
    if (!*out)
        return rk_no_memory(err);
    (*out)->d = d;
    (*out)->best = RK_SEARCH_I8;
    (*out)->recall = 1;
    return RK_OK;
}


void rk_index_free(rk_index *x)
{
    if (!x)
        return;
    free(x->vectors);
    free(x->codes);
    free(x->scales);
    rk_bits_free(x->bits);
    rk_graph_free(x->graph);
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


float rk_codes_write(int8_t *codes, const float *v, size_t d)
{
    float max = 0;
    double per_unit;

    for (size_t i = 0; i < d; i++)
        max = fabsf(v[i]) > max ? fabsf(v[i]) : max;
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
        x->scales[x->n + i] = rk_codes_write(x->codes + (x->n + i) * x->d,
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


static enum rk_search way_of(const rk_index *x, enum rk_search how)
{
    return how == RK_SEARCH_BEST ? x->best : how;
}


static int way_check(const rk_index *x, enum rk_search how, rk_error *err)
{
    if ((how == RK_SEARCH_BITS && !x->bits) ||
        (how == RK_SEARCH_GRAPH && !x->graph))
        return rk_fail(err, RK_EINVAL,
                       "the index has no %s: rk_index_prepare() makes it",
                       how == RK_SEARCH_BITS ? "sign codes" : "graph");
    return RK_OK;
}


/* By the bits where there are any, and by the bytes where they end. */
static int scan_all(const rk_index *x, const rk_seek *s, rk_topk *best,
                    rk_error *err)
{
    size_t n = x->bits ? rk_bits_count(x->bits) : 0;
    int rc = RK_OK;

    if (x->bits)
        rc = rk_bits_search(x->bits, x, s, best, err);
    if (rc == RK_OK)
        rc = rk_flat_search(x, s, n, RK_SEARCH_I8, best, err);
    return rc;
}


/* Rescores the first of `hits` that are not skipped, twice as many as are
 * asked for and a few, because the order by bytes is not quite the order. */
static void take(const rk_index *x, const rk_seek *s, const rk_hit *hits,
                 size_t n, rk_topk *best)
{
    size_t left = 2 * best->k + 16;

    for (size_t i = 0; i < n && left; i++) {
        if (rk_seek_skips(s, hits[i].index))
            continue;
        rk_topk_add(
            best, hits[i].index,
            rk_dot_f32(rk_index_vector(x, hits[i].index), s->query, x->d));
        left--;
    }
}


/* A walk finds `ef` neighbours, skipped ones among them; while too few are
 * left, a wider one is tried, up to where a scan is no dearer. */
static int walk(const rk_index *x, const rk_seek *s, rk_topk *best,
                rk_error *err)
{
    size_t n_graph = rk_graph_count(x->graph);
    size_t ef = x->ef > best->k ? x->ef : best->k;
    size_t most = n_graph / 16 > ef ? n_graph / 16 : ef;
    rk_hit *hits = NULL;
    int rc = RK_OK;

    for (; ef <= most && best->n < best->k; ef *= 4) {
        size_t n;

        free(hits);
        hits = rk_alloc_array(ef, sizeof(*hits));
        rc = hits ? rk_graph_search(x->graph, s->codes, ef, hits, &n, err)
                  : rk_no_memory(err);
        if (rc != RK_OK)
            goto done;
        best->n = 0;
        take(x, s, hits, n, best);
    }
    if (best->n == best->k) {
        rc = rk_flat_search(x, s, n_graph, RK_SEARCH_I8, best, err);
    } else {
        best->n = 0;
        rc = scan_all(x, s, best, err);
    }

done:
    free(hits);
    return rc;
}


static int search(const rk_index *x, const rk_seek *s, enum rk_search how,
                  rk_topk *best, rk_error *err)
{
    if (how == RK_SEARCH_GRAPH)
        return walk(x, s, best, err);
    if (how == RK_SEARCH_BITS)
        return scan_all(x, s, best, err);
    return rk_flat_search(x, s, 0, how, best, err);
}


static int search_one(const rk_index *x, rk_seek s, size_t k,
                      enum rk_search how, rk_hit *hits, size_t *n,
                      rk_error *err)
{
    int8_t codes[RK_MAX_D];
    rk_topk best;
    int rc;

    *n = 0;
    how = way_of(x, how);
    k = k < x->n ? k : x->n;
    rc = query_check(s.query, x->d, err);
    if (rc == RK_OK)
        rc = way_check(x, how, err);
    if (rc != RK_OK || k == 0)
        return rc;

    s.scale = rk_codes_write(codes, s.query, x->d);
    s.codes = codes;
    rk_topk_init(&best, hits, k);
    rc = search(x, &s, how, &best, err);
    if (rc == RK_OK)
        *n = rk_topk_finish(&best);
    return rc;
}


int rk_index_search(const rk_index *x, const float *query, size_t k,
                    enum rk_search how,
                    bool (*skip)(const void *ctx, uint32_t position),
                    const void *ctx, rk_hit *hits, size_t *n, rk_error *err)
{
    rk_seek s = {.query = query, .skip = skip, .ctx = ctx};

    return search_one(x, s, k, how, hits, n, err);
}


/* Many searches, shared by the threads that make them. */
typedef struct many {
    const rk_index *x;
    const float *queries;
    size_t k;
    rk_hit *hits;
    size_t *n;
    atomic_int rc; /* of one that failed */
} many;


static void search_some(void *ctx, size_t begin, size_t end)
{
    many *m = ctx;

    for (size_t i = begin; i < end; i++) {
        rk_seek s = {.query = m->queries + i * m->x->d, .alone = true};
        int rc = search_one(m->x, s, m->k, RK_SEARCH_BEST, m->hits + i * m->k,
                            &m->n[i], NULL);

        if (rc != RK_OK)
            atomic_store(&m->rc, rc);
    }
}


int rk_index_search_many(const rk_index *x, const float *queries,
                         size_t n_queries, size_t k, rk_hit *hits, size_t *n,
                         rk_error *err)
{
    many m = {.x = x, .queries = queries, .k = k, .hits = hits, .n = n};
    int rc;

    for (size_t i = 0; i < n_queries; i++) {
        rc = query_check(queries + i * x->d, x->d, err);
        if (rc != RK_OK)
            return rc;
    }
    rk_parallel(n_queries, search_some, &m);
    rc = atomic_load(&m.rc);
    if (rc == RK_ENOMEM)
        return rk_no_memory(err);
    return rc == RK_OK ? RK_OK : rk_fail(err, rc, "a search failed");
}

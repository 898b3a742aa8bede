#include "learn/ease.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/threads.h"
#include "core/topk.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DEFAULT_LAMBDA 300.0f
#define DEFAULT_KEEP   256

/* What each user liked, once each, in ascending order. */
typedef struct likes {
    size_t n_users;
    size_t n_items;
    size_t *start;  /* (n_users + 1) */
    uint32_t *item; /* (start[n_users]) */
    float *gram;    /* (n_items, n_items) X'X, borrowed */
} likes;


static int by_position(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}


static int likes_gather(likes *l, const rk_corpus *c, rk_error *err)
{
    size_t n = 0;

    l->n_users = c->n_users;
    l->n_items = c->n_items;
    l->start = rk_alloc_array(c->n_users + 1, sizeof(*l->start));
    l->item = rk_alloc_array(c->start[c->n_users], sizeof(*l->item));
    if (!l->start || !l->item)
        return rk_no_memory(err);

    for (size_t u = 0; u < c->n_users; u++) {
        size_t end = l->start[u] = n;
        uint32_t *mine = l->item + n;

        for (size_t i = c->start[u]; i < c->start[u + 1]; i++)
            if (c->seen[i].label > 0)
                l->item[end++] = c->seen[i].item;
        qsort(mine, end - n, sizeof(*mine), by_position);
        for (size_t i = n; i < end; i++)
            if (i == l->start[u] || l->item[i] != l->item[n - 1])
                l->item[n++] = l->item[i];
    }
    l->start[c->n_users] = n;
    return RK_OK;
}


static void likes_clear(likes *l)
{
    free(l->start);
    free(l->item);
}


/* Rows [begin, end) of the Gram matrix. Counts are whole numbers, so their
 * sum in float32 is exact up to 2^24 users. */
static void gram_rows(void *ctx, size_t begin, size_t end)
{
    const likes *l = ctx;

    for (size_t u = 0; u < l->n_users; u++) {
        const uint32_t *item = l->item + l->start[u];
        size_t n = l->start[u + 1] - l->start[u];

        for (size_t i = 0; i < n && item[i] < end; i++) {
            float *row = l->gram + item[i] * l->n_items;

            if (item[i] < begin)
                continue;
            for (size_t j = 0; j < n; j++)
                row[item[j]] += 1;
        }
    }
}


/* P becomes B: each column divided by minus its diagonal, which is then 0. */
static void weights_from_inverse(float *p, size_t n, float *per_column)
{
    for (size_t j = 0; j < n; j++)
        per_column[j] = -1 / p[j * n + j];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            p[i * n + j] *= per_column[j];
        p[i * n + i] = 0;
    }
}


/* O(sum over users of likes^2 + n_items^3). */
int rk_ease_solve(float **b, const rk_corpus *c, float lambda, rk_error *err)
{
    size_t n = c->n_items;
    likes l = {0};
    float *gram = NULL;
    float *per_column = NULL;
    int rc;

    *b = NULL;
    if (!(lambda > 0) || !isfinite(lambda)) {
        rc = rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                     (double)lambda);
        goto done;
    }
    rc = likes_gather(&l, c, err);
    if (rc != RK_OK)
        goto done;
    gram = rk_calloc(n, n * sizeof(*gram));
    per_column = rk_alloc_array(n, sizeof(*per_column));
    if (!gram || !per_column) {
        rc = rk_no_memory(err);
        goto done;
    }

    l.gram = gram;
    rk_parallel(n, gram_rows, &l);
    for (size_t i = 0; i < n; i++)
        gram[i * n + i] += lambda;
    rc = rk_spd_invert(gram, n, err);
    if (rc != RK_OK)
        goto done;
    weights_from_inverse(gram, n, per_column);
    *b = gram;
    gram = NULL;

done:
    likes_clear(&l);
    free(gram);
    free(per_column);
    return rc;
}


static int by_index(const void *a, const void *b)
{
    return by_position(&((const rk_hit *)a)->index,
                       &((const rk_hit *)b)->index);
}


/* The `keep` entries of row i that are largest by size, ascending by column,
 * appended at `at`; returns where they end. Zeros are not entries. */
static size_t row_keep(const float *row, size_t n, rk_topk *best, uint32_t *col,
                       float *value)
{
    rk_hit *hits = best->heap;

    rk_topk_init(best, hits, best->k);
    for (uint32_t j = 0; j < n; j++)
        if (row[j] != 0)
            rk_topk_add(best, j, fabsf(row[j]));
    if (best->n)
        qsort(hits, best->n, sizeof(*hits), by_index);
    for (size_t i = 0; i < best->n; i++) {
        col[i] = hits[i].index;
        value[i] = row[hits[i].index];
    }
    return best->n;
}


/* O(n^2 log keep). */
static int keep_largest(rk_ease *m, const float *b, size_t n, size_t keep,
                        rk_error *err)
{
    uint64_t *start = rk_alloc_array(n + 1, sizeof(*start));
    uint32_t *col = rk_alloc_array(n, keep * sizeof(*col));
    float *value = rk_alloc_array(n, keep * sizeof(*value));
    rk_topk best = {.heap = rk_alloc_array(keep, sizeof(rk_hit)), .k = keep};

    m->b = (rk_csr){n, n, start, col, value};
    if (!start || !col || !value || !best.heap) {
        free(best.heap);
        return rk_no_memory(err);
    }
    start[0] = 0;
    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] + row_keep(b + i * n, n, &best, col + start[i],
                                           value + start[i]);
    free(best.heap);
    return RK_OK;
}


int rk_ease_fit(rk_ease **out, const rk_corpus *c, size_t max_bytes,
                const rk_ease_opts *opts, rk_error *err)
{
    rk_ease_opts o = opts ? *opts : (rk_ease_opts){0};
    double bytes = 8.0 * (double)c->n_items * (double)c->n_items;
    rk_ease *m = NULL;
    float *b = NULL;
    int rc;

    *out = NULL;
    if (bytes > (double)max_bytes) {
        rc = rk_fail(err, RK_EINVAL,
                     "EASE over %zu items needs about %.0f MB of memory, may "
                     "use %.0f MB",
                     c->n_items, bytes / 1e6, (double)max_bytes / 1e6);
        goto done;
    }
    o.lambda = o.lambda == 0 ? DEFAULT_LAMBDA : o.lambda;
    o.keep = o.keep ? o.keep : DEFAULT_KEEP;
    o.keep = o.keep < c->n_items ? o.keep : c->n_items;
    rc = rk_ease_solve(&b, c, o.lambda, err);
    if (rc != RK_OK)
        goto done;
    assert(b);
    m = rk_calloc(1, sizeof(*m));
    if (!m) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = keep_largest(m, b, c->n_items, o.keep, err);
    if (rc != RK_OK)
        goto done;
    *out = m;
    m = NULL;

done:
    rk_ease_free(m);
    free(b);
    return rc;
}


void rk_ease_free(rk_ease *m)
{
    if (!m)
        return;
    free((void *)m->b.start);
    free((void *)m->b.col);
    free((void *)m->b.value);
    free(m);
}


/* O(likes * keep + items). */
void rk_ease_score(const rk_csr *b, const rk_seen *history, size_t n,
                   float decay, float *scores)
{
    float weight = 1;

    memset(scores, 0, b->n_cols * sizeof(*scores));
    for (size_t i = n; i-- > 0;) {
        uint32_t item = history[i].item;

        if (history[i].label <= 0)
            continue;
        if (item < b->n_rows)
            for (uint64_t j = b->start[item]; j < b->start[item + 1]; j++)
                scores[b->col[j]] += weight * b->value[j];
        weight *= decay;
    }
}

#include "core/mem.h"
#include "core/threads.h"
#include "vector/index.h"

#define BLOCK          256 /* positions scored between two looks at the heap */
#define PARALLEL_BYTES (8u << 20)

/* One scan, shared by the threads that scan its parts. */
typedef struct scan {
    const rk_index *x;
    const rk_seek *seek;
    enum rk_search how;
    size_t begin;
    size_t n_parts;
    rk_topk *best; /* (n_parts) */
} scan;


/* Scores of positions [begin, end). */
static void score_block(const scan *s, size_t begin, size_t end, float *scores)
{
    const rk_index *x = s->x;
    size_t d = x->d;
    int32_t sums[BLOCK];

    if (s->how == RK_SEARCH_I8) {
        rk_scan_i8(x->codes + begin * d, end - begin, d, s->seek->codes, sums);
        for (size_t i = begin; i < end; i++)
            scores[i - begin] = x->scales[i] * (float)sums[i - begin];
    } else {
        for (size_t i = begin; i < end; i++)
            scores[i - begin] = rk_dot_f32(x->vectors + i * d, s->seek->query,
                                           d);
    }
}


static void scan_part(scan *s, size_t part)
{
    size_t len = s->x->n - s->begin;
    size_t end = s->begin + len * (part + 1) / s->n_parts;
    rk_topk *best = &s->best[part];
    float scores[BLOCK] = {0};

    for (size_t i = s->begin + len * part / s->n_parts; i < end; i += BLOCK) {
        size_t n = end - i < BLOCK ? end - i : BLOCK;

        score_block(s, i, i + n, scores);
        for (size_t j = 0; j < n; j++) {
            uint32_t position = (uint32_t)(i + j);

            /* Positions rise, so an equal score would lose the tie. */
            if (best->n == best->k && scores[j] <= best->heap[0].score)
                continue;
            if (!rk_seek_skips(s->seek, position))
                rk_topk_add(best, position, scores[j]);
        }
    }
}


static void scan_parts(void *ctx, size_t begin, size_t end)
{
    for (size_t part = begin; part < end; part++)
        scan_part(ctx, part);
}


/* Scans for the `keep` best of each part. What is kept of all does not depend
 * on how the work was divided: the order is total. */
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


int rk_flat_search(const rk_index *x, const rk_seek *seek, size_t begin,
                   enum rk_search how, rk_topk *best, rk_error *err)
{
    scan s = {.x = x, .seek = seek, .how = how, .begin = begin};
    size_t len = x->n - begin;
    size_t bytes = len * x->d * (how == RK_SEARCH_I8 ? 1 : sizeof(float));
    size_t keep = how == RK_SEARCH_I8 ? 4 * best->k + 32 : best->k;
    rk_hit *room = NULL;
    int rc = RK_OK;

    if (len == 0 || keep == 0)
        return RK_OK;
    keep = keep < len ? keep : len;
    s.n_parts = bytes > PARALLEL_BYTES && !seek->alone ? (size_t)rk_threads()
                                                       : 1;
    s.best = rk_alloc_array(s.n_parts, sizeof(*s.best));
    room = rk_alloc_array(s.n_parts * keep, sizeof(*room));
    if (!s.best || !room) {
        rc = rk_no_memory(err);
        goto done;
    }
    scan_run(&s, keep, room);
    for (size_t i = 0; i < s.best->n; i++) {
        rk_hit hit = s.best->heap[i];

        if (how == RK_SEARCH_I8)
            hit.score = rk_dot_f32(rk_index_vector(x, hit.index), seek->query,
                                   x->d);
        rk_topk_add(best, hit.index, hit.score);
    }

done:
    free(s.best);
    free(room);
    return rc;
}

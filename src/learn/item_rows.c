#include "learn/item_rows.h"

#include "core/mem.h"
#include "core/threads.h"
#include "core/topk.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Scores summed at once: (4, BLOCK) floats stay in the second-level cache. */
#define BLOCK      ((size_t)8192)
#define FORGOTTEN  1e-3f
#define NAME_BYTES 64

/* One item's score for each decay. */
typedef float lanes __attribute__((vector_size(4 * RK_DECAYS)));

typedef struct keep_job {
    const float *b;
    size_t n;
    size_t keep;
    rk_hit *room; /* (rk_threads(), keep) */
    uint64_t *start;
    uint32_t *col; /* (n, keep) */
    float *value;
} keep_job;

typedef struct score_job {
    const rk_csr *b;
    const rk_histories *who;
    const float *decays;
    size_t n_decays;
    size_t stride;
    float *scores;
    lanes *room; /* (parts, block) */
    size_t block;
    size_t parts;
} score_job;


static int by_index(const void *a, const void *b)
{
    uint32_t x = ((const rk_hit *)a)->index;
    uint32_t y = ((const rk_hit *)b)->index;

    return (x > y) - (x < y);
}


/* The largest of row i, ascending by column, to its own place; start[i + 1]
 * becomes their number. */
static void row_keep(const keep_job *job, size_t i, rk_hit *room)
{
    const float *row = job->b + i * job->n;
    uint32_t *col = job->col + i * job->keep;
    float *value = job->value + i * job->keep;
    rk_topk best;

    rk_topk_init(&best, room, job->keep);
    for (uint32_t j = 0; j < job->n; j++)
        if (row[j] != 0 &&
            (best.n < best.k || fabsf(row[j]) > best.heap[0].score))
            rk_topk_add(&best, j, fabsf(row[j]));
    if (best.n)
        qsort(room, best.n, sizeof(*room), by_index);
    for (size_t k = 0; k < best.n; k++) {
        col[k] = room[k].index;
        value[k] = row[room[k].index];
    }
    job->start[i + 1] = best.n;
}


static void parts_keep(void *ctx, size_t begin, size_t end)
{
    const keep_job *job = ctx;
    size_t parts = (size_t)rk_threads();

    for (size_t part = begin; part < end; part++)
        for (size_t i = job->n * part / parts; i < job->n * (part + 1) / parts;
             i++)
            row_keep(job, i, job->room + part * job->keep);
}


/* Moves the rows together, and sums their lengths. */
static void rows_close_up(const keep_job *job)
{
    size_t at = 0;

    job->start[0] = 0;
    for (size_t i = 0; i < job->n; i++) {
        size_t n = job->start[i + 1];

        memmove(job->col + at, job->col + i * job->keep, n * sizeof(uint32_t));
        memmove(job->value + at, job->value + i * job->keep, n * sizeof(float));
        at += n;
        job->start[i + 1] = at;
    }
}


/* O(n^2 + n keep log keep) where the entries are in no order. */
int rk_item_rows_init(rk_item_rows *out, const float *b, size_t n, size_t keep,
                      rk_error *err)
{
    keep_job job = {b,    n,   keep == 0 || keep > n ? n : keep, NULL, NULL,
                    NULL, NULL};
    int rc = RK_OK;

    *out = (rk_item_rows){0};
    job.room = rk_alloc_array((size_t)rk_threads(), job.keep * sizeof(rk_hit));
    job.start = rk_alloc_array(n + 1, sizeof(*job.start));
    job.col = rk_alloc_array(n, job.keep * sizeof(*job.col));
    job.value = rk_alloc_array(n, job.keep * sizeof(*job.value));
    if (!job.room || !job.start || !job.col || !job.value) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_parallel((size_t)rk_threads(), parts_keep, &job);
    rows_close_up(&job);
    out->b = (rk_csr){n, n, job.start, job.col, job.value};
    job.start = NULL;
    job.col = NULL;
    job.value = NULL;

done:
    free(job.room);
    free(job.start);
    free(job.col);
    free(job.value);
    return rc;
}


void rk_item_rows_clear(rk_item_rows *r)
{
    if (!r->borrowed) {
        free((void *)r->b.start);
        free((void *)r->b.col);
        free((void *)r->b.value);
    }
    *r = (rk_item_rows){0};
}


double rk_item_rows_bytes(size_t n, size_t keep)
{
    keep = keep == 0 || keep > n ? n : keep;
    return (double)n * ((double)keep * (sizeof(uint32_t) + sizeof(float)) +
                        sizeof(uint64_t));
}


/* The first entry of a row at column `from` or later. */
static uint64_t row_seek(const rk_csr *b, size_t row, size_t from)
{
    uint64_t low = b->start[row];
    uint64_t high = b->start[row + 1];

    while (from && low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (b->col[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}


/* One decay needs no lanes: straight to the scores. */
static void user_score_one(const score_job *job, size_t user)
{
    const rk_csr *b = job->b;
    float *scores = job->scores + user * job->stride * b->n_cols;
    float weight = 1;

    memset(scores, 0, b->n_cols * sizeof(*scores));
    for (size_t e = job->who->start[user + 1];
         e-- > job->who->start[user] && weight >= FORGOTTEN;) {
        uint32_t item = job->who->item[e];

        if (item < b->n_rows)
            for (uint64_t k = b->start[item]; k < b->start[item + 1]; k++)
                scores[b->col[k]] += weight * b->value[k];
        weight *= job->decays[0];
    }
}


/* The sums of columns [from, to) to `sum`. */
static void block_sum(const score_job *job, size_t user, size_t from, size_t to,
                      lanes *sum)
{
    const rk_csr *b = job->b;
    const rk_histories *who = job->who;
    lanes decay = {0};
    lanes weight = {0};
    bool any = true;

    for (size_t c = 0; c < job->n_decays; c++) {
        decay[c] = job->decays[c];
        weight[c] = 1;
    }
    memset(sum, 0, (to - from) * sizeof(*sum));
    for (size_t e = who->start[user + 1]; any && e-- > who->start[user];) {
        uint32_t item = who->item[e];

        if (item < b->n_rows)
            for (uint64_t k = row_seek(b, item, from);
                 k < b->start[item + 1] && b->col[k] < to; k++)
                sum[b->col[k] - from] += weight * b->value[k];
        weight *= decay;
        any = false;
        for (size_t c = 0; c < job->n_decays; c++) {
            weight[c] = weight[c] < FORGOTTEN ? 0 : weight[c];
            any = any || weight[c] > 0;
        }
    }
}


static void user_score(const score_job *job, size_t user, lanes *sum)
{
    size_t n = job->b->n_cols;
    float *scores = job->scores + user * job->stride * n;

    for (size_t from = 0; from < n; from += job->block) {
        size_t to = n - from < job->block ? n : from + job->block;

        block_sum(job, user, from, to, sum);
        for (size_t c = 0; c < job->n_decays; c++)
            for (size_t j = from; j < to; j++)
                scores[c * n + j] = sum[j - from][c];
    }
}


static void parts_score(void *ctx, size_t begin, size_t end)
{
    const score_job *job = ctx;
    size_t n = job->who->n_users;

    for (size_t part = begin; part < end; part++)
        for (size_t u = n * part / job->parts; u < n * (part + 1) / job->parts;
             u++) {
            if (job->n_decays == 1)
                user_score_one(job, u);
            else
                user_score(job, u, job->room + part * job->block);
        }
}


/* O(likes * keep + n_items) a user. */
int rk_item_rows_score(const rk_item_rows *r, const rk_histories *who,
                       const float *decays, size_t n_decays, size_t stride,
                       float *scores, rk_error *err)
{
    score_job job = {&r->b, who, decays, n_decays, stride, scores, NULL, 0, 0};

    assert(n_decays >= 1 && n_decays <= RK_DECAYS && n_decays <= stride);
    job.parts = (size_t)rk_threads();
    job.block = r->b.n_cols < BLOCK ? r->b.n_cols : BLOCK;
    if (n_decays > 1 && r->b.n_cols > 0) {
        job.room = rk_alloc_aligned(job.parts, job.block * sizeof(lanes));
        if (!job.room)
            return rk_no_memory(err);
    }
    rk_parallel(job.parts, parts_score, &job);
    free(job.room);
    return RK_OK;
}


static void name_rows(char out[NAME_BYTES], const char *name)
{
    int len = snprintf(out, NAME_BYTES, "%s.rows", name);

    assert(len > 0 && len < NAME_BYTES);
    (void)len;
}


int rk_item_rows_put(const rk_item_rows *r, const char *name,
                     rk_bundle_writer *w, rk_error *err)
{
    char rows[NAME_BYTES];

    name_rows(rows, name);
    return rk_csr_put(w, rows, &r->b, err);
}


int rk_item_rows_get(rk_item_rows *out, const rk_bundle *b, const char *name,
                     size_t n_items, rk_error *err)
{
    char rows[NAME_BYTES];

    *out = (rk_item_rows){.borrowed = true};
    name_rows(rows, name);
    return rk_csr_get(b, rows, n_items, n_items, &out->b, err);
}

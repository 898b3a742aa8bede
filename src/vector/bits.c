#include "vector/bits.h"

#include "core/mem.h"
#include "core/rng.h"
#include "core/threads.h"

#include <math.h>
#include <string.h>

#define SIGMAS   3.0f
#define ROUNDING 1e-5f /* of a float32 score, in lengths of the vectors */
/* Rounding to a byte is an error of 1 / sqrt(12) steps a component. */
#define BYTE_SIGMAS (4.0f / 3.4641016f)
#define N_ROUNDS    2
#define MIN_D       8     /* two groups, since kernels take groups in pairs */
#define PART        65536 /* positions that share a threshold; whole blocks */
#define GROUP_BITS  4

struct rk_bits {
    size_t n;
    size_t d;
    size_t turned_d;  /* D */
    size_t n_groups;  /* D / 4 */
    float *mean;      /* (d) */
    float *signs;     /* (N_ROUNDS, D) of the rotation */
    uint8_t *blocks;  /* (n_blocks, n_groups, 16): see rk_kernels */
    float *factors;   /* (n_blocks * RK_BLOCK) |u|^2 / |u|_1 */
    float *deviation; /* (n_blocks * RK_BLOCK) of the error, for |q| = 1 */
    float longest;    /* vector's length */
};

typedef struct encoding {
    rk_bits *b;
    const float *vectors;
} encoding;

/* One search, shared by the threads that scan its parts. */
typedef struct bit_scan {
    const rk_bits *b;
    const rk_index *x;
    const rk_seek *seek;
    const uint8_t *tables; /* (n_groups, 16) */
    float step;            /* what a table's unit stands for */
    float base;            /* of <b, R q>, with what rounding tables hides */
    float at_mean;         /* <q, m> */
    float margin;          /* deviations times |q| */
    float byte_margin[2];  /* of a score by bytes: times the scale, and fixed */
    float *most;           /* (n) bounds */
    float least;           /* that the k best score */
    rk_topk *best;         /* (n_parts) */
} bit_scan;


/* In double, where the square of a query's 1e30 is still finite. */
static float length_of(const float *v, size_t d)
{
    double sum = 0;

    for (size_t i = 0; i < d; i++)
        sum += (double)v[i] * v[i];
    return (float)sqrt(sum);
}


/* In place; orthogonal. */
static void walsh_hadamard(float *u, size_t n)
{
    float scale = 1 / sqrtf((float)n);

    for (size_t half = 1; half < n; half *= 2)
        for (size_t i = 0; i < n; i += 2 * half)
            for (size_t j = i; j < i + half; j++) {
                float a = u[j];
                float b = u[j + half];

                u[j] = a + b;
                u[j + half] = a - b;
            }
    for (size_t i = 0; i < n; i++)
        u[i] *= scale;
}


/* u (D) = R v */
static void turn(const rk_bits *b, float *u)
{
    for (size_t round = 0; round < N_ROUNDS; round++) {
        const float *signs = b->signs + round * b->turned_d;

        for (size_t i = 0; i < b->turned_d; i++)
            u[i] *= signs[i];
        walsh_hadamard(u, b->turned_d);
    }
}


static void encode(rk_bits *b, size_t position, const float *v)
{
    uint8_t *codes = b->blocks + position / RK_BLOCK * b->n_groups * 16;
    size_t column = position % RK_BLOCK;
    double d = (double)b->turned_d;
    float u[RK_MAX_D] = {0};
    double l1 = 0;
    double l2 = 0;
    double cosine;

    for (size_t i = 0; i < b->d; i++)
        u[i] = v[i] - b->mean[i];
    turn(b, u);
    for (size_t i = 0; i < b->turned_d; i++) {
        unsigned bit = u[i] >= 0;

        l1 += fabs((double)u[i]);
        l2 += (double)u[i] * u[i];
        codes[i / GROUP_BITS * 16 +
              column % 16] |= (uint8_t)(bit << (i % GROUP_BITS +
                                                column / 16 * GROUP_BITS));
    }
    cosine = l2 > 0 ? l1 / sqrt(l2 * d) : 1;
    b->factors[position] = l1 > 0 ? (float)(l2 / l1) : 0;
    b->deviation[position] = (float)sqrt(l2 *
                                         fmax(1 / (cosine * cosine) - 1, 0) /
                                         (d - 1)) +
                             ROUNDING * length_of(v, b->d);
}


static void encode_blocks(void *ctx, size_t begin, size_t end)
{
    encoding *e = ctx;
    rk_bits *b = e->b;

    for (size_t i = begin * RK_BLOCK; i < end * RK_BLOCK && i < b->n; i++)
        encode(b, i, e->vectors + i * b->d);
}


static void mean_write(float *mean, const float *vectors, size_t n, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double sum = 0;

        for (size_t i = 0; i < n; i++)
            sum += vectors[i * d + j];
        mean[j] = n ? (float)(sum / (double)n) : 0;
    }
}


int rk_bits_new(rk_bits **out, const float *vectors, size_t n, size_t d,
                rk_error *err)
{
    size_t n_blocks = (n + RK_BLOCK - 1) / RK_BLOCK;
    rk_bits *b = rk_calloc(1, sizeof(*b));
    encoding e = {b, vectors};
    rk_rng rng = {1};
    int rc = RK_OK;

    *out = NULL;
    if (!b)
        return rk_no_memory(err);
    b->n = n;
    b->d = d;
    for (b->turned_d = MIN_D; b->turned_d < d;)
        b->turned_d *= 2;
    b->n_groups = b->turned_d / GROUP_BITS;
    b->mean = rk_calloc(d, sizeof(*b->mean));
    b->signs = rk_alloc_array(N_ROUNDS * b->turned_d, sizeof(*b->signs));
    b->blocks = rk_calloc(n_blocks, b->n_groups * 16);
    b->factors = rk_calloc(n_blocks, RK_BLOCK * sizeof(*b->factors));
    b->deviation = rk_calloc(n_blocks, RK_BLOCK * sizeof(*b->deviation));
    if (!b->mean || !b->signs || !b->blocks || !b->factors || !b->deviation) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < N_ROUNDS * b->turned_d; i++)
        b->signs[i] = rk_rng_below(&rng, 2) ? 1 : -1;
    mean_write(b->mean, vectors, n, d);
    for (size_t i = 0; i < n; i++)
        b->longest = fmaxf(b->longest, length_of(vectors + i * d, d));
    rk_parallel(n_blocks, encode_blocks, &e);
    *out = b;
    b = NULL;

done:
    rk_bits_free(b);
    return rc;
}


void rk_bits_free(rk_bits *b)
{
    if (!b)
        return;
    free(b->mean);
    free(b->signs);
    free(b->blocks);
    free(b->factors);
    free(b->deviation);
    free(b);
}


size_t rk_bits_count(const rk_bits *b)
{
    return b->n;
}


/* What the four signs of a group add to <b, R q>, for each of their sixteen
 * patterns, in bytes above the least. */
static void tables_write(bit_scan *s, uint8_t *tables, const float *turned)
{
    float least = 0;
    float widest = 0;

    for (size_t g = 0; g < s->b->n_groups; g++) {
        float sum = 0;

        for (size_t i = 0; i < GROUP_BITS; i++)
            sum += fabsf(turned[g * GROUP_BITS + i]);
        least -= sum;
        widest = fmaxf(widest, 2 * sum);
    }
    s->step = widest / 255;
    for (size_t g = 0; g < s->b->n_groups; g++)
        for (size_t pattern = 0; pattern < 16; pattern++) {
            float above = 0;

            for (size_t i = 0; i < GROUP_BITS; i++) {
                float q = turned[g * GROUP_BITS + i];

                above += fabsf(q) + (pattern >> i & 1 ? q : -q);
            }
            tables[g * 16 + pattern] = s->step > 0 ? (uint8_t)lrintf(fminf(
                                                         above / s->step, 255))
                                                   : 0;
        }
    /* Rounding is an error of 1 / sqrt(12) steps in each group. */
    s->base = least + SIGMAS * s->step * sqrtf((float)s->b->n_groups / 12);
}


static void query_read(bit_scan *s, uint8_t *tables)
{
    float turned[RK_MAX_D] = {0};
    const float *query = s->seek->query;
    size_t d = s->b->d;

    memcpy(turned, query, d * sizeof(*query));
    turn(s->b, turned);
    tables_write(s, tables, turned);
    s->tables = tables;
    s->at_mean = rk_dot_f32(query, s->b->mean, d);
    s->margin = length_of(query, d);
    s->byte_margin[0] = BYTE_SIGMAS * s->margin;
    s->byte_margin[1] = BYTE_SIGMAS * s->b->longest * s->seek->scale;
    s->margin *= SIGMAS;
}


/* The most that each of a block's vectors may score. */
static void block_bound(const bit_scan *s, size_t block, float *most)
{
    const float *factors = s->b->factors + block * RK_BLOCK;
    const float *deviation = s->b->deviation + block * RK_BLOCK;
    uint32_t sums[RK_BLOCK];

    rk_scan_bits(s->b->blocks + block * s->b->n_groups * 16, s->b->n_groups,
                 s->tables, sums);
    for (size_t i = 0; i < RK_BLOCK; i++)
        most[i] = s->at_mean + s->margin * deviation[i] +
                  factors[i] * (s->base + s->step * (float)(int32_t)sums[i]);
}


/* Which of a block's bounds are above `least`, one bit each. */
static uint32_t block_above(const float *most, float least, size_t len)
{
    int above[RK_BLOCK];
    int any = 0;
    uint32_t chosen = 0;

    for (size_t i = 0; i < RK_BLOCK; i++) {
        above[i] = most[i] > least;
        any |= above[i];
    }
    for (size_t i = 0; any && i < len; i++)
        chosen |= (uint32_t)above[i] << i;
    return chosen;
}


static size_t part_end(const bit_scan *s, size_t part)
{
    return s->b->n - part * PART < PART ? s->b->n : (part + 1) * PART;
}


/* Bounds of a part's vectors, and the highest of them in its heap. */
static void part_bound(const bit_scan *s, size_t part)
{
    rk_topk *best = &s->best[part];
    size_t end = part_end(s, part);

    for (size_t begin = part * PART; begin < end; begin += RK_BLOCK) {
        float least = best->n == best->k ? best->heap[0].score : -INFINITY;
        size_t len = end - begin < RK_BLOCK ? end - begin : RK_BLOCK;
        uint32_t chosen;

        block_bound(s, begin / RK_BLOCK, s->most + begin);
        chosen = block_above(s->most + begin, least, len);
        for (; chosen; chosen &= chosen - 1) {
            uint32_t i = (uint32_t)begin + (uint32_t)__builtin_ctz(chosen);

            if (!rk_seek_skips(s->seek, i))
                rk_topk_add(best, i, s->most[i]);
        }
    }
}


static void parts_bound(void *ctx, size_t begin, size_t end)
{
    for (size_t part = begin; part < end; part++)
        part_bound(ctx, part);
}


/* Scores in float32 those of `n` positions that the bytes do not rule out. */
static void rescore(const bit_scan *s, const uint32_t *positions, size_t n,
                    rk_topk *best)
{
    const rk_index *x = s->x;

    for (size_t i = 0; i < n; i++) {
        uint32_t at = positions[i];
        float least = best->n == best->k && best->heap[0].score > s->least
                          ? best->heap[0].score
                          : s->least;
        float by_bytes = x->scales[at] * s->seek->scale *
                         (float)rk_dot_i8(x->codes + at * x->d, s->seek->codes,
                                          x->d);

        if (by_bytes + s->byte_margin[0] * x->scales[at] + s->byte_margin[1] >=
                least &&
            !rk_seek_skips(s->seek, at))
            rk_topk_add(
                best, at,
                rk_dot_f32(rk_index_vector(x, at), s->seek->query, x->d));
    }
}


/* What a part has above the threshold. The rows lie anywhere, so they are
 * asked for some time before they are read. */
static void part_rescore(const bit_scan *s, size_t part)
{
    const rk_index *x = s->x;
    size_t end = part_end(s, part);
    uint32_t waiting[2 * RK_BLOCK];
    size_t n = 0;

    for (size_t begin = part * PART; begin < end; begin += RK_BLOCK) {
        size_t len = end - begin < RK_BLOCK ? end - begin : RK_BLOCK;
        uint32_t chosen = block_above(s->most + begin, s->least, len);

        for (; chosen; chosen &= chosen - 1) {
            uint32_t i = (uint32_t)begin + (uint32_t)__builtin_ctz(chosen);
            const int8_t *row = x->codes + i * x->d;

            for (size_t at = 0; at < x->d; at += 64)
                __builtin_prefetch(row + at);
            waiting[n++] = i;
        }
        if (n >= RK_BLOCK) {
            rescore(s, waiting, n, &s->best[part]);
            n = 0;
        }
    }
    rescore(s, waiting, n, &s->best[part]);
}


static void parts_rescore(void *ctx, size_t begin, size_t end)
{
    for (size_t part = begin; part < end; part++)
        part_rescore(ctx, part);
}


static void parts_run(bit_scan *s, void (*body)(void *, size_t, size_t),
                      size_t n_parts, size_t keep, rk_hit *room)
{
    for (size_t i = 0; i < n_parts; i++)
        rk_topk_init(&s->best[i], room + i * keep, keep);
    if (s->seek->alone)
        body(s, 0, n_parts);
    else
        rk_parallel(n_parts, body, s);
}


/* What the k-th best must score at least: the k-th best in float32 of those
 * with the highest bounds, less nothing, since it is a true score. */
static void threshold_set(bit_scan *s, size_t n_parts, rk_topk *best)
{
    for (size_t part = 0; part < n_parts; part++)
        for (size_t i = 0; i < s->best[part].n; i++) {
            uint32_t at = s->best[part].heap[i].index;

            rk_topk_add(
                best, at,
                rk_dot_f32(rk_index_vector(s->x, at), s->seek->query, s->x->d));
        }
    s->least = best->n == best->k ? best->heap[0].score : -INFINITY;
    best->n = 0;
}


int rk_bits_search(const rk_bits *b, const rk_index *x, const rk_seek *seek,
                   rk_topk *best, rk_error *err)
{
    bit_scan s = {.b = b, .x = x, .seek = seek};
    size_t n_parts = (b->n + PART - 1) / PART;
    size_t keep = 4 * best->k + 32 < PART ? 4 * best->k + 32 : PART;
    uint8_t *tables = rk_alloc_array(b->n_groups, 16);
    rk_hit *room = rk_alloc_array(n_parts * keep, sizeof(*room));
    int rc = RK_OK;

    s.most = rk_alloc_array(b->n / RK_BLOCK + 1, RK_BLOCK * sizeof(*s.most));
    s.best = rk_alloc_array(n_parts, sizeof(*s.best));
    if (!tables || !room || !s.best || !s.most) {
        rc = rk_no_memory(err);
        goto done;
    }
    query_read(&s, tables);
    parts_run(&s, parts_bound, n_parts, keep, room);
    threshold_set(&s, n_parts, best);
    parts_run(&s, parts_rescore, n_parts, best->k < keep ? best->k : keep,
              room);
    for (size_t part = 0; part < n_parts; part++)
        for (size_t i = 0; i < s.best[part].n; i++)
            rk_topk_add(best, s.best[part].heap[i].index,
                        s.best[part].heap[i].score);

done:
    free(tables);
    free(room);
    free(s.best);
    free(s.most);
    return rc;
}

#include "learn/transformer_layers.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/vecmath.h"
#include "learn/attention.h"

#include <math.h>
#include <string.h>

/* What one block leaves for the way back. */
typedef struct block_room {
    float *unit1;    /* (N, d) normalised */
    float *inverse1; /* (N) */
    float *y1;       /* (N, d) unit1 * gain */
    float *qkv;      /* (N, 3 d) */
    float *p;        /* (windows, heads, T, T) attention, before dropout */
    float *mix;      /* (N, d) what attention gathered */
    float *unit2;
    float *inverse2;
    float *y2;
    float *slope; /* (N, 4 d) the derivative of GELU */
    float *act;   /* (N, 4 d) */
    uint8_t *p_mask;
    uint8_t *mix_mask; /* (N, d) */
    uint8_t *ffn_mask; /* (N, d) */
} block_room;

struct rk_tf_room {
    rk_tf_shape s;
    size_t side;     /* T, up to a multiple of 8 */
    size_t n;        /* positions there is room for */
    unsigned least;  /* of a mask's byte that is kept, in the last forward */
    float keep;      /* 1 / share that is kept */
    float *h;        /* (N, d) the stream */
    float *unit;     /* (N, d) */
    float *inverse;  /* (N) */
    float *out;      /* (N, d) */
    float *wide;     /* (N, 4 d) scratch */
    float *narrow;   /* (N, d) scratch */
    float *tile;     /* rk_attention_tile() scratch */
    uint8_t *e_mask; /* (N, d) */
    block_room block[RK_TF_BLOCKS];
    float *floats; /* where all of these lie */
    uint8_t *bytes;
};


/* A piece of one large allocation; with `base` NULL it is only counted. */
static float *floats_take(float *base, size_t *at, size_t n)
{
    float *piece = base ? base + *at : NULL;

    *at += (n + 15) / 16 * 16;
    return piece;
}


static uint8_t *bytes_take(uint8_t *base, size_t *at, size_t n)
{
    uint8_t *piece = base ? base + *at : NULL;

    *at += (n + 63) / 64 * 64;
    return piece;
}


/* Hands out the room's memory; called twice, first to count. */
static void room_divide(rk_tf_room *r, size_t n_windows, size_t *n_floats,
                        size_t *n_bytes)
{
    size_t d = r->s.d;
    size_t nd = r->n * d;
    size_t pairs = n_windows * r->s.heads * r->side * r->side;
    float *f = r->floats;
    size_t at = 0;
    size_t mask = 0;

    r->h = floats_take(f, &at, nd);
    r->unit = floats_take(f, &at, nd);
    r->inverse = floats_take(f, &at, r->n);
    r->out = floats_take(f, &at, nd);
    r->wide = floats_take(f, &at, 4 * nd);
    r->narrow = floats_take(f, &at, nd);
    r->tile = floats_take(f, &at, rk_attention_tile(r->side));
    r->e_mask = bytes_take(r->bytes, &mask, nd);
    for (size_t i = 0; i < r->s.blocks; i++) {
        block_room *b = &r->block[i];

        b->unit1 = floats_take(f, &at, nd);
        b->inverse1 = floats_take(f, &at, r->n);
        b->y1 = floats_take(f, &at, nd);
        b->qkv = floats_take(f, &at, 3 * nd);
        b->p = floats_take(f, &at, pairs);
        b->mix = floats_take(f, &at, nd);
        b->unit2 = floats_take(f, &at, nd);
        b->inverse2 = floats_take(f, &at, r->n);
        b->y2 = floats_take(f, &at, nd);
        b->slope = floats_take(f, &at, 4 * nd);
        b->act = floats_take(f, &at, 4 * nd);
        b->p_mask = bytes_take(r->bytes, &mask, pairs);
        b->mix_mask = bytes_take(r->bytes, &mask, nd);
        b->ffn_mask = bytes_take(r->bytes, &mask, nd);
    }
    *n_floats = at;
    *n_bytes = mask;
}


static void room_init(rk_tf_room *r, const rk_tf_shape *s, size_t n_positions)
{
    r->s = *s;
    r->side = (s->context + 7) / 8 * 8;
    r->n = n_positions;
}


double rk_tf_room_bytes(const rk_tf_shape *s, size_t n_positions,
                        size_t n_windows)
{
    rk_tf_room r = {0};
    size_t floats;
    size_t bytes;

    room_init(&r, s, n_positions);
    room_divide(&r, n_windows, &floats, &bytes);
    return (double)floats * sizeof(float) + (double)bytes;
}


int rk_tf_room_new(rk_tf_room **out, const rk_tf_shape *s, size_t n_positions,
                   size_t n_windows, rk_error *err)
{
    rk_tf_room *r = rk_calloc(1, sizeof(*r));
    size_t floats;
    size_t bytes;
    int rc = RK_OK;

    *out = NULL;
    if (!r) {
        rc = rk_no_memory(err);
        goto done;
    }
    room_init(r, s, n_positions);
    room_divide(r, n_windows, &floats, &bytes);
    r->floats = rk_alloc_aligned(floats, sizeof(*r->floats));
    r->bytes = rk_alloc_aligned(bytes, 1);
    if (!r->floats || !r->bytes) {
        rc = rk_no_memory(err);
        goto done;
    }
    memset(r->bytes, 0, bytes);
    room_divide(r, n_windows, &floats, &bytes);
    *out = r;
    r = NULL;

done:
    rk_tf_room_free(r);
    return rc;
}


void rk_tf_room_free(rk_tf_room *r)
{
    if (!r)
        return;
    free(r->floats);
    free(r->bytes);
    free(r);
}


/* x with some of it dropped, in place; all of it stays without dropout. */
static void drop_rows(const rk_tf_room *r, float *x, uint8_t *mask, size_t n,
                      rk_rng *rng)
{
    if (!r->least)
        return;
    if (rng)
        rk_mask_draw(mask, n, rng);
    rk_vecmath_best()->drop(n, x, mask, r->least, r->keep, x);
}


static void norm_rows(const float *x, size_t n, size_t d, const float *gain,
                      float *unit, float *inverse, float *y)
{
    const rk_vecmath *vm = rk_vecmath_best();

    for (size_t i = 0; i < n; i++)
        inverse[i] = vm->norm(d, x + i * d, gain, unit + i * d, y + i * d);
}


/* dx += what dy makes of it. */
static void norm_rows_back(const rk_tf_room *r, size_t n, const float *dy,
                           const float *gain, const float *unit,
                           const float *inverse, float *dx, float *d_gain)
{
    const rk_vecmath *vm = rk_vecmath_best();
    size_t d = r->s.d;

    for (size_t i = 0; i < n; i++)
        vm->norm_back(d, dy + i * d, gain, unit + i * d, inverse[i], dx + i * d,
                      d_gain);
}


/* One head of one window: its queries, keys and values among those of all. */
static rk_attention head_of(const rk_tf_room *r, const block_room *b,
                            const rk_tf_batch *batch, size_t window, size_t i)
{
    size_t d = r->s.d;
    size_t width = d / r->s.heads;
    size_t square = (window * r->s.heads + i) * r->side * r->side;
    size_t from = batch->start[window];

    return (rk_attention){.n = batch->start[window + 1] - from,
                          .width = width,
                          .d = d,
                          .q = b->qkv + from * 3 * d + i * width,
                          .side = r->side,
                          .p = b->p + square,
                          .mask = b->p_mask + square,
                          .least = r->least,
                          .keep = r->keep,
                          .tile = r->tile};
}


static void block_forward(rk_tf_room *r, block_room *b, const rk_tf_block *at,
                          const float *w, const rk_tf_batch *batch, rk_rng *rng)
{
    const rk_vecmath *vm = rk_vecmath_best();
    size_t n = batch->start[batch->n_windows];
    size_t d = r->s.d;

    norm_rows(r->h, n, d, w + at->norm1, b->unit1, b->inverse1, b->y1);
    rk_gemm(false, false, n, 3 * d, d, 1.0f, b->y1, w + at->qkv, 0.0f, b->qkv);
    for (size_t i = 0; i < batch->n_windows; i++)
        for (size_t j = 0; j < r->s.heads; j++) {
            rk_attention h = head_of(r, b, batch, i, j);

            rk_attend(&h, b->mix + batch->start[i] * d + j * h.width, rng);
        }
    rk_gemm(false, false, n, d, d, 1.0f, b->mix, w + at->out, 0.0f, r->narrow);
    drop_rows(r, r->narrow, b->mix_mask, n * d, rng);
    rk_axpy(n * d, 1.0f, r->narrow, r->h);

    norm_rows(r->h, n, d, w + at->norm2, b->unit2, b->inverse2, b->y2);
    rk_gemm(false, false, n, 4 * d, d, 1.0f, b->y2, w + at->up, 0.0f, b->slope);
    vm->gelu(4 * n * d, b->slope, b->act);
    rk_gemm(false, false, n, d, 4 * d, 1.0f, b->act, w + at->down, 0.0f,
            r->narrow);
    drop_rows(r, r->narrow, b->ffn_mask, n * d, rng);
    rk_axpy(n * d, 1.0f, r->narrow, r->h);
}


/* A mask draws whole words, so each begins at one. */
const float *rk_tf_forward(rk_tf_room *r, const rk_tf_layout *l, const float *w,
                           const rk_tf_batch *b, float dropout, uint64_t seed)
{
    size_t n = b->start[b->n_windows];
    size_t d = r->s.d;
    float root = sqrtf((float)d);
    rk_rng rng = {seed};

    r->least = (unsigned)lrintf(dropout * 256);
    r->least = r->least > 255 ? 255 : r->least;
    r->keep = 256.0f / (float)(256 - r->least);
    for (size_t i = 0; i < n; i++) {
        const float *item = w + l->items + b->item[i] * d;
        const float *age = w + l->ages + b->age[i] * d;

        for (size_t j = 0; j < d; j++)
            r->h[i * d + j] = item[j] * root + age[j];
    }
    drop_rows(r, r->h, r->e_mask, n * d, &rng);
    for (size_t i = 0; i < r->s.blocks; i++)
        block_forward(r, &r->block[i], &l->block[i], w, b, &rng);
    norm_rows(r->h, n, d, w + l->norm, r->unit, r->inverse, r->out);
    return r->out;
}


/* dW (cols of x, cols of dy) += x' dy. */
static void weight_back(size_t n, size_t rows, size_t cols, const float *x,
                        const float *dy, float *g)
{
    rk_gemm(true, false, rows, cols, n, 1.0f, x, dy, 1.0f, g);
}


/* dh is the gradient of the stream after the block, and then before it. */
static void block_backward(rk_tf_room *r, block_room *b, const rk_tf_block *at,
                           const float *w, const rk_tf_batch *batch, float *dh,
                           float *g)
{
    size_t n = batch->start[batch->n_windows];
    size_t d = r->s.d;

    memcpy(r->narrow, dh, n * d * sizeof(*dh));
    drop_rows(r, r->narrow, b->ffn_mask, n * d, NULL);
    weight_back(n, 4 * d, d, b->act, r->narrow, g + at->down);
    rk_gemm(false, true, n, 4 * d, d, 1.0f, r->narrow, w + at->down, 0.0f,
            r->wide);
    for (size_t i = 0; i < 4 * n * d; i++)
        r->wide[i] *= b->slope[i];
    weight_back(n, d, 4 * d, b->y2, r->wide, g + at->up);
    rk_gemm(false, true, n, d, 4 * d, 1.0f, r->wide, w + at->up, 0.0f,
            r->narrow);
    norm_rows_back(r, n, r->narrow, w + at->norm2, b->unit2, b->inverse2, dh,
                   g + at->norm2);

    memcpy(r->narrow, dh, n * d * sizeof(*dh));
    drop_rows(r, r->narrow, b->mix_mask, n * d, NULL);
    weight_back(n, d, d, b->mix, r->narrow, g + at->out);
    rk_gemm(false, true, n, d, d, 1.0f, r->narrow, w + at->out, 0.0f, r->out);
    for (size_t i = 0; i < batch->n_windows; i++)
        for (size_t j = 0; j < r->s.heads; j++) {
            rk_attention h = head_of(r, b, batch, i, j);
            size_t from = batch->start[i];

            rk_attend_back(&h, r->out + from * d + j * h.width,
                           r->wide + from * 3 * d + j * h.width);
        }
    weight_back(n, d, 3 * d, b->y1, r->wide, g + at->qkv);
    rk_gemm(false, true, n, d, 3 * d, 1.0f, r->wide, w + at->qkv, 0.0f,
            r->narrow);
    norm_rows_back(r, n, r->narrow, w + at->norm1, b->unit1, b->inverse1, dh,
                   g + at->norm1);
}


void rk_tf_backward(rk_tf_room *r, const rk_tf_layout *l, const float *w,
                    const rk_tf_batch *b, float *dh, float *g)
{
    size_t n = b->start[b->n_windows];
    size_t d = r->s.d;
    float root = sqrtf((float)d);

    memset(r->narrow, 0, n * d * sizeof(*dh));
    norm_rows_back(r, n, dh, w + l->norm, r->unit, r->inverse, r->narrow,
                   g + l->norm);
    memcpy(dh, r->narrow, n * d * sizeof(*dh));
    for (size_t i = r->s.blocks; i-- > 0;)
        block_backward(r, &r->block[i], &l->block[i], w, b, dh, g);
    drop_rows(r, dh, r->e_mask, n * d, NULL);
    for (size_t i = 0; i < n; i++) {
        rk_axpy(d, root, dh + i * d, g + l->items + b->item[i] * d);
        rk_axpy(d, 1.0f, dh + i * d, g + l->ages + b->age[i] * d);
    }
}

#include "learn/transformer_layers.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/vecmath.h"

#include <math.h>
#include <string.h>

/* Rows of attention taken at once: few enough that little of the upper
 * triangle is computed for nothing. */
#define TILE     64
#define ITEM_STD 0.02f

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
    float *tile;     /* (2, TILE, T) scratch */
    uint8_t *e_mask; /* (N, d) */
    block_room block[RK_TF_BLOCKS];
    float *floats; /* where all of these lie */
    uint8_t *bytes;
};


/* `*at` moves on by rows * cols floats, up to a multiple of 16; false when
 * that cannot be counted. */
static bool place(size_t *at, size_t *where, size_t rows, size_t cols)
{
    size_t n;

    *where = *at;
    return !__builtin_mul_overflow(rows, cols, &n) && n <= SIZE_MAX / 64 &&
           !__builtin_add_overflow(*at, (n + 15) / 16 * 16, at) &&
           *at <= SIZE_MAX / 64;
}


int rk_tf_layout_init(rk_tf_layout *l, const rk_tf_shape *s, rk_error *err)
{
    size_t d = s->d;
    bool fits;

    if (s->n_items == 0 || s->n_items > UINT32_MAX || d == 0 || d > 4096 ||
        d % 8 || s->heads == 0 || d % s->heads || s->blocks == 0 ||
        s->blocks > RK_TF_BLOCKS || s->context == 0 || s->context > 4096)
        return rk_fail(err, RK_EINVAL,
                       "no transformer of %zu items, width %zu, %zu heads, %zu "
                       "blocks, context %zu",
                       s->n_items, d, s->heads, s->blocks, s->context);
    *l = (rk_tf_layout){0};
    fits = place(&l->n, &l->items, s->n_items, d) &&
           place(&l->n, &l->bias, s->n_items, 1) &&
           place(&l->n, &l->ages, s->context, d) &&
           place(&l->n, &l->norm, 1, d);
    for (size_t i = 0; i < s->blocks && fits; i++) {
        rk_tf_block *b = &l->block[i];

        fits = place(&l->n, &b->norm1, 1, d) &&
               place(&l->n, &b->qkv, d, 3 * d) && place(&l->n, &b->out, d, d) &&
               place(&l->n, &b->norm2, 1, d) &&
               place(&l->n, &b->up, d, 4 * d) &&
               place(&l->n, &b->down, 4 * d, d);
    }
    return fits ? RK_OK
                : rk_fail(err, RK_EINVAL,
                          "a transformer of %zu items and width"
                          " %zu is too large",
                          s->n_items, d);
}


/* Normal numbers by pairs (Box & Muller 1958). */
static void draw(float *w, size_t n, double std, rk_rng *r)
{
    for (size_t i = 0; i < n; i += 2) {
        double size = sqrt(-2 * log(1 - rk_rng_unit(r))) * std;
        double turn = 2 * M_PI * rk_rng_unit(r);

        w[i] = (float)(size * cos(turn));
        if (i + 1 < n)
            w[i + 1] = (float)(size * sin(turn));
    }
}


static void ones(float *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] = 1;
}


/* What adds to the stream begins at half the usual size. */
void rk_tf_weights_draw(float *w, const rk_tf_layout *l, const rk_tf_shape *s,
                        uint64_t seed)
{
    size_t d = s->d;
    double std = 1 / sqrt((double)d);
    rk_rng r = {seed};

    memset(w, 0, l->n * sizeof(*w));
    draw(w + l->items, s->n_items * d, (double)ITEM_STD, &r);
    draw(w + l->ages, s->context * d, (double)ITEM_STD, &r);
    ones(w + l->norm, d);
    for (size_t i = 0; i < s->blocks; i++) {
        const rk_tf_block *b = &l->block[i];

        ones(w + b->norm1, d);
        ones(w + b->norm2, d);
        draw(w + b->qkv, 3 * d * d, std, &r);
        draw(w + b->out, d * d, std / 2, &r);
        draw(w + b->up, 4 * d * d, std, &r);
        draw(w + b->down, 4 * d * d, std / 4, &r);
    }
}


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
    r->tile = floats_take(f, &at, 2 * TILE * r->side);
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


/* Random bytes, to a multiple of 8: every mask has room for that. */
static void mask_draw(uint8_t *mask, size_t n, rk_rng *rng)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t bits = rk_rng_u64(rng);

        memcpy(mask + i, &bits, sizeof(bits));
    }
}


/* x with some of it dropped, in place; all of it stays without dropout. */
static void drop_rows(const rk_tf_room *r, float *x, uint8_t *mask, size_t n,
                      rk_rng *rng)
{
    if (!r->least)
        return;
    if (rng)
        mask_draw(mask, n, rng);
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
typedef struct head {
    size_t n;       /* positions of the window */
    size_t width;   /* d / heads */
    size_t ld;      /* 3 d */
    const float *q; /* and k d further, v 2 d further */
    size_t d;
    float *p; /* (n, side) */
    uint8_t *mask;
    float scale;
} head;


static head head_of(const rk_tf_room *r, const block_room *b,
                    const rk_tf_batch *batch, size_t window, size_t i)
{
    size_t d = r->s.d;
    size_t width = d / r->s.heads;
    size_t square = (window * r->s.heads + i) * r->side * r->side;
    size_t from = batch->start[window];

    return (head){batch->start[window + 1] - from,
                  width,
                  3 * d,
                  b->qkv + from * 3 * d + i * width,
                  d,
                  b->p + square,
                  b->p_mask + square,
                  1 / sqrtf((float)width)};
}


/* Rows [from, to) of p after dropout, in the room's tile where there is any. */
static const float *dropped(const rk_tf_room *r, const head *h, size_t from,
                            size_t to, rk_rng *rng)
{
    const rk_vecmath *vm = rk_vecmath_best();

    if (!r->least)
        return h->p + from * r->side;
    for (size_t i = from; i < to; i++) {
        uint8_t *mask = h->mask + i * r->side;

        if (rng)
            mask_draw(mask, i + 1, rng);
        vm->drop(to, h->p + i * r->side, mask, r->least, r->keep,
                 r->tile + (i - from) * r->side);
    }
    return r->tile;
}


/* p = softmax(scale q k') over what is not later, mix = drop(p) v. */
static void attend(const rk_tf_room *r, const head *h, float *mix, rk_rng *rng)
{
    const rk_vecmath *vm = rk_vecmath_best();

    for (size_t from = 0; from < h->n; from += TILE) {
        size_t to = from + TILE < h->n ? from + TILE : h->n;
        float *p = h->p + from * r->side;

        rk_gemm_block(to - from, to, h->width,
                      (rk_block){h->q + from * h->ld, h->ld, false},
                      (rk_block){h->q + h->d, h->ld, true},
                      (rk_into){p, r->side, h->scale, 0.0f});
        for (size_t i = from; i < to; i++) {
            float *row = h->p + i * r->side;
            float most = row[0];
            float sum;

            for (size_t j = 1; j <= i; j++)
                most = row[j] > most ? row[j] : most;
            sum = vm->exp_sum(i + 1, row, most);
            for (size_t j = 0; j <= i; j++)
                row[j] /= sum;
            memset(row + i + 1, 0, (to - i - 1) * sizeof(*row));
        }
        rk_gemm_block(to - from, h->width, to,
                      (rk_block){dropped(r, h, from, to, rng), r->side, false},
                      (rk_block){h->q + 2 * h->d, h->ld, false},
                      (rk_into){mix + from * h->d, h->d, 1.0f, 0.0f});
    }
}


/* dq, dk and dv (at dq, laid out as q) from dmix. The last rows come first,
 * since they reach every key: they overwrite, the others add. */
static void attend_back(const rk_tf_room *r, const head *h, const float *dmix,
                        float *dq)
{
    const rk_vecmath *vm = rk_vecmath_best();
    float *ds = r->tile + TILE * r->side;
    size_t tiles = (h->n + TILE - 1) / TILE;

    for (size_t t = tiles; t-- > 0;) {
        size_t from = t * TILE;
        size_t to = from + TILE < h->n ? from + TILE : h->n;
        size_t n = to - from;
        float add = t + 1 == tiles ? 0.0f : 1.0f;
        rk_block dout = {dmix + from * h->d, h->d, false};
        rk_block s = {ds, r->side, false};

        rk_gemm_block(to, h->width, n,
                      (rk_block){dropped(r, h, from, to, NULL), r->side, true},
                      dout, (rk_into){dq + 2 * h->d, h->ld, 1.0f, add});
        rk_gemm_block(n, to, h->width, dout,
                      (rk_block){h->q + 2 * h->d, h->ld, true},
                      (rk_into){ds, r->side, 1.0f, 0.0f});
        for (size_t i = from; i < to; i++) {
            float *row = ds + (i - from) * r->side;

            if (r->least)
                vm->drop(to, row, h->mask + i * r->side, r->least, r->keep,
                         row);
            vm->softmax_back(to, h->p + i * r->side, h->scale, row);
        }
        rk_gemm_block(n, h->width, to, s, (rk_block){h->q + h->d, h->ld, false},
                      (rk_into){dq + from * h->ld, h->ld, 1.0f, 0.0f});
        s.transpose = true;
        rk_gemm_block(to, h->width, n, s,
                      (rk_block){h->q + from * h->ld, h->ld, false},
                      (rk_into){dq + h->d, h->ld, 1.0f, add});
    }
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
            head h = head_of(r, b, batch, i, j);

            attend(r, &h, b->mix + batch->start[i] * d + j * h.width, rng);
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
            head h = head_of(r, b, batch, i, j);
            size_t from = batch->start[i];

            attend_back(r, &h, r->out + from * d + j * h.width,
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

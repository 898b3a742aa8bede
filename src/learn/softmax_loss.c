#include "learn/softmax_loss.h"

#include "core/blas.h"
#include "learn/softmax_kernels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Positions whose logits are there at once: with a few thousand items they
 * stay in the last cache. */
#define BLOCK (16 * RK_SM_ROWS)

/* Panels whose logits and items stay in the second cache while they become
 * exponents and then gradients. */
#define GROUP 10

#define PANEL RK_SM_PANEL
#define WIDE  RK_SM_WIDE
#define THIN  RK_SM_THIN

/* The columns are all items, or the draws, in the forms that the kernels take
 * (learn/softmax_kernels.h); those past the end have a bias of minus infinity.
 * One more row of the gradient, d, is that of the bias. */
typedef struct columns {
    size_t n;
    size_t d;
    size_t panels;
    size_t wide;    /* d, up to a multiple of WIDE */
    size_t thin;    /* d + 1, up to a multiple of THIN */
    float *columns; /* (panels, wide, PANEL) */
    float *by_item; /* (wide / WIDE, panels * PANEL, WIDE) */
    float *bias;    /* (panels, PANEL) */
    float *grad;    /* (panels, thin, PANEL) */
    float *logits;  /* (panels, BLOCK, PANEL) */
    float *h;       /* (BLOCK, wide) */
    float *h_thin;  /* (thin / THIN, BLOCK, THIN) positions times their weight,
                       and the weight */
    float *dh;      /* (BLOCK, wide) */
    float *most;    /* (BLOCK, 8) */
    float *sums;    /* (BLOCK, 8) */
    float shift[BLOCK];
    float weight[BLOCK]; /* scale / Z of each position */
} columns;


static size_t up_to(size_t n, size_t of)
{
    return (n + of - 1) / of * of;
}


/* Sizes for n columns of width d; false when they cannot be counted. */
static bool columns_size(columns *c, size_t n, size_t d)
{
    if (n > SIZE_MAX / 4096 || d > 65536)
        return false;
    c->n = n;
    c->d = d;
    c->panels = (n + PANEL - 1) / PANEL;
    c->wide = up_to(d, WIDE);
    c->thin = up_to(d + 1, THIN);
    return true;
}


size_t rk_softmax_room(size_t n_columns, size_t d)
{
    columns c;
    size_t per_panel;
    size_t room;

    if (!columns_size(&c, n_columns, d))
        return SIZE_MAX;
    per_panel = PANEL * (2 * c.wide + c.thin + 1 + BLOCK);
    if (__builtin_mul_overflow(c.panels, per_panel, &room) ||
        __builtin_add_overflow(room, BLOCK * (2 * c.wide + c.thin + 16), &room))
        return SIZE_MAX;
    return room;
}


static float *take(float **room, size_t n)
{
    float *piece = *room;

    *room += n;
    return piece;
}


/* Rows `of` (n), each d wide, and their bias, by item; NULL: in order. */
static void columns_pack(columns *c, const rk_softmax_items *items,
                         const uint32_t *of, const float *less, float *room)
{
    size_t padded = c->panels * PANEL;

    c->columns = take(&room, padded * c->wide);
    c->by_item = take(&room, padded * c->wide);
    c->grad = take(&room, padded * c->thin);
    c->bias = take(&room, padded);
    c->logits = take(&room, padded * BLOCK);
    c->h = take(&room, BLOCK * c->wide);
    c->h_thin = take(&room, BLOCK * c->thin);
    c->dh = take(&room, BLOCK * c->wide);
    c->most = take(&room, BLOCK * 8);
    c->sums = take(&room, BLOCK * 8);
    memset(c->grad, 0, padded * c->thin * sizeof(*c->grad));
    for (size_t j = 0; j < padded; j++) {
        size_t item = j >= c->n ? 0 : of ? of[j] : j;
        const float *row = items->rows + item * c->d;
        float *column = c->columns + j / PANEL * c->wide * PANEL + j % PANEL;

        c->bias[j] = j < c->n ? items->bias[item] - (less ? less[j] : 0)
                              : -INFINITY;
        for (size_t k = 0; k < c->wide; k++) {
            float x = j < c->n && k < c->d ? row[k] : 0;

            column[k * PANEL] = x;
            c->by_item[(k / WIDE * padded + j) * WIDE + k % WIDE] = x;
        }
    }
}


/* The gradient of the columns, to where their items have it. */
static void columns_unpack(const columns *c, const rk_softmax_items *items,
                           const uint32_t *of)
{
    for (size_t j = 0; j < c->n; j++) {
        size_t item = of ? of[j] : j;
        float *row = items->d_rows + item * c->d;
        const float *column = c->grad + j / PANEL * c->thin * PANEL + j % PANEL;

        for (size_t k = 0; k < c->d; k++)
            row[k] += column[k * PANEL];
        items->d_bias[item] += column[c->d * PANEL];
    }
}


/* Column j's logit of position i of a block of n. */
static float *logit_at(const columns *c, size_t n, size_t i, size_t j)
{
    return c->logits + (j / PANEL * n + i) * PANEL + j % PANEL;
}


static float greatest(const float *x)
{
    float most = x[0];

    for (size_t j = 1; j < 8; j++)
        most = x[j] > most ? x[j] : most;
    return most;
}


/* Logits of n positions, padded to `rows`, and the greatest of each. */
static void logits_of(columns *c, size_t n, size_t rows, const float *h)
{
    const rk_softmax_kernels *k = rk_softmax_kernels_best();

    memset(c->h, 0, rows * c->wide * sizeof(*c->h));
    for (size_t i = 0; i < n; i++)
        memcpy(c->h + i * c->wide, h + i * c->d, c->d * sizeof(*h));
    for (size_t i = 0; i < rows * 8; i++)
        c->most[i] = -INFINITY;
    for (size_t p = 0; p < c->panels; p++)
        k->logits(rows, c->wide, c->h, c->columns + p * c->wide * PANEL,
                  c->bias + p * PANEL, c->logits + p * rows * PANEL, c->most);
    for (size_t i = 0; i < rows; i++)
        c->shift[i] = greatest(c->most + i * 8);
}


/* Logits become exp(l - shift), which are summed and gathered into dh. */
static void exponents_of(columns *c, size_t rows)
{
    const rk_softmax_kernels *k = rk_softmax_kernels_best();
    size_t padded = c->panels * PANEL;

    memset(c->sums, 0, rows * 8 * sizeof(*c->sums));
    memset(c->dh, 0, rows * c->wide * sizeof(*c->dh));
    for (size_t p = 0; p < c->panels; p += GROUP) {
        size_t n = c->panels - p < GROUP ? c->panels - p : GROUP;
        float *l = c->logits + p * rows * PANEL;

        for (size_t q = 0; q < n; q++)
            k->exponents(rows, c->shift, l + q * rows * PANEL, c->sums);
        for (size_t part = 0; part < c->wide; part += WIDE)
            k->to_rows(rows, n, l,
                       c->by_item + part * padded + p * PANEL * WIDE,
                       c->dh + part, c->wide);
    }
}


static float sum_of(const float *x)
{
    return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]));
}


/* What each column gets from n positions, and dh. Dividing by Z is left to the
 * narrow sides of both products. */
static void spread(columns *c, size_t n, size_t rows, float *dh)
{
    const rk_softmax_kernels *k = rk_softmax_kernels_best();

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < c->thin; j++) {
            float x = j < c->d ? c->h[i * c->wide + j] : j == c->d ? 1 : 0;

            c->h_thin[(j / THIN * rows + i) * THIN +
                      j % THIN] = i < n ? x * c->weight[i] : 0;
        }
    for (size_t p = 0; p < c->panels; p++)
        for (size_t j = 0; j < c->thin; j += THIN)
            k->to_columns(rows, c->h_thin + j * rows,
                          c->logits + p * rows * PANEL,
                          c->grad + (p * c->thin + j) * PANEL);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c->d; j++)
            dh[i * c->d + j] = c->dh[i * c->wide + j] * c->weight[i];
}


/* What the answer's own row, bias and position get: y times `part`. */
static void answer_add(const rk_softmax_items *items, uint32_t y, float part,
                       const float *h, float *dh)
{
    const float *row = items->rows + y * items->d;
    float *d_row = items->d_rows + y * items->d;

    for (size_t j = 0; j < items->d; j++) {
        dh[j] += part * row[j];
        d_row[j] += part * h[j];
    }
    items->d_bias[y] += part;
}


static double full_block(columns *c, const rk_softmax_items *items,
                         const rk_softmax_positions *at)
{
    size_t rows = up_to(at->n, RK_SM_ROWS);
    double loss = 0;

    logits_of(c, at->n, rows, at->h);
    for (size_t i = 0; i < at->n; i++)
        loss += (double)(c->shift[i] - *logit_at(c, rows, i, at->target[i]));
    exponents_of(c, rows);
    for (size_t i = 0; i < at->n; i++) {
        float z = sum_of(c->sums + i * 8);

        c->weight[i] = at->scale / z;
        loss += log((double)z);
    }
    spread(c, at->n, rows, at->dh);
    for (size_t i = 0; i < at->n; i++)
        answer_add(items, at->target[i], -at->scale, at->h + i * c->d,
                   at->dh + i * c->d);
    return loss;
}


/* Positions of `at` from `from` on, a block of them. */
static rk_softmax_positions part_of(const rk_softmax_positions *at, size_t from,
                                    size_t d)
{
    size_t n = at->n - from < BLOCK ? at->n - from : BLOCK;

    return (rk_softmax_positions){n, at->h + from * d, at->target + from,
                                  at->scale, at->dh + from * d};
}


double rk_softmax_loss(const rk_softmax_items *items,
                       const rk_softmax_positions *at, float *room)
{
    columns c;
    double loss = 0;

    if (!columns_size(&c, items->n, items->d))
        return NAN;
    columns_pack(&c, items, NULL, NULL, room);
    for (size_t from = 0; from < at->n; from += BLOCK) {
        rk_softmax_positions part = part_of(at, from, c.d);

        loss += full_block(&c, items, &part);
    }
    columns_unpack(&c, items, NULL);
    return loss;
}


/* Draws of the answer itself count for nothing; it has a logit of its own,
 * which may be the greatest. */
static double sampled_block(columns *c, const rk_softmax_items *items,
                            const rk_softmax_positions *at,
                            const uint32_t *drawn)
{
    size_t rows = up_to(at->n, RK_SM_ROWS);
    float own[BLOCK];
    double loss = 0;

    logits_of(c, at->n, rows, at->h);
    for (size_t j = 0; j < c->n; j++)
        for (size_t i = 0; i < at->n; i++)
            if (drawn[j] == at->target[i])
                *logit_at(c, rows, i, j) = -INFINITY;
    for (size_t i = 0; i < at->n; i++) {
        uint32_t y = at->target[i];

        own[i] = items->bias[y] +
                 rk_dot(at->h + i * c->d, items->rows + y * c->d, c->d);
        c->shift[i] = own[i] > c->shift[i] ? own[i] : c->shift[i];
    }
    exponents_of(c, rows);
    for (size_t i = 0; i < at->n; i++) {
        float e = expf(own[i] - c->shift[i]);
        float z = e + sum_of(c->sums + i * 8);

        c->weight[i] = at->scale / z;
        loss += (double)(c->shift[i] - own[i]) + log((double)z);
        own[i] = e * c->weight[i] - at->scale;
    }
    spread(c, at->n, rows, at->dh);
    for (size_t i = 0; i < at->n; i++)
        answer_add(items, at->target[i], own[i], at->h + i * c->d,
                   at->dh + i * c->d);
    return loss;
}


double rk_softmax_loss_sampled(const rk_softmax_items *items,
                               const rk_softmax_positions *at,
                               const rk_softmax_sample *sample, float *room)
{
    columns c;
    double loss = 0;

    if (!columns_size(&c, sample->n, items->d))
        return NAN;
    columns_pack(&c, items, sample->item, sample->log_expected, room);
    for (size_t from = 0; from < at->n; from += BLOCK) {
        rk_softmax_positions part = part_of(at, from, c.d);

        loss += sampled_block(&c, items, &part, sample->item);
    }
    columns_unpack(&c, items, sample->item);
    return loss;
}

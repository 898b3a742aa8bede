#include "learn/softmax_loss.h"

#include "core/blas.h"
#include "core/vecmath.h"

#include <math.h>
#include <string.h>

/* Positions whose logits are there at once: with a few thousand items they
 * stay in the last cache, and the products are still large ones. */
#define BLOCK 192

/* One block: the columns are all items, or the draws. */
typedef struct columns {
    size_t n;
    size_t d;
    const float *rows; /* (n, d) */
    const float *bias; /* (n) */
    float *d_rows;
    float *d_bias;
    float *logits; /* (BLOCK, n) */
    float *weight; /* (BLOCK) scale / Z of each position */
    float *h;      /* (BLOCK, d) positions times their weight */
} columns;


size_t rk_softmax_room(size_t n_columns, size_t d, size_t n_drawn)
{
    size_t per_column = BLOCK + (n_drawn ? 2 * d + 2 : 0);
    size_t room;

    if (__builtin_mul_overflow(n_columns, per_column, &room) ||
        __builtin_add_overflow(room, BLOCK * (d + 1), &room))
        return SIZE_MAX;
    return room;
}


static float *columns_room(columns *c, float *room)
{
    c->logits = room;
    c->weight = c->logits + BLOCK * c->n;
    c->h = c->weight + BLOCK;
    return c->h + BLOCK * c->d;
}


/* Logits without their bias. */
static void logits_of(const columns *c, size_t n, const float *h)
{
    rk_gemm(false, true, n, c->n, c->d, 1.0f, h, c->rows, 0.0f, c->logits);
}


/* With `logits` now exp(l - shift): what each position and each column get.
 * Dividing by Z is left to the short sides of both products. */
static void spread(const columns *c, size_t n, const float *h, float *dh)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c->d; j++)
            c->h[i * c->d + j] = h[i * c->d + j] * c->weight[i];
    rk_gemm(false, false, n, c->d, c->n, 1.0f, c->logits, c->rows, 0.0f, dh);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c->d; j++)
            dh[i * c->d + j] *= c->weight[i];
    rk_gemm(true, false, c->n, c->d, n, 1.0f, c->logits, c->h, 1.0f, c->d_rows);
    rk_gemv_t(n, c->n, 1.0f, c->logits, c->weight, c->d_bias);
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


static double full_block(const columns *c, const rk_softmax_items *items,
                         const rk_softmax_positions *at)
{
    const rk_vecmath *vm = rk_vecmath_best();
    double loss = 0;

    logits_of(c, at->n, at->h);
    for (size_t i = 0; i < at->n; i++) {
        float *l = c->logits + i * c->n;
        float most = vm->add_max(c->n, l, c->bias);
        float answer = l[at->target[i]];
        float z = vm->exp_sum(c->n, l, most);

        c->weight[i] = at->scale / z;
        loss += (double)(most - answer) + log((double)z);
    }
    spread(c, at->n, at->h, at->dh);
    for (size_t i = 0; i < at->n; i++)
        answer_add(items, at->target[i], -at->scale, at->h + i * c->d,
                   at->dh + i * c->d);
    return loss;
}


/* Positions [from, from + n) of `at`. */
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
    columns c = {.n = items->n,
                 .d = items->d,
                 .rows = items->rows,
                 .bias = items->bias,
                 .d_rows = items->d_rows,
                 .d_bias = items->d_bias};
    double loss = 0;

    (void)columns_room(&c, room);
    for (size_t from = 0; from < at->n; from += BLOCK) {
        rk_softmax_positions part = part_of(at, from, c.d);

        loss += full_block(&c, items, &part);
    }
    return loss;
}


/* The answer has a column of its own, and draws of it count for nothing. */
static double sampled_block(const columns *c, const rk_softmax_items *items,
                            const rk_softmax_positions *at,
                            const uint32_t *drawn)
{
    const rk_vecmath *vm = rk_vecmath_best();
    float own[BLOCK];
    double loss = 0;

    logits_of(c, at->n, at->h);
    for (size_t i = 0; i < at->n; i++) {
        uint32_t y = at->target[i];
        float *l = c->logits + i * c->n;
        float answer = items->bias[y] +
                       rk_dot(at->h + i * c->d, items->rows + y * c->d, c->d);
        float most = vm->add_max(c->n, l, c->bias);
        float z;

        most = answer > most ? answer : most;
        for (size_t j = 0; j < c->n; j++)
            l[j] = drawn[j] == y ? -INFINITY : l[j];
        own[i] = expf(answer - most);
        z = own[i] + vm->exp_sum(c->n, l, most);
        c->weight[i] = at->scale / z;
        own[i] = own[i] * c->weight[i] - at->scale;
        loss += (double)(most - answer) + log((double)z);
    }
    spread(c, at->n, at->h, at->dh);
    for (size_t i = 0; i < at->n; i++)
        answer_add(items, at->target[i], own[i], at->h + i * c->d,
                   at->dh + i * c->d);
    return loss;
}


double rk_softmax_loss_sampled(const rk_softmax_items *items,
                               const rk_softmax_positions *at,
                               const rk_softmax_sample *sample, float *room)
{
    size_t d = items->d;
    columns c = {.n = sample->n, .d = d};
    float *rows = columns_room(&c, room);
    float *bias = rows + c.n * d;
    double loss = 0;

    c.rows = rows;
    c.bias = bias;
    c.d_rows = bias + c.n;
    c.d_bias = c.d_rows + c.n * d;
    memset(c.d_rows, 0, c.n * (d + 1) * sizeof(*c.d_rows));
    for (size_t j = 0; j < c.n; j++) {
        uint32_t item = sample->item[j];

        memcpy(rows + j * d, items->rows + item * d, d * sizeof(*rows));
        bias[j] = items->bias[item] - sample->log_expected[j];
    }
    for (size_t from = 0; from < at->n; from += BLOCK) {
        rk_softmax_positions part = part_of(at, from, d);

        loss += sampled_block(&c, items, &part, sample->item);
    }
    for (size_t j = 0; j < c.n; j++) {
        rk_axpy(d, 1.0f, c.d_rows + j * d, items->d_rows + sample->item[j] * d);
        items->d_bias[sample->item[j]] += c.d_bias[j];
    }
    return loss;
}

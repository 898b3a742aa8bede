/* The cross-entropy of the next item, over the whole catalogue or a sample of
 * it, and its gradient, without the matrix of all logits: some positions at a
 * time have theirs, which become weights and then gradients in place.
 *
 *   l_j = h . e_j + b_j,  loss = log sum_j exp(l_j) - l_y
 *
 * Sampled (Bengio & Senecal 2008; Jean et al. 2015): n draws with replacement
 * from q stand for the items that are not the answer,
 *
 *   Z = exp(l_y) + sum over draws j, j != y, of exp(l_j) / (n q_j)
 *
 * whose expectation is the true sum. No state; any thread. */
#ifndef RK_LEARN_SOFTMAX_LOSS_H
#define RK_LEARN_SOFTMAX_LOSS_H

#include <stddef.h>
#include <stdint.h>

typedef struct rk_softmax_items {
    size_t n;          /* items */
    size_t d;          /* a multiple of 8 */
    const float *rows; /* float32 (n, d) */
    const float *bias; /* (n) */
    float *d_rows;     /* the gradients are added to */
    float *d_bias;
} rk_softmax_items;

typedef struct rk_softmax_positions {
    size_t n;
    const float *h;         /* float32 (n, d) */
    const uint32_t *target; /* (n) */
    float scale;            /* gradients are those of scale * loss */
    float *dh;              /* (n, d), overwritten */
} rk_softmax_positions;

/* Draws for a sampled loss. */
typedef struct rk_softmax_sample {
    size_t n;
    const uint32_t *item;      /* (n) */
    const float *log_expected; /* (n) log(n q_j) */
} rk_softmax_sample;

/* Floats that `room` has for n columns, items or draws; SIZE_MAX when that
 * cannot be counted. */
size_t rk_softmax_room(size_t n_columns, size_t d);

/* Returns the sum of the losses. `room`: rk_softmax_room(items->n, d). */
double rk_softmax_loss(const rk_softmax_items *items,
                       const rk_softmax_positions *at, float *room);

/* `room`: rk_softmax_room(sample->n, d). */
double rk_softmax_loss_sampled(const rk_softmax_items *items,
                               const rk_softmax_positions *at,
                               const rk_softmax_sample *sample, float *room);

#endif

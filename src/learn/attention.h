/* One head of causal self-attention over one sequence (Vaswani et al. 2017,
 * eq. 1): forward, with dropout on the attention, and backward.
 *
 *   P = softmax(Q K' / sqrt(width)), row i over columns 0 to i
 *   mix = drop(P) V
 *
 * Queries, keys and values are columns of one matrix of rows 3 d wide: q, k = q
 * + d, v = q + 2 d. No state; any thread with its own tile. */
#ifndef RK_LEARN_ATTENTION_H
#define RK_LEARN_ATTENTION_H

#include "core/rng.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rk_attention {
    size_t n;     /* positions */
    size_t width; /* of the head */
    size_t d;     /* of all heads */
    const float *q;
    size_t side;    /* n at least, a multiple of 8 */
    float *p;       /* (n, side), kept for the way back */
    uint8_t *mask;  /* (n, side), the same */
    unsigned least; /* of a mask's byte that is kept; 0: no dropout */
    float keep;     /* what the kept are multiplied by */
    float *tile;    /* rk_attention_tile(side) floats, scratch */
} rk_attention;

size_t rk_attention_tile(size_t side);

/* Random bytes, to a multiple of 8: a mask has room for that. */
void rk_mask_draw(uint8_t *mask, size_t n, rk_rng *rng);

/* mix (n, width), in rows d wide. */
void rk_attend(const rk_attention *h, float *mix, rk_rng *rng);

/* The gradients of q, k and v, laid out as they are from dq on, overwritten,
 * from that of mix. */
void rk_attend_back(const rk_attention *h, const float *dmix, float *dq);

#endif

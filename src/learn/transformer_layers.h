/* The network of a self-attentive next-item model: forward and backward over
 * windows of histories of different lengths, one after another without
 * padding.
 *
 *   x = e_i sqrt(d) + p_age           age 0 at the end of a window
 *   x = x + drop(Attention(norm(x)))  causal, several heads
 *   x = x + drop(W2 GELU(W1 norm(x))) and so for each block
 *   h = norm(x)
 *
 * (Kang & McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, with
 * the norms before the layers and a GELU of width 4 d.) Item embeddings are
 * those that the logits are made with. Weights lie in one array, their
 * gradient in another of the same layout. */
#ifndef RK_LEARN_TRANSFORMER_LAYERS_H
#define RK_LEARN_TRANSFORMER_LAYERS_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rk_tf_shape {
    size_t n_items;
    size_t d; /* a multiple of 8 and of heads */
    size_t blocks;
    size_t heads;
    size_t context;
} rk_tf_shape;

/* Where a block's weights begin. */
typedef struct rk_tf_block {
    size_t norm1; /* (d) */
    size_t qkv;   /* (d, 3 d) */
    size_t out;   /* (d, d) */
    size_t norm2; /* (d) */
    size_t up;    /* (d, 4 d) */
    size_t down;  /* (4 d, d) */
} rk_tf_block;

#define RK_TF_BLOCKS 16

typedef struct rk_tf_layout {
    size_t items; /* (n_items, d) */
    size_t bias;  /* (n_items) */
    size_t ages;  /* (context, d) */
    size_t norm;  /* (d) the last one's gain */
    rk_tf_block block[RK_TF_BLOCKS];
    size_t n; /* floats in all, a multiple of 16 */
} rk_tf_layout;

/* RK_EINVAL: a shape that cannot be, or too large to count. */
int rk_tf_layout_init(rk_tf_layout *l, const rk_tf_shape *s, rk_error *err);

/* Random weights (l->n), by seed. */
void rk_tf_weights_draw(float *w, const rk_tf_layout *l, const rk_tf_shape *s,
                        uint64_t seed);

/* Windows, one after another: window i is positions [start[i], start[i + 1]),
 * at most `context` of them. */
typedef struct rk_tf_batch {
    size_t n_windows;
    const uint32_t *start; /* (n_windows + 1), from 0 */
    const uint32_t *item;  /* (positions) */
    const uint32_t *age;   /* (positions) below context */
} rk_tf_batch;

/* What one thread needs for up to so many positions and windows. */
typedef struct rk_tf_room rk_tf_room;

int rk_tf_room_new(rk_tf_room **out, const rk_tf_shape *s, size_t n_positions,
                   size_t n_windows, rk_error *err);
void rk_tf_room_free(rk_tf_room *r);
double rk_tf_room_bytes(const rk_tf_shape *s, size_t n_positions,
                        size_t n_windows);

/* `dropout` in [0, 1), to the nearest 1/256, drawn with `seed`; 0: none.
 * Returns h, float32 (positions, d), the room's own until its next forward. */
const float *rk_tf_forward(rk_tf_room *r, const rk_tf_layout *l, const float *w,
                           const rk_tf_batch *b, float dropout, uint64_t seed);

/* Of the last forward, with the same arguments: adds to the gradient g (l->n)
 * what follows from dh (positions, d), which is overwritten. */
void rk_tf_backward(rk_tf_room *r, const rk_tf_layout *l, const float *w,
                    const rk_tf_batch *b, float *dh, float *g);

#endif

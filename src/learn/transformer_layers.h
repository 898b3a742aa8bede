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
 * those that the logits are made with. */
#ifndef RK_LEARN_TRANSFORMER_LAYERS_H
#define RK_LEARN_TRANSFORMER_LAYERS_H

#include "learn/transformer_weights.h"

#include <stddef.h>
#include <stdint.h>

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

/* The weights of learn/transformer_layers.h: all in one array, as are their
 * gradient and an optimiser's moments, in the same layout. */
#ifndef RK_LEARN_TRANSFORMER_WEIGHTS_H
#define RK_LEARN_TRANSFORMER_WEIGHTS_H

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

#endif

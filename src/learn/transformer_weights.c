#include "learn/transformer_weights.h"

#include "core/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ITEM_STD 0.02


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
    draw(w + l->items, s->n_items * d, ITEM_STD, &r);
    draw(w + l->ages, s->context * d, ITEM_STD, &r);
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

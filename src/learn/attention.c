#include "learn/attention.h"

#include "core/blas.h"
#include "core/vecmath.h"

#include <math.h>
#include <string.h>

/* Rows taken at once: few enough that little of the upper triangle is computed
 * for nothing. */
#define TILE ((size_t)64)


size_t rk_attention_tile(size_t side)
{
    return 2 * TILE * side;
}


void rk_mask_draw(uint8_t *mask, size_t n, rk_rng *rng)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t bits = rk_rng_u64(rng);

        memcpy(mask + i, &bits, sizeof(bits));
    }
}


/* Rows [from, to) of p after dropout, in the room's tile where there is any. */
static const float *dropped(const rk_attention *h, size_t from, size_t to,
                            rk_rng *rng)
{
    const rk_vecmath *vm = rk_vecmath_best();

    if (!h->least)
        return h->p + from * h->side;
    for (size_t i = from; i < to; i++) {
        uint8_t *mask = h->mask + i * h->side;

        if (rng)
            rk_mask_draw(mask, i + 1, rng);
        vm->drop(to, h->p + i * h->side, mask, h->least, h->keep,
                 h->tile + (i - from) * h->side);
    }
    return h->tile;
}


/* p = softmax(scale q k') over what is not later, mix = drop(p) v. */
void rk_attend(const rk_attention *h, float *mix, rk_rng *rng)
{
    const rk_vecmath *vm = rk_vecmath_best();
    const float scale = 1 / sqrtf((float)h->width);
    const size_t ld = 3 * h->d;

    for (size_t from = 0; from < h->n; from += TILE) {
        size_t to = from + TILE < h->n ? from + TILE : h->n;
        float *p = h->p + from * h->side;

        rk_gemm_block(to - from, to, h->width,
                      (rk_block){h->q + from * ld, ld, false},
                      (rk_block){h->q + h->d, ld, true},
                      (rk_into){p, h->side, scale, 0.0f});
        for (size_t i = from; i < to; i++) {
            float *row = h->p + i * h->side;
            float sum = vm->exp_sum(i + 1, row, vm->max(i + 1, row));

            for (size_t j = 0; j <= i; j++)
                row[j] /= sum;
            memset(row + i + 1, 0, (to - i - 1) * sizeof(*row));
        }
        rk_gemm_block(to - from, h->width, to,
                      (rk_block){dropped(h, from, to, rng), h->side, false},
                      (rk_block){h->q + 2 * h->d, ld, false},
                      (rk_into){mix + from * h->d, h->d, 1.0f, 0.0f});
    }
}


/* dq, dk and dv (at dq, laid out as q) from dmix. The last rows come first,
 * since they reach every key: they overwrite, the others add. */
void rk_attend_back(const rk_attention *h, const float *dmix, float *dq)
{
    const rk_vecmath *vm = rk_vecmath_best();
    const float scale = 1 / sqrtf((float)h->width);
    const size_t ld = 3 * h->d;
    float *ds = h->tile + TILE * h->side;
    size_t tiles = (h->n + TILE - 1) / TILE;

    for (size_t t = tiles; t-- > 0;) {
        size_t from = t * TILE;
        size_t to = from + TILE < h->n ? from + TILE : h->n;
        size_t n = to - from;
        float add = t + 1 == tiles ? 0.0f : 1.0f;
        rk_block dout = {dmix + from * h->d, h->d, false};
        rk_block s = {ds, h->side, false};

        rk_gemm_block(to, h->width, n,
                      (rk_block){dropped(h, from, to, NULL), h->side, true},
                      dout, (rk_into){dq + 2 * h->d, ld, 1.0f, add});
        rk_gemm_block(n, to, h->width, dout,
                      (rk_block){h->q + 2 * h->d, ld, true},
                      (rk_into){ds, h->side, 1.0f, 0.0f});
        for (size_t i = from; i < to; i++) {
            float *row = ds + (i - from) * h->side;

            if (h->least)
                vm->drop(to, row, h->mask + i * h->side, h->least, h->keep,
                         row);
            vm->softmax_back(to, h->p + i * h->side, scale, row);
        }
        rk_gemm_block(n, h->width, to, s, (rk_block){h->q + h->d, ld, false},
                      (rk_into){dq + from * ld, ld, 1.0f, 0.0f});
        s.transpose = true;
        rk_gemm_block(to, h->width, n, s,
                      (rk_block){h->q + from * ld, ld, false},
                      (rk_into){dq + h->d, ld, 1.0f, add});
    }
}

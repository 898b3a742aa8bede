#include "learn/text_kernel.h"

#include "core/blas.h"

#include <math.h>
#include <string.h>

#define GAMMA       1.0f
#define TOKEN_SCALE 0.35f /* of a token beside a vector of length one */


void rk_text_sides(const rk_side *side, size_t n, size_t n_tokens, float *f)
{
    size_t wide = side->d + n_tokens;

    for (size_t i = 0; i < n; i++) {
        float *to = f + i * wide;

        memcpy(to, side->vectors + i * side->d, side->d * sizeof(*to));
        memset(to + side->d, 0, n_tokens * sizeof(*to));
        for (uint64_t k = n_tokens ? side->tokens->start[i] : 0;
             n_tokens && k < side->tokens->start[i + 1]; k++)
            to[side->d + side->tokens->col[k]] = TOKEN_SCALE *
                                                 side->tokens->value[k];
    }
}


void rk_text_kernel(const float *f, size_t n, const float *landmarks, size_t m,
                    size_t wide, float *x)
{
    rk_gemm(false, true, n, m, wide, 2 * GAMMA, f, landmarks, 0, x);
    for (size_t k = 0; k < m; k++) {
        const float *l = landmarks + k * wide;
        float size = rk_dot(l, l, wide);

        for (size_t i = 0; i < n; i++)
            x[i * m + k] -= GAMMA * size;
    }
    for (size_t i = 0; i < n; i++) {
        float size = rk_dot(f + i * wide, f + i * wide, wide);

        for (size_t k = 0; k < m; k++)
            x[i * m + k] = expf(x[i * m + k] - GAMMA * size);
    }
}

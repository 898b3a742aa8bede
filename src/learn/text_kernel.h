/* How alike the texts of two items are, for learn/text_map.h: a Gaussian kernel
 * of their vectors and tokens side by side. Any thread. */
#ifndef RK_LEARN_TEXT_KERNEL_H
#define RK_LEARN_TEXT_KERNEL_H

#include "learn/learner.h"

/* f of n items, float32 (n, side->d + n_tokens), overwritten: the vector, then
 * each token's weight times 0.35. `n_tokens` is the side's, or 0 to leave the
 * tokens out. */
void rk_text_sides(const rk_side *side, size_t n, size_t n_tokens, float *f);

/* x float32 (n, m), overwritten: exp(-|f_i - l_k|^2) of f (n, wide) and
 * landmarks (m, wide). */
void rk_text_kernel(const float *f, size_t n, const float *landmarks, size_t m,
                    size_t wide, float *x);

#endif

/* An item-to-item matrix from what is known of items besides events: EASE over
 * the columns of their vectors (Moon et al., "LLM-Enhanced Linear
 * Autoencoders", CIKM 2025). For V float32 (n_items, d),
 *
 *   P = (V V' + lambda I)^-1,  C_ij = -P_ij / P_jj,  C_jj = 0
 *
 * By Woodbury's identity P = (I - S) / lambda with S = V (V'V + lambda I)^-1
 * V', so that C_ij = S_ij / (1 - S_jj): only (d, d) is inverted, and C is never
 * stored but as two (n_items, d). Immutable once made; any thread. */
#ifndef RK_LEARN_SEMANTIC_H
#define RK_LEARN_SEMANTIC_H

#include "core/error.h"
#include "data/csr.h"

typedef struct rk_semantic {
    size_t n_items;
    size_t d;
    float *v;     /* (n_items, d) */
    float *right; /* (n_items, d): S_ij = v_i . right_j */
    float *self;  /* (n_items) S_jj, in 0 to 1 */
} rk_semantic;

/* Of vectors (n_items, d), which are centred and brought to length one first:
 * what all texts share says nothing about which go together. RK_EINVAL (a
 * lambda that is not over 0), RK_ENOMEM; after a failure there is nothing to
 * clear. */
int rk_semantic_of_vectors(rk_semantic *out, const float *vectors,
                           size_t n_items, size_t d, float lambda,
                           rk_error *err);

/* Of tokens (n_items, n_tokens), as they are. */
int rk_semantic_of_tokens(rk_semantic *out, const rk_csr *tokens, float lambda,
                          rk_error *err);
void rk_semantic_clear(rk_semantic *s);

/* b float32 (n_items, n_items) += weight C. RK_ENOMEM. */
int rk_semantic_add(const rk_semantic *s, float weight, float *b,
                    rk_error *err);

/* EASE held to C (L3AE): with P = (G + lambda I)^-1 for the Gram matrix
 * G of the histories and M = P C,
 *
 *   B_ij = E M_ij - P_ij (1 + E M_jj) / P_jj,  B_jj = 0
 *
 * which is argmin |X - XB|^2 + (lambda - E) |B|^2 + E |B - C|^2 with a zero
 * diagonal. P float32 (n_items, n_items), both triangles, becomes B in place;
 * since C is two (n_items, d), so is M but for P itself. RK_ENOMEM. */
int rk_semantic_join(const rk_semantic *s, float e, float *p, rk_error *err);

#endif

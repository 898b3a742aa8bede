/* Sign codes: one bit a component, and a bound on what the bits hide.
 *
 * A vector less the mean, u = R (v - m), is turned by a random rotation R and
 * kept as the signs b of its D components, where D is the power of two at or
 * above d. Then
 *
 *   <q, v> = <q, m> + |u|^2 / |u|_1 <b, R q> + error
 *
 * where the error is |q| |u| sqrt((1 - c^2) / (c^2 (D - 1))) times a number of
 * deviation one, c = |u|_1 / (|u| sqrt(D)), whatever the vectors are, since the
 * rotation is random (RaBitQ: Gao, Long 2024, theorem 3.2). A vector is scored
 * in float32 unless the estimate plus three deviations stays below the k-th
 * best score so far: a true neighbour at the very threshold is missed once in
 * 700 times, one above it less often.
 *
 * The rotation is two rounds of random signs and a Walsh-Hadamard transform.
 * D / 8 + 8 bytes a vector. Immutable; any thread. */
#ifndef RK_VECTOR_BITS_H
#define RK_VECTOR_BITS_H

#include "vector/index.h"

/* Of the first n vectors (n, d), which are borrowed for the call. RK_ENOMEM. */
int rk_bits_new(rk_bits **out, const float *vectors, size_t n, size_t d,
                rk_error *err);
void rk_bits_free(rk_bits *b);
size_t rk_bits_count(const rk_bits *b);

/* Leaves the best of the n positions in `best` (empty before), scored in
 * float32. The vectors of `x` begin with those that the codes were made of.
 * What is found does not depend on the number of threads. RK_ENOMEM. */
int rk_bits_search(const rk_bits *b, const rk_index *x, const rk_seek *s,
                   rk_topk *best, rk_error *err);

#endif

/* Nearest vectors by inner product, exactly.
 *
 *   vectors  float32 (n, d), row-major; L2-normalised vectors make the inner
 *            product the cosine
 *
 * Two ways to search the same index: `RK_SEARCH_F32` reads every float and is
 * the oracle; `RK_SEARCH_I8` scans one signed byte a component with one scale
 * a vector (a quarter of the bytes, and the scan is bound by bytes) and
 * rescores the best 4 k + 32 in float32. Kernels are chosen at run time
 * (AVX-512 VNNI, AVX2, portable).
 *
 * A search is O(n d + n log k). An index that is not being added to may be
 * searched by any number of threads. */
#ifndef RK_VECTOR_VECTOR_H
#define RK_VECTOR_VECTOR_H

#include "core/error.h"
#include "core/topk.h"

typedef struct rk_index rk_index;

enum rk_search { RK_SEARCH_I8, RK_SEARCH_F32 };

/* An empty index of dimension d (1 to 8192). */
int rk_index_new(rk_index **out, size_t d, rk_error *err);
void rk_index_free(rk_index *x);

/* Appends n vectors (copied); their positions follow the last ones. A value
 * that is not finite or a norm over 1e4 is refused with RK_EFORMAT, naming
 * row and column, and nothing is added. */
int rk_index_add(rk_index *x, const float *vectors, size_t n, rk_error *err);

size_t rk_index_count(const rk_index *x);
/* Borrowed until the next add. */
const float *rk_index_vector(const rk_index *x, size_t position);

/* The k nearest to `query` float32 (d), best first, ties by lower position,
 * in `hits` (room for k); *n is how many there are. `skip`, if not NULL,
 * returns true for positions to leave out; several threads may call it at
 * once, since a search over more than 8 MiB uses all cores. RK_EINVAL for a
 * query that is not finite or has a norm over 1e30, RK_ENOMEM. */
int rk_index_search(const rk_index *x, const float *query, size_t k,
                    enum rk_search how,
                    bool (*skip)(const void *ctx, uint32_t position),
                    const void *ctx, rk_hit *hits, size_t *n, rk_error *err);

/* The kernels, for tests and benchmarks: each agrees with the portable one.
 * rk_dot_i8 sums products of signed bytes exactly. */
float rk_dot_f32(const float *a, const float *b, size_t d);
int32_t rk_dot_i8(const int8_t *a, const int8_t *b, size_t d);
float rk_dot_f32_portable(const float *a, const float *b, size_t d);
int32_t rk_dot_i8_portable(const int8_t *a, const int8_t *b, size_t d);
const char *rk_kernels_name(void); /* "avx512vnni", "avx2", "portable" */

typedef struct rk_kernels {
    const char *name;
    float (*dot_f32)(const float *a, const float *b, size_t d);
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t d);
} rk_kernels;

/* The i-th best kernels that this processor runs; NULL past the last, which
 * is the portable one. The 0-th is the one in use. */
const rk_kernels *rk_kernels_at(size_t i);

#endif

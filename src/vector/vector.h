/* Nearest vectors by inner product.
 *
 *   vectors  float32 (n, d), row-major; L2-normalised vectors make the inner
 *            product the cosine
 *
 * Four ways to search the same index, all of which give scores in float32:
 *
 *   RK_SEARCH_F32   reads every float: the oracle
 *   RK_SEARCH_I8    scans one signed byte a component with one scale a vector
 *                   and rescores the best 4 k + 32
 *   RK_SEARCH_BITS  scans one bit a component (vector/bits.h) and rescores
 *                   what the bits cannot rule out; recall over .999
 *   RK_SEARCH_GRAPH walks a graph of neighbours (vector/graph.h) and rescores
 *                   what it comes by; recall measured when it was built
 *
 * The first two need nothing, the others what rk_index_prepare() makes. What
 * is added after it they find by a scan of the bytes.
 *
 * A scan is O(n d + n log k). An index that is neither added to nor prepared
 * may be searched by any number of threads. */
#ifndef RK_VECTOR_VECTOR_H
#define RK_VECTOR_VECTOR_H

#include "core/error.h"
#include "core/topk.h"
#include "vector/kernels.h"

typedef struct rk_index rk_index;

enum rk_search {
    RK_SEARCH_I8,
    RK_SEARCH_F32,
    RK_SEARCH_BITS,
    RK_SEARCH_GRAPH,
    RK_SEARCH_BEST /* what rk_index_prepare() settled on; else I8 */
};

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

/* What RK_SEARCH_BEST should be for n vectors of dimension d, by the bytes
 * that a search reads; `graph`: many searches are worth a long build. */
enum rk_search rk_search_choose(size_t n, size_t d, bool graph);

/* Makes what the way of rk_search_choose() needs and measures the recall of
 * the ten nearest, against RK_SEARCH_I8, with up to 100 of the vectors as
 * queries. A graph is searched wider until its recall is .95; what does not
 * reach its recall is dropped for the next simpler way, so ask
 * rk_index_best(). A graph takes minutes for a million vectors. The same
 * vectors give the same graph. RK_ENOMEM, RK_EBACKEND: the index is as it was,
 * without what an earlier call had made. */
int rk_index_prepare(rk_index *x, bool graph, rk_error *err);

/* Never RK_SEARCH_BEST; and the recall that was measured (1 without). */
enum rk_search rk_index_best(const rk_index *x, double *recall);

/* The k nearest to `query` float32 (d), best first, ties by lower position,
 * in `hits` (room for k); *n is how many there are. `skip`, if not NULL,
 * returns true for positions to leave out; several threads may call it at
 * once, since a search over more than 8 MiB uses all cores. RK_EINVAL for a
 * query that is not finite or has a norm over 1e30, or a way that was not
 * prepared; RK_ENOMEM, RK_EBACKEND. */
int rk_index_search(const rk_index *x, const float *query, size_t k,
                    enum rk_search how,
                    bool (*skip)(const void *ctx, uint32_t position),
                    const void *ctx, rk_hit *hits, size_t *n, rk_error *err);

/* rk_index_search for queries float32 (n_queries, d), one on each core at a
 * time, in the best way: `hits` (n_queries, k), n (n_queries). */
int rk_index_search_many(const rk_index *x, const float *queries,
                         size_t n_queries, size_t k, rk_hit *hits, size_t *n,
                         rk_error *err);

#endif

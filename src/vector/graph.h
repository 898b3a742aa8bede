/* A hierarchical navigable small world graph (Malkov, Yashunin 2016) over the
 * signed bytes, by hnswlib: the one place that includes it is graph.cc. Each
 * vector has 16 neighbours (32 in the lowest layer) chosen among 200.
 *
 * The graph keeps its own copy of the bytes, beside the links that lead from
 * them: d + 150 bytes a vector. It is built on one thread, so that the same
 * vectors give the same graph. Immutable; any thread. */
#ifndef RK_VECTOR_GRAPH_H
#define RK_VECTOR_GRAPH_H

#include "core/error.h"
#include "core/topk.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rk_graph rk_graph;

/* codes (n, d), scales (n): borrowed for the call. RK_ENOMEM, RK_EBACKEND. */
int rk_graph_new(rk_graph **out, const int8_t *codes, const float *scales,
                 size_t n, size_t d, rk_error *err);
void rk_graph_free(rk_graph *g);
size_t rk_graph_count(const rk_graph *g);

/* The `ef` nearest to the query `codes` (d) that a walk comes by, best first,
 * in `hits` (room for ef), scored in bytes times the vector's scale; *n is how
 * many. RK_ENOMEM, RK_EBACKEND. */
int rk_graph_search(const rk_graph *g, const int8_t *codes, size_t ef,
                    rk_hit *hits, size_t *n, rk_error *err);

#ifdef __cplusplus
}
#endif

#endif

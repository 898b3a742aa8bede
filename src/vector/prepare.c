#include "core/mem.h"
#include "core/rng.h"
#include "vector/bits.h"
#include "vector/graph.h"
#include "vector/index.h"

/* Below this many bytes of codes the bits have nothing to win: the query's
 * rotation and tables cost as much as the scan they would save. */
#define BITS_FROM_BYTES (2u << 20)
/* Below this many vectors a walk's random reads cost what a scan does. */
#define GRAPH_FROM 20000

#define N_SAMPLES    100
#define K            10
#define FIRST_EF     32
#define LAST_EF      1024
#define BITS_RECALL  0.99
#define GRAPH_RECALL 0.95


enum rk_search rk_search_choose(size_t n, size_t d, bool graph)
{
    if (graph && n >= GRAPH_FROM)
        return RK_SEARCH_GRAPH;
    return d && n >= BITS_FROM_BYTES / d ? RK_SEARCH_BITS : RK_SEARCH_I8;
}


enum rk_search rk_index_best(const rk_index *x, double *recall)
{
    *recall = x->recall;
    return x->best;
}


/* How many of `want` (n) are found in `got`: scores at the end of the list may
 * be equal, so what scores as much counts. */
static size_t found(const rk_hit *got, size_t n_got, const rk_hit *want,
                    size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n_got && n; i++)
        count += got[i].score >= want[n - 1].score;
    return count < n ? count : n;
}


/* The recall of `how` for some of the vectors themselves. */
static int recall_measure(const rk_index *x, enum rk_search how, double *recall,
                          rk_error *err)
{
    rk_rng rng = {1};
    size_t hit = 0;
    size_t all = 0;

    for (size_t i = 0; i < N_SAMPLES && i < x->n; i++) {
        const float *query = rk_index_vector(
            x, rk_rng_below(&rng, (uint32_t)x->n));
        rk_hit want[K];
        rk_hit got[K];
        size_t n_want;
        size_t n_got;
        int rc = rk_index_search(x, query, K, RK_SEARCH_I8, NULL, NULL, want,
                                 &n_want, err);

        if (rc == RK_OK)
            rc = rk_index_search(x, query, K, how, NULL, NULL, got, &n_got,
                                 err);
        if (rc != RK_OK)
            return rc;
        hit += found(got, n_got, want, n_want);
        all += n_want;
    }
    *recall = all ? (double)hit / (double)all : 1;
    return RK_OK;
}


static void forget(rk_index *x)
{
    rk_bits_free(x->bits);
    rk_graph_free(x->graph);
    x->bits = NULL;
    x->graph = NULL;
    x->best = RK_SEARCH_I8;
    x->recall = 1;
}


static int bits_prepare(rk_index *x, rk_error *err)
{
    int rc = rk_bits_new(&x->bits, x->vectors, x->n, x->d, err);

    if (rc == RK_OK)
        rc = recall_measure(x, RK_SEARCH_BITS, &x->recall, err);
    if (rc != RK_OK)
        return rc;
    if (x->recall < BITS_RECALL)
        forget(x);
    else
        x->best = RK_SEARCH_BITS;
    return RK_OK;
}


static int graph_prepare(rk_index *x, rk_error *err)
{
    double recall = 0;
    int rc = rk_graph_new(&x->graph, x->codes, x->scales, x->n, x->d, err);

    for (x->ef = FIRST_EF; rc == RK_OK; x->ef *= 2) {
        rc = recall_measure(x, RK_SEARCH_GRAPH, &recall, err);
        if (recall >= GRAPH_RECALL || x->ef >= LAST_EF)
            break;
    }
    if (rc != RK_OK)
        return rc;
    if (recall >= GRAPH_RECALL) {
        x->best = RK_SEARCH_GRAPH;
        x->recall = recall;
    } else {
        rk_graph_free(x->graph);
        x->graph = NULL;
    }
    return RK_OK;
}


int rk_index_make(rk_index *x, enum rk_search how, rk_error *err)
{
    enum rk_search scan = rk_search_choose(x->n, x->d, false);
    int rc = RK_OK;

    forget(x);
    if (how == RK_SEARCH_BITS ||
        (how == RK_SEARCH_GRAPH && scan == RK_SEARCH_BITS))
        rc = bits_prepare(x, err);
    if (rc == RK_OK && how == RK_SEARCH_GRAPH)
        rc = graph_prepare(x, err);
    if (rc != RK_OK)
        forget(x);
    return rc;
}


int rk_index_prepare(rk_index *x, bool graph, rk_error *err)
{
    return rk_index_make(x, rk_search_choose(x->n, x->d, graph), err);
}

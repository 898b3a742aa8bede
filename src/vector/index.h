/* The inside of an index, for the files of this room. */
#ifndef RK_VECTOR_INDEX_H
#define RK_VECTOR_INDEX_H

#include "vector/vector.h"

enum { RK_MAX_D = 8192 };

typedef struct rk_bits rk_bits;
typedef struct rk_graph rk_graph;

struct rk_index {
    size_t d;
    size_t n;
    size_t cap;
    float *vectors; /* (n, d) */
    int8_t *codes;  /* (n, d) round(v / scale) */
    float *scales;  /* (n) max-abs / 127 */

    /* Of the positions there were at the last rk_index_prepare(). */
    rk_bits *bits;
    rk_graph *graph;
    size_t ef; /* how many neighbours a walk of the graph keeps */
    enum rk_search best;
    double recall; /* of `best`, as measured */
};

/* One search. */
typedef struct rk_seek {
    const float *query;  /* (d) */
    const int8_t *codes; /* (d) of the query */
    float scale;         /* of the codes */
    bool (*skip)(const void *ctx, uint32_t position);
    const void *ctx;
    bool alone; /* on the calling thread only */
} rk_seek;

static inline bool rk_seek_skips(const rk_seek *s, uint32_t position)
{
    return s->skip && s->skip(s->ctx, position);
}

/* Signed bytes with max-abs at 127; returns the scale, 0 for a zero vector. */
float rk_codes_write(int8_t *codes, const float *v, size_t d);

/* flat.c: adds the best of positions [begin, n) to `best`, scored in float32.
 * `how` is RK_SEARCH_I8 or RK_SEARCH_F32. RK_ENOMEM. */
int rk_flat_search(const rk_index *x, const rk_seek *s, size_t begin,
                   enum rk_search how, rk_topk *best, rk_error *err);

/* prepare.c: rk_index_prepare() for a given way, whatever the size. */
int rk_index_make(rk_index *x, enum rk_search how, rk_error *err);

#endif

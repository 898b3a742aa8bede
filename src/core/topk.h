/* The k best of a stream of scores, in O(n log k). Equal scores: the lower
 * index wins, so that the order never depends on chance. */
#ifndef RK_CORE_TOPK_H
#define RK_CORE_TOPK_H

#include <stddef.h>
#include <stdint.h>

typedef struct rk_hit {
    uint32_t index;
    float score; /* higher is better */
} rk_hit;

typedef struct rk_topk {
    rk_hit *heap; /* the worst kept hit on top */
    size_t k;
    size_t n;
} rk_topk;

/* `room` holds k hits and stays the caller's. */
void rk_topk_init(rk_topk *t, rk_hit *room, size_t k);
void rk_topk_add(rk_topk *t, uint32_t index, float score);

/* Sorts the kept hits, best first, into `room`; returns how many. */
size_t rk_topk_finish(rk_topk *t);

/* Sorts hits best first, ties by lower index. */
void rk_hits_sort(rk_hit *hits, size_t n);

#endif

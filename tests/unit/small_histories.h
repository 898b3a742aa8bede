/* Histories made by hand, for tests of learners. */
#ifndef RK_TESTS_SMALL_HISTORIES_H
#define RK_TESTS_SMALL_HISTORIES_H

#include "core/mem.h"
#include "core/rng.h"
#include "data/histories.h"


/* Walks on a ring of items, so that there is something to learn: each of n
 * users has 1 to `most` different items. start (n + 1), the first set; item
 * (start[0] + n * most). 2 * most may not exceed n_items + 1. */
static inline void ring_walks(size_t n, size_t n_items, size_t most,
                              size_t *start, uint32_t *item, rk_rng *r)
{
    for (size_t u = 0; u < n; u++) {
        size_t len = 1 + rk_rng_below(r, (uint32_t)most);
        uint32_t at = rk_rng_below(r, (uint32_t)n_items);

        start[u + 1] = start[u] + len;
        for (size_t i = 0; i < len; i++) {
            item[start[u] + i] = at;
            at = (at + 1 + rk_rng_below(r, 2)) % (uint32_t)n_items;
        }
    }
}


/* Histories that are such walks. Freed with rk_histories_free(). */
static inline rk_histories *small_histories(size_t n_users, size_t n_items,
                                            size_t most, uint64_t seed)
{
    rk_histories *h = rk_calloc(1, sizeof(*h));
    size_t *start = rk_calloc(n_users + 1, sizeof(*start));
    uint32_t *item = rk_calloc(n_users * most, sizeof(*item));
    rk_rng r = {seed};

    ring_walks(n_users, n_items, most, start, item, &r);
    *h = (rk_histories){n_users, n_items, start, item};
    return h;
}

#endif

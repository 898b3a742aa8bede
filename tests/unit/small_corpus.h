/* Histories made by hand, for tests of learners: a corpus without the records
 * and ids that learning does not look at. */
#ifndef RK_TESTS_SMALL_CORPUS_H
#define RK_TESTS_SMALL_CORPUS_H

#include "core/mem.h"
#include "core/rng.h"
#include "data/corpus.h"


/* Room for `per_user` events of each user, all zero. */
static inline rk_corpus small_corpus_new(size_t n_users, size_t n_items,
                                         size_t per_user)
{
    rk_corpus c = {.n_users = n_users, .n_items = n_items};

    c.start = rk_calloc(n_users + 1, sizeof(*c.start));
    c.seen = rk_calloc(n_users * per_user, sizeof(*c.seen));
    for (size_t u = 0; u <= n_users; u++)
        c.start[u] = u * per_user;
    return c;
}


/* Items at random, six in ten liked, two disliked, two merely seen; some
 * items come twice in a history. */
static inline rk_corpus small_corpus_random(size_t n_users, size_t n_items,
                                            size_t per_user, uint64_t seed)
{
    rk_corpus c = small_corpus_new(n_users, n_items, per_user);
    rk_rng r = {seed};

    for (size_t i = 0; i < c.start[n_users]; i++) {
        uint32_t dice = rk_rng_below(&r, 10);

        c.seen[i].item = rk_rng_below(&r, (uint32_t)n_items);
        c.seen[i].label = dice < 6 ? 1 : dice < 8 ? -1 : 0;
        c.seen[i].at_us = (int64_t)i;
    }
    return c;
}


static inline void small_corpus_clear(rk_corpus *c)
{
    free(c->start);
    free(c->seen);
}

#endif

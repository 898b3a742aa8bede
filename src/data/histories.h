/* Who had which items, in order: what learners of "what comes next" see.
 * Positions are dense. Immutable; any thread. */
#ifndef RK_DATA_HISTORIES_H
#define RK_DATA_HISTORIES_H

#include "data/corpus.h"

typedef struct rk_histories {
    size_t n_users;
    size_t n_items;
    const size_t *start;  /* (n_users + 1) */
    const uint32_t *item; /* (start[n_users]), each user's oldest first */
} rk_histories;

/* A corpus's likes (label > 0), an item that a user liked again at its first
 * place only. Free it with rk_histories_free(). */
int rk_histories_new(rk_histories **out, const rk_corpus *c, rk_error *err);
void rk_histories_free(rk_histories *h);

/* Users [first, first + n) alone: a view into `h`, which must outlive it. */
rk_histories rk_histories_part(const rk_histories *h, size_t first, size_t n);

#endif

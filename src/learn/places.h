/* Where each item stands in the histories: rk_histories turned over. A row of
 * an item-to-item matrix is then summed in one place, by one thread, from
 * users in their order, so that the sum does not depend on the number of
 * threads and the row stays in the cache. Any thread may read. */
#ifndef RK_LEARN_PLACES_H
#define RK_LEARN_PLACES_H

#include "data/histories.h"

typedef struct rk_place {
    uint32_t user;
    uint32_t at; /* 0 is the user's oldest */
} rk_place;

typedef struct rk_places {
    size_t n_items;
    size_t *start;   /* (n_items + 1), owned */
    rk_place *place; /* (start[n_items]), each item's by user, then at */
} rk_places;

/* RK_ENOMEM; after a failure there is nothing to clear. */
int rk_places_init(rk_places *p, const rk_histories *h, rk_error *err);
void rk_places_clear(rk_places *p);

/* The upper triangle (j >= i) of the Gram matrix of the histories, each item
 * counted once a user: g float32 (n_items, n_items), that triangle is
 * overwritten and the rest left as it was. g[i][j] is how many users had both,
 * exact up to 2^24. RK_ENOMEM. */
int rk_places_gram(const rk_histories *h, float *g, rk_error *err);

/* How many bytes the two hold while they work, the matrix not counted. */
double rk_places_bytes(const rk_histories *h);

#endif

/* The categories of a catalogue's items, and how alike two items are by them:
 * what the diversity of a list is measured with. Immutable; any thread. */
#ifndef RK_EVAL_KINDS_H
#define RK_EVAL_KINDS_H

#include "data/corpus.h"

typedef struct rk_kinds {
    size_t *start;  /* (n_items + 1) */
    uint32_t *kind; /* (start[n_items]), numbered as they come */
} rk_kinds;

/* From the items' field "genres", "categories", "genre" or "category", the
 * first that an item has; its values are divided by '|'. RK_ENOMEM. */
int rk_kinds_init(rk_kinds *k, const rk_corpus *c, rk_error *err);
void rk_kinds_clear(rk_kinds *k);

/* Jaccard's: shared over all of both, [0, 1]; neither has one: 0. */
double rk_kinds_alike(const rk_kinds *k, uint32_t a, uint32_t b);

#endif

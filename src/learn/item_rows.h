/* An item-to-item matrix B as it is served: of each row the entries that are
 * largest by size. A history's score of item j is
 *
 *   score(j) = sum over a of decay^a B[item_a][j],   a = 0 for the newest
 *
 * and one pass over the rows gives it for several decays. What weighs under a
 * thousandth is left out. Immutable; any thread. */
#ifndef RK_LEARN_ITEM_ROWS_H
#define RK_LEARN_ITEM_ROWS_H

#include "data/csr.h"
#include "data/histories.h"

#define RK_DECAYS 4 /* at most, in one pass */

typedef struct rk_item_rows {
    rk_csr b;      /* (n_items, n_items) */
    bool borrowed; /* from a bundle */
} rk_item_rows;

/* The `keep` entries (0: all) of each row of b float32 (n, n) that are largest
 * by size and not 0; equal ones, the lower column. RK_ENOMEM; after a failure
 * there is nothing to clear. */
int rk_item_rows_init(rk_item_rows *out, const float *b, size_t n, size_t keep,
                      rk_error *err);
void rk_item_rows_clear(rk_item_rows *r);

/* The bytes of `keep` entries of n rows. */
double rk_item_rows_bytes(size_t n, size_t keep);

/* Columns [0, n_decays) of scores float32 (who->n_users, stride, n_items),
 * overwritten: column c forgets by decays[c], 0 < decay <= 1. Items past the
 * rows age the others and add nothing. Uses rk_threads() threads. RK_ENOMEM.
 */
int rk_item_rows_score(const rk_item_rows *r, const rk_histories *who,
                       const float *decays, size_t n_decays, size_t stride,
                       float *scores, rk_error *err);

/* As "<name>.rows.start" and so on. The getter borrows; RK_ENOTFOUND,
 * RK_EFORMAT. */
int rk_item_rows_put(const rk_item_rows *r, const char *name,
                     rk_bundle_writer *w, rk_error *err);
int rk_item_rows_get(rk_item_rows *out, const rk_bundle *b, const char *name,
                     size_t n_items, rk_error *err);

#endif

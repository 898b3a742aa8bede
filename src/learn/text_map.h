/* From an item's text to its column of an item-to-item matrix, so that an item
 * without a single event can be scored for somebody's history (kernel ridge
 * regression; Saunders, Gammerman & Vovk, ICML 1998, with landmarks as in
 * Williams & Seeger, NIPS 2000). With f the vector and tokens of an item less
 * the mean, vectors brought to one spread, l_k landmarks among the items with
 * events, and EASE's B less each row's mean,
 *
 *   x(f)_k = exp(-|f - l_k|^2),   K = x of the landmarks themselves
 *   W = argmin sum over items j with events of |W x(f_j) - B_.j|^2
 *             + lambda tr(W K W')
 *   score(history, item) = (sum over a of decay^a W_{i_a}) . x(item)
 *
 * Row W_i of an item that nobody had is itself read off its text, by the same
 * regression on the other rows. Scores of old and new items are of one kind:
 * what popularity an item has not yet is guessed from its text. Immutable. */
#ifndef RK_LEARN_TEXT_MAP_H
#define RK_LEARN_TEXT_MAP_H

#include "learn/learner.h"

/* "text_map": columns text_map, which forgets nothing, and text_map.9. Tokens
 * are taken where the side has them. */
extern const rk_learner rk_learner_text_map;

/* The following take a model of this learner only. */

/* How wide x is. */
size_t rk_text_map_width(const rk_model *m);

/* x of the model's own items, float32 (n_items, width), borrowed from it. */
const float *rk_text_map_rows(const rk_model *m);

/* x of n items, float32 (n, width), overwritten. The side's vectors and tokens
 * have n rows; it may lack tokens, which are then taken to be the mean. Items
 * need not be the model's. RK_EINVAL (vectors or tokens of another width),
 * RK_ENOMEM. */
int rk_text_map_features(const rk_model *m, const rk_side *items, size_t n,
                         float *x, rk_error *err);

/* What a history asks for, float32 (width), overwritten: an item's score is
 * query . x, so an index of x by inner product recalls by it. `items` oldest
 * first; those past the model age the others. */
void rk_text_map_query(const rk_model *m, const uint32_t *items, size_t n,
                       float decay, float *query);

#endif

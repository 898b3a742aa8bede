/* An order that a second opinion may change, but only so far.
 *
 * n items stand in a first order, 0 the best. A second score for each says how
 * they should stand. Among the orders with
 *
 *   |new place - old place| <= m   for every item
 *
 * it makes the one that is best from the top: the first place has the highest
 * score that can stand there, then the second place, and so on; of equal scores
 * the one that stood higher. m = 0 is the first order itself, m >= n - 1 is
 * the order of the scores.
 *
 * One walk makes it. Place t takes the best of the items with old place at most
 * t + m that are not placed yet, unless the first of these has the old place
 * t - m: then it is due and taken. That is enough. Let f be the first item not
 * placed when places 0 to t - 1 are filled: filling the rest in the first order
 * puts an item that stood at p at p + (items behind it that are placed), which
 * is at least p, and over p + m only if it is for f, at t. So an order within
 * the bound goes on from any choice as long as t <= f + m. */
#ifndef RK_LEARN_BOUNDED_H
#define RK_LEARN_BOUNDED_H

#include "core/error.h"

/* score (n): higher is better, none is NaN; order (n): the old place of the
 * item that stands at each new one. O(n m). RK_ENOMEM. */
int rk_bounded_order(uint32_t *order, const float *score, size_t n, size_t m,
                     rk_error *err);

#endif

/* Newton's method for a smooth convex loss of a few weights, where a weight
 * may be bounded at zero: projected Newton steps, halved until the loss falls
 * (Bertsekas, SIAM Journal on Control and Optimization, 1982). One thread. */
#ifndef RK_LEARN_NEWTON_H
#define RK_LEARN_NEWTON_H

#include <stddef.h>
#include <stdint.h>

#define RK_NEWTON_MAX 48

/* The loss at w (n). Where not NULL, also its gradient (n) and the lower
 * triangle of its Hessian (n, n), row-major; both come zeroed, and either both
 * are asked for or none. */
typedef double (*rk_loss_fn)(const void *ctx, const double *w, double *gradient,
                             double *hessian);

/* w (n), n at most RK_NEWTON_MAX: from the starting point to the minimum.
 * sign (n; NULL: all free): +1 keeps a weight >= 0, -1 keeps it <= 0. Ends
 * after a step that promised less than 1e-12 of the loss, or after 100 steps;
 * each costs a few losses and O(n^3). */
void rk_newton_minimise(double *w, size_t n, const int8_t *sign,
                        rk_loss_fn loss, const void *ctx);

#endif

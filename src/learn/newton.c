#include "learn/newton.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAX_STEPS  100
#define MAX_HALVES 30
#define TOLERANCE  1e-12
#define NEAR_BOUND 1e-6
#define SUFFICIENT 1e-4 /* share of the promised fall that is enough */

/* Of a weight's second derivative: what is left of it beside the weights
 * before it; less is no curvature but rounding. */
#define LEAST_PIVOT 1e-12

/* One step from w: the direction, and which weights are held at their bound,
 * to be moved along their own gradient only. */
typedef struct step {
    double loss;
    double gradient[RK_NEWTON_MAX];
    double hessian[RK_NEWTON_MAX * RK_NEWTON_MAX];
    double direction[RK_NEWTON_MAX];
    bool held[RK_NEWTON_MAX];
} step;


/* b becomes H^-1 b for a positive semi-definite H (n, n), of which the lower
 * triangle is read and becomes its Cholesky factor. An infinite pivot keeps a
 * weight without curvature of its own where it is. */
static void solve(double *h, size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double rest = h[i * n + j];
            double least = LEAST_PIVOT * h[i * n + i];

            for (size_t k = 0; k < j; k++)
                rest -= h[i * n + k] * h[j * n + k];
            if (j < i)
                h[i * n + j] = rest / h[j * n + j];
            else
                h[i * n + i] = rest > least ? sqrt(rest) : INFINITY;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= h[i * n + k] * b[k];
        b[i] /= h[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= h[k * n + i] * b[k];
        b[i] /= h[i * n + i];
    }
}


/* The nearest value on the side that weight i may be on. */
static double project(double w, const int8_t *sign, size_t i)
{
    int side = sign ? sign[i] : 0;

    return w * side < 0 ? 0 : w;
}


/* Finds the direction at w, where gradient and Hessian are already filled. */
static void step_direct(step *s, const double *w, size_t n, const int8_t *sign)
{
    for (size_t i = 0; i < n; i++)
        s->held[i] = sign && fabs(w[i]) <= NEAR_BOUND &&
                     s->gradient[i] * sign[i] > 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (s->held[i] || s->held[j])
                s->hessian[i * n + j] = 0;
    memcpy(s->direction, s->gradient, n * sizeof(*s->direction));
    solve(s->hessian, n, s->direction);
}


/* The trial point a share t along the step, and the fall it promises. */
static double step_try(const step *s, const double *w, size_t n,
                       const int8_t *sign, double t, double *trial)
{
    double promised = 0;

    for (size_t i = 0; i < n; i++) {
        double moved = t * s->direction[i];

        trial[i] = project(w[i] - moved, sign, i);
        promised += s->gradient[i] * (s->held[i] ? w[i] - trial[i] : moved);
    }
    return promised;
}


/* Halves the step until the loss falls enough; false when rounding hides any
 * further fall. */
static bool step_shorten(const step *s, const double *w, size_t n,
                         const int8_t *sign, rk_loss_fn loss, const void *ctx,
                         double *trial)
{
    double now = s->loss;
    double t = 1;

    for (int i = 0; i < MAX_HALVES; i++) {
        double promised = step_try(s, w, n, sign, t, trial);

        if (loss(ctx, trial, NULL, NULL) <= now - SUFFICIENT * promised)
            return true;
        t /= 2;
    }
    return false;
}


void rk_newton_minimise(double *w, size_t n, const int8_t *sign,
                        rk_loss_fn loss, const void *ctx)
{
    double trial[RK_NEWTON_MAX];
    bool more = true;
    step s;

    assert(n <= RK_NEWTON_MAX);
    for (size_t i = 0; i < n; i++)
        w[i] = project(w[i], sign, i);

    for (int i = 0; more && i < MAX_STEPS; i++) {
        memset(s.gradient, 0, n * sizeof(*s.gradient));
        memset(s.hessian, 0, n * n * sizeof(*s.hessian));
        s.loss = loss(ctx, w, s.gradient, s.hessian);
        step_direct(&s, w, n, sign);

        /* The last step is too small to be seen in the loss: it is taken
         * unseen, because it doubles the digits that are right. */
        more = step_try(&s, w, n, sign, 1, trial) > TOLERANCE * fabs(s.loss);
        if (more && !step_shorten(&s, w, n, sign, loss, ctx, trial))
            break;
        memcpy(w, trial, n * sizeof(*w));
    }
}

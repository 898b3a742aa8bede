#include "learn/ftrl.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>


int rk_ftrl_init(rk_ftrl *f, size_t n_weights, const rk_ftrl_opts *o,
                 rk_error *err)
{
    memset(f, 0, sizeof(*f));
    if (!(o->alpha > 0 && o->beta > 0 && o->l1 >= 0 && o->l2 >= 0) ||
        !isfinite(o->alpha + o->beta + o->l1 + o->l2))
        return rk_fail(err, RK_EINVAL,
                       "alpha %g and beta %g must be over 0, l1 %g and l2 %g "
                       "0 or more",
                       (double)o->alpha, (double)o->beta, (double)o->l1,
                       (double)o->l2);
    f->opts = *o;
    f->n_weights = n_weights;
    f->w = rk_calloc(n_weights, sizeof(*f->w));
    f->z = rk_calloc(n_weights, sizeof(*f->z));
    f->root = rk_calloc(n_weights, sizeof(*f->root));
    return f->w && f->z && f->root ? RK_OK : rk_no_memory(err);
}


void rk_ftrl_clear(rk_ftrl *f)
{
    free(f->w);
    free(f->z);
    free(f->root);
    memset(f, 0, sizeof(*f));
}


/* The z whose weight, at n = 0, is w. */
void rk_ftrl_start(rk_ftrl *f, size_t i, float w)
{
    float rate = f->opts.beta / f->opts.alpha + f->opts.l2;

    f->w[i] = w;
    f->z[i] = w == 0 ? 0 : -w * rate - copysignf(f->opts.l1, w);
}


/* Keeps sqrt(n) instead of n: one root and one division a weight, and no
 * branch, so that a compiler can take several weights at a time. */
void rk_ftrl_step(rk_ftrl *f, size_t first, size_t count, float scale,
                  const float *g)
{
    float *restrict w = f->w + first;
    float *restrict z = f->z + first;
    float *restrict root = f->root + first;
    float l1 = f->opts.l1;
    float alpha = f->opts.alpha;
    float per_alpha = 1 / alpha;
    float base = f->opts.beta + f->opts.l2 * alpha;

    for (size_t i = 0; i < count; i++) {
        float gradient = scale * g[i];
        float next = sqrtf(root[i] * root[i] + gradient * gradient);
        float sum = z[i] + gradient - (next - root[i]) * per_alpha * w[i];
        float pulled = fabsf(sum) - l1;

        z[i] = sum;
        root[i] = next;
        pulled = pulled > 0 ? pulled : 0;
        w[i] = -copysignf(pulled * alpha / (base + next), sum);
    }
}


float *rk_ftrl_take(rk_ftrl *f)
{
    float *w = f->w;

    f->w = NULL;
    return w;
}

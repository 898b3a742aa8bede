#include "learn/adamw.h"

#include <assert.h>
#include <math.h>

/* As many weights as stay in the first cache, with their moments and their
 * gradients. */
#define RUN 512


/* out (n) = the sum of the parts, which become zero. */
static void gather(const rk_adamw_step *s, size_t begin, size_t n, float *out)
{
    assert(s->n_parts > 0);
    for (size_t p = 0; p < s->n_parts; p++) {
        float *g = s->g + p * s->stride + begin;

        for (size_t i = 0; i < n; i++) {
            out[i] = p == 0 ? g[i] : out[i] + g[i];
            g[i] = 0;
        }
    }
}


/* With the corrections of both moments folded into rate and eps. */
void rk_adamw_update(const rk_adamw *a, const rk_adamw_step *s,
                     rk_adamw_state to, size_t begin, size_t end)
{
    float fix1 = (float)(1 - pow((double)a->b1, (double)s->t));
    float fix2 = sqrtf((float)(1 - pow((double)a->b2, (double)s->t)));
    float rate = s->rate * fix2 / fix1;
    float eps = a->eps * fix2;
    float keep = 1 - s->rate * a->decay;
    float sum[RUN];

    for (size_t at = begin; at < end; at += RUN) {
        size_t n = end - at < RUN ? end - at : RUN;
        float *m = to.m + at;
        float *v = to.v + at;
        float *w = to.w + at;

        gather(s, at, n, sum);
        for (size_t i = 0; i < n; i++) {
            m[i] = a->b1 * m[i] + (1 - a->b1) * sum[i];
            v[i] = a->b2 * v[i] + (1 - a->b2) * sum[i] * sum[i];
            w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) + eps);
        }
    }
}

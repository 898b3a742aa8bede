#include "learn/popular.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

#define DAY_US    86400e6
#define SMOOTHING 5.0f


/* O(events). */
void rk_popular_fit(const rk_corpus *c, double half_life_days, float *scores)
{
    size_t n = c->start[c->n_users];
    double per_us = half_life_days > 0 ? 1 / (half_life_days * DAY_US) : 0;
    int64_t newest = INT64_MIN;

    memset(scores, 0, c->n_items * sizeof(*scores));
    for (size_t i = 0; i < n; i++)
        newest = c->seen[i].at_us > newest ? c->seen[i].at_us : newest;
    for (size_t i = 0; i < n; i++) {
        const rk_seen *e = &c->seen[i];

        /* In double: the difference of two times need not fit an int64. */
        if (e->label > 0)
            scores[e->item] += (float)exp2(per_us *
                                           ((double)e->at_us - (double)newest));
    }
    for (size_t i = 0; i < c->n_items; i++)
        scores[i] = log1pf(scores[i]);
}


/* O(events + items). */
int rk_like_rate_fit(const rk_corpus *c, float *rates, rk_error *err)
{
    size_t n = c->start[c->n_users];
    uint32_t *judged = rk_calloc(c->n_items, sizeof(*judged));
    size_t n_likes = 0;
    size_t n_judged = 0;
    float share;

    if (!judged)
        return rk_no_memory(err);
    memset(rates, 0, c->n_items * sizeof(*rates));
    for (size_t i = 0; i < n; i++) {
        const rk_seen *e = &c->seen[i];

        if (e->label == 0)
            continue;
        n_judged++;
        judged[e->item]++;
        if (e->label > 0) {
            n_likes++;
            rates[e->item] += 1;
        }
    }
    share = n_judged ? (float)((double)n_likes / (double)n_judged) : 0.5f;
    for (size_t i = 0; i < c->n_items; i++)
        rates[i] = (rates[i] + SMOOTHING * share) /
                   ((float)judged[i] + SMOOTHING);
    free(judged);
    return RK_OK;
}


float rk_like_rate_without(float rate, uint32_t judged, uint32_t likes,
                           uint32_t dislikes)
{
    float weight = (float)judged + SMOOTHING;

    return (rate * weight - (float)likes) /
           (weight - (float)likes - (float)dislikes);
}

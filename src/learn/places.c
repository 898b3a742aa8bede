#include "learn/places.h"

#include "core/mem.h"
#include "core/threads.h"

#include <string.h>

typedef struct gram_job {
    const rk_places *places; /* in `sorted` */
    const rk_histories *sorted;
    float *gram;
} gram_job;


static size_t n_events(const rk_histories *h)
{
    return h->start[h->n_users] - h->start[0];
}


int rk_places_init(rk_places *p, const rk_histories *h, rk_error *err)
{
    size_t sum = 0;

    p->n_items = h->n_items;
    p->start = rk_calloc(h->n_items + 1, sizeof(*p->start));
    p->place = rk_alloc_array(n_events(h), sizeof(*p->place));
    if (!p->start || !p->place) {
        rk_places_clear(p);
        return rk_no_memory(err);
    }

    for (size_t e = h->start[0]; e < h->start[h->n_users]; e++)
        p->start[h->item[e]]++;
    for (size_t i = 0; i <= h->n_items; i++) {
        size_t count = p->start[i];

        p->start[i] = sum;
        sum += count;
    }
    for (size_t u = 0; u < h->n_users; u++)
        for (size_t e = h->start[u]; e < h->start[u + 1]; e++)
            p->place[p->start[h->item[e]]++] = (rk_place){
                (uint32_t)u, (uint32_t)(e - h->start[u])};
    memmove(p->start + 1, p->start, h->n_items * sizeof(*p->start));
    p->start[0] = 0;
    return RK_OK;
}


void rk_places_clear(rk_places *p)
{
    free(p->start);
    free(p->place);
    *p = (rk_places){0};
}


/* The histories with each user's items ascending and once. `start` holds as
 * many as h->start, `item` as many as h->item. */
static rk_histories sort_items(const rk_histories *h, const rk_places *p,
                               size_t *start, uint32_t *item)
{
    size_t n = 0;

    for (size_t u = 0; u < h->n_users; u++)
        start[u + 1] = h->start[u] - h->start[0];
    start[0] = 0;
    for (uint32_t i = 0; i < p->n_items; i++)
        for (size_t k = p->start[i]; k < p->start[i + 1]; k++) {
            uint32_t u = p->place[k].user;

            if (k == p->start[i] || p->place[k - 1].user != u)
                item[start[u + 1]++] = i;
        }
    /* start[u + 1] is now where user u's end; close the gaps of repeats. */
    for (size_t u = 0; u < h->n_users; u++) {
        size_t from = h->start[u] - h->start[0];
        size_t count = start[u + 1] - from;

        memmove(item + n, item + from, count * sizeof(*item));
        n += count;
        start[u + 1] = n;
    }
    return (rk_histories){h->n_users, h->n_items, start, item};
}


/* Row i has n - i entries to sum. Taken from both ends by turns, rows that
 * follow each other cost the same on average, and so do the threads' shares. */
static void gram_rows(void *ctx, size_t begin, size_t end)
{
    const gram_job *job = ctx;
    const rk_histories *h = job->sorted;
    size_t n = h->n_items;

    for (size_t k = begin; k < end; k++) {
        size_t i = k % 2 ? n - 1 - k / 2 : k / 2;
        float *row = job->gram + i * n;

        memset(row + i, 0, (n - i) * sizeof(*row));
        for (size_t p = job->places->start[i]; p < job->places->start[i + 1];
             p++) {
            rk_place place = job->places->place[p];
            size_t last = h->start[place.user + 1];

            for (size_t e = h->start[place.user] + place.at; e < last; e++)
                row[h->item[e]] += 1;
        }
    }
}


/* O(n_items^2 + sum over users of the square of their items). */
int rk_places_gram(const rk_histories *h, float *g, rk_error *err)
{
    rk_places places = {0};
    rk_histories sorted;
    size_t *start = rk_alloc_array(h->n_users + 1, sizeof(*start));
    uint32_t *item = rk_alloc_array(n_events(h), sizeof(*item));
    int rc;

    if (!start || !item) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_places_init(&places, h, err);
    if (rc != RK_OK)
        goto done;
    sorted = sort_items(h, &places, start, item);
    rk_places_clear(&places);
    rc = rk_places_init(&places, &sorted, err);
    if (rc != RK_OK)
        goto done;
    rk_parallel(h->n_items, gram_rows, &(gram_job){&places, &sorted, g});

done:
    rk_places_clear(&places);
    free(start);
    free(item);
    return rc;
}


double rk_places_bytes(const rk_histories *h)
{
    return (double)n_events(h) * (sizeof(rk_place) + sizeof(uint32_t)) +
           (double)(h->n_users + h->n_items) * sizeof(size_t);
}

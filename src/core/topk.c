#include "core/topk.h"

#include <stdlib.h>

/* Whether a is worse than b. */
static int worse(rk_hit a, rk_hit b)
{
    return a.score < b.score || (a.score == b.score && a.index > b.index);
}


static void sink(rk_hit *heap, size_t n, size_t i)
{
    rk_hit moving = heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n)
            break;
        if (child + 1 < n && worse(heap[child + 1], heap[child]))
            child++;
        if (!worse(heap[child], moving))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moving;
}


void rk_topk_init(rk_topk *t, rk_hit *room, size_t k)
{
    t->heap = room;
    t->k = k;
    t->n = 0;
}


void rk_topk_add(rk_topk *t, uint32_t index, float score)
{
    rk_hit hit = {index, score};

    if (t->n < t->k) {
        size_t i = t->n++;

        while (i > 0 && worse(hit, t->heap[(i - 1) / 2])) {
            t->heap[i] = t->heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        t->heap[i] = hit;
    } else if (t->k && worse(t->heap[0], hit)) {
        t->heap[0] = hit;
        sink(t->heap, t->n, 0);
    }
}


static int best_first(const void *a, const void *b)
{
    const rk_hit *x = a;
    const rk_hit *y = b;

    return worse(*x, *y) ? 1 : worse(*y, *x) ? -1 : 0;
}


void rk_hits_sort(rk_hit *hits, size_t n)
{
    if (n)
        qsort(hits, n, sizeof(*hits), best_first);
}


size_t rk_topk_finish(rk_topk *t)
{
    rk_hits_sort(t->heap, t->n);
    return t->n;
}

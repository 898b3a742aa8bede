#include "learn/transformer_windows.h"

#include "core/mem.h"
#include "core/rng.h"


/* The positions that end with target `end` (past the last) of a history that
 * begins at `begin`. */
static int window_add(rk_windows *w, size_t begin, size_t end, size_t context,
                      rk_error *err)
{
    size_t n = end - begin - 1 < context ? end - begin - 1 : context;
    rk_window *room = rk_grow(w->window, w->n, &w->cap, sizeof(*room));

    if (!room)
        return rk_no_memory(err);
    w->window = room;
    room[w->n++] = (rk_window){end - 1 - n, (uint32_t)n};
    return RK_OK;
}


static int history_cut(rk_windows *w, size_t begin, size_t end, size_t context,
                       rk_rng *rng, rk_error *err)
{
    size_t off = 0;
    int rc = RK_OK;

    if (end - begin > context)
        off = rk_rng_below(rng, (uint32_t)context);
    if (off)
        rc = window_add(w, begin, end, context, err);
    for (end -= off; rc == RK_OK && end > begin + 1;) {
        rc = window_add(w, begin, end, context, err);
        end = end - begin > context ? end - context : begin;
    }
    return rc;
}


int rk_windows_cut(rk_windows *w, const rk_histories *h, size_t context,
                   uint64_t seed, rk_error *err)
{
    rk_rng rng = {seed};
    int rc = RK_OK;

    w->n = 0;
    for (size_t u = 0; u < h->n_users && rc == RK_OK; u++)
        if (h->start[u + 1] - h->start[u] > 1)
            rc = history_cut(w, h->start[u], h->start[u + 1], context, &rng,
                             err);
    for (size_t i = w->n; rc == RK_OK && i > 1; i--) {
        size_t j = rk_rng_below(&rng, (uint32_t)i);
        rk_window swap = w->window[i - 1];

        w->window[i - 1] = w->window[j];
        w->window[j] = swap;
    }
    return rc;
}


void rk_windows_clear(rk_windows *w)
{
    free(w->window);
    *w = (rk_windows){0};
}

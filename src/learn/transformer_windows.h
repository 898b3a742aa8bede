/* Histories cut into windows of at most `context` positions, each with the
 * item and the one that follows it. Long histories are cut at a random place,
 * and their newest window is always whole, so that positions near the end,
 * from which answers are given, are trained in every epoch. */
#ifndef RK_LEARN_TRANSFORMER_WINDOWS_H
#define RK_LEARN_TRANSFORMER_WINDOWS_H

#include "core/error.h"
#include "data/histories.h"

typedef struct rk_window {
    size_t from; /* of histories' items: the first position */
    uint32_t n;  /* positions; their targets are one further */
} rk_window;

typedef struct rk_windows {
    rk_window *window;
    size_t n;
    size_t cap;
} rk_windows;

/* Windows in random order, by seed. Caller's storage, emptied first; cleared
 * with rk_windows_clear() whatever is returned. RK_ENOMEM. */
int rk_windows_cut(rk_windows *w, const rk_histories *h, size_t context,
                   uint64_t seed, rk_error *err);
void rk_windows_clear(rk_windows *w);

#endif

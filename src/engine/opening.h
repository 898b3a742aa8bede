/* A snapshot while it is being opened for serving (serving.c): whose items the
 * bundle has, and the catalogue as the store has it now. */
#ifndef RK_ENGINE_OPENING_H
#define RK_ENGINE_OPENING_H

#include "engine/serving.h"

typedef struct rk_opening {
    rk_serving *v;
    size_t n_fitted; /* items of the bundle, the first of all */
    size_t cap_items;
    uint32_t *changed; /* positions whose text is newer than the bundle */
    size_t n_changed;
    size_t cap_changed;
} rk_opening;

/* The bundle's items take their positions before the store's are read. */
int rk_opening_name(rk_opening *o, const rk_bundle *b, rk_error *err);

/* Reads the store's items, and which of them are new or changed. RK_ENOTREADY:
 * the bundle was made from another store. */
int rk_opening_read(rk_opening *o, rk_run *run, rk_error *err);

#endif

/* A snapshot opened for serving: the mapped bundle, and the catalogue as it
 * stands now, items newer than the bundle included. */
#ifndef RK_ENGINE_SERVING_H
#define RK_ENGINE_SERVING_H

#include "paradigms/named.h"
#include "paradigms/run.h"
#include "paradigms/snapshot.h"

typedef struct rk_serving {
    rk_snapshot snapshot;
    rk_snapshot_room room;
    rk_bundle *bundle;
    rk_ids *ids;
    rk_record **items; /* (snapshot.n_items) */
    const char **words;
    bool *is_changed;      /* (snapshot.n_items) text newer than the bundle */
    uint64_t *token_start; /* the matrix of item tokens, newer items too */
    uint32_t *token_col;
    float *token_value;
    rk_named *names;  /* of the catalogue; NULL until sentences are checked */
    uint64_t change;  /* of the store, when it was opened */
    uint64_t made_at; /* of the store, when it was prepared */
} rk_serving;

/* Opens the bundle at `path` over the store's catalogue. Vectors and tokens
 * of items that came or changed since are taken from kept outputs or, if need
 * be, asked of the models. RK_ENOTREADY when there is no bundle. */
int rk_serving_open(rk_serving **out, const char *path,
                    const rk_settings *settings, rk_run *run, rk_error *err);
void rk_serving_close(rk_serving *v);

#endif

/* The catalogue's and the users' side of a preparation: what the models say
 * about texts. It does not depend on events, and every answer is kept in the
 * store, so that it is asked once. */
#ifndef RK_ENGINE_WORKSHOP_H
#define RK_ENGINE_WORKSHOP_H

#include "paradigms/paradigm.h"
#include "paradigms/vocabulary.h"

typedef struct rk_readings {
    rk_workshop workshop; /* corpus, snapshot, users; `out` is not set */
    rk_snapshot snapshot;
    rk_vocabulary_room room;
    char **user_profiles; /* (n_users) */
    float *user_vectors;  /* (n_users, d) */
    uint64_t *item_start;
    uint32_t *item_col;
    float *item_value;
    uint64_t *user_start;
    uint32_t *user_col;
    float *user_value;
    rk_csr user_tokens;
    char embedder_key[64];
    char writer_key[64];
} rk_readings;

/* Reads everything of `corpus` (borrowed, as are settings, run and progress).
 * A model that cannot be had leaves out what needs it; other failures are
 * returned. Clear it in any case. */
int rk_readings_make(rk_readings *r, const rk_corpus *corpus,
                     const rk_settings *settings, rk_run *run,
                     const rk_progress *progress, rk_error *err);
void rk_readings_clear(rk_readings *r);

/* The catalogue's side into a bundle. */
int rk_readings_put(const rk_readings *r, rk_bundle_writer *out, rk_error *err);

#endif

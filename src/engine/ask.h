/* Who asks, from a request: a stored user, or a profile alone. */
#ifndef RK_ENGINE_ASK_H
#define RK_ENGINE_ASK_H

#include "engine/engine.h"
#include "paradigms/vocabulary.h"

typedef struct rk_asker {
    rk_who who;
    char *profile;
    float *vector;
    rk_seen *history;
    size_t cap_history;
    rk_token_weight tokens[RK_TOKENS_MAX];
    bool *seen; /* (n_items) once rk_asker_skip_seen() was asked for it */
} rk_asker;

/* Reads the user's history from the store as it is now. The profile's vector
 * and tokens are kept outputs, or are asked of the models; without a model they
 * are left out. `read_tokens`: also the words the writer reads in it.
 * RK_ENOTFOUND for an unknown user. Clear it in any case. */
int rk_asker_init(rk_asker *a, rk_engine *e, const rk_request *request,
                  bool read_tokens, rk_run *run, rk_error *err);
void rk_asker_clear(rk_asker *a);

/* Has the run skip what the user has had, for as long as the asker lives.
 * RK_ENOMEM. */
int rk_asker_skip_seen(rk_asker *a, size_t n_items, rk_run *run, rk_error *err);

#endif

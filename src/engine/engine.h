/* What an open engine holds. Inside the room only: faces use reckon.h. */
#ifndef RK_ENGINE_ENGINE_H
#define RK_ENGINE_ENGINE_H

#include "engine/config.h"
#include "engine/serving.h"
#include "paradigms/paradigm.h"

#define RK_MOST_ITEMS 1000 /* that one answer has */

struct rk_engine {
    rk_config *config;
    rk_settings settings; /* borrows from config */
    char *embedder;       /* names of the models, as asked for */
    char *writer;
    char *store_path;
    char *snapshot_path; /* beside the store */
    char *prefix_folder; /* beside the store; NULL: the store is in memory */
    rk_store *store;
    rk_loaded models;
    rk_serving *serving; /* NULL until a request needs it */
};

/* How the configuration says to ask servers; borrows from it. */
rk_servers rk_engine_servers(const rk_engine *e);

/* What the writer keeps of prefixes. A preparation's are as many as its sample
 * users', and hardly come back: they stay out of the folder. */
rk_prefix_opts rk_engine_keep(const rk_engine *e, bool preparing);

/* The run of one request or preparation. */
rk_run rk_engine_run(rk_engine *e);

/* Serving as of now: opened when first needed, and again when items came or
 * changed. RK_ENOTREADY before the first prepare. */
int rk_engine_serving(rk_engine *e, rk_run *run, rk_error *err);

/* Forgets the open snapshot, so that the next request opens the newest. */
void rk_engine_forget(rk_engine *e);

#endif

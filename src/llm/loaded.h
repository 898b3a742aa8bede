/* The models of an engine: named in the configuration, opened when first
 * needed, closed together. */
#ifndef RK_LLM_LOADED_H
#define RK_LLM_LOADED_H

#include "llm/llm.h"

typedef struct rk_loaded {
    const char *embedder_name; /* borrowed; "none": do without,
                                  "scripted": the one for tests */
    const char *writer_name;
    const char *folder;
    rk_llm *embedder; /* NULL until asked for */
    rk_llm *writer;
    int64_t load_us;     /* time spent opening, in all */
    rk_prefix_opts keep; /* the writer's; zeroed: the usual memory, no folder */
} rk_loaded;

void rk_loaded_init(rk_loaded *m, const char *embedder, const char *writer,
                    const char *folder);
void rk_loaded_clear(rk_loaded *m);

/* The model of a role; *out is borrowed. Fails as rk_model_find() and
 * rk_llm_open() do. */
int rk_loaded_get(rk_loaded *m, enum rk_llm_role role, rk_llm **out,
                  rk_error *err);

#endif

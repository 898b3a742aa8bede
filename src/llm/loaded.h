/* The models of an engine: named in the configuration, opened when first
 * needed, closed together. A model is a file's name, or a server's address. */
#ifndef RK_LLM_LOADED_H
#define RK_LLM_LOADED_H

#include "llm/llm.h"
#include "llm/rerank.h"

/* How servers are asked. */
typedef struct rk_servers {
    rk_fetch_opts fetch; /* its key is not used */
    const char *key_env; /* borrowed: the variable of the environment that
                            holds the key; NULL or "": none */
    double price_in;     /* dollars for a million tokens, of the writer */
    double price_out;
    double price_embed; /* of the embedder */
} rk_servers;

/* A server that could not be opened is left alone for a while. */
typedef struct rk_absent {
    int64_t until_us; /* a time of rk_clock_us(); 0: it was not tried */
    rk_error why;
} rk_absent;

typedef struct rk_loaded {
    const char *embedder_name; /* borrowed; "none": do without,
                                  "scripted": the one for tests */
    const char *writer_name;
    const char *folder;
    const char *reranker_name; /* borrowed; an address or "none" */
    rk_servers servers;
    rk_llm *embedder; /* NULL until asked for */
    rk_llm *writer;
    rk_reranker *reranker;
    rk_absent absent[2]; /* by role */
    int64_t load_us;     /* time spent opening, in all */
    rk_prefix_opts keep; /* the writer's; its folder is borrowed */
} rk_loaded;

/* No reranker; servers are asked with the defaults, and the writer keeps
 * prefixes in the usual memory alone. */
void rk_loaded_init(rk_loaded *m, const char *embedder, const char *writer,
                    const char *folder);
void rk_loaded_clear(rk_loaded *m);

void rk_loaded_set_servers(rk_loaded *m, const char *reranker,
                           const rk_servers *servers);

/* What the writer keeps of prefixes from now on; what it kept in memory is
 * forgotten. A folder that cannot be made is done without. */
void rk_loaded_set_keep(rk_loaded *m, const rk_prefix_opts *keep);

/* Refuses (RK_EINVAL) addresses that may not be: before one that holds a
 * password is kept or shown anywhere. */
int rk_loaded_check(const rk_loaded *m, rk_error *err);

/* The model of a role; *out is borrowed. Fails as rk_model_find(),
 * rk_llm_open() and rk_llm_open_server() do; RK_ENOTFOUND too when the key's
 * variable is not set. */
int rk_loaded_get(rk_loaded *m, enum rk_llm_role role, rk_llm **out,
                  rk_error *err);

/* The reranker; *out is borrowed. RK_ENOTFOUND: there is none. */
int rk_loaded_reranker(rk_loaded *m, rk_reranker **out, rk_error *err);

/* Whether a failure of a model, or of getting it, is one that a caller who can
 * do without goes on after: it is not there, it is another than before, or,
 * where a model is a server's, it does not answer or answers wrong. A broken
 * file is an error. */
bool rk_loaded_is_away(const rk_loaded *m, int rc);

#endif

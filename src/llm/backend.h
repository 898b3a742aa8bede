/* What a language model must be able to do: the functions behind llm.h, which
 * checks the arguments before it calls one. Private to this room. */
#ifndef RK_LLM_BACKEND_H
#define RK_LLM_BACKEND_H

#include "core/buf.h"
#include "llm/llm.h"

/* Tokens of a writer's context that stay free after the prefix: the most a
 * branch or an answer may have. */
#define RK_LLM_ROOM 512

/* Beams of rk_llm_beams() at most. */
#define RK_LLM_BEAMS 32

/* A question of rk_llm_next_words(), its arguments in one place. */
typedef struct rk_next_words {
    const char *prefix;
    const char *const *branches;
    size_t n;
    const char *const *words; /* each is one token */
    size_t n_words;
    const char *stage;
    const rk_progress *progress;
} rk_next_words;

/* A question of rk_llm_states(), likewise. */
typedef struct rk_states_ask {
    const char *prefix;
    const char *const *branches;
    size_t n;
    bool mean;
} rk_states_ask;

/* What a backend cannot do is NULL; keep_prefixes: it has nothing to keep. */
typedef struct rk_llm_backend {
    void (*close)(rk_llm *m); /* releases `state`, which is not NULL */
    int (*embed)(rk_llm *m, const char *const *texts, size_t n, float *out,
                 const rk_progress *p, rk_error *err);
    int (*likelihood)(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n, float *logp,
                      uint32_t *n_tokens, rk_error *err);
    int (*next_words)(rk_llm *m, const rk_next_words *ask, float *logp,
                      rk_error *err);
    int (*states)(rk_llm *m, const rk_states_ask *ask, float *out,
                  rk_error *err);
    int (*beams)(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                 rk_beam *out, size_t *n_out, rk_error *err);
    int (*generate)(rk_llm *m, const char *prompt, const rk_generate_opts *opts,
                    char **text, rk_error *err);
    int (*count_tokens)(rk_llm *m, const char *text); /* or an error code */
    int (*keep_prefixes)(rk_llm *m, const rk_prefix_opts *opts, rk_error *err);
    void (*forget)(rk_llm *m);
    /* m->until_us was set; NULL: it is looked at between batches. */
    void (*until)(rk_llm *m);
    /* Makes a chat possible: RK_ENOTFOUND where there is none. NULL: never. */
    int (*chat)(rk_llm *m, rk_llm_frame *out, rk_error *err);
} rk_llm_backend;

struct rk_llm {
    const rk_llm_backend *backend;
    void *state; /* the backend's; NULL until it is open */
    enum rk_llm_role role;
    rk_llm_info info; /* its texts belong to the model */
    rk_llm_usage usage;
    int64_t until_us;    /* see rk_llm_until() */
    double us_per_token; /* 0: not known yet */
    bool chat;           /* what is asked stands in the model's chat template */
    const char *constant; /* see rk_llm_set_constant(); NULL: nothing */
};

/* RK_EINVAL: the model was opened in the other role. */
int rk_llm_check_role(const rk_llm *m, enum rk_llm_role role, rk_error *err);

/* RK_ECANCELLED when the time is over: asked between batches. */
int rk_llm_on_time(const rk_llm *m, rk_error *err);

/* A model without a state yet; the texts of `info` are copied. */
int rk_llm_new(rk_llm **out, const rk_llm_backend *backend,
               enum rk_llm_role role, const rk_llm_info *info, rk_error *err);

/* The name of a path's file, for messages. */
const char *rk_llm_file_name(const char *path);

/* Cuts a generated text before the first of the stop texts; whether one was
 * found. */
bool rk_llm_cut_at_stop(rk_buf *text, const rk_generate_opts *opts);

/* llama.c: the model in the file info.path, whose GGUF header has been
 * checked. */
extern const rk_llm_backend rk_llama_backend;

/* Loads it: sets m->state, and d and n_context of m->info. */
int rk_llama_open(rk_llm *m, rk_error *err);

#endif

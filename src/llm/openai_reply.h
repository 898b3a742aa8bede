/* What OpenAI-compatible servers answer, read out of the parsed JSON. Each
 * function takes whatever document came, refuses with RK_EFORMAT what is not
 * what was asked for, and says what was expected and found; no message quotes
 * a text of the reply. Private to this room; any thread. */
#ifndef RK_LLM_OPENAI_REPLY_H
#define RK_LLM_OPENAI_REPLY_H

#include "core/json.h"

/* One of GET /models. */
typedef struct rk_reply_model {
    const char *id; /* borrowed from the reply, as is `owner` */
    const char *owner;
    size_t n_context;     /* 0: it does not say */
    char fingerprint[33]; /* of what it says of the model, but not of when */
} rk_reply_model;

/* The model called `wanted`, or with "" the only one. RK_ENOTFOUND names some
 * of those there are. */
int rk_reply_model_find(rk_reply_model *out, const json_t *reply,
                        const char *wanted, rk_error *err);

/* Token numbers of POST /tokenize, from 0 on; *ids is released by the caller.
 * Where the reply tells their texts too, those of tokens that are no text on
 * their own, as parts of a character, become keys of `partial`. */
int rk_reply_ids(json_t **ids, const json_t *reply, json_t *partial,
                 rk_error *err);

/* A token's number as a key. */
typedef struct rk_reply_key {
    char text[24];
} rk_reply_key;

rk_reply_key rk_reply_key_of(const json_t *id);

/* The width of the only vector of POST /embeddings: 1 to 65,536. */
int rk_reply_width(size_t *d, const json_t *reply, rk_error *err);

/* n vectors, each index once, all numbers finite and not all 0: normalised,
 * float32 (n, d). */
int rk_reply_vectors(const json_t *reply, size_t n, size_t d, float *out,
                     rk_error *err);

/* n scores of POST /rerank, each index once, finite, into out (n). */
int rk_reply_scores(const json_t *reply, size_t n, float *out, rk_error *err);

/* The one text of POST /completions or /chat/completions; *out is yours. */
int rk_reply_text(char **out, const json_t *reply, rk_error *err);

/* Log-probabilities of the first token written, for n words: of those that are
 * not among the likeliest, the least of these, above which none can be.
 * *n_top (NULL allowed) is how many it told. */
int rk_reply_words(const json_t *reply, const char *const *words, size_t n,
                   float *logp, size_t *n_top, rk_error *err);

/* Log-probabilities of the tokens written, which are those of `ids` in order,
 * none of them left out. */
int rk_reply_forced(const json_t *reply, const json_t *ids, float *logp,
                    rk_error *err);

/* Log-probability of the token `id` at the first place written, as in
 * rk_reply_words(). */
int rk_reply_id(const json_t *reply, json_int_t id, float *logp, rk_error *err);

/* One of the prompts that were repeated with log-probabilities ("echo"). */
typedef struct rk_reply_span {
    size_t begin; /* of what is summed; never 0 */
    size_t end;
    size_t n_tokens; /* found, as is logp */
    float logp;
    bool in_tokens; /* begin and end count tokens, else characters */
} rk_reply_span;

int rk_reply_echoed(const json_t *reply, rk_reply_span *spans, size_t n,
                    rk_error *err);

/* What was counted; zeros where the reply does not say. */
typedef struct rk_reply_usage {
    uint64_t prompt; /* of these `cached` were not evaluated */
    uint64_t cached;
    uint64_t written;
} rk_reply_usage;

rk_reply_usage rk_reply_usage_of(const json_t *reply);

#endif

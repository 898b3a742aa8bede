/* A model behind an OpenAI-compatible endpoint as a backend of llm.h: vLLM,
 * llama-server, Ollama, hosted ones. What a server can is asked once, when it
 * is opened:
 *
 *   GET  /models         which model; name and what is said of it key outputs
 *   POST /tokenize       token numbers (llama-server, vLLM). Prompts then go as
 *                        numbers, and special tokens in a text stay text; where
 *                        it is missing, tokens are guessed
 *   POST /completions    log-probabilities of the likeliest next tokens; the
 *                        server says how many it tells
 *   ... echo             those of the prompt too (vLLM): likelihoods of given
 *                        texts, several prompts a question
 *   ... grammar          llama-server refuses echo, but can be held to given
 *                        tokens: it "writes" a branch token by token and tells
 *                        what it thought of each before the grammar had its
 *                        say, which is the branch's likelihood, exactly. It
 *                        costs a step of decoding a token. Tokens that are
 *                        parts of a character no grammar can ask for: they
 *                        are looked up among all that could come next
 *   POST /chat/completions  writing, where there is no /completions
 *   POST /embeddings
 *
 * Private to this room. */
#ifndef RK_LLM_OPENAI_H
#define RK_LLM_OPENAI_H

#include "core/fetch.h"
#include "llm/backend.h"

typedef struct rk_openai {
    rk_fetch *server;
    char *model; /* the server's name for it */
    size_t d;
    size_t n_context; /* 0: not known */
    size_t n_top;     /* next tokens told at most */
    size_t n_most;    /* that a reply has room for */
    int status;       /* of the last reply; 0: there was none */
    bool is_llama;    /* llama-server */
    bool tokenizes;
    bool adds_space; /* its tokens of a text begin with a space of its own */
    bool forces;
    bool echoes;
    bool completes;
    bool chats;
    json_int_t newline; /* a token; -1: not known */
    json_t *counts;     /* text -> number of tokens, of short texts */
    json_t *partial;    /* tokens that are no text on their own, as keys */
    char *prefix;       /* the last one, and its tokens */
    json_t *prefix_ids;
} rk_openai;

extern const rk_llm_backend rk_openai_backend;

void rk_openai_free(rk_openai *o);

/* Asks with a body that is taken over; NULL: no memory. `trial`: to find out
 * what the server can, so a refusal is an answer and is not asked again. */
int rk_openai_ask(rk_openai *o, const char *path, json_t *body, bool trial,
                  json_t **reply, rk_error *err);

/* Refuses what a reply held: `why` behind host and path. */
int rk_openai_refuse(const rk_openai *o, const char *path, int rc,
                     const rk_error *why, rk_error *err);

/* A question to /completions; NULL: no memory. `prompt` is taken over. */
json_t *rk_openai_completion(const rk_openai *o, json_t *prompt,
                             size_t max_tokens, size_t n_top);

/* openai_tokens.c: numbers of a text's tokens. `begins`: with what the model
 * puts before a prompt. *ids is released by the caller. */
int rk_openai_ids(rk_openai *o, const char *text, bool begins, json_t **ids,
                  rk_error *err);
/* The same for a text that goes on from another. */
int rk_openai_branch_ids(rk_openai *o, const char *text, size_t index,
                         json_t **ids, rk_error *err);
/* Makes `text` the prefix, o->prefix_ids, without the front that the context
 * has no room for. */
int rk_openai_prefix(rk_openai *o, const char *text, rk_error *err);
/* What follows the prefix; ids NULL: nothing. NULL: no memory. */
json_t *rk_openai_after_prefix(const rk_openai *o, const json_t *ids);
int rk_openai_count_tokens(rk_llm *m, const char *text);

/* openai_tries.c: asks whether there is /tokenize, how wide vectors are, and
 * how a server writes, whose replies are max_bytes long at most. */
int rk_openai_try_tokenize(rk_openai *o, rk_error *err);
int rk_openai_try_embed(rk_openai *o, rk_error *err);
int rk_openai_try_writer(rk_openai *o, size_t max_bytes, rk_error *err);

/* openai_score.c */
int rk_openai_likelihood(rk_llm *m, const char *prefix,
                         const char *const *branches, size_t n, float *logp,
                         uint32_t *n_tokens, rk_error *err);
int rk_openai_next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                         rk_error *err);

/* The same, held to a newline: what is told of the next token does not depend
 * on the one that is drawn, and llama-server tells nothing of one that is a
 * part of a character. */
json_t *rk_openai_next_question(const rk_openai *o, json_t *prompt,
                                size_t n_top);

/* A grammar that allows exactly these lists of tokens, each then followed by
 * `end`, where that is not -1. NULL: no memory. */
char *rk_openai_grammar(const json_t *const *ids, size_t n, json_int_t end);

/* openai_text.c */
int rk_openai_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                    const rk_progress *p, rk_error *err);
int rk_openai_generate(rk_llm *m, const char *prompt,
                       const rk_generate_opts *opts, char **text,
                       rk_error *err);

/* Adds what a reply counted: `n_branch` of its tokens were branches'. */
void rk_openai_count(rk_llm *m, const json_t *reply, size_t n_branch);

#endif

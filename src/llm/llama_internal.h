/* What the files of the llama.cpp backend share. The one header that includes
 * llama.h; only src/llm/llama*.c include it. */
#ifndef RK_LLM_LLAMA_INTERNAL_H
#define RK_LLM_LLAMA_INTERNAL_H

#include "llm/backend.h"
#include "llm/pace.h"
#include "llm/prefix_cache.h"

#include <llama.h>

/* Texts as tokens, one after the other: text i is ids[first[i]] up to, not
 * including, ids[first[i + 1]]. Zeroed is empty. */
typedef struct rk_tokens {
    llama_token *ids;
    size_t cap;
    size_t *first; /* n + 1 of them once there is a text */
    size_t first_cap;
    size_t n;
} rk_tokens;

/* An open model with its context.
 *
 * A writer keeps its last prefix as sequence 0 of the context's memory: the
 * tokens `prefix`, and the logits after the last of them. Branches are
 * sequences 1 to n_sequences - 1 while they are scored, and then gone. An
 * embedder keeps nothing between calls. */
typedef struct rk_llama {
    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct llama_context *context;
    llama_memory_t memory;    /* NULL: an encoder, which needs none */
    struct llama_batch batch; /* room for RK_LLAMA_BATCH tokens */
    llama_token newline;      /* writers only */
    size_t n_vocab;
    size_t n_context;   /* tokens that fit the memory */
    size_t n_sequences; /* in the context at once */
    size_t d;           /* embedding width */
    rk_pace pace;

    llama_token *prefix; /* room for n_context */
    size_t n_prefix;
    size_t n_constant;     /* tokens of it that were evaluated by themselves */
    float *logits;         /* (n_vocab) after the prefix */
    double logits_total;   /* log of the sum of exp of `logits` */
    rk_prefix_cache *kept; /* earlier prefixes; NULL: none is kept */
    const float **rows;    /* (RK_LLAMA_PACK) logits of a pack, borrowed */
    rk_tokens chat;        /* the chat template's head and tail, once asked */
    char *chat_text[2];    /* the same as text */
} rk_llama;

/* Tokens in one call of llama_decode(), in one pass of it, and of texts to
 * embed that share one: a larger pack is no faster, because what is packed
 * attends over each other's cells before they are masked out.
 *
 * Branches share a batch of less than 64 tokens. From 64 on, libllama's flash
 * attention goes over the memory in tiles, whose bounds a branch's company
 * moves: then its likelihood moves by .03 nats a token (F16 weights) or .2
 * (Q8_0, which rounds activations). Below 64 each token is computed alike in
 * any company. That takes branches a third more time with F16 and an eighth
 * with Q8_0, so 11 and 5 % of a request of 300 tokens and 20 titles. Without
 * flash attention .007 nats are left with F16 and .15 with 4 bits. */
#define RK_LLAMA_BATCH       2048
#define RK_LLAMA_PACK        512
#define RK_LLAMA_BRANCH_PACK 63
#define RK_LLAMA_EMBED_PACK  256

/* A writer's memory, by name: changes with start_context(). */
#define RK_LLAMA_MEMORY "f16 f16, flash attention"

/* llama.c ------------------------------------------------------------------*/

/* rk_fail with "<the model's file>: <what>" and, where there is one, the first
 * complaint of libllama since rk_llama_hush(). */
#define NO_LOGITS "libllama gave no logits"
int rk_llama_fail(const rk_llm *m, rk_error *err, int code, const char *what);
void rk_llama_hush(void);

/* llama_tokens.c ----------------------------------------------------------*/

void rk_tokens_clear(rk_tokens *t);
void rk_tokens_reset(rk_tokens *t); /* empties; keeps the memory */

/* Appends a text's tokens. `special`: with the tokens the model puts at the
 * beginning and end of a whole text. RK_EBACKEND, RK_ENOMEM. */
int rk_tokens_add(rk_tokens *t, const rk_llama *l, const char *text,
                  bool special, rk_error *err);

/* The same with control tokens where the text spells them: for the model's own
 * chat template, never for what comes from outside. `first`: at the beginning
 * of a whole text. */
int rk_tokens_add_control(rk_tokens *t, const rk_llama *l, const char *text,
                          bool first, rk_error *err);

/* Appends a text that is tokens already. RK_ENOMEM. */
int rk_tokens_copy(rk_tokens *t, const llama_token *ids, size_t n,
                   rk_error *err);

/* Makes one text of the last two. */
void rk_tokens_join(rk_tokens *t);

size_t rk_tokens_len(const rk_tokens *t, size_t i);
const llama_token *rk_tokens_at(const rk_tokens *t, size_t i);

/* Whether the text of a token ends a line. */
bool rk_llama_ends_line(const rk_llama *l, llama_token token);

/* llama_chat.c ------------------------------------------------------------*/

/* Which part of a message a text is, where there is a chat: its beginning has
 * the chat's head before it, its end the tail behind it. */
enum rk_llama_part { RK_LLAMA_BEGIN, RK_LLAMA_END, RK_LLAMA_WHOLE };

/* Prepares l->chat. RK_ENOTFOUND: no template that libllama knows. */
int rk_llama_chat(rk_llm *m, rk_llm_frame *out, rk_error *err);
void rk_llama_chat_clear(rk_llama *l);

/* Appends a text's tokens: those of the chat's head and tail that belong to
 * its part are control tokens, the text's own never. Outside of a chat it is
 * rk_tokens_add(), the end alone being no whole text. */
int rk_llama_add(rk_tokens *t, const rk_llm *m, const char *text,
                 enum rk_llama_part part, rk_error *err);

/* Tokens of the head that a prefix begins with; 0 outside of a chat. */
size_t rk_llama_chat_head(const rk_llm *m);

/* llama_batch.c -----------------------------------------------------------*/

/* Appends a token at `position` of `sequence` to the batch. `read`: its
 * logits, or its part of a pooled vector, will be asked for. */
void rk_llama_push(rk_llama *l, llama_token token, size_t position,
                   size_t sequence, bool read);

/* Evaluates the batch and empties it. After a failure the memory is empty and
 * no prefix is kept. RK_EBACKEND. */
int rk_llama_decode(rk_llm *m, rk_error *err);

/* Empties the memory. */
void rk_llama_forget(rk_llm *m);

/* llama_prefix.c ----------------------------------------------------------*/

/* Makes `text` the prefix in sequence 0, evaluating nothing if it is there
 * already or among those kept. "" is allowed: then there may be no prefix.
 * `part`: of a chat's message, RK_LLAMA_BEGIN or RK_LLAMA_WHOLE. */
int rk_llama_prefix(rk_llm *m, const char *text, enum rk_llama_part part,
                    rk_error *err);

/* llama_prefix.c, llama_score.c, llama_beams.c, llama_generate.c,
 * llama_embed.c: see backend.h --------------------------------------------*/

int rk_llama_keep_prefixes(rk_llm *m, const rk_prefix_opts *opts,
                           rk_error *err);
int rk_llama_states(rk_llm *m, const rk_states_ask *ask, float *out,
                    rk_error *err);
int rk_llama_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                   rk_beam *out, size_t *n_out, rk_error *err);

int rk_llama_likelihood(rk_llm *m, const char *prefix,
                        const char *const *branches, size_t n, float *logp,
                        uint32_t *n_tokens, rk_error *err);
int rk_llama_next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                        rk_error *err);
int rk_llama_generate(rk_llm *m, const char *prompt,
                      const rk_generate_opts *opts, char **text, rk_error *err);
int rk_llama_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                   const rk_progress *p, rk_error *err);

#endif

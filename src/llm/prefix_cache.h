/* What a language model made of prefixes, kept in memory and in a folder, so
 * that a user's history is read once. The least recently used go first.
 *
 * An entry is the tokens of a prefix, the logits after it and the model's
 * state, in one piece of bytes. It is found by its tokens and by its world: a
 * text that names all else that the state hangs on (the model's file, the
 * library, its settings). In the folder an entry is one file, <key>.prefix:
 *
 *   "RKPREFIX", uint32 version, uint32 n_tokens, uint64 n_logits,
 *   uint64 state_len, uint64 checksum of all that follows, 32 letters of the
 *   world's hash; then int32 (n_tokens), float32 (n_logits), the state
 *
 * A file that is truncated, changed or of another world is deleted and never
 * used. The folder is a convenience: when it cannot be written or read, nothing
 * fails, prefixes are only evaluated again. One thread at a time; several
 * processes may share a folder. */
#ifndef RK_LLM_PREFIX_CACHE_H
#define RK_LLM_PREFIX_CACHE_H

#include "core/error.h"
#include "llm/llm.h"

typedef struct rk_prefix_cache rk_prefix_cache;

/* An entry, borrowed until the next call. */
typedef struct rk_kept {
    const int32_t *tokens;
    const float *logits;
    const void *state;
    size_t n_tokens;
    size_t n_logits;
    size_t state_len;
} rk_kept;

/* `opts` as in rk_llm_keep_prefixes(). RK_ENOMEM. */
int rk_prefix_cache_new(rk_prefix_cache **out, const char *world,
                        const rk_prefix_opts *opts, rk_error *err);
void rk_prefix_cache_free(rk_prefix_cache *c);

/* The entry of these tokens, which then is the most recently used; false when
 * there is none. */
bool rk_prefix_cache_find(rk_prefix_cache *c, const int32_t *tokens,
                          size_t n_tokens, rk_kept *out);

/* Adds an entry. The state is written by `save`, which gets room for
 * k->state_len bytes and returns how many it wrote: anything else, and the
 * entry is not kept. k->state is not read. What fits neither budget is not
 * kept, and a lack of memory is no failure. */
typedef size_t rk_prefix_save(void *ctx, void *state, size_t len);
void rk_prefix_cache_add(rk_prefix_cache *c, const rk_kept *k,
                         rk_prefix_save *save, void *ctx);

/* Drops an entry, here and in the folder: its state proved useless. */
void rk_prefix_cache_drop(rk_prefix_cache *c, const int32_t *tokens,
                          size_t n_tokens);

/* Bytes of the entries in memory. */
size_t rk_prefix_cache_bytes(const rk_prefix_cache *c);

#endif

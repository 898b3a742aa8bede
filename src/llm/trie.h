/* A trie of token sequences: what may follow a beginning. Immutable once
 * made; any thread may walk it.
 *
 * There are no nodes: the sequences are sorted, and a place in the trie is a
 * range of them that share their first `depth` tokens. */
#ifndef RK_LLM_TRIE_H
#define RK_LLM_TRIE_H

#include "core/error.h"

typedef struct rk_trie rk_trie;

typedef struct rk_trie_at {
    uint32_t begin; /* sequences begin to end - 1, in sorted order */
    uint32_t end;
    uint32_t depth;
} rk_trie_at;

/* Sequence i is tokens[first[i]] up to, not including, tokens[first[i + 1]],
 * for i below n; first has n + 1 entries. Both are copied. RK_EINVAL (n is 0
 * or does not fit 32 bits), RK_ENOMEM. */
int rk_trie_new(rk_trie **out, const int32_t *tokens, const size_t *first,
                size_t n, rk_error *err);
void rk_trie_free(rk_trie *t);

rk_trie_at rk_trie_root(const rk_trie *t);

/* The n sequences' indices sorted by their tokens, a beginning before what goes
 * on from it, equals as given. Borrowed. */
const uint32_t *rk_trie_order(const rk_trie *t);

/* Whether a sequence ends here; *index is the first given of those. */
bool rk_trie_ends(const rk_trie *t, rk_trie_at at, uint32_t *index);

/* Walks the children of `at` in the order of their tokens: the first when
 * *child is zeroed, then the next; false when there is none. */
bool rk_trie_child(const rk_trie *t, rk_trie_at at, rk_trie_at *child);

/* The last token on the way to `at`, which is not the root. */
int32_t rk_trie_token(const rk_trie *t, rk_trie_at at);

/* All at->depth tokens on the way to it. Borrowed. */
const int32_t *rk_trie_path(const rk_trie *t, rk_trie_at at);

#endif

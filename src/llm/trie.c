#include "llm/trie.h"

#include "core/mem.h"

#include <string.h>

struct rk_trie {
    int32_t *tokens;
    size_t *first;   /* n + 1, as given */
    uint32_t *order; /* n: indices of the sequences, sorted by their tokens */
    uint32_t n;
};


static uint32_t length(const rk_trie *t, uint32_t place)
{
    uint32_t i = t->order[place];

    return (uint32_t)(t->first[i + 1] - t->first[i]);
}


static int32_t token(const rk_trie *t, uint32_t place, uint32_t depth)
{
    return t->tokens[t->first[t->order[place]] + depth];
}


/* By tokens, a beginning before what goes on from it; equals as given. */
static int compare(const void *a, const void *b, void *ctx)
{
    const rk_trie *t = ctx;
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    size_t len_i = t->first[i + 1] - t->first[i];
    size_t len_j = t->first[j + 1] - t->first[j];
    const int32_t *p = t->tokens + t->first[i];
    const int32_t *q = t->tokens + t->first[j];

    for (size_t k = 0; k < len_i && k < len_j; k++)
        if (p[k] != q[k])
            return p[k] < q[k] ? -1 : 1;
    if (len_i != len_j)
        return len_i < len_j ? -1 : 1;
    return (i > j) - (i < j);
}


int rk_trie_new(rk_trie **out, const int32_t *tokens, const size_t *first,
                size_t n, rk_error *err)
{
    rk_trie *t;

    *out = NULL;
    if (n == 0 || n > UINT32_MAX || first[n] > UINT32_MAX)
        return rk_fail(err, RK_EINVAL,
                       "a trie of %zu sequences, must be 1 to 4294967295", n);
    t = rk_calloc(1, sizeof(*t));
    if (!t)
        return rk_no_memory(err);
    t->tokens = rk_alloc_array(first[n], sizeof(*t->tokens));
    t->first = rk_alloc_array(n + 1, sizeof(*t->first));
    t->order = rk_alloc_array(n, sizeof(*t->order));
    if (!t->tokens || !t->first || !t->order) {
        rk_trie_free(t);
        return rk_no_memory(err);
    }
    if (first[n])
        memcpy(t->tokens, tokens, first[n] * sizeof(*tokens));
    memcpy(t->first, first, (n + 1) * sizeof(*first));
    t->n = (uint32_t)n;
    for (uint32_t i = 0; i < t->n; i++)
        t->order[i] = i;
    qsort_r(t->order, n, sizeof(*t->order), compare, t);
    *out = t;
    return RK_OK;
}


void rk_trie_free(rk_trie *t)
{
    if (!t)
        return;
    free(t->tokens);
    free(t->first);
    free(t->order);
    free(t);
}


rk_trie_at rk_trie_root(const rk_trie *t)
{
    return (rk_trie_at){0, t->n, 0};
}


const uint32_t *rk_trie_order(const rk_trie *t)
{
    return t->order;
}


bool rk_trie_ends(const rk_trie *t, rk_trie_at at, uint32_t *index)
{
    if (length(t, at.begin) != at.depth)
        return false;
    *index = t->order[at.begin];
    return true;
}


bool rk_trie_child(const rk_trie *t, rk_trie_at at, rk_trie_at *child)
{
    uint32_t begin = child->depth ? child->end : at.begin;
    uint32_t high = at.end;
    uint32_t low;

    while (begin < at.end && length(t, begin) == at.depth)
        begin++; /* sequences that end here */
    if (begin == at.end)
        return false;

    /* The range of one token ends at the first greater one. */
    low = begin + 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (token(t, middle, at.depth) == token(t, begin, at.depth))
            low = middle + 1;
        else
            high = middle;
    }
    *child = (rk_trie_at){begin, low, at.depth + 1};
    return true;
}


int32_t rk_trie_token(const rk_trie *t, rk_trie_at at)
{
    return token(t, at.begin, at.depth - 1);
}


const int32_t *rk_trie_path(const rk_trie *t, rk_trie_at at)
{
    return t->tokens + t->first[t->order[at.begin]];
}

/* Beam search over a trie of allowed token sequences, for any model that can
 * go on from a beginning. The model reads; the search decides what lives.
 *
 * Where sequences part, the ways on share probability by the softmax of their
 * logits; where there is one way on, it has all: see rk_llm_beams(). */
#ifndef RK_LLM_BEAMS_H
#define RK_LLM_BEAMS_H

#include "llm/llm.h"
#include "llm/trie.h"

typedef struct rk_beams rk_beams;

/* A beam at a place where sequences part: what a model is to read for it. */
typedef struct rk_beam_step {
    rk_trie_at at;
    uint32_t from;   /* tokens on the way to `at` that its parent has read */
    uint32_t parent; /* its place among the steps of the last call */
} rk_beam_step;

/* What does the reading. */
typedef struct rk_beam_reader {
    /* Reads n steps and calls rk_beams_read(search, i, ctx) for each of them,
     * in any order, when `logit` answers for it. The first call has one step,
     * the root, or the place the texts first part, whose parent has read
     * nothing. Parents without a child among the steps are done with. */
    int (*read)(void *ctx, rk_beams *search, const rk_beam_step *steps,
                size_t n, rk_error *err);
    /* The logit of a token now; RK_BEAM_END: of an end of the text. */
    float (*logit)(void *ctx, int32_t token);
    void *ctx;
} rk_beam_reader;

#define RK_BEAM_END (-1)

/* Searches with `width` beams; `out` has room for as many, best first.
 * RK_ENOMEM, and what the reader returns. */
int rk_beams_search(const rk_trie *trie, size_t width,
                    const rk_beam_reader *reader, rk_beam *out, size_t *n_out,
                    rk_error *err);

/* Called by the reader: the ways on from step i are read. */
void rk_beams_read(rk_beams *b, size_t i);

#endif

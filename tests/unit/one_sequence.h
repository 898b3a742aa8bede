/* The slow oracle of the llama.cpp backend: one text, one sequence, evaluated
 * from its first token on, each token's probability by a softmax in double
 * arithmetic, on one thread. What is told apart from its beginning is the
 * text's tokens, not two texts' tokens joined.
 *
 * Flash attention is asked for where the weights are not floats: activations
 * are then rounded to 8 bits, and rounding that falls the other way because of
 * a different order of sums moves a log-likelihood by several tenths. */
#ifndef ONE_SEQUENCE_H
#define ONE_SEQUENCE_H

#include "core/mem.h"

#include <llama.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { ONE_SEQUENCE_MOST = 1024 };

typedef struct one_sequence {
    struct llama_model *model;
    struct llama_context *context;
    const struct llama_vocab *vocab;
    int32_t n_vocab;
} one_sequence;


static inline bool one_sequence_open(one_sequence *s, const char *path,
                                     bool flash_attention)
{
    struct llama_context_params params = llama_context_default_params();

    s->model = llama_model_load_from_file(path, llama_model_default_params());
    if (!s->model)
        return false;
    params.n_ctx = ONE_SEQUENCE_MOST;
    params.n_batch = ONE_SEQUENCE_MOST;
    params.n_threads = 1;
    params.n_threads_batch = 1;
    params.flash_attn_type = flash_attention ? LLAMA_FLASH_ATTN_TYPE_ENABLED
                                             : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    s->context = llama_init_from_model(s->model, params);
    s->vocab = llama_model_get_vocab(s->model);
    s->n_vocab = llama_vocab_n_tokens(s->vocab);
    return s->context != NULL;
}


static inline void one_sequence_close(one_sequence *s)
{
    llama_free(s->context);
    llama_model_free(s->model);
}


static inline double one_sequence_log_p(const one_sequence *s,
                                        const float *logits, llama_token token)
{
    double most = logits[0];
    double sum = 0;

    for (int32_t i = 1; i < s->n_vocab; i++)
        most = logits[i] > most ? logits[i] : most;
    for (int32_t i = 0; i < s->n_vocab; i++)
        sum += exp(logits[i] - most);
    return logits[token] - most - log(sum);
}


/* log p(the rest of the text and a newline | its first tokens, which are
 * those of `prefix`); NaN when the text does not begin with those. The number
 * of tokens of the rest goes to *n_rest. */
static inline double one_sequence_likelihood(one_sequence *s,
                                             const char *prefix,
                                             const char *text, size_t *n_rest)
{
    llama_token head[ONE_SEQUENCE_MOST], all[ONE_SEQUENCE_MOST];
    int32_t n_head = llama_tokenize(s->vocab, prefix, (int32_t)strlen(prefix),
                                    head, ONE_SEQUENCE_MOST, true, false);
    int32_t n = llama_tokenize(s->vocab, text, (int32_t)strlen(text), all,
                               ONE_SEQUENCE_MOST - 1, true, false);
    struct llama_batch batch;
    double sum = 0;

    *n_rest = 0;
    if (n_head < 1 || n < n_head ||
        memcmp(head, all, (size_t)n_head * sizeof(*all)) != 0)
        return NAN;
    *n_rest = (size_t)(n - n_head);
    all[n] = llama_vocab_nl(s->vocab);
    batch = llama_batch_init(n, 0, 1);
    batch.n_tokens = n;
    for (int32_t i = 0; i < n; i++) {
        batch.token[i] = all[i];
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = i >= n_head - 1;
    }
    llama_memory_clear(llama_get_memory(s->context), true);
    if (llama_decode(s->context, batch) != 0)
        sum = NAN;
    else
        for (int32_t i = n_head - 1; i < n; i++)
            sum += one_sequence_log_p(s, llama_get_logits_ith(s->context, i),
                                      all[i + 1]);
    llama_batch_free(batch);
    return sum;
}

#endif

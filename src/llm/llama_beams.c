#include "llm/beams.h"
#include "llm/llama_internal.h"

#include <string.h>

/* Beams are sequences of the context: a beam's first child goes on in its
 * sequence, the others in copies. So there are never more than beams. */
typedef struct reading {
    rk_llm *m;
    rk_llama *l;
    const rk_trie *trie;
    llama_seq_id sequence[RK_LLM_BEAMS]; /* of the last steps; 0: the prompt */
    llama_seq_id next[RK_LLM_BEAMS];     /* of those being read */
    size_t n;                            /* last steps */
    const float *row; /* logits of the step that is read now */
} reading;


/* How likely a text is to end: by a newline or by a token that ends it. */
static float end_logit(const reading *r)
{
    llama_token ends[2] = {llama_vocab_eos(r->l->vocab),
                           llama_vocab_eot(r->l->vocab)};
    float best = r->row[r->l->newline];

    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0 && r->row[ends[i]] > best)
            best = r->row[ends[i]];
    return best;
}


static float logit(void *ctx, int32_t token)
{
    const reading *r = ctx;

    return token == RK_BEAM_END ? end_logit(r) : r->row[token];
}


/* Gives each step a sequence that begins as its parent's. */
static void take_sequences(reading *r, const rk_beam_step *steps, size_t n)
{
    llama_memory_t memory = r->l->memory;
    bool used[RK_LLM_BEAMS + 1] = {false};
    bool kept[RK_LLM_BEAMS] = {false};
    llama_seq_id free_one = 1;

    for (size_t i = 0; i < n; i++) {
        size_t p = steps[i].parent;

        r->next[i] = 0;
        if (r->sequence[p] && !kept[p]) {
            r->next[i] = r->sequence[p];
            kept[p] = true;
            used[r->next[i]] = true;
        }
    }
    for (size_t i = 0; i < r->n; i++)
        if (r->sequence[i] && !kept[i])
            llama_memory_seq_rm(memory, r->sequence[i], -1, -1);
    for (size_t i = 0; i < n; i++) {
        if (r->next[i])
            continue;
        while (used[free_one])
            free_one++;
        used[free_one] = true;
        r->next[i] = free_one;
        llama_memory_seq_cp(memory, r->sequence[steps[i].parent], free_one, -1,
                            -1);
    }
    memcpy(r->sequence, r->next, n * sizeof(*r->next));
    r->n = n;
}


/* Evaluates the steps that are in the batch, begin to end - 1, and lets the
 * search read them. A step without new tokens is the prompt itself. */
static int flush(reading *r, rk_beams *search, const rk_beam_step *steps,
                 size_t begin, size_t end, rk_error *err)
{
    int32_t row = -1;
    int rc = RK_OK;

    if (r->l->batch.n_tokens > 0) {
        r->m->usage.branch_tokens += (uint64_t)r->l->batch.n_tokens;
        rc = rk_llama_decode(r->m, err);
    }
    for (size_t i = begin; i < end && rc == RK_OK; i++) {
        uint32_t n_new = steps[i].at.depth - steps[i].from;

        row += (int32_t)n_new;
        r->row = n_new ? llama_get_logits_ith(r->l->context, row)
                       : r->l->logits;
        if (!r->row) {
            rk_llama_forget(r->m);
            return rk_llama_fail(r->m, err, RK_EBACKEND, NO_LOGITS);
        }
        rk_beams_read(search, i);
    }
    return rc;
}


static int read_steps(void *ctx, rk_beams *search, const rk_beam_step *steps,
                      size_t n, rk_error *err)
{
    reading *r = ctx;
    size_t begin = 0;

    take_sequences(r, steps, n);
    for (size_t i = 0; i < n; i++) {
        const rk_beam_step *s = &steps[i];
        const int32_t *path = rk_trie_path(r->trie, s->at);
        size_t n_new = s->at.depth - s->from;

        if (i > begin && (size_t)r->l->batch.n_tokens + n_new > RK_LLAMA_PACK) {
            int rc = flush(r, search, steps, begin, i, err);

            if (rc)
                return rc;
            begin = i;
        }
        for (size_t j = s->from; j < s->at.depth; j++)
            rk_llama_push(r->l, path[j], r->l->n_prefix + j,
                          (size_t)r->sequence[i], j + 1 == s->at.depth);
    }
    return flush(r, search, steps, begin, n, err);
}


static int add_allowed(rk_tokens *out, const rk_llama *l,
                       const rk_beams_opts *o, size_t *longest, rk_error *err)
{
    *longest = 1;
    for (size_t i = 0; i < o->n_allowed; i++) {
        int rc = rk_tokens_add(out, l, o->allowed[i], false, err);
        size_t len = rc ? 0 : rk_tokens_len(out, i);

        if (rc)
            return rc;
        if (len > RK_LLM_ROOM)
            return rk_fail(err, RK_EINVAL,
                           "allowed text %zu has %zu tokens, at most %d", i,
                           len, RK_LLM_ROOM);
        if (len > *longest)
            *longest = len;
    }
    return RK_OK;
}


int rk_llama_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                   rk_beam *out, size_t *n_out, rk_error *err)
{
    rk_llama *l = m->state;
    reading r = {.m = m, .l = l, .n = 1}; /* one step: the prompt */
    rk_beam_reader reader = {read_steps, logit, &r};
    rk_trie *trie = NULL;
    rk_tokens t = {0};
    size_t longest, width;
    int rc = add_allowed(&t, l, opts, &longest, err);

    if (rc == RK_OK)
        rc = rk_trie_new(&trie, t.ids, t.first, opts->n_allowed, err);
    if (rc == RK_OK)
        rc = rk_llama_prefix(m, prompt, RK_LLAMA_WHOLE, err);
    if (rc)
        goto done;
    r.trie = trie;
    width = (l->n_context - l->n_prefix) / longest;
    if (width > opts->width)
        width = opts->width;
    if (width >= l->n_sequences)
        width = l->n_sequences - 1;
    rc = rk_beams_search(trie, width, &reader, out, n_out, err);
    for (size_t i = 1; i < l->n_sequences; i++)
        llama_memory_seq_rm(l->memory, (llama_seq_id)i, -1, -1);

done:
    rk_trie_free(trie);
    rk_tokens_clear(&t);
    return rc;
}

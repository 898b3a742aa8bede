#include "core/mem.h"
#include "core/progress.h"
#include "core/threads.h"
#include "llm/llama_internal.h"
#include "llm/softmax.h"

/* What is read of a pack: for each branch its slice of `rows`, from `at`. */
typedef struct pack {
    const rk_llama *l;
    const rk_tokens *branches;
    size_t begin; /* branches begin to end - 1 */
    size_t end;
    size_t at[RK_LLAMA_PACK]; /* first token of branch begin + j in the batch */

    const llama_token *words; /* next_words(); NULL: likelihood() */
    size_t n_words;
    float *logp;
} pack;


/* `ends`: a branch is the end of a message, where there is a chat. */
static int add_branches(rk_tokens *out, const rk_llm *m,
                        const char *const *branches, size_t n, bool ends,
                        rk_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = ends ? rk_llama_add(out, m, branches[i], RK_LLAMA_END, err)
                      : rk_tokens_add(out, m->state, branches[i], false, err);

        if (rc)
            return rc;
        if (rk_tokens_len(out, i) > RK_LLM_ROOM)
            return rk_fail(err, RK_EINVAL,
                           "branch %zu has %zu tokens, at most %d", i,
                           rk_tokens_len(out, i), RK_LLM_ROOM);
    }
    return RK_OK;
}


/* Row i of a branch tells its token i + 1; the last one tells the newline. */
static void read_likelihood(const pack *p, size_t branch)
{
    const rk_llama *l = p->l;
    const llama_token *ids = rk_tokens_at(p->branches, branch);
    size_t len = rk_tokens_len(p->branches, branch);
    const float *const *rows = l->rows + p->at[branch - p->begin];
    llama_token next = len ? ids[0] : l->newline;
    double sum = (double)l->logits[next] - l->logits_total;

    for (size_t i = 0; i < len; i++) {
        next = i + 1 < len ? ids[i + 1] : l->newline;
        sum += (double)rows[i][next] - rk_softmax_total(rows[i], l->n_vocab);
    }
    p->logp[branch] = (float)sum;
}


static void read_words(const pack *p, size_t branch)
{
    const rk_llama *l = p->l;
    size_t len = rk_tokens_len(p->branches, branch);
    const float *row = l->logits;
    double total = l->logits_total;

    if (len) {
        row = l->rows[p->at[branch - p->begin] + len - 1];
        total = rk_softmax_total(row, l->n_vocab);
    }
    for (size_t w = 0; w < p->n_words; w++)
        p->logp[branch * p->n_words + w] = (float)((double)row[p->words[w]] -
                                                   total);
}


static void read_range(void *ctx, size_t begin, size_t end)
{
    const pack *p = ctx;

    for (size_t i = p->begin + begin; i < p->begin + end; i++)
        if (p->words)
            read_words(p, i);
        else
            read_likelihood(p, i);
}


/* Puts branches from p->begin on into the batch, each its own sequence that
 * begins as a copy of the prefix, until a pack is full. */
static void fill(pack *p, rk_llama *l, size_t n)
{
    size_t most = p->words ? RK_LLAMA_PACK : RK_LLAMA_READ_PACK;
    size_t used = 0;
    size_t i;

    for (i = p->begin; i < n; i++) {
        const llama_token *ids = rk_tokens_at(p->branches, i);
        size_t len = rk_tokens_len(p->branches, i);
        size_t sequence = 1 + i - p->begin;

        if (sequence == l->n_sequences || (used > 0 && used + len > most))
            break;
        p->at[i - p->begin] = used;
        if (len && l->n_prefix)
            llama_memory_seq_cp(l->memory, 0, (llama_seq_id)sequence, -1, -1);
        for (size_t j = 0; j < len; j++)
            rk_llama_push(l, ids[j], l->n_prefix + j, sequence,
                          !p->words || j + 1 == len);
        used += len;
    }
    p->end = i;
}


/* Evaluates a filled pack, reads it and drops its sequences. */
static int run(pack *p, rk_llm *m, rk_error *err)
{
    rk_llama *l = m->state;
    int32_t n_tokens = l->batch.n_tokens;
    int rc = RK_OK;

    if (n_tokens > 0)
        rc = rk_llama_decode(m, err);
    if (rc)
        return rc;
    m->usage.branch_tokens += (uint64_t)n_tokens;

    /* The first of these calls sorts the rows, so one thread makes them. */
    for (int32_t i = 0; i < n_tokens; i++) {
        l->rows[i] = NULL;
        if (!l->batch.logits[i])
            continue;
        l->rows[i] = llama_get_logits_ith(l->context, i);
        if (!l->rows[i]) {
            rk_llama_forget(m);
            return rk_llama_fail(m, err, RK_EBACKEND, NO_LOGITS);
        }
    }
    rk_parallel(p->end - p->begin, read_range, p);
    for (size_t i = p->begin; i < p->end; i++)
        llama_memory_seq_rm(l->memory, (llama_seq_id)(1 + i - p->begin), -1,
                            -1);
    return RK_OK;
}


int rk_llama_likelihood(rk_llm *m, const char *prefix,
                        const char *const *branches, size_t n, float *logp,
                        uint32_t *n_tokens, rk_error *err)
{
    rk_llama *l = m->state;
    rk_tokens t = {0};
    pack p = {.l = l, .branches = &t, .logp = logp};
    int rc = add_branches(&t, m, branches, n, false, err);

    if (rc == RK_OK)
        rc = rk_llama_prefix(m, prefix, RK_LLAMA_WHOLE, err);
    for (; rc == RK_OK && p.begin < n; p.begin = p.end) {
        fill(&p, l, n);
        rc = run(&p, m, err);
    }
    for (size_t i = 0; rc == RK_OK && n_tokens && i < n; i++)
        n_tokens[i] = (uint32_t)rk_tokens_len(&t, i);
    rk_tokens_clear(&t);
    return rc;
}


int rk_llama_next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                        rk_error *err)
{
    rk_llama *l = m->state;
    rk_tokens t = {0};
    rk_tokens words = {0};
    pack p = {.l = l, .branches = &t, .n_words = ask->n_words, .logp = logp};
    int rc = add_branches(&t, m, ask->branches, ask->n, true, err);

    for (size_t i = 0; i < ask->n_words && rc == RK_OK; i++)
        rc = rk_tokens_add(&words, l, ask->words[i], false, err);
    if (rc == RK_OK)
        rc = rk_llama_prefix(m, ask->prefix, RK_LLAMA_BEGIN, err);
    p.words = words.ids;
    for (; rc == RK_OK && p.begin < ask->n; p.begin = p.end) {
        fill(&p, l, ask->n);
        rc = run(&p, m, err);
        if (rc == RK_OK)
            rc = rk_progress_report(ask->progress, ask->stage, p.end, ask->n,
                                    err);
    }
    rk_tokens_clear(&words);
    rk_tokens_clear(&t);
    return rc;
}

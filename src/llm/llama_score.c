#include "core/mem.h"
#include "core/progress.h"
#include "core/threads.h"
#include "llm/llama_internal.h"
#include "llm/softmax.h"
#include "llm/trie.h"

#include <string.h>

/* What is asked of branches, and the part of them in the batch.
 *
 * Branches are read in the order of their tokens, and equal ones once, so that
 * the order they are given in cannot matter. Neither can their company: see
 * RK_LLAMA_BRANCH_PACK (a longer branch is a batch by itself), and push_pair(),
 * because libllama multiplies a single row by another kernel. */
typedef struct pack {
    rk_llama *l;
    rk_tokens branches;
    rk_trie *sorted;
    const uint32_t *order; /* of the branches */
    size_t n;
    size_t begin; /* places begin to end - 1 of `order` are in the batch */
    size_t end;
    size_t at[RK_LLAMA_PACK]; /* row of the first token of place begin + j */

    enum { LIKELIHOOD, WORDS, STATES } what;
    const llama_token *words;
    size_t width; /* floats a branch: 1, words, or a state's */
    bool mean;    /* of the states of all tokens */
    float *out;   /* (n, width) */
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


static int start(pack *p, rk_llm *m, const char *const *branches, size_t n,
                 rk_error *err)
{
    int rc;

    p->l = m->state;
    p->n = n;
    rc = add_branches(&p->branches, m, branches, n, p->what == WORDS, err);
    if (rc == RK_OK)
        rc = rk_trie_new(&p->sorted, p->branches.ids, p->branches.first, n,
                         err);
    if (rc == RK_OK)
        p->order = rk_trie_order(p->sorted);
    return rc;
}


static void finish(pack *p)
{
    rk_trie_free(p->sorted);
    rk_tokens_clear(&p->branches);
}


/* Whether the branch at a place has the tokens of the one before it. */
static bool is_twin(const pack *p, size_t place)
{
    const rk_tokens *t = &p->branches;
    size_t len;

    if (place == 0)
        return false;
    len = rk_tokens_len(t, p->order[place]);
    return len == rk_tokens_len(t, p->order[place - 1]) &&
           memcmp(rk_tokens_at(t, p->order[place]),
                  rk_tokens_at(t, p->order[place - 1]),
                  len * sizeof(*t->ids)) == 0;
}


/* Row i of a branch tells its token i + 1; the last one tells the newline. */
static void read_likelihood(const pack *p, size_t place)
{
    const rk_llama *l = p->l;
    size_t branch = p->order[place];
    const llama_token *ids = rk_tokens_at(&p->branches, branch);
    size_t len = rk_tokens_len(&p->branches, branch);
    const float *const *rows = l->rows + p->at[place - p->begin];
    llama_token next = len ? ids[0] : l->newline;
    double sum = (double)l->logits[next] - l->logits_total;

    for (size_t i = 0; i < len; i++) {
        next = i + 1 < len ? ids[i + 1] : l->newline;
        sum += (double)rows[i][next] - rk_softmax_total(rows[i], l->n_vocab);
    }
    p->out[branch] = (float)sum;
}


static void read_words(const pack *p, size_t place)
{
    const rk_llama *l = p->l;
    size_t branch = p->order[place];
    size_t len = rk_tokens_len(&p->branches, branch);
    const float *row = l->logits;
    double total = l->logits_total;

    if (len) {
        row = l->rows[p->at[place - p->begin] + len - 1];
        total = rk_softmax_total(row, l->n_vocab);
    }
    for (size_t w = 0; w < p->width; w++)
        p->out[branch * p->width + w] = (float)((double)row[p->words[w]] -
                                                total);
}


static void read_state(const pack *p, size_t place)
{
    const float *const *rows = p->l->rows + p->at[place - p->begin];
    size_t branch = p->order[place];
    size_t len = rk_tokens_len(&p->branches, branch);
    float *out = p->out + branch * p->width;

    if (len == 0)
        len = 1; /* the prefix's last token stands in */
    if (!p->mean) {
        memcpy(out, rows[len - 1], p->width * sizeof(*out));
        return;
    }
    for (size_t j = 0; j < p->width; j++) {
        double sum = 0;

        for (size_t i = 0; i < len; i++)
            sum += (double)rows[i][j];
        out[j] = (float)(sum / (double)len);
    }
}


static void read_range(void *ctx, size_t begin, size_t end)
{
    static void (*const read[])(const pack *, size_t) = {
        [LIKELIHOOD] = read_likelihood,
        [WORDS] = read_words,
        [STATES] = read_state,
    };
    const pack *p = ctx;

    for (size_t i = p->begin + begin; i < p->begin + end; i++)
        if (!is_twin(p, i))
            read[p->what](p, i);
}


/* Puts a branch into the batch as a sequence that begins as a copy of the
 * prefix. The state after an empty one is that of the prefix's last token,
 * which is evaluated once more, in the copy. */
static void push_branch(pack *p, size_t branch, size_t sequence)
{
    rk_llama *l = p->l;
    const llama_token *ids = rk_tokens_at(&p->branches, branch);
    size_t len = rk_tokens_len(&p->branches, branch);
    size_t from = l->n_prefix;

    if (len == 0) {
        ids = l->prefix + l->n_prefix - 1;
        len = 1;
        from--;
    }
    if (from > 0)
        llama_memory_seq_cp(l->memory, 0, (llama_seq_id)sequence, 0,
                            (llama_pos)from);
    for (size_t j = 0; j < len; j++)
        rk_llama_push(l, ids[j], from + j, sequence,
                      p->what != WORDS || j + 1 == len);
}


/* Makes at least two rows, read to the end, of a batch that has one. */
static void push_pair(rk_llama *l)
{
    struct llama_batch *b = &l->batch;
    int32_t n_read = 0;

    for (int32_t i = 0; i < b->n_tokens && n_read < 2; i++)
        n_read += b->logits[i];
    if (n_read == 0 || n_read == 2)
        return;
    if (b->n_tokens > 1) {
        b->logits[b->logits[0] ? 1 : 0] = 1;
        return;
    }
    if (b->pos[0] > 0)
        llama_memory_seq_cp(l->memory, b->seq_id[0][0], 2, 0, b->pos[0]);
    rk_llama_push(l, b->token[0], (size_t)b->pos[0], 2, true);
}


/* Puts branches from p->begin on into the batch until a pack is full; returns
 * how many sequences that took. */
static size_t fill(pack *p)
{
    size_t sequence = 0;
    size_t used = 0;
    size_t i;

    for (i = p->begin; i < p->n && i - p->begin < RK_LLAMA_PACK; i++) {
        size_t len = rk_tokens_len(&p->branches, p->order[i]);

        p->at[i - p->begin] = used;
        if (len == 0 && p->what == STATES)
            len = 1;
        if (len == 0 || is_twin(p, i))
            continue;
        if (sequence + 1 == p->l->n_sequences ||
            (used > 0 && used + len > RK_LLAMA_BRANCH_PACK))
            break;
        push_branch(p, p->order[i], ++sequence);
        used += len;
    }
    p->end = i;
    return sequence;
}


/* The rows that were asked for. The first of these calls sorts them, so one
 * thread makes them all. */
static int collect(const pack *p, rk_llm *m, int32_t n, rk_error *err)
{
    rk_llama *l = p->l;

    for (int32_t i = 0; i < n; i++) {
        l->rows[i] = NULL;
        if (p->what == STATES)
            l->rows[i] = llama_get_embeddings_ith(l->context, i);
        else if (l->batch.logits[i])
            l->rows[i] = llama_get_logits_ith(l->context, i);
        else
            continue;
        if (!l->rows[i]) {
            rk_llama_forget(m);
            return rk_llama_fail(m, err, RK_EBACKEND, NO_LOGITS);
        }
    }
    return RK_OK;
}


/* Evaluates a pack, reads it and drops its sequences. */
static int run(pack *p, rk_llm *m, rk_error *err)
{
    rk_llama *l = p->l;
    size_t n_sequences = fill(p);
    int32_t n_tokens = l->batch.n_tokens;
    int rc = RK_OK;

    if (n_tokens > 0) {
        push_pair(l);
        rc = rk_llama_decode(m, err);
        m->usage.branch_tokens += (uint64_t)n_tokens;
    }
    if (rc == RK_OK)
        rc = collect(p, m, n_tokens, err);
    if (rc)
        return rc;
    rk_parallel(p->end - p->begin, read_range, p);
    for (size_t i = 1; i <= n_sequences + 1 && i < l->n_sequences; i++)
        llama_memory_seq_rm(l->memory, (llama_seq_id)i, -1, -1);
    p->begin = p->end;
    return RK_OK;
}


/* Equal branches get what the first of them got. */
static void copy_twins(const pack *p)
{
    for (size_t i = 1; i < p->n; i++)
        if (is_twin(p, i))
            memcpy(p->out + p->order[i] * p->width,
                   p->out + p->order[i - 1] * p->width,
                   p->width * sizeof(*p->out));
}


int rk_llama_likelihood(rk_llm *m, const char *prefix,
                        const char *const *branches, size_t n, float *logp,
                        uint32_t *n_tokens, rk_error *err)
{
    pack p = {.what = LIKELIHOOD, .width = 1, .out = logp};
    int rc = start(&p, m, branches, n, err);

    if (rc == RK_OK)
        rc = rk_llama_prefix(m, prefix, RK_LLAMA_WHOLE, err);
    while (rc == RK_OK && p.begin < n)
        rc = run(&p, m, err);
    if (rc == RK_OK)
        copy_twins(&p);
    for (size_t i = 0; rc == RK_OK && n_tokens && i < n; i++)
        n_tokens[i] = (uint32_t)rk_tokens_len(&p.branches, i);
    finish(&p);
    return rc;
}


int rk_llama_next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                        rk_error *err)
{
    rk_tokens words = {0};
    pack p = {.what = WORDS, .width = ask->n_words, .out = logp};
    int rc = start(&p, m, ask->branches, ask->n, err);

    for (size_t i = 0; i < ask->n_words && rc == RK_OK; i++)
        rc = rk_tokens_add(&words, p.l, ask->words[i], false, err);
    if (rc == RK_OK)
        rc = rk_llama_prefix(m, ask->prefix, RK_LLAMA_BEGIN, err);
    p.words = words.ids;
    while (rc == RK_OK && p.begin < ask->n) {
        rc = run(&p, m, err);
        if (rc == RK_OK)
            rc = rk_progress_report(ask->progress, ask->stage, p.end, ask->n,
                                    err);
    }
    if (rc == RK_OK)
        copy_twins(&p);
    rk_tokens_clear(&words);
    finish(&p);
    return rc;
}


/* All tokens of a context that gives states are read to the end, so it gives
 * them for as long as they are asked for. */
int rk_llama_states(rk_llm *m, const rk_states_ask *ask, float *out,
                    rk_error *err)
{
    pack p = {
        .what = STATES, .width = m->info.width, .mean = ask->mean, .out = out};
    int rc = start(&p, m, ask->branches, ask->n, err);

    if (rc == RK_OK)
        rc = rk_llama_prefix(m, ask->prefix, RK_LLAMA_WHOLE, err);
    if (rc == RK_OK)
        llama_set_embeddings(p.l->context, true);
    while (rc == RK_OK && p.begin < ask->n)
        rc = run(&p, m, err);
    llama_set_embeddings(p.l->context, false);
    if (rc == RK_OK)
        copy_twins(&p);
    finish(&p);
    return rc;
}

#include "core/buf.h"
#include "core/mem.h"
#include "llm/llama_internal.h"
#include "llm/softmax.h"

#include <math.h>
#include <string.h>

/* A prefix that leaves too little of the context loses its front: up to the
 * beginning of a line where there is one in the first half of what may stay,
 * else in the middle of one. A beginning-of-text token and the head of a chat
 * stay. Returns the new length. */
static size_t cut_front(const rk_llm *m, llama_token *ids, size_t n)
{
    const rk_llama *l = m->state;
    size_t most = l->n_context - RK_LLM_ROOM;
    size_t head = n && ids[0] == llama_vocab_bos(l->vocab) &&
                  llama_vocab_get_add_bos(l->vocab);
    size_t from, line;

    if (n <= most)
        return n;
    if (m->chat)
        head = rk_llama_chat_head(m);
    from = n - (most - head);
    for (line = from; line < n - most / 2; line++)
        if (rk_llama_ends_line(l, ids[line - 1])) {
            from = line;
            break;
        }
    memmove(ids + head, ids + from, (n - from) * sizeof(*ids));
    return head + n - from;
}


/* The prefix in sequence 0 is this one, and these are the logits after it. */
static void note(rk_llama *l, const llama_token *ids, size_t n,
                 const float *logits)
{
    memcpy(l->logits, logits, l->n_vocab * sizeof(*logits));
    l->logits_total = rk_softmax_total(l->logits, l->n_vocab);
    memcpy(l->prefix, ids, n * sizeof(*ids));
    l->n_prefix = n;
    l->n_constant = 0;
}


/* Evaluates tokens `from` to n - 1 of sequence 0, which holds those before
 * them, and keeps the last logits. */
static int evaluate(rk_llm *m, const llama_token *ids, size_t from, size_t n,
                    rk_error *err)
{
    rk_llama *l = m->state;
    const float *logits;

    for (size_t i = from; i < n; i++) {
        rk_llama_push(l, ids[i], i, 0, i + 1 == n);
        if (l->batch.n_tokens == RK_LLAMA_BATCH || i + 1 == n) {
            int rc = rk_llama_decode(m, err);

            if (rc)
                return rc;
        }
    }
    logits = llama_get_logits_ith(l->context, -1);
    if (!logits) {
        rk_llama_forget(m);
        return rk_llama_fail(m, err, RK_EBACKEND, NO_LOGITS);
    }
    note(l, ids, n, logits);
    m->usage.prefix_tokens += n - from;
    return RK_OK;
}


/* Puts a kept state back into sequence 0. One that does not come back whole
 * is dropped: libllama may have left a part of it. */
static bool restore(rk_llm *m, const llama_token *ids, size_t n)
{
    rk_llama *l = m->state;
    rk_kept k;

    if (!l->kept || !rk_prefix_cache_find(l->kept, ids, n, &k))
        return false;
    if (k.n_logits == l->n_vocab &&
        llama_state_seq_set_data(l->context, k.state, k.state_len, 0) ==
            k.state_len &&
        llama_memory_seq_pos_min(l->memory, 0) == 0 &&
        llama_memory_seq_pos_max(l->memory, 0) == (llama_pos)(n - 1)) {
        note(l, ids, n, k.logits);
        if (isfinite(l->logits_total))
            return true;
    }
    rk_prefix_cache_drop(l->kept, ids, n);
    rk_llama_forget(m);
    return false;
}


static size_t save_state(void *ctx, void *state, size_t len)
{
    return llama_state_seq_get_data(ctx, state, len, 0);
}


static void keep(rk_llama *l)
{
    rk_kept k = {.tokens = l->prefix,
                 .logits = l->logits,
                 .n_tokens = l->n_prefix,
                 .n_logits = l->n_vocab};

    if (!l->kept)
        return;
    k.state_len = llama_state_seq_get_size(l->context, 0);
    if (k.state_len > 0)
        rk_prefix_cache_add(l->kept, &k, save_state, l->context);
}


/* All that a state hangs on besides the tokens. What the processor can do is
 * part of it, because libllama's sums hang on that. */
static void add_world(rk_buf *out, const rk_llm *m)
{
    const rk_llama *l = m->state;

    rk_buf_init(out);
    rk_buf_printf(out, "%s %s %s, ggml %s, %s", m->info.fingerprint,
                  m->info.architecture, llama_version(), ggml_version(),
                  llama_print_system_info());
    rk_buf_printf(out, " %s context %zu batch %d %d", RK_LLAMA_MEMORY,
                  l->n_context, RK_LLAMA_BATCH, RK_LLAMA_PACK);
}


int rk_llama_keep_prefixes(rk_llm *m, const rk_prefix_opts *opts, rk_error *err)
{
    rk_llama *l = m->state;
    rk_prefix_cache *kept = NULL;
    rk_buf world;
    int rc;

    add_world(&world, m);
    rc = world.failed
             ? rk_no_memory(err)
             : rk_prefix_cache_new(&kept, rk_buf_str(&world), opts, err);
    rk_buf_clear(&world);
    if (rc)
        return rc;
    rk_prefix_cache_free(l->kept);
    l->kept = kept;
    return RK_OK;
}


/* A text goes on behind a prefix: no end of text. */
static void drop_eos(rk_tokens *t, const rk_llm *m)
{
    const rk_llama *l = m->state;
    size_t n = rk_tokens_len(t, 0);

    if (n && !m->chat && llama_vocab_get_add_eos(l->vocab) &&
        t->ids[n - 1] == llama_vocab_eos(l->vocab))
        t->first[1]--;
}


/* The tokens of a prefix; the first *n_constant are those of the constant text
 * that it begins with. */
static int read_prefix(rk_tokens *t, size_t *n_constant, rk_llm *m,
                       const char *text, enum rk_llama_part part, rk_error *err)
{
    size_t len = m->constant ? strlen(m->constant) : 0;
    int rc;

    *n_constant = 0;
    if (len == 0 || strncmp(text, m->constant, len) != 0 || !text[len]) {
        rc = rk_llama_add(t, m, text, part, err);
        if (rc == RK_OK)
            drop_eos(t, m);
        return rc;
    }
    rc = rk_llama_add(t, m, m->constant, RK_LLAMA_BEGIN, err);
    if (rc)
        return rc;
    drop_eos(t, m);
    *n_constant = rk_tokens_len(t, 0);
    rc = part == RK_LLAMA_BEGIN
             ? rk_tokens_add(t, m->state, text + len, false, err)
             : rk_llama_add(t, m, text + len, RK_LLAMA_END, err);
    if (rc == RK_OK)
        rk_tokens_join(t);
    return rc;
}


/* Brings sequence 0 to n tokens, from what is kept or evaluated; of a parted
 * prefix, nothing but the constant part is kept. */
static int bring(rk_llm *m, const llama_token *ids, size_t n_constant, size_t n,
                 rk_error *err)
{
    rk_llama *l = m->state;
    size_t n_kept = n_constant ? n_constant : n;
    int rc = RK_OK;

    if (restore(m, ids, n_kept)) {
        m->usage.reused_tokens += n_kept;
    } else {
        rc = evaluate(m, ids, 0, n_kept, err);
        if (rc == RK_OK)
            keep(l);
    }
    if (rc || n_kept == n)
        return rc;
    rc = evaluate(m, ids, n_kept, n, err);
    if (rc == RK_OK)
        l->n_constant = n_constant;
    return rc;
}


/* A prefix, or its constant part, is reused whole or not at all. What another
 * one shares with it was computed in another batch, and rounded otherwise: a
 * small quantised model makes half a nat of that, and what it says of a text
 * would depend on what it was asked before. */
int rk_llama_prefix(rk_llm *m, const char *text, enum rk_llama_part part,
                    rk_error *err)
{
    rk_llama *l = m->state;
    rk_tokens t = {0};
    size_t n_constant, n;
    int rc = read_prefix(&t, &n_constant, m, text, part, err);

    if (rc)
        goto done;
    n = cut_front(m, t.ids, rk_tokens_len(&t, 0));
    if (n < rk_tokens_len(&t, 0) || n == n_constant)
        n_constant = 0;
    if (n && n == l->n_prefix && n_constant == l->n_constant &&
        memcmp(t.ids, l->prefix, n * sizeof(*t.ids)) == 0) {
        m->usage.reused_tokens += n;
        goto done;
    }
    rk_llama_forget(m);
    if (n > 0)
        rc = bring(m, t.ids, n_constant, n, err);

done:
    rk_tokens_clear(&t);
    return rc;
}

#include "core/clock.h"
#include "core/mem.h"
#include "llm/llama_internal.h"
#include "llm/softmax.h"

#include <string.h>
#include <sys/resource.h>

void rk_llama_push(rk_llama *l, llama_token token, size_t position,
                   size_t sequence, bool read)
{
    struct llama_batch *b = &l->batch;
    int32_t i = b->n_tokens++;

    b->token[i] = token;
    b->pos[i] = (llama_pos)position;
    b->n_seq_id[i] = 1;
    b->seq_id[i][0] = (llama_seq_id)sequence;
    b->logits[i] = read ? 1 : 0;
}


void rk_llama_forget(rk_llm *m)
{
    rk_llama *l = m->state;

    if (l->memory)
        llama_memory_clear(l->memory, false);
    l->n_prefix = 0;
}


/* How often a thread of this process was put aside so far. */
static long put_aside(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}


/* llama_decode() with as many threads as are worth it. */
static int32_t decode(rk_llama *l)
{
    double work = (double)llama_model_n_params(l->model) * l->batch.n_tokens;
    int64_t start_us = rk_clock_us();
    int64_t now_us;
    int threads;
    long before;
    int32_t rc;

    if (rk_pace_due(&l->pace, work, start_us)) {
        int n_free = rk_pace_try(l->pace.most);

        start_us = rk_clock_us();
        rk_pace_tried(&l->pace, n_free, start_us);
    }
    threads = rk_pace_threads(&l->pace, work);
    llama_set_n_threads(l->context, threads, threads);
    before = put_aside();
    rc = llama_decode(l->context, l->batch);
    now_us = rk_clock_us();
    rk_pace_note(&l->pace, threads, now_us, now_us - start_us,
                 put_aside() - before);
    return rc;
}


int rk_llama_decode(rk_llm *m, rk_error *err)
{
    rk_llama *l = m->state;
    int32_t rc;

    if (rk_llm_on_time(m, err) != RK_OK) {
        l->batch.n_tokens = 0;
        rk_llama_forget(m);
        return RK_ECANCELLED;
    }
    rk_llama_hush();
    rc = decode(l);
    l->batch.n_tokens = 0;
    if (rc == 0)
        return RK_OK;
    rk_llama_forget(m);
    return rk_llama_fail(m, err, RK_EBACKEND,
                         rc == 1 ? "the context has no room for a batch"
                                 : "libllama cannot evaluate a batch");
}


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


/* Evaluates n tokens as sequence 0 and keeps the last logits. */
static int evaluate(rk_llm *m, const llama_token *ids, size_t n, rk_error *err)
{
    rk_llama *l = m->state;
    const float *logits;

    for (size_t i = 0; i < n; i++) {
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
    memcpy(l->logits, logits, l->n_vocab * sizeof(*logits));
    l->logits_total = rk_softmax_total(l->logits, l->n_vocab);
    memcpy(l->prefix, ids, n * sizeof(*ids));
    l->n_prefix = n;
    m->usage.prefix_tokens += n;
    return RK_OK;
}


/* A prefix is reused whole or not at all. What another one shares with it
 * was computed in another batch, and rounded otherwise: a small quantised
 * model makes half a nat of that, and what it says of a text would depend on
 * what it was asked before. */
int rk_llama_prefix(rk_llm *m, const char *text, enum rk_llama_part part,
                    rk_error *err)
{
    rk_llama *l = m->state;
    rk_tokens t = {0};
    size_t n;
    int rc = rk_llama_add(&t, m, text, part, err);

    if (rc)
        goto done;
    n = rk_tokens_len(&t, 0);
    if (n && !m->chat && llama_vocab_get_add_eos(l->vocab) &&
        t.ids[n - 1] == llama_vocab_eos(l->vocab))
        n--; /* the text goes on */
    n = cut_front(m, t.ids, n);
    if (n && n == l->n_prefix &&
        memcmp(t.ids, l->prefix, n * sizeof(*t.ids)) == 0) {
        m->usage.reused_tokens += n;
        goto done;
    }
    rk_llama_forget(m);
    if (n)
        rc = evaluate(m, t.ids, n, err);

done:
    rk_tokens_clear(&t);
    return rc;
}

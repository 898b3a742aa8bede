#include "core/clock.h"
#include "llm/llama_internal.h"

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

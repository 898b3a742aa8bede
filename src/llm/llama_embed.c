#include "core/blas.h"
#include "core/mem.h"
#include "core/progress.h"
#include "llm/llama_internal.h"

#include <math.h>

#define MAX_TOKENS RK_LLAMA_EMBED_PACK /* of a text: the reference's cut */
#define WINDOW     1024                /* texts sorted and packed together */

/* Texts of a window, in the order of their lengths. */
typedef struct window {
    rk_tokens texts;
    size_t order[WINDOW];
    size_t len[WINDOW]; /* after the cut, by text */
    size_t n;
} window;


static int longer_first(const void *a, const void *b, void *ctx)
{
    const window *w = ctx;
    size_t i = *(const size_t *)a;
    size_t j = *(const size_t *)b;

    if (w->len[i] != w->len[j])
        return w->len[i] > w->len[j] ? -1 : 1;
    return i < j ? -1 : 1;
}


/* Tokenises the texts, cuts long ones (a closing token stays the last) and
 * sorts: texts of one length fill packs best. */
static int prepare(window *w, const rk_llama *l, const char *const *texts,
                   size_t n, rk_error *err)
{
    size_t most = (size_t)llama_model_n_ctx_train(l->model);

    most = most < MAX_TOKENS ? most : MAX_TOKENS;
    rk_tokens_reset(&w->texts);
    w->n = n;
    for (size_t i = 0; i < n; i++) {
        int rc = rk_tokens_add(&w->texts, l, texts[i], true, err);
        llama_token *ids;
        size_t len;

        if (rc)
            return rc;
        ids = w->texts.ids + w->texts.first[i];
        len = rk_tokens_len(&w->texts, i);
        if (len > most && llama_vocab_is_control(l->vocab, ids[len - 1]))
            ids[most - 1] = ids[len - 1];
        w->len[i] = len < most ? len : most;
        w->order[i] = i;
    }
    qsort_r(w->order, n, sizeof(*w->order), longer_first, w);
    return RK_OK;
}


/* A unit vector; one without a direction (a text without tokens) stays 0. */
static void normalise(float *out, const float *v, size_t d)
{
    double length = sqrt((double)rk_dot(v, v, d));

    for (size_t i = 0; i < d; i++)
        out[i] = length > 0 ? (float)(v[i] / length) : 0;
}


/* Embeds as many texts as fit one pack, from order[at] on; *end is the first
 * that did not. out: the window's vectors. */
static int embed_pack(rk_llm *m, const window *w, size_t at, size_t *end,
                      float *out, rk_error *err)
{
    rk_llama *l = m->state;
    size_t used = 0;
    size_t i;
    int rc = RK_OK;

    for (i = at; i < w->n && i - at < l->n_sequences; i++) {
        size_t text = w->order[i];
        const llama_token *ids = rk_tokens_at(&w->texts, text);

        if (used + w->len[text] > RK_LLAMA_EMBED_PACK)
            break;
        for (size_t j = 0; j < w->len[text]; j++)
            rk_llama_push(l, ids[j], j, i - at, true);
        used += w->len[text];
    }
    *end = i;
    if (l->memory)
        llama_memory_clear(l->memory, false);
    if (used > 0)
        rc = rk_llama_decode(m, err);
    if (rc == RK_OK)
        m->usage.branch_tokens += used;
    for (i = at; i < *end && rc == RK_OK; i++) {
        float *vector = out + w->order[i] * l->d;
        const float *v = NULL;

        if (w->len[w->order[i]] > 0)
            v = llama_get_embeddings_seq(l->context, (llama_seq_id)(i - at));
        if (v)
            normalise(vector, v, l->d);
        else if (w->len[w->order[i]] > 0)
            rc = rk_llama_fail(m, err, RK_EBACKEND, "libllama gave no vector");
        else
            for (size_t j = 0; j < l->d; j++)
                vector[j] = 0;
    }
    return rc;
}


int rk_llama_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                   const rk_progress *p, rk_error *err)
{
    rk_llama *l = m->state;
    window *w = rk_calloc(1, sizeof(*w));
    int rc = RK_OK;

    if (!w)
        return rk_no_memory(err);
    for (size_t from = 0; from < n && rc == RK_OK; from += w->n) {
        rc = prepare(w, l, texts + from, n - from < WINDOW ? n - from : WINDOW,
                     err);
        for (size_t at = 0; at < w->n && rc == RK_OK;) {
            rc = embed_pack(m, w, at, &at, out + from * l->d, err);
            if (rc == RK_OK)
                rc = rk_progress_report(p, "embed", from + at, n, err);
        }
    }
    rk_tokens_clear(&w->texts);
    free(w);
    return rc;
}

#include "core/mem.h"
#include "core/text.h"
#include "llm/llama_internal.h"

/* An answer being written: sequence 1, a copy of the prompt in sequence 0, so
 * that the prompt stays for the next call. */
typedef struct writing {
    rk_llm *m;
    rk_llama *l;
    size_t position;     /* of the next token */
    const float *logits; /* for it; valid until the next decode */
} writing;


static int begin(writing *w, rk_llm *m, const char *prompt, rk_error *err)
{
    int rc = rk_llama_prefix(m, prompt, RK_LLAMA_WHOLE, err);

    if (rc)
        return rc;
    *w = (writing){m, m->state, 0, NULL};
    w->position = w->l->n_prefix;
    w->logits = w->l->logits;
    llama_memory_seq_cp(w->l->memory, 0, 1, -1, -1);
    return RK_OK;
}


static void finish(writing *w)
{
    llama_memory_seq_rm(w->l->memory, 1, -1, -1);
}


/* Evaluates the next tokens of the answer. */
static int feed(writing *w, const llama_token *ids, size_t n, rk_error *err)
{
    int rc;

    for (size_t i = 0; i < n; i++)
        rk_llama_push(w->l, ids[i], w->position + i, 1, i + 1 == n);
    rc = rk_llama_decode(w->m, err);
    if (rc)
        return rc;
    w->position += n;
    w->m->usage.branch_tokens += n;
    w->logits = llama_get_logits_ith(w->l->context, -1);
    if (!w->logits)
        return rk_llama_fail(w->m, err, RK_EBACKEND, NO_LOGITS);
    return RK_OK;
}


static llama_token likeliest(const writing *w)
{
    size_t best = 0;

    for (size_t i = 1; i < w->l->n_vocab; i++)
        if (w->logits[i] > w->logits[best])
            best = i;
    return (llama_token)best;
}


/* Appends the text of a token; false when it is one that ends a text. */
static bool add_text(rk_buf *out, const rk_llama *l, llama_token token)
{
    char text[256];
    int32_t n;

    if (llama_vocab_is_eog(l->vocab, token) ||
        llama_vocab_is_control(l->vocab, token))
        return false;
    n = llama_token_to_piece(l->vocab, token, text, sizeof(text), 0, false);
    if (n > 0)
        rk_buf_add(out, text, (size_t)n);
    return true;
}


static int write_free(writing *w, const rk_generate_opts *o, char **text,
                      rk_error *err)
{
    llama_token token = 0;
    rk_buf out;
    size_t bad;
    int rc = RK_OK;

    rk_buf_init(&out);
    for (size_t i = 0; i < o->max_tokens; i++) {
        if (i > 0)
            rc = feed(w, &token, 1, err);
        if (rc)
            goto done;
        token = likeliest(w);
        if (!add_text(&out, w->l, token) || rk_llm_cut_at_stop(&out, o))
            break;
    }

    /* The last character may have been left half-written. */
    if (!rk_text_is_utf8(rk_buf_str(&out), out.len, &bad)) {
        out.len = bad;
        out.data[bad] = '\0';
    }
    *text = rk_buf_take(&out);
    if (!*text)
        rc = rk_no_memory(err);

done:
    rk_buf_clear(&out);
    return rc;
}


/* Greedy is a beam search with one beam. */
static int write_allowed(rk_llm *m, const char *prompt,
                         const rk_generate_opts *o, char **text, rk_error *err)
{
    rk_beams_opts opts = {o->allowed, o->n_allowed, 1};
    rk_beam best;
    size_t n;
    int rc = rk_llama_beams(m, prompt, &opts, &best, &n, err);

    if (rc)
        return rc;
    *text = rk_strdup(o->allowed[best.index]);
    return *text ? RK_OK : rk_no_memory(err);
}


int rk_llama_generate(rk_llm *m, const char *prompt,
                      const rk_generate_opts *opts, char **text, rk_error *err)
{
    writing w;
    int rc;

    if (opts->allowed)
        return write_allowed(m, prompt, opts, text, err);
    rc = begin(&w, m, prompt, err);
    if (rc)
        return rc;
    rc = write_free(&w, opts, text, err);
    finish(&w);
    return rc;
}

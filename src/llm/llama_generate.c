#include "core/mem.h"
#include "core/text.h"
#include "llm/llama_internal.h"
#include "llm/trie.h"

#include <math.h>

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


/* How likely a text is to end here: by a newline or by a token that ends it. */
static float end_logit(const writing *w)
{
    llama_token ends[2] = {llama_vocab_eos(w->l->vocab),
                           llama_vocab_eot(w->l->vocab)};
    float best = w->logits[w->l->newline];

    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0 && w->logits[ends[i]] > best)
            best = w->logits[ends[i]];
    return best;
}


/* The likeliest way on from `at`: a child, or false to end here. */
static bool choose(const writing *w, const rk_trie *trie, rk_trie_at at,
                   bool may_end, rk_trie_at *next)
{
    float best = may_end ? end_logit(w) : -INFINITY;
    rk_trie_at child = {0};
    bool found = false;

    while (rk_trie_child(trie, at, &child)) {
        float logit = w->logits[rk_trie_token(trie, child)];

        if (logit > best || (!found && !may_end)) {
            best = logit;
            *next = child;
            found = true;
        }
    }
    return found;
}


/* Walks the trie to a text's end. Where there is but one way on, tokens wait
 * in `run` and are evaluated together once there is something to choose. */
static int walk(writing *w, const rk_trie *trie, uint32_t *index, rk_error *err)
{
    llama_token run[RK_LLM_ROOM];
    rk_trie_at at = rk_trie_root(trie);
    size_t n = 0;

    for (;;) {
        bool may_end = rk_trie_ends(trie, at, index);
        rk_trie_at first = {0};
        rk_trie_at other;
        rk_trie_at next;

        if (!rk_trie_child(trie, at, &first))
            return RK_OK;
        other = first;
        next = first;
        if (may_end || rk_trie_child(trie, at, &other)) {
            int rc = n > 0 ? feed(w, run, n, err) : RK_OK;

            if (rc)
                return rc;
            n = 0;
            if (!choose(w, trie, at, may_end, &next))
                return RK_OK;
        }
        run[n++] = rk_trie_token(trie, next);
        at = next;
    }
}


static int write_allowed(writing *w, const rk_generate_opts *o, char **text,
                         rk_error *err)
{
    rk_trie *trie = NULL;
    rk_tokens t = {0};
    uint32_t index = 0;
    int rc = RK_OK;

    for (size_t i = 0; i < o->n_allowed && rc == RK_OK; i++) {
        rc = rk_tokens_add(&t, w->l, o->allowed[i], false, err);
        if (rc == RK_OK && rk_tokens_len(&t, i) > RK_LLM_ROOM)
            rc = rk_fail(err, RK_EINVAL,
                         "allowed text %zu has %zu tokens, at most %d", i,
                         rk_tokens_len(&t, i), RK_LLM_ROOM);
    }
    if (rc == RK_OK)
        rc = rk_trie_new(&trie, t.ids, t.first, o->n_allowed, err);
    if (rc == RK_OK)
        rc = walk(w, trie, &index, err);
    if (rc == RK_OK) {
        *text = rk_strdup(o->allowed[index]);
        rc = *text ? RK_OK : rk_no_memory(err);
    }
    rk_trie_free(trie);
    rk_tokens_clear(&t);
    return rc;
}


int rk_llama_generate(rk_llm *m, const char *prompt,
                      const rk_generate_opts *opts, char **text, rk_error *err)
{
    writing w;
    int rc = begin(&w, m, prompt, err);

    if (rc)
        return rc;
    rc = opts->allowed ? write_allowed(&w, opts, text, err)
                       : write_free(&w, opts, text, err);
    finish(&w);
    return rc;
}

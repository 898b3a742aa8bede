#include "core/mem.h"
#include "llm/beams.h"
#include "llm/script.h"


/* Pieces as tokens: a key's number is the place of the first like it. */
typedef struct numbered {
    rk_script_keys all; /* of the allowed texts, one after the other */
    int32_t *ids;       /* (all.n) */
    size_t *first;      /* (n + 1) */
    rk_script *s;
    const rk_trie *trie;
} numbered;


static int number_texts(numbered *t, const rk_beams_opts *o, rk_error *err)
{
    rk_script_piece p;

    t->first = rk_calloc(o->n_allowed + 1, sizeof(*t->first));
    if (!t->first)
        return rk_no_memory(err);
    for (size_t i = 0; i < o->n_allowed; i++) {
        const char *text = o->allowed[i];

        while (rk_script_next(&text, &p))
            if (rk_script_add(&t->all, p.key) != RK_OK)
                return rk_no_memory(err);
        t->first[i + 1] = t->all.n;
    }
    t->ids = rk_alloc_array(t->all.n, sizeof(*t->ids));
    if (!t->ids)
        return rk_no_memory(err);
    for (size_t i = 0; i < t->all.n; i++) {
        size_t j = 0;

        while (t->all.v[j] != t->all.v[i])
            j++;
        t->ids[i] = (int32_t)j;
    }
    return RK_OK;
}


static float beam_logit(void *ctx, int32_t token)
{
    const numbered *t = ctx;

    return (float)rk_script_log_p(
        t->s, token == RK_BEAM_END ? rk_script_key("\n") : t->all.v[token]);
}


static int read_steps(void *ctx, rk_beams *search, const rk_beam_step *steps,
                      size_t n, rk_error *err)
{
    numbered *t = ctx;

    for (size_t i = 0; i < n; i++) {
        const int32_t *path = rk_trie_path(t->trie, steps[i].at);

        t->s->text.n = t->s->n_prefix;
        for (uint32_t j = 0; j < steps[i].at.depth; j++)
            if (rk_script_add(&t->s->text, t->all.v[path[j]]) != RK_OK)
                return rk_no_memory(err);
        rk_beams_read(search, i);
    }
    return RK_OK;
}


int rk_script_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                    rk_beam *out, size_t *n_out, rk_error *err)
{
    numbered t = {.s = m->state};
    rk_beam_reader reader = {read_steps, beam_logit, &t};
    rk_trie *trie = NULL;
    int rc = number_texts(&t, opts, err);

    if (rc == RK_OK)
        rc = rk_trie_new(&trie, t.ids, t.first, opts->n_allowed, err);
    t.trie = trie;
    if (rc == RK_OK)
        rc = rk_script_set_prefix(m, prompt, err);
    if (rc == RK_OK)
        rc = rk_beams_search(trie, opts->width, &reader, out, n_out, err);
    rk_trie_free(trie);
    free(t.all.v);
    free(t.ids);
    free(t.first);
    return rc;
}

#include "llm/script.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"

#include <ctype.h>
#include <math.h>

/* What every token may expect besides its count, at most 1 each: this many
 * together, so that a probability stays below 1. */
#define UNSEEN 100.0


static bool word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '\'' ||
           c == '-';
}


bool rk_script_next(const char **s, rk_script_piece *out)
{
    const char *p = *s;
    const char *body;
    uint64_t key = 0;

    if (!*p)
        return false;
    while (*p == ' ')
        p++;
    body = p;
    out->is_word = word_char(*p);
    while (word_char(*p))
        p++;
    if (p == body && *p)
        p++;
    for (const char *q = body; q < p; q++) {
        char folded = (char)tolower((unsigned char)*q);

        key = key * 31 + rk_hash64(&folded, 1);
    }
    *out = (rk_script_piece){*s, (size_t)(p - *s), key, out->is_word};
    *s = p;
    return true;
}


int rk_script_add(rk_script_keys *k, uint64_t key)
{
    uint64_t *bigger = rk_grow(k->v, k->n, &k->cap, sizeof(*bigger));

    if (!bigger)
        return RK_ENOMEM;
    k->v = bigger;
    k->v[k->n++] = key;
    return RK_OK;
}


int rk_script_count(rk_llm *m, const char *text)
{
    rk_script_piece p;
    int n = 0;

    (void)m;
    while (rk_script_next(&text, &p))
        n++;
    return n;
}


int rk_script_set_prefix(rk_llm *m, const char *text, rk_error *err)
{
    rk_script *s = m->state;
    size_t n = (size_t)rk_script_count(m, text);
    size_t skip = n > RK_SCRIPT_CONTEXT - RK_LLM_ROOM
                      ? n - (RK_SCRIPT_CONTEXT - RK_LLM_ROOM)
                      : 0;
    size_t old = s->n_prefix;
    size_t shared = 0;
    rk_script_piece p;

    s->text.n = 0;
    s->n_prefix = 0;
    for (size_t i = 0; rk_script_next(&text, &p); i++) {
        if (i < skip)
            continue;
        if (shared == s->text.n && shared < old && s->text.v[shared] == p.key)
            shared++;
        if (rk_script_add(&s->text, p.key) != RK_OK)
            return rk_no_memory(err);
    }
    s->n_prefix = s->text.n;
    m->usage.reused_tokens += shared;
    m->usage.prefix_tokens += s->n_prefix - shared;
    return RK_OK;
}


double rk_script_log_p(const rk_script *s, uint64_t key)
{
    rk_rng chance = {key};
    double count = rk_rng_unit(&chance);

    for (size_t i = 0; i < s->text.n; i++)
        count += s->text.v[i] == key;
    return log((count + 1e-3) / ((double)s->text.n + UNSEEN));
}


uint64_t rk_script_key(const char *word)
{
    rk_script_piece p = {0};

    rk_script_next(&word, &p);
    return p.key;
}


int rk_script_read(rk_llm *m, const char *branch, size_t index, double *logp,
                   rk_error *err)
{
    rk_script *s = m->state;
    int n = rk_script_count(m, branch);
    rk_script_piece p;

    *logp = 0;
    if (rk_llm_on_time(m, err) != RK_OK)
        return RK_ECANCELLED;
    if (n > RK_LLM_ROOM)
        return rk_fail(err, RK_EINVAL, "branch %zu has %d tokens, at most %d",
                       index, n, RK_LLM_ROOM);
    s->text.n = s->n_prefix;
    while (rk_script_next(&branch, &p)) {
        *logp += rk_script_log_p(s, p.key);
        if (rk_script_add(&s->text, p.key) != RK_OK)
            return rk_no_memory(err);
    }
    m->usage.branch_tokens += (uint64_t)n;
    return RK_OK;
}

/* The questions of llm.h: each is checked, put to the backend and booked. */
#include "core/clock.h"
#include "core/text.h"
#include "llm/backend.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT        ((size_t)16 << 20) /* bytes of one text */
#define USUAL_BEAMS     8
#define MAX_GENERATED   RK_LLM_ROOM
#define USUAL_GENERATED 64

#define ENOUGH_TOKENS 16   /* of a question, to learn a model's speed from */
#define NEWEST_PART   0.25 /* of the newest question in that speed */


/* The role, and that the model can be asked for it. */
static int check_ability(const rk_llm *m, enum rk_llm_role role, unsigned can,
                         rk_error *err)
{
    static const char *const names[] = {
        "vectors", "likelihoods of given texts", "probabilities of next words",
        "text",    "one of a list of texts",     "numbers of tokens"};
    size_t which = 0;
    int rc = rk_llm_check_role(m, role, err);

    if (rc || (m->info.can & can))
        return rc;
    while (can >> (which + 1))
        which++;
    return rk_fail(err, RK_EBACKEND, "%s, %s: it cannot be asked for %s",
                   m->info.name, m->info.detail, names[which]);
}


static int check_text(const char *what, const char *text, rk_error *err)
{
    size_t len = strlen(text);
    size_t bad;

    if (len > MAX_TEXT)
        return rk_fail(err, RK_EINVAL, "%s is %zu bytes long, at most %zu",
                       what, len, MAX_TEXT);
    if (!rk_text_is_utf8(text, len, &bad))
        return rk_fail(err, RK_EINVAL, "%s is not UTF-8 at byte %zu", what,
                       bad);
    return RK_OK;
}


static int check_texts(const char *what, const char *const *texts, size_t n,
                       rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        char which[64];

        snprintf(which, sizeof(which), "%s %zu", what, i);
        rc = check_text(which, texts[i], err);
    }
    return rc;
}


static int check_branches(const char *prefix, const char *const *branches,
                          size_t n, rk_error *err)
{
    int rc = check_text("the prefix", prefix, err);

    return rc ? rc : check_texts("branch", branches, n, err);
}


static uint64_t evaluated(const rk_llm_usage *u)
{
    return u->prefix_tokens + u->branch_tokens + u->generated_tokens;
}


/* Books a question that began at `start_us`, with the usage of then. */
static int asked(rk_llm *m, int64_t start_us, const rk_llm_usage *before,
                 int rc)
{
    int64_t took_us = rk_clock_us() - start_us;
    uint64_t n = evaluated(&m->usage) - evaluated(before);

    m->usage.calls++;
    m->usage.took_us += took_us;
    if (n >= ENOUGH_TOKENS) {
        double us = (double)took_us / (double)n;

        m->us_per_token += m->us_per_token > 0
                               ? NEWEST_PART * (us - m->us_per_token)
                               : us;
    }
    return rc;
}


int rk_llm_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                 const rk_progress *p, rk_error *err)
{
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc = check_ability(m, RK_EMBEDDER, RK_CAN_EMBED, err);

    if (rc == RK_OK)
        rc = check_texts("text", texts, n, err);
    if (rc || n == 0)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->embed(m, texts, n, out, p, err);
    return asked(m, start_us, &before, rc);
}


int rk_llm_likelihood(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n, float *logp,
                      uint32_t *n_tokens, rk_error *err)
{
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc = check_ability(m, RK_WRITER, RK_CAN_LIKELIHOOD, err);

    if (rc == RK_OK && !*prefix)
        rc = rk_fail(err, RK_EINVAL,
                     "the prefix is empty: a first token has no likelihood");
    if (rc == RK_OK)
        rc = check_branches(prefix, branches, n, err);
    if (rc || n == 0)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->likelihood(m, prefix, branches, n, logp, n_tokens, err);
    return asked(m, start_us, &before, rc);
}


static int check_words(rk_llm *m, const char *const *words, size_t n,
                       rk_error *err)
{
    int rc = check_texts("word", words, n, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        int count = m->backend->count_tokens(m, words[i]);

        if (count < 0)
            rc = rk_fail(err, count, "%s cannot count the tokens of word %zu",
                         m->info.name, i);
        else if (count != 1)
            rc = rk_fail(err, RK_EINVAL,
                         "word '%.60s' is %d tokens of %s, must be one",
                         words[i], count, m->info.name);
    }
    return rc;
}


int rk_llm_next_words(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n,
                      const char *const *words, size_t n_words, float *logp,
                      const char *stage, const rk_progress *p, rk_error *err)
{
    rk_next_words ask = {prefix, branches, n, words, n_words, stage, p};
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc = check_ability(m, RK_WRITER, RK_CAN_WORDS, err);

    if (rc == RK_OK)
        rc = check_branches(prefix, branches, n, err);
    for (size_t i = 0; i < n && rc == RK_OK && !*prefix; i++)
        if (!*branches[i])
            rc = rk_fail(err, RK_EINVAL,
                         "branch %zu and the prefix are empty: there is no "
                         "text to go on from",
                         i);
    if (rc == RK_OK)
        rc = check_words(m, words, n_words, err);
    if (rc || n == 0 || n_words == 0)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->next_words(m, &ask, logp, err);
    return asked(m, start_us, &before, rc);
}


int rk_llm_states(rk_llm *m, const char *prefix, const char *const *branches,
                  size_t n, bool mean, float *out, rk_error *err)
{
    rk_states_ask ask = {prefix, branches, n, mean};
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc;

    if (!m->backend->states)
        return rk_fail(err, RK_ENOTBUILT,
                       "%s does not show its states: a probe needs a model in "
                       "this process",
                       m->info.name);
    rc = rk_llm_check_role(m, RK_WRITER, err);
    if (rc == RK_OK && !*prefix)
        rc = rk_fail(err, RK_EINVAL, "the prefix is empty");
    if (rc == RK_OK)
        rc = check_branches(prefix, branches, n, err);
    if (rc || n == 0)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->states(m, &ask, out, err);
    return asked(m, start_us, &before, rc);
}


bool rk_llm_one_token(rk_llm *m, const char *word)
{
    return rk_llm_count_tokens(m, word) == 1;
}


int rk_llm_count_tokens(rk_llm *m, const char *text)
{
    int rc = check_text("the text", text, NULL);

    return rc ? rc : m->backend->count_tokens(m, text);
}


int rk_llm_generate(rk_llm *m, const char *prompt, const rk_generate_opts *opts,
                    char **text, rk_error *err)
{
    rk_generate_opts o = opts ? *opts : (rk_generate_opts){0};
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc = check_ability(m, RK_WRITER,
                           o.allowed ? RK_CAN_CHOOSE : RK_CAN_GENERATE, err);

    *text = NULL;
    if (o.max_tokens == 0)
        o.max_tokens = USUAL_GENERATED;
    if (rc == RK_OK && o.max_tokens > MAX_GENERATED)
        rc = rk_fail(err, RK_EINVAL, "max_tokens is %zu, at most %d",
                     o.max_tokens, MAX_GENERATED);
    if (rc == RK_OK && !*prompt)
        rc = rk_fail(err, RK_EINVAL, "the prompt is empty");
    if (rc == RK_OK && o.allowed && o.n_allowed == 0)
        rc = rk_fail(err, RK_EINVAL, "the list of allowed texts is empty");
    for (size_t i = 0; i < o.n_stop && rc == RK_OK; i++)
        if (!*o.stop[i])
            rc = rk_fail(err, RK_EINVAL, "stop text %zu is empty", i);
    if (rc == RK_OK)
        rc = check_text("the prompt", prompt, err);
    if (rc == RK_OK && o.allowed)
        rc = check_texts("allowed text", o.allowed, o.n_allowed, err);
    if (rc)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->generate(m, prompt, &o, text, err);
    m->usage.generated_tokens += m->usage.branch_tokens - before.branch_tokens;
    m->usage.branch_tokens = before.branch_tokens;
    return asked(m, start_us, &before, rc);
}


int rk_llm_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                 rk_beam *out, size_t *n_out, rk_error *err)
{
    rk_beams_opts o = *opts;
    rk_llm_usage before = m->usage;
    int64_t start_us;
    int rc;

    *n_out = 0;
    if (o.width == 0)
        o.width = USUAL_BEAMS;
    if (!m->backend->beams)
        return rk_fail(err, RK_ENOTBUILT,
                       "%s cannot be held to a list of texts: that needs a "
                       "model in this process",
                       m->info.name);
    rc = rk_llm_check_role(m, RK_WRITER, err);
    if (rc == RK_OK && o.width > RK_LLM_BEAMS)
        rc = rk_fail(err, RK_EINVAL, "width is %zu, must be 1 to %d", o.width,
                     RK_LLM_BEAMS);
    if (rc == RK_OK && !*prompt)
        rc = rk_fail(err, RK_EINVAL, "the prompt is empty");
    if (rc == RK_OK && o.n_allowed == 0)
        rc = rk_fail(err, RK_EINVAL, "the list of allowed texts is empty");
    if (rc == RK_OK)
        rc = check_text("the prompt", prompt, err);
    if (rc == RK_OK)
        rc = check_texts("allowed text", o.allowed, o.n_allowed, err);
    if (rc)
        return rc;
    start_us = rk_clock_us();
    rc = m->backend->beams(m, prompt, &o, out, n_out, err);
    return asked(m, start_us, &before, rc);
}

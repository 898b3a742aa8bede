#include "core/mem.h"
#include "core/progress.h"
#include "core/text.h"
#include "llm/openai.h"
#include "llm/openai_reply.h"

#include <math.h>
#include <string.h>

#define EMBED_BATCH  32   /* texts of one question */
#define EMBED_TOKENS 256  /* of a text; see rk_llm_embed() */
#define EMBED_BYTES  1024 /* of a text where nobody counts tokens */
#define MOST_STOPS   4    /* that a server takes */
#define MOST_ALLOWED 1000


/* A text as it is sent: itself, or its first tokens with the one that ends
 * every text where it has more than EMBED_TOKENS. */
static int embed_input(rk_openai *o, const char *text, json_t **out,
                       rk_error *err)
{
    size_t len = strlen(text);
    json_t *last;
    size_t n;
    int rc;

    if (len > EMBED_BYTES && !o->tokenizes) {
        char cut[EMBED_BYTES + 1];

        memcpy(cut, text, EMBED_BYTES);
        cut[EMBED_BYTES] = '\0';
        rk_text_end_whole(cut);
        *out = json_string(cut);
        return *out ? RK_OK : rk_no_memory(err);
    }
    *out = json_string(text);
    if (!*out)
        return rk_no_memory(err);
    if (len < EMBED_TOKENS - 2 || !o->tokenizes)
        return RK_OK;
    json_decref(*out);
    rc = rk_openai_ids(o, text, true, out, err);
    n = rc == RK_OK ? json_array_size(*out) : 0;
    if (n <= EMBED_TOKENS)
        return rc;
    last = json_incref(json_array_get(*out, n - 1));
    while (json_array_size(*out) >= EMBED_TOKENS)
        json_array_remove(*out, json_array_size(*out) - 1);
    rc = json_array_append_new(*out, last) == 0 ? RK_OK : rk_no_memory(err);
    return rc;
}


/* Embeds n texts, none of them empty; `out` is (n, d). */
static int embed_batch(rk_llm *m, json_t *input, float *out, rk_error *err)
{
    rk_openai *o = m->state;
    size_t n = json_array_size(input);
    json_t *reply = NULL;
    rk_error why;
    int rc;

    rc = rk_openai_ask(o, "/embeddings",
                       json_pack("{s:s, s:O, s:s}", "model", o->model, "input",
                                 input, "encoding_format", "float"),
                       false, &reply, err);
    if (rc)
        return rc;
    rc = rk_reply_vectors(reply, n, o->d, out, &why);
    if (rc)
        rc = rk_openai_refuse(o, "/embeddings", rc, &why, err);
    else
        rk_openai_count(m, reply, 0);
    json_decref(reply);
    return rc;
}


/* A batch of texts: those without any word keep zeros. */
static int embed_some(rk_llm *m, const char *const *texts, size_t n, float *out,
                      float *rows, rk_error *err)
{
    rk_openai *o = m->state;
    json_t *input = json_array();
    size_t at = 0;
    int rc = input ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        json_t *one = NULL;

        if (!*texts[i])
            continue;
        rc = embed_input(o, texts[i], &one, err);
        if (rc == RK_OK && json_array_append_new(input, one) != 0)
            rc = rk_no_memory(err);
        else if (rc)
            json_decref(one);
    }
    if (rc == RK_OK && json_array_size(input) > 0)
        rc = embed_batch(m, input, rows, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        memset(out + i * o->d, 0, o->d * sizeof(*out));
        if (*texts[i])
            memcpy(out + i * o->d, rows + at++ * o->d, o->d * sizeof(*out));
    }
    json_decref(input);
    return rc;
}


int rk_openai_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                    const rk_progress *p, rk_error *err)
{
    rk_openai *o = m->state;
    float *rows = rk_alloc_array(EMBED_BATCH * o->d, sizeof(*rows));
    int rc = rows ? RK_OK : rk_no_memory(err);

    for (size_t at = 0; at < n && rc == RK_OK; at += EMBED_BATCH) {
        size_t some = n - at < EMBED_BATCH ? n - at : EMBED_BATCH;

        rc = embed_some(m, texts + at, some, out + at * o->d, rows, err);
        if (rc == RK_OK)
            rc = rk_progress_report(p, "embed", at + some, n, err);
    }
    free(rows);
    return rc;
}


/* The prompt as tokens where they can be had, so that what looks like a
 * special one in it stays text. */
static int prompt_of(rk_openai *o, const char *prompt, json_t **out,
                     rk_error *err)
{
    int rc = RK_OK;

    *out = NULL;
    if (o->tokenizes)
        rc = rk_openai_prefix(o, prompt, err);
    if (rc)
        return rc;
    *out = o->tokenizes ? rk_openai_after_prefix(o, NULL) : json_string(prompt);
    return *out ? RK_OK : rk_no_memory(err);
}


static json_t *chat_question(const rk_openai *o, const char *prompt,
                             size_t max_tokens)
{
    return json_pack("{s:s, s:[{s:s, s:s}], s:I, s:i, s:i}", "model", o->model,
                     "messages", "role", "user", "content", prompt,
                     "max_tokens", (json_int_t)max_tokens, "temperature", 0,
                     "seed", 1);
}


/* Asks for a text; the question is taken over. */
static int write_text(rk_llm *m, const char *path, json_t *question,
                      char **text, rk_error *err)
{
    rk_openai *o = m->state;
    json_t *reply = NULL;
    rk_error why;
    int rc = rk_openai_ask(o, path, question, false, &reply, err);

    if (rc)
        return rc;
    rc = rk_reply_text(text, reply, &why);
    if (rc)
        rc = rk_openai_refuse(o, path, rc, &why, err);
    else
        rk_openai_count(m, reply, 0);
    m->usage.branch_tokens += rk_reply_usage_of(reply).written;
    json_decref(reply);
    return rc;
}


static int write_free(rk_llm *m, const char *prompt, const rk_generate_opts *g,
                      char **text, rk_error *err)
{
    rk_openai *o = m->state;
    json_t *stops = json_array();
    json_t *question = NULL;
    json_t *ids = NULL;
    rk_buf out;
    int rc = stops ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < g->n_stop && i < MOST_STOPS && rc == RK_OK; i++)
        if (json_array_append_new(stops, json_string(g->stop[i])) != 0)
            rc = rk_no_memory(err);
    if (rc == RK_OK && o->completes)
        rc = prompt_of(o, prompt, &ids, err);
    if (rc)
        goto done;
    question = o->completes ? rk_openai_completion(o, ids, g->max_tokens, 0)
                            : chat_question(o, prompt, g->max_tokens);
    if (question && g->n_stop > 0 &&
        json_object_set(question, "stop", stops) != 0) {
        json_decref(question);
        question = NULL;
    }
    rc = write_text(m, o->completes ? "/completions" : "/chat/completions",
                    question, text, err);
    if (rc)
        goto done;
    rk_buf_init(&out);
    rk_buf_puts(&out, *text);
    free(*text);
    rk_llm_cut_at_stop(&out, g);
    *text = rk_buf_take(&out);
    rc = *text ? RK_OK : rk_no_memory(err);

done:
    json_decref(stops);
    return rc;
}


/* What was written must be one of the allowed texts, but for the space that
 * a tokeniser may have put around it. */
static int match(const rk_openai *o, const char *written,
                 const rk_generate_opts *g, char **text, rk_error *err)
{
    size_t len = strcspn(written, "\n");

    for (int skip = 0; skip < 2; skip++) {
        for (size_t i = 0; i < g->n_allowed; i++)
            if (strlen(g->allowed[i]) == len &&
                strncmp(g->allowed[i], written, len) == 0) {
                *text = rk_strdup(g->allowed[i]);
                return *text ? RK_OK : rk_no_memory(err);
            }
        if (*written != ' ')
            break;
        written++;
        len--;
    }
    return rk_fail(err, RK_EFORMAT,
                   "%s/completions: expected one of %zu allowed texts, found "
                   "another of %zu bytes",
                   rk_fetch_host(o->server), g->n_allowed, len);
}


/* Held to the allowed texts by a grammar of their tokens. */
static int write_held(rk_llm *m, const char *prompt, const rk_generate_opts *g,
                      char **text, rk_error *err)
{
    rk_openai *o = m->state;
    json_t **ids = rk_calloc(g->n_allowed, sizeof(void *));
    json_t *question = NULL;
    json_t *start = NULL;
    char *grammar = NULL;
    char *written = NULL;
    size_t longest = 0;
    int rc = ids ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < g->n_allowed && rc == RK_OK; i++) {
        rc = rk_openai_branch_ids(o, g->allowed[i], i, &ids[i], err);
        if (rc == RK_OK && json_array_size(ids[i]) > longest)
            longest = json_array_size(ids[i]);
    }
    if (rc == RK_OK)
        rc = prompt_of(o, prompt, &start, err);
    if (rc)
        goto done;
    grammar = rk_openai_grammar((const json_t *const *)ids, g->n_allowed,
                                o->newline);
    question = rk_openai_completion(o, start, longest + 1, 0);
    if (!grammar ||
        json_object_set_new(question, "grammar", json_string(grammar)) != 0) {
        json_decref(question);
        question = NULL;
    }
    rc = write_text(m, "/completions", question, &written, err);
    if (rc == RK_OK)
        rc = match(o, written, g, text, err);

done:
    for (size_t i = 0; ids && i < g->n_allowed; i++)
        json_decref(ids[i]);
    free(ids);
    free(grammar);
    free(written);
    return rc;
}


/* The likeliest of the allowed texts. */
static int choose(rk_llm *m, const char *prompt, const rk_generate_opts *g,
                  char **text, rk_error *err)
{
    float *logp = rk_calloc(g->n_allowed, sizeof(*logp));
    size_t best = 0;
    int rc = logp ? rk_openai_likelihood(m, prompt, g->allowed, g->n_allowed,
                                         logp, NULL, err)
                  : rk_no_memory(err);

    for (size_t i = 1; i < g->n_allowed && rc == RK_OK; i++)
        if (logp[i] > logp[best])
            best = i;
    if (rc == RK_OK) {
        *text = rk_strdup(g->allowed[best]);
        rc = *text ? RK_OK : rk_no_memory(err);
    }
    free(logp);
    return rc;
}


int rk_openai_generate(rk_llm *m, const char *prompt,
                       const rk_generate_opts *opts, char **text, rk_error *err)
{
    rk_openai *o = m->state;

    if (!opts->allowed)
        return write_free(m, prompt, opts, text, err);
    if (opts->n_allowed > MOST_ALLOWED)
        return rk_fail(err, RK_EINVAL,
                       "%zu allowed texts, at most %d with a server",
                       opts->n_allowed, MOST_ALLOWED);
    return o->forces ? write_held(m, prompt, opts, text, err)
                     : choose(m, prompt, opts, text, err);
}

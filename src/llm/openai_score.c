#include "core/mem.h"
#include "core/progress.h"
#include "llm/openai.h"
#include "llm/openai_reply.h"

#define PATH       "/completions"
#define ECHO_BATCH 16 /* prompts of one question */


char *rk_openai_grammar(const json_t *const *ids, size_t n, json_int_t end)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_buf_puts(&b, "root ::=");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            rk_buf_puts(&b, " |");
        for (size_t j = 0; j < json_array_size(ids[i]); j++)
            rk_buf_printf(
                &b, " <[%lld]>",
                (long long)json_integer_value(json_array_get(ids[i], j)));
        if (end >= 0)
            rk_buf_printf(&b, " <[%lld]>", (long long)end);
    }
    return rk_buf_take(&b);
}


void rk_openai_count(rk_llm *m, const json_t *reply, size_t n_branch)
{
    rk_reply_usage u = rk_reply_usage_of(reply);
    uint64_t evaluated = u.prompt - u.cached;

    m->usage.reused_tokens += u.cached;
    m->usage.branch_tokens += n_branch;
    m->usage.prefix_tokens += evaluated > n_branch ? evaluated - n_branch : 0;
}


/* A question whose answer is held to n tokens from `at` on, and then, where
 * that is not -1, to `end`. */
static json_t *held_question(const rk_openai *o, json_t *prompt,
                             const json_t *ids, size_t at, size_t n,
                             json_int_t end)
{
    json_t *run = json_array();
    char *grammar = NULL;
    json_t *q = rk_openai_completion(o, prompt, n + (end >= 0), 1);
    bool ok = run && q;

    for (size_t i = at; i < at + n && ok; i++)
        ok = json_array_append(run, json_array_get(ids, i)) == 0;
    if (ok)
        grammar = rk_openai_grammar((const json_t *const *)&run, 1, end);
    if (!grammar ||
        json_object_set_new(q, "grammar", json_string(grammar)) != 0) {
        json_decref(q);
        q = NULL;
    }
    free(grammar);
    json_decref(run);
    return q;
}


json_t *rk_openai_next_question(const rk_openai *o, json_t *prompt,
                                size_t n_top)
{
    json_t *q = o->is_llama && o->tokenizes
                    ? held_question(o, prompt, NULL, 0, 0, o->newline)
                    : rk_openai_completion(o, prompt, 1, n_top);

    if (q && json_object_set_new(q, "logprobs",
                                 json_integer((json_int_t)n_top)) != 0) {
        json_decref(q);
        q = NULL;
    }
    return q;
}


/* The prefix and the first n of the branch's tokens. */
static json_t *before(const rk_openai *o, const json_t *ids, size_t n)
{
    json_t *all = rk_openai_after_prefix(o, NULL);

    for (size_t i = 0; i < n && all; i++)
        if (json_array_append(all, json_array_get(ids, i)) != 0) {
            json_decref(all);
            all = NULL;
        }
    return all;
}


/* log p of the branch's tokens from `at` on, of which n are whole: the server
 * writes them, and says how likely each was. */
static int write_run(rk_llm *m, const json_t *ids, size_t at, size_t n,
                     double *sum, rk_error *err)
{
    rk_openai *o = m->state;
    json_t *run = json_array();
    json_t *reply = NULL;
    float *each = rk_calloc(n, sizeof(*each));
    rk_error why;
    int rc = run && each ? RK_OK : rk_no_memory(err);

    for (size_t i = at; i < at + n && rc == RK_OK; i++)
        if (json_array_append(run, json_array_get(ids, i)) != 0)
            rc = rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_openai_ask(o, PATH,
                           held_question(o, before(o, ids, at), ids, at, n, -1),
                           false, &reply, err);
    if (rc == RK_OK) {
        rc = rk_reply_forced(reply, run, each, &why);
        if (rc)
            rc = rk_openai_refuse(o, PATH, rc, &why, err);
        else
            rk_openai_count(m, reply, 0);
    }
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        *sum += each[i];
    json_decref(run);
    json_decref(reply);
    free(each);
    return rc;
}


/* log p of a token that is no text on its own: looked up. */
static int look_up(rk_llm *m, const json_t *ids, size_t at, double *sum,
                   rk_error *err)
{
    rk_openai *o = m->state;
    json_t *reply = NULL;
    float logp = 0;
    rk_error why;
    int rc = rk_openai_ask(
        o, PATH, rk_openai_next_question(o, before(o, ids, at), o->n_most),
        false, &reply, err);

    if (rc)
        return rc;
    rc = rk_reply_id(reply, json_integer_value(json_array_get(ids, at)), &logp,
                     &why);
    if (rc)
        rc = rk_openai_refuse(o, PATH, rc, &why, err);
    else
        rk_openai_count(m, reply, 0);
    *sum += logp;
    json_decref(reply);
    return rc;
}


static bool is_partial(const rk_openai *o, const json_t *ids, size_t at)
{
    return json_object_get(o->partial,
                           rk_reply_key_of(json_array_get(ids, at)).text);
}


/* log p(ids | prefix) of a server that can be held to tokens: in runs of
 * whole ones, and between these one at a time. */
static int force(rk_llm *m, const json_t *ids, float *logp, rk_error *err)
{
    size_t n = json_array_size(ids);
    double sum = 0;
    int rc = RK_OK;

    for (size_t at = 0; at < n && rc == RK_OK;) {
        size_t end = at;

        while (end < n && !is_partial(m->state, ids, end))
            end++;
        if (end == at)
            rc = look_up(m, ids, at, &sum, err);
        else
            rc = write_run(m, ids, at, end - at, &sum, err);
        at = end == at ? at + 1 : end;
    }
    *logp = (float)sum;
    return rc;
}


static int force_all(rk_llm *m, const char *const *branches, size_t n,
                     float *logp, uint32_t *n_tokens, rk_error *err)
{
    rk_openai *o = m->state;
    int rc = RK_OK;

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        json_t *ids;

        rc = rk_openai_branch_ids(o, branches[i], i, &ids, err);
        if (rc)
            break;
        if (n_tokens)
            n_tokens[i] = (uint32_t)json_array_size(ids);
        m->usage.branch_tokens += json_array_size(ids);
        rc = json_array_append_new(ids, json_integer(o->newline)) == 0
                 ? force(m, ids, &logp[i], err)
                 : rk_no_memory(err);
        json_decref(ids);
    }
    return rc;
}


static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}


/* One prompt to be repeated: in tokens where they can be had. */
static int echo_prompt(rk_openai *o, const char *prefix, const char *branch,
                       size_t index, json_t *prompts, rk_reply_span *span,
                       rk_error *err)
{
    json_t *ids = NULL;
    rk_buf b;
    int rc = RK_OK;

    *span = (rk_reply_span){.in_tokens = o->tokenizes};
    if (o->tokenizes) {
        rc = rk_openai_branch_ids(o, branch, index, &ids, err);
        if (rc)
            return rc;
        span->begin = json_array_size(o->prefix_ids);
        span->end = span->begin + json_array_size(ids) + 1;
        if (json_array_append_new(ids, json_integer(o->newline)) != 0 ||
            json_array_append_new(prompts, rk_openai_after_prefix(o, ids)) != 0)
            rc = rk_no_memory(err);
        json_decref(ids);
        return rc;
    }
    rk_buf_init(&b);
    rk_buf_printf(&b, "%s%s\n", prefix, branch);
    span->begin = characters(prefix);
    span->end = span->begin + characters(branch) + 1;
    if (b.failed || json_array_append_new(prompts, json_string(rk_buf_str(&b))))
        rc = rk_no_memory(err);
    rk_buf_clear(&b);
    return rc;
}


/* At most ECHO_BATCH branches, the first of which has that index. */
static int echo(rk_llm *m, const char *prefix, const char *const *branches,
                size_t first, size_t n, rk_reply_span *spans, rk_error *err)
{
    rk_openai *o = m->state;
    json_t *prompts = json_array();
    json_t *reply = NULL;
    json_t *question;
    size_t n_branch = 0;
    rk_error why;
    int rc = prompts ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = echo_prompt(o, prefix, branches[first + i], first + i, prompts,
                         &spans[i], err);
    if (rc) {
        json_decref(prompts);
        return rc;
    }
    question = rk_openai_completion(o, prompts, 1, 1);
    if (question && json_object_set_new(question, "echo", json_true()) != 0) {
        json_decref(question);
        question = NULL;
    }
    rc = rk_openai_ask(o, PATH, question, false, &reply, err);
    if (rc)
        return rc;
    rc = rk_reply_echoed(reply, spans, n, &why);
    if (rc)
        rc = rk_openai_refuse(o, PATH, rc, &why, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        n_branch += spans[i].n_tokens;
    if (rc == RK_OK)
        rk_openai_count(m, reply, n_branch);
    json_decref(reply);
    return rc;
}


int rk_openai_likelihood(rk_llm *m, const char *prefix,
                         const char *const *branches, size_t n, float *logp,
                         uint32_t *n_tokens, rk_error *err)
{
    rk_openai *o = m->state;
    int rc = o->tokenizes ? rk_openai_prefix(o, prefix, err) : RK_OK;

    if (rc == RK_OK && o->forces)
        return force_all(m, branches, n, logp, n_tokens, err);
    for (size_t at = 0; at < n && rc == RK_OK; at += ECHO_BATCH) {
        rk_reply_span spans[ECHO_BATCH];
        size_t some = n - at < ECHO_BATCH ? n - at : ECHO_BATCH;

        rc = echo(m, prefix, branches, at, some, spans, err);
        for (size_t i = 0; i < some && rc == RK_OK; i++) {
            logp[at + i] = spans[i].logp;
            if (n_tokens) /* without the newline */
                n_tokens[at + i] = (uint32_t)spans[i].n_tokens - 1;
        }
    }
    return rc;
}


int rk_openai_next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                         rk_error *err)
{
    rk_openai *o = m->state;
    int rc = *ask->prefix ? rk_openai_prefix(o, ask->prefix, err) : RK_OK;

    for (size_t i = 0; i < ask->n && rc == RK_OK; i++) {
        json_t *reply = NULL;
        json_t *prompt = NULL;
        json_t *ids = NULL;
        rk_error why;

        rc = *ask->prefix
                 ? rk_openai_branch_ids(o, ask->branches[i], i, &ids, err)
                 : rk_openai_ids(o, ask->branches[i], true, &ids, err);
        if (rc)
            break;
        prompt = *ask->prefix ? rk_openai_after_prefix(o, ids)
                              : json_incref(ids);
        rc = rk_openai_ask(o, PATH,
                           rk_openai_next_question(o, prompt, o->n_top), false,
                           &reply, err);
        if (rc == RK_OK) {
            rc = rk_reply_words(reply, ask->words, ask->n_words,
                                logp + i * ask->n_words, NULL, &why);
            if (rc)
                rc = rk_openai_refuse(o, PATH, rc, &why, err);
        }
        if (rc == RK_OK) {
            rk_openai_count(m, reply, json_array_size(ids));
            rc = rk_progress_report(ask->progress, ask->stage, i + 1, ask->n,
                                    err);
        }
        json_decref(ids);
        json_decref(reply);
    }
    return rc;
}

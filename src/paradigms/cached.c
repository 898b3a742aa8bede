#include "paradigms/cached.h"

#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/strings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHUNK       64  /* texts a question: what an interruption can lose */
#define EMBEDDED    256 /* tokens at most that are embedded of a text */
#define TOKEN_BYTES 4   /* where nobody counts */
#define TRY_WORDS   4   /* times eight, to try a model's speed with */

/* Passing answers that are kept: some 150 bytes each. */
#define MOST_PASSING ((size_t)262144)

/* One kind of question about texts; an answer is `width` floats. */
typedef struct question {
    enum rk_llm_role role;
    const char *what; /* a part of the key */
    const char *model_key;
    const char *stage;
    const char *context; /* a part of the key: whatever else decides */
    const char *prefix;  /* what each text is read after, "" for nothing */
    size_t width;
    int (*ask)(const struct question *q, rk_llm *m, const char *const *texts,
               size_t n, float *rows, rk_error *err);
    const void *details;
    unsigned how;
} question;


/* Keys of what may be forgotten begin with a letter of their own. */
typedef struct output_key {
    char text[40];
} output_key;


static output_key key_of(const question *q, const char *text)
{
    rk_key key = rk_key_of(q->what, q->model_key, q->context, text,
                           q->how & RK_ASK_CHAT ? "chat" : NULL, NULL);
    output_key out;

    snprintf(out.text, sizeof(out.text), "%s%s",
             q->how & RK_ASK_PASSING ? RK_PASSING : "", key.hex);
    return out;
}


/* One kept answer into `row`; RK_ENOTFOUND when there is none. */
static int recall(rk_run *run, const question *q, const char *text, float *row,
                  rk_error *err)
{
    void *bytes;
    size_t len;
    int rc = rk_store_get_output(run->store, key_of(q, text).text, &bytes, &len,
                                 err);

    if (rc)
        return rc;
    if (len == q->width * sizeof(float))
        memcpy(row, bytes, len);
    else
        rc = rk_fail(err, RK_ENOTFOUND, "kept answer of %zu bytes", len);
    free(bytes);
    return rc;
}


static int keep(rk_run *run, const question *q, const char *const *texts,
                const float *rows, size_t n, rk_error *err)
{
    int rc;

    for (size_t i = 0; i < n * q->width; i++)
        if (!isfinite(rows[i]))
            return rk_fail(err, RK_EBACKEND,
                           "%s: the model's answer is not finite", q->stage);
    rc = rk_store_begin(run->store, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = rk_store_put_output(run->store, key_of(q, texts[i]).text,
                                 rows + i * q->width, q->width * sizeof(float),
                                 err);
    if (rc == RK_OK)
        rc = rk_store_commit(run->store, err);
    else
        rk_store_rollback(run->store);
    return rc;
}


int rk_asking_model(const rk_asking *a, enum rk_llm_role role, rk_llm **out,
                    rk_error *err)
{
    int rc = rk_loaded_get(a->run->models, role, out, err);

    if (rc == RK_OK &&
        strcmp(rk_llm_describe(*out)->fingerprint, a->model_key) != 0)
        rc = rk_fail(err, RK_ENOTREADY,
                     "the %s is another model than the one prepared with: "
                     "run reckon prepare",
                     role == RK_WRITER ? "writer" : "embedder");
    if (rc == RK_OK)
        rk_run_hold_to_deadline(a->run, *out);
    return rc;
}


/* What a model that was stopped at the deadline is stopped by, in words. */
static int in_time(const rk_run *run, int rc, rk_error *err)
{
    int64_t deadline_us = run->budget ? run->budget->limits.deadline_us : 0;

    if (rc != RK_ECANCELLED || !deadline_us ||
        rk_run_elapsed(run) < deadline_us)
        return rc;
    return rk_fail(err, rc, "deadline %.6g ms", (double)deadline_us / 1e3);
}


/* Who answers: a language model, or a reranker. */
typedef struct answerer {
    rk_llm *model;
    rk_reranker *reranker;
} answerer;


static int find_answerer(answerer *who, rk_run *run, const question *q,
                         rk_error *err)
{
    rk_asking a = {run, q->model_key, NULL, NULL, 0};
    int rc;

    *who = (answerer){0};
    if (q->role != RK_RERANKER)
        return rk_asking_model(&a, q->role, &who->model, err);
    rc = rk_loaded_reranker(run->models, &who->reranker, err);
    if (rc == RK_OK)
        rk_run_hold_reranker(run, who->reranker);
    return rc;
}


/* Asks for some texts and books what it cost. */
static int ask_some(const answerer *who, rk_run *run, const question *q,
                    const char *const *texts, size_t n, float *rows,
                    rk_error *err)
{
    const char *stage = q->stage ? q->stage : "asking";
    int rc;

    if (who->reranker) {
        rc = rk_reranker_scores(who->reranker, q->context, texts, n, rows, err);
        rk_run_count_reranker(run, who->reranker, stage);
    } else {
        rc = q->ask(q, who->model, texts, n, rows, err);
        rk_run_count(run, who->model, stage);
    }
    if (rc == RK_OK && q->role == RK_EMBEDDER)
        run->usage.embedded_texts += n;
    return in_time(run, rc, err);
}


/* Asks for all texts that have no kept answer, each different text once. */
static int ask_missing(rk_run *run, const question *q, const rk_ids *missing,
                       const rk_progress *p, rk_error *err)
{
    const char *texts[CHUNK];
    size_t n = rk_ids_count(missing);
    float *rows = rk_alloc_array(CHUNK * q->width, sizeof(*rows));
    answerer who;
    int rc = rows ? find_answerer(&who, run, q, err) : rk_no_memory(err);
    bool chat = rc == RK_OK && q->how & RK_ASK_CHAT;

    if (chat)
        rc = rk_llm_set_chat(who.model, true, err);
    for (size_t at = 0; at < n && rc == RK_OK; at += CHUNK) {
        size_t some = n - at < CHUNK ? n - at : CHUNK;

        for (size_t i = 0; i < some; i++)
            texts[i] = rk_ids_at(missing, (uint32_t)(at + i));
        rc = rk_progress_report(p, q->stage, at, n, err);
        if (rc == RK_OK)
            rc = ask_some(&who, run, q, texts, some, rows, err);
        if (rc == RK_OK)
            rc = keep(run, q, texts, rows, some, err);
    }
    if (rc == RK_OK)
        rc = rk_progress_report(p, q->stage, n, n, err);
    if (chat)
        (void)rk_llm_set_chat(who.model, false, NULL);
    free(rows);
    return rc;
}


/* What a token takes, for a deadline, of a model that was not asked yet: as
 * the caller knows it from another day, or tried out. */
static int find_speed(rk_run *run, rk_llm *m, enum rk_llm_role role,
                      rk_error *err)
{
    static const char *const few[TRY_WORDS] = {
        " one two three four five six seven eight",
        " red green blue black white brown grey pink",
        " north south east west up down left right",
        " spring summer autumn winter day night noon dawn"};
    float logp[TRY_WORDS];

    if (!run->budget || !run->budget->limits.deadline_us || role != RK_WRITER ||
        rk_llm_us_per_token(m) > 0)
        return RK_OK;
    if (run->budget->guess_us_per_token > 0) {
        rk_llm_guess_us_per_token(m, run->budget->guess_us_per_token);
        return RK_OK;
    }
    return in_time(
        run,
        rk_llm_likelihood(m, "A few words:", few, TRY_WORDS, logp, NULL, err),
        err);
}


/* A reranker reads its query beside each text, and nobody counts its tokens
 * before it is asked. */
static void reckon_reranker(const question *q, const rk_ids *missing,
                            rk_cost *cost)
{
    for (uint32_t i = 0; i < rk_ids_count(missing); i++) {
        size_t bytes = strlen(q->context) + strlen(rk_ids_at(missing, i));

        rk_spent_add(&cost->spent, (rk_spent){bytes / TOKEN_BYTES + 1, 0});
    }
}


/* What asking for these texts costs: prefix + sum of the texts' tokens. */
static int reckon(rk_run *run, const question *q, const rk_ids *missing,
                  rk_cost *cost, rk_error *err)
{
    rk_asking a = {run, q->model_key, NULL, NULL, false};
    size_t n = rk_ids_count(missing);
    rk_llm *m;
    int rc;

    if (q->role == RK_RERANKER) {
        reckon_reranker(q, missing, cost);
        return RK_OK;
    }
    rc = rk_asking_model(&a, q->role, &m, err);
    if (rc == RK_OK)
        rc = find_speed(run, m, q->role, err);
    for (size_t i = 0; i <= n && rc == RK_OK; i++) {
        const char *text = i < n ? rk_ids_at(missing, (uint32_t)i) : q->prefix;
        int tokens = text[0] ? rk_llm_count_tokens(m, text) : 0;

        if (tokens < 0)
            return in_time(
                run, rk_fail(err, tokens, "%s: cannot count tokens", q->stage),
                err);
        if (q->role == RK_EMBEDDER && tokens > EMBEDDED)
            tokens = EMBEDDED;
        rk_cost_add(cost, m, (uint64_t)tokens);
    }
    return rc;
}


/* Whether these texts may be asked for now; where the run only reckons, they
 * never are, and their rows are zeros. */
static int may_ask(rk_run *run, const question *q, const rk_ids *missing,
                   rk_error *err)
{
    rk_cost cost = {0};
    int rc;

    if (run->reckon && run->budget && run->budget->closed) {
        rk_spent_add(&run->reckon->spent, (rk_spent){1, 0}); /* too much */
        return RK_OK;
    }
    if (run->reckon)
        return reckon(run, q, missing, run->reckon, err);
    if (!run->budget || !rk_limits_any(&run->budget->limits))
        return RK_OK;
    rc = reckon(run, q, missing, &cost, err);
    return rc ? rc : rk_run_may_ask(run, &cost, err);
}


static int answer(rk_run *run, const question *q, const char *const *texts,
                  size_t n, float *rows, const rk_progress *p, rk_error *err)
{
    rk_ids *missing = NULL;
    uint32_t position;
    int rc = rk_ids_new(&missing, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rc = recall(run, q, texts[i], rows + i * q->width, NULL);
        if (rc == RK_ENOTFOUND) {
            memset(rows + i * q->width, 0, q->width * sizeof(*rows));
            rc = rk_ids_add(missing, texts[i], &position, err);
        } else if (rc)
            rc = rk_fail(err, rc, "cannot read kept answers");
    }
    if (rc || rk_ids_count(missing) == 0)
        goto done;
    rc = may_ask(run, q, missing, err);
    if (rc || run->reckon)
        goto done;
    rc = ask_missing(run, q, missing, p, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        if (rk_ids_find(missing, texts[i]) != RK_NO_ID)
            rc = recall(run, q, texts[i], rows + i * q->width, err);

done:
    rk_ids_free(missing);
    return rc;
}


static int ask_vectors(const question *q, rk_llm *m, const char *const *texts,
                       size_t n, float *rows, rk_error *err)
{
    if (rk_llm_describe(m)->d != q->width)
        return rk_fail(err, RK_ENOTREADY,
                       "the embedder gives %zu dimensions, prepared with %zu: "
                       "run reckon prepare",
                       rk_llm_describe(m)->d, q->width);
    return rk_llm_embed(m, texts, n, rows, NULL, err);
}


int rk_cached_vectors(const rk_asking *a, size_t d, const char *const *texts,
                      size_t n, float *out, rk_error *err)
{
    const char *stage = a->stage ? a->stage : "embedding";
    question q = {RK_EMBEDDER, "vector", a->model_key, stage, "",
                  "",          d,        ask_vectors,  NULL,  a->how};

    return answer(a->run, &q, texts, n, out, a->progress, err);
}


static int ask_words(const question *q, rk_llm *m, const char *const *texts,
                     size_t n, float *rows, rk_error *err)
{
    const rk_words_question *w = q->details;

    return rk_llm_next_words(m, w->prefix, texts, n, w->words, w->n_words, rows,
                             q->stage, NULL, err);
}


int rk_cached_words(const rk_asking *a, const rk_words_question *w,
                    const char *const *texts, size_t n, float *logp,
                    rk_error *err)
{
    question q = {RK_WRITER, "words",    a->model_key, a->stage, NULL,
                  w->prefix, w->n_words, ask_words,    w,        a->how};
    rk_buf context;
    int rc;

    rk_buf_init(&context);
    rk_buf_puts(&context, w->prefix);
    for (size_t i = 0; i < w->n_words; i++)
        rk_buf_printf(&context, "\x1f%s", w->words[i]);
    q.context = rk_buf_str(&context);
    rc = context.failed ? rk_no_memory(err)
                        : answer(a->run, &q, texts, n, logp, a->progress, err);
    rk_buf_clear(&context);
    return rc;
}


static int ask_likelihood(const question *q, rk_llm *m,
                          const char *const *texts, size_t n, float *rows,
                          rk_error *err)
{
    float logp[CHUNK];
    uint32_t n_tokens[CHUNK];
    int rc = rk_llm_likelihood(m, q->context, texts, n, logp, n_tokens, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rows[2 * i] = logp[i];
        rows[2 * i + 1] = (float)n_tokens[i];
    }
    return rc;
}


int rk_cached_likelihood(const rk_asking *a, const char *prefix,
                         const char *const *texts, size_t n, float *rows,
                         rk_error *err)
{
    question q = {
        RK_WRITER, "likelihood",   a->model_key, a->stage, prefix, prefix,
        2,         ask_likelihood, NULL,         a->how};

    return answer(a->run, &q, texts, n, rows, a->progress, err);
}


static int ask_own(const question *q, rk_llm *m, const char *const *texts,
                   size_t n, float *rows, rk_error *err)
{
    const rk_own_question *own = q->details;

    return own->ask(own->ctx, m, texts, n, rows, err);
}


int rk_cached_own(const rk_asking *a, const rk_own_question *own,
                  const char *const *texts, size_t n, float *rows,
                  rk_error *err)
{
    question q = {RK_WRITER,    own->what,    a->model_key, a->stage,
                  own->context, own->context, own->width,   ask_own,
                  own,          a->how};

    return answer(a->run, &q, texts, n, rows, a->progress, err);
}


int rk_cached_prune(rk_store *store, rk_error *err)
{
    return rk_store_prune_outputs(store, RK_PASSING, MOST_PASSING, err);
}


int rk_cached_relevance(const rk_asking *a, const char *query,
                        const char *const *documents, size_t n, float *scores,
                        rk_error *err)
{
    question q = {RK_RERANKER, "rerank", a->model_key, a->stage, query,
                  "",          1,        NULL,         NULL,     a->how};

    return answer(a->run, &q, documents, n, scores, a->progress, err);
}

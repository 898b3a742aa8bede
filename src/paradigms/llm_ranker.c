/* LLM as RS: instruction, user and candidates go into the language model, and
 * its probabilities are read instead of its prose.
 *
 * Each candidate's line is a branch of its own behind the shared prefix
 * "Books I loved: ..." and, where the user disliked something, behind "Books I
 * hated: ...". What is said for a candidate is how much likelier, for each
 * token, its line becomes after the user's list than after the bare heading
 * (pointwise mutual information; the prior's weight for ranking is one half:
 * Holtzman et al., "Surface Form Competition", EMNLP 2021).
 *
 *   gain(list)  = (log p(line | list) - log p(line | heading)) / tokens
 *   score       = (log p(line | liked) - 0.5 log p(line | heading)) / tokens
 *                 - r gain(disliked)
 *   probability = logistic(gain(liked), gain(disliked), share of likes)
 *
 * The logistic regression is trained on events over these readings; r is the
 * ratio of its weights, one half at most. Cost of each reading: prefix + sum of
 * the candidates' tokens. */
#include "paradigms/paradigm.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/cached.h"
#include "paradigms/liking.h"
#include "paradigms/prompt.h"
#include "paradigms/sentence.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

enum { LIKED, DISLIKED, USER_SHARE, N_FEATURES };

#define FIT_USERS    40 /* whose later events the readings are compared with */
#define FIT_EVENTS   10 /* of each */
#define PRIOR_PART   0.5f
#define DISLIKE_MOST 0.5f

static const int8_t signs[N_FEATURES] = {+1, -1, +1};


/* Lines of items, read as branches. */
typedef struct lines {
    char **text;
    float *prior; /* (n, 2): log-likelihood after the heading, tokens */
    float *liked; /* (n) log-likelihoods after the user's lists */
    float *disliked;
    size_t n;
    bool has_disliked;
} lines;


static void lines_clear(lines *l)
{
    rk_texts_free(l->text, l->n);
    free(l->prior);
    free(l->liked);
    free(l->disliked);
    memset(l, 0, sizeof(*l));
}


static int lines_init(lines *l, const rk_snapshot *s, const uint32_t *items,
                      size_t n, rk_error *err)
{
    memset(l, 0, sizeof(*l));
    l->n = n;
    l->text = rk_calloc(n, sizeof(*l->text));
    l->prior = rk_calloc(n, 2 * sizeof(*l->prior));
    l->liked = rk_calloc(n, sizeof(*l->liked));
    l->disliked = rk_calloc(n, sizeof(*l->disliked));
    if (!l->text || !l->prior || !l->liked || !l->disliked)
        return rk_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        l->text[i] = rk_prompt_item(s, items[i]);
        if (!l->text[i])
            return rk_no_memory(err);
    }
    return RK_OK;
}


static int read_prior(lines *l, const rk_snapshot *s, rk_run *run,
                      const rk_progress *p, rk_error *err)
{
    char *heading = rk_prompt_heading(s, +1);
    rk_asking a = {run, s->writer_key, "reading titles", p};
    int rc = heading ? rk_cached_likelihood(&a, heading,
                                            (const char *const *)l->text, l->n,
                                            l->prior, err)
                     : rk_no_memory(err);

    free(heading);
    return rc;
}


/* One reading of all lines behind one of the user's lists. `kept`: through
 * the cache, for learning; else straight from the model. */
static int read_list(lines *l, const rk_snapshot *s, const rk_who *who,
                     int label, bool kept, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    float *out = label > 0 ? l->liked : l->disliked;
    rk_usage before = run->usage;
    rk_asking a = {run, s->writer_key, "reading lists", NULL};
    float *rows = NULL;
    rk_llm *writer;
    size_t n_items;
    char *prefix = rk_prompt_user(s, who, label, &n_items);
    int rc = prefix ? RK_OK : rk_no_memory(err);

    if (rc || (label < 0 && n_items == 0))
        goto done;
    if (label < 0)
        l->has_disliked = true;
    if (kept) {
        rows = rk_calloc(l->n, 2 * sizeof(*rows));
        rc = rows ? rk_cached_likelihood(&a, prefix,
                                         (const char *const *)l->text, l->n,
                                         rows, err)
                  : rk_no_memory(err);
        for (size_t i = 0; i < l->n && rc == RK_OK; i++)
            out[i] = rows[2 * i];
        goto done;
    }
    rc = rk_asking_model(&a, RK_WRITER, &writer, err);
    if (rc == RK_OK)
        rc = rk_llm_likelihood(writer, prefix, (const char *const *)l->text,
                               l->n, out, NULL, err);
    if (rc == RK_OK) {
        rk_run_count(run, writer);
        rk_run_trace(run,
                     label > 0 ? "read after likes" : "read after dislikes",
                     l->n, l->n, start,
                     "%zu items in the prompt; tokens: %llu prefix, %llu "
                     "candidates, %llu reused",
                     n_items,
                     (unsigned long long)(run->usage.prefix_tokens -
                                          before.prefix_tokens),
                     (unsigned long long)(run->usage.candidate_tokens -
                                          before.candidate_tokens),
                     (unsigned long long)(run->usage.reused_tokens -
                                          before.reused_tokens));
    }

done:
    free(rows);
    free(prefix);
    return rc;
}


/* Both readings and the prior of the lines for one user. */
static int read_all(lines *l, const rk_snapshot *s, const rk_who *who,
                    bool kept, rk_run *run, rk_error *err)
{
    int rc = read_prior(l, s, run, NULL, err);

    if (rc == RK_OK)
        rc = read_list(l, s, who, +1, kept, run, err);
    if (rc == RK_OK)
        rc = read_list(l, s, who, -1, kept, run, err);
    return rc;
}


/* Tokens of a line and the newline that closes it. */
static float read_tokens(const lines *l, size_t i)
{
    return l->prior[2 * i + 1] + 1;
}


static void features_of(const lines *l, const rk_snapshot *s, const rk_who *who,
                        size_t i, float *x)
{
    float prior = l->prior[2 * i];
    float n = read_tokens(l, i);

    x[LIKED] = (l->liked[i] - prior) / n;
    x[DISLIKED] = l->has_disliked ? (l->disliked[i] - prior) / n : 0;
    x[USER_SHARE] = rk_who_like_share(who, s->catalogue_share);
}


/* A user's labelled events, the later two fifths of them as questions about
 * the earlier ones. Returns how many questions there are. */
static size_t split_history(const rk_workshop *w, size_t user, size_t *n_before,
                            uint32_t *items, uint8_t *y)
{
    const rk_corpus *c = w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t n = c->start[user + 1] - c->start[user];
    size_t asked = 0;

    *n_before = n * 3 / 5;
    for (size_t i = *n_before; i < n && asked < FIT_EVENTS; i++) {
        if (seen[i].label == 0)
            continue;
        items[asked] = seen[i].item;
        y[asked++] = seen[i].label > 0;
    }
    return asked;
}


/* One user's questions: features into x, labels into y. */
static int ask_user(const rk_workshop *w, const rk_snapshot *s, size_t user,
                    float *x, uint8_t *y, size_t *n, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    rk_token_weight tokens[RK_TOKENS_MAX];
    uint32_t items[FIT_EVENTS];
    size_t n_before;
    rk_who who;
    lines l;
    int rc;

    *n = split_history(w, user, &n_before, items, y);
    if (*n == 0 || n_before < 3) {
        *n = 0;
        return RK_OK;
    }
    rk_liking_who(w, user, c->seen + c->start[user], n_before, tokens, &who);
    rc = lines_init(&l, s, items, *n, err);
    if (rc == RK_OK)
        rc = read_all(&l, s, &who, true, w->run, err);
    for (size_t i = 0; i < *n && rc == RK_OK; i++)
        features_of(&l, s, &who, i, x + i * N_FEATURES);
    lines_clear(&l);
    return rc;
}


static int fit_like(const rk_workshop *w, const rk_snapshot *s,
                    rk_like_model *out, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    size_t step = c->n_users / FIT_USERS + 1;
    size_t cap = (c->n_users / step + 1) * FIT_EVENTS;
    float *x = rk_calloc(cap * N_FEATURES, sizeof(*x));
    uint8_t *y = rk_calloc(cap, sizeof(*y));
    size_t m = 0;
    size_t likes = 0;
    int rc = x && y ? RK_OK : rk_no_memory(err);

    memset(out, 0, sizeof(*out));
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u += step) {
        size_t n = 0;

        rc = rk_progress_report(w->progress, "calibrating the writer", u,
                                c->n_users, err);
        if (rc == RK_OK)
            rc = ask_user(w, s, u, x + m * N_FEATURES, y + m, &n, err);
        m += n;
    }
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, "calibrating the writer",
                                c->n_users, c->n_users, err);
    for (size_t i = 0; i < m; i++)
        likes += y[i];
    if (rc == RK_OK && likes >= 10 && m - likes >= 10) {
        rc = rk_logistic_fit(&out->logistic, x, y, m, N_FEATURES, 1.0f, signs,
                             err);
        out->fitted = rc == RK_OK;
    }
    free(x);
    free(y);
    return rc;
}


static int llm_fit(const rk_workshop *w, rk_error *err)
{
    const rk_snapshot *s = w->snapshot;
    rk_like_model like;
    uint32_t *items = NULL;
    lines l = {0};
    int rc = RK_OK;

    if (w->quick || !s->writer_key[0] || s->n_items == 0)
        return RK_OK;
    items = rk_alloc_array(s->n_items, sizeof(*items));
    for (uint32_t i = 0; items && i < s->n_items; i++)
        items[i] = i;
    rc = items ? lines_init(&l, s, items, s->n_items, err) : rk_no_memory(err);
    if (rc == RK_OK)
        rc = read_prior(&l, s, w->run, w->progress, err);
    if (rc == RK_OK)
        rc = fit_like(w, s, &like, err);
    if (rc == RK_OK)
        rc = rk_like_model_put(w->out, "llm.like", &like, err);
    lines_clear(&l);
    free(items);
    return rc;
}


static const char *llm_lacks(const rk_snapshot *s)
{
    return s->writer_key[0] ? NULL : "no writer when prepared";
}


/* How much the reading after dislikes counts against the one after likes:
 * what the regression found, but for ranking no more than a half. */
static float dislike_ratio(const rk_snapshot *s)
{
    const rk_logistic *m = &s->llm_like.logistic;
    float like = m->weight[LIKED] / m->sd[LIKED];
    float dislike = -m->weight[DISLIKED] / m->sd[DISLIKED];

    if (!s->llm_like.fitted || !(like > 0) || !(dislike > 0))
        return 0;
    return dislike < DISLIKE_MOST * like ? dislike / like : DISLIKE_MOST;
}


static int llm_score(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
                     rk_run *run, rk_error *err)
{
    uint32_t *items = rk_alloc_array(io->n, sizeof(*items));
    float ratio = dislike_ratio(s);
    lines l = {0};
    int rc = items ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < io->n && rc == RK_OK; i++)
        items[i] = io->list[i].item;
    if (rc == RK_OK)
        rc = lines_init(&l, s, items, io->n, err);
    if (rc == RK_OK)
        rc = read_all(&l, s, who, false, run, err);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        rk_candidate *c = &io->list[i];
        float x[N_FEATURES];

        features_of(&l, s, who, i, x);
        c->score = (l.liked[i] - PRIOR_PART * l.prior[2 * i]) /
                       read_tokens(&l, i) -
                   ratio * x[DISLIKED];
        c->probability = s->llm_like.fitted
                             ? rk_sigmoid(rk_logistic_logit(
                                   &s->llm_like.logistic, x, NULL))
                             : NAN;
        c->note[0] = x[LIKED];
        c->note[1] = x[DISLIKED];
    }
    lines_clear(&l);
    free(items);
    return rc;
}


/* The newest item of one label that carries a category; RK_NO_ID: none.
 * *balance: its likes less its dislikes among all of the user's events. */
static uint32_t carrier(const rk_snapshot *s, const rk_who *who, uint32_t item,
                        int label, const char *category, int *balance)
{
    uint32_t newest = RK_NO_ID;

    *balance = 0;
    for (size_t i = 0; i < who->n_history; i++) {
        const rk_seen *e = &who->history[i];

        if (e->item == item || !rk_snapshot_has_category(s, e->item, category))
            continue;
        *balance += e->label;
        if (e->label == label)
            newest = e->item;
    }
    return newest;
}


/* The category an item shares with the user's items that says most for one
 * label: it must be more liked than disliked, or the other way round. */
static bool shared_fact(const rk_snapshot *s, const rk_who *who, uint32_t item,
                        int label, const char **category, uint32_t *with)
{
    int best = 0;

    for (size_t k = 0; k < s->vocabulary.n_categories; k++) {
        const char *word = s->vocabulary.words[k];
        uint32_t other;
        int balance;

        if (!rk_snapshot_has_category(s, item, word))
            continue;
        other = carrier(s, who, item, label, word, &balance);
        if (other != RK_NO_ID && label * balance > best) {
            best = label * balance;
            *category = word;
            *with = other;
        }
    }
    return best > 0;
}


static int add_reading(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, int label, float weight,
                       rk_reasons *out, rk_error *err)
{
    const char *verb = label > 0 ? "liked" : "disliked";
    float gain = c->note[label > 0 ? 0 : 1];
    const char *category;
    uint32_t with;
    int rc;

    rc = rk_reasons_add(out, "model",
                        label > 0 ? "read after likes" : "read after dislikes",
                        weight, err,
                        "after what the user %s the writer finds its line "
                        "%+.2f nats a token likelier than without",
                        verb, (double)gain);
    /* A shared fact speaks for the reading's side, or not at all; its weight
     * is the reading's and is not counted twice. */
    if (rc == RK_OK && weight * (float)label > 0 &&
        shared_fact(s, who, c->item, label, &category, &with))
        rc = rk_reasons_add(out, verb, rk_snapshot_id(s, with), NAN, err,
                            "it is %s like %s, which the user %s", category,
                            rk_snapshot_title(s, with), verb);
    return rc;
}


static int llm_explain(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, rk_reasons *out, rk_run *run,
                       rk_error *err)
{
    float x[N_FEATURES] = {c->note[0], c->note[1],
                           rk_who_like_share(who, s->catalogue_share)};
    float parts[N_FEATURES] = {c->note[0], -c->note[1], 0};
    int rc;

    (void)run;
    if (s->llm_like.fitted)
        rk_logistic_logit(&s->llm_like.logistic, x, parts);
    rc = add_reading(s, who, c, +1, parts[LIKED], out, err);
    if (rc == RK_OK && rk_who_count(who, -1))
        rc = add_reading(s, who, c, -1, parts[DISLIKED], out, err);
    if (rc == RK_OK && who->profile[0] && rk_who_count(who, +1) == 0)
        rc = rk_reasons_add(out, "profile", "profile", parts[LIKED], err,
                            "the writer finds it %s after the user's profile",
                            parts[LIKED] >= 0 ? "likely" : "unlikely");
    if (rc == RK_OK)
        rc = rk_sentence_write(
            out, rk_snapshot_title(s, c->item), c->probability,
            s->llm_like.fitted
                ? "the writer's likelihoods, through a model trained on likes "
                  "and dislikes"
                : "the writer's likelihoods, untrained",
            err);
    return rc;
}


/* The writer ranks; what it ranks, others propose: the engine's recall. */
const rk_paradigm rk_llm_ranker = {
    .name = "llm",
    .cites = "Hou et al. 2024 (LLMRank); Holtzman et al. 2021",
    .asks_model = true,
    .fit = llm_fit,
    .lacks = llm_lacks,
    .recall = NULL,
    .score = llm_score,
    .explain = llm_explain,
};

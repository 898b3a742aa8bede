/* LLM as RS: instruction, user and candidates go into the language model, and
 * its probabilities are read instead of its prose. How it is asked is a mode
 * (paradigms/mode.h): the settings name one, or the one that was measured best
 * at prepare answers.
 *
 *   probability = logistic(the mode's notes, the user's share of likes)
 *
 * The logistic regression is trained on later events over the mode's readings
 * of up to 40 users, where the mode has readings that do not depend on a
 * list. */
#include "paradigms/paradigm.h"

#include "core/mem.h"
#include "core/topk.h"
#include "paradigms/cached.h"
#include "paradigms/liking.h"
#include "paradigms/lines.h"
#include "paradigms/mode.h"
#include "paradigms/mode_lists.h"
#include "paradigms/sentence.h"
#include "paradigms/strangers.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIT_USERS  40 /* whose later events the readings are compared with */
#define FIT_EVENTS 10 /* of each */
#define ENOUGH     10 /* likes, and dislikes, to learn from */
#define NOTE_MODE  3  /* where a candidate notes the mode that scored it */

static const int8_t signs[RK_MODE_FEATURES] = {+1, -1, +1};


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


/* Whether a user's events may be asked about, and have a history before them.
 */
static bool can_be_asked(const rk_workshop *w, size_t user, size_t n_before)
{
    return n_before >= 3 && !(w->left_out && w->left_out[user]);
}


/* One user's questions: features into x, labels into y. */
static int ask_user(const rk_workshop *w, const rk_mode *mode, size_t user,
                    float *x, uint8_t *y, size_t *n, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    rk_token_weight tokens[RK_TOKENS_MAX];
    rk_mode_note notes[FIT_EVENTS];
    uint32_t items[FIT_EVENTS];
    float scores[FIT_EVENTS];
    size_t n_before;
    rk_mode_ask a;
    rk_who who;
    int rc;

    *n = split_history(w, user, &n_before, items, y);
    if (*n == 0 || !can_be_asked(w, user, n_before)) {
        *n = 0;
        return RK_OK;
    }
    rk_liking_who(w, user, c->seen + c->start[user], n_before, tokens, &who);
    a = (rk_mode_ask){w->snapshot, &who, items, *n, w->run};
    rc = mode->score(&a, scores, notes, err);
    for (size_t i = 0; i < *n && rc == RK_OK; i++) {
        x[i * RK_MODE_FEATURES + RK_MODE_FIRST] = notes[i][0];
        x[i * RK_MODE_FEATURES + RK_MODE_SECOND] = notes[i][1];
        x[i * RK_MODE_FEATURES + RK_MODE_SHARE] = rk_who_like_share(
            &who, w->snapshot->catalogue_share);
    }
    return rc;
}


/* Whether the sample users' questions hold enough of both to learn from,
 * before any is asked. */
static bool enough_of_both(const rk_workshop *w, size_t step)
{
    size_t n[2] = {0, 0};

    for (size_t u = 0; u < w->corpus->n_users; u += step) {
        uint32_t items[FIT_EVENTS];
        uint8_t y[FIT_EVENTS];
        size_t n_before;
        size_t asked = split_history(w, u, &n_before, items, y);

        for (size_t i = 0; i < asked && can_be_asked(w, u, n_before); i++)
            n[y[i]]++;
    }
    return n[0] >= ENOUGH && n[1] >= ENOUGH;
}


static int fit_like(const rk_workshop *w, const rk_mode *mode,
                    rk_like_model *out, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    size_t step = c->n_users / FIT_USERS + 1;
    size_t cap = (c->n_users / step + 1) * FIT_EVENTS;
    float *x = rk_calloc(cap * RK_MODE_FEATURES, sizeof(*x));
    uint8_t *y = rk_calloc(cap, sizeof(*y));
    size_t m = 0;
    int rc = x && y ? RK_OK : rk_no_memory(err);

    memset(out, 0, sizeof(*out));
    if (rc || !enough_of_both(w, step))
        goto done;
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u += step) {
        size_t n = 0;

        rc = rk_progress_report(w->progress, "calibrating the writer", u,
                                c->n_users, err);
        if (rc == RK_OK)
            rc = ask_user(w, mode, u, x + m * RK_MODE_FEATURES, y + m, &n, err);
        m += n;
    }
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, "calibrating the writer",
                                c->n_users, c->n_users, err);
    if (rc == RK_OK) {
        rc = rk_logistic_fit(&out->logistic, x, y, m, RK_MODE_FEATURES, 1.0f,
                             signs, err);
        out->fitted = rc == RK_OK;
    }

done:
    free(x);
    free(y);
    return rc;
}


/* The items of most events, into `items` (most); returns how many. */
static size_t most_popular(const rk_corpus *c, size_t most, uint32_t *items,
                           rk_hit *room, float *count)
{
    rk_topk top;

    for (size_t e = 0; e < c->start[c->n_users]; e++)
        count[c->seen[e].item]++;
    rk_topk_init(&top, room, most);
    for (uint32_t i = 0; i < c->n_items; i++)
        rk_topk_add(&top, i, count[i]);
    most = rk_topk_finish(&top);
    for (size_t i = 0; i < most; i++)
        items[i] = room[i].index;
    return most;
}


/* The priors of the items that will be asked for most, ahead of requests. */
static int read_ahead(const rk_workshop *w, rk_error *err)
{
    const rk_snapshot *s = w->snapshot;
    size_t most = s->settings->llm_read_ahead;
    uint32_t *items = NULL;
    float *count = NULL;
    rk_hit *room = NULL;
    rk_lines l = {0};
    int rc = RK_OK;

    if (most == 0)
        return RK_OK;
    if (s->settings->effort == RK_FULL || most > w->corpus->n_items)
        most = w->corpus->n_items;
    items = rk_alloc_array(most, sizeof(*items));
    room = rk_alloc_array(most, sizeof(*room));
    count = rk_calloc(w->corpus->n_items, sizeof(*count));
    if (!items || !room || !count) {
        rc = rk_no_memory(err);
        goto done;
    }
    most = most_popular(w->corpus, most, items, room, count);
    rc = rk_lines_init(&l, s, items, most, err);
    if (rc == RK_OK)
        rc = rk_lines_prior(&l, s, w->run, w->progress, err);

done:
    rk_lines_clear(&l);
    free(count);
    free(room);
    free(items);
    return rc;
}


static int fit_and_put(const rk_workshop *w, const rk_mode *mode,
                       const char *name, rk_like_model *out, rk_error *err)
{
    int rc = fit_like(w, mode, out, err);

    return rc ? rc : rk_like_model_put(w->out, name, out, err);
}


/* Whether requests will be answered by that mode, or evaluation asks for it. */
static bool will_ask(const rk_snapshot *s, size_t mode, const rk_loaded *models,
                     rk_llm *writer)
{
    return (rk_mode_of(s) == mode || s->settings->llm_modes >> mode & 1) &&
           !rk_mode_lacks(mode, models, writer);
}


/* What is learnt stands in a snapshot of its own while the next part learns. */
static int llm_fit(const rk_workshop *w, rk_error *err)
{
    size_t likelihood = rk_mode_find(rk_mode_likelihood.name);
    size_t yes_no = rk_mode_find(rk_mode_yes_no.name);
    rk_snapshot s = *w->snapshot;
    rk_workshop with = *w;
    uint32_t *strangers = NULL;
    float *mean = NULL;
    rk_llm *writer = NULL;
    bool reads;
    int rc;

    if (w->quick || !s.writer_key[0] || s.n_items == 0)
        return RK_OK;
    memset(&s.llm, 0, sizeof(s.llm));
    with.snapshot = &s;
    rc = rk_loaded_get(w->run->models, RK_WRITER, &writer, err);
    if (rc)
        return rc;
    reads = !rk_mode_lacks(likelihood, w->run->models, writer);
    rc = rk_strangers_draw(&strangers, &s.llm.n_stranger_likes, &s, err);
    s.llm.strangers = strangers;
    if (rc == RK_OK && s.vectors) {
        mean = rk_snapshot_mean_vector(&s);
        s.vector_mean = mean;
        rc = mean ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK && reads)
        rc = read_ahead(&with, err);
    if (rc == RK_OK && reads)
        rc = fit_and_put(&with, &rk_mode_likelihood, "llm.like", &s.llm_like,
                         err);
    if (rc == RK_OK)
        rc = rk_modes_fit(&s.llm, &with, err);
    if (rc == RK_OK)
        rc = rk_llm_learnt_put(&s.llm, w->out, err);
    if (rc == RK_OK && will_ask(&s, yes_no, w->run->models, writer))
        rc = fit_and_put(&with, &rk_mode_yes_no, "llm.yes_no_like",
                         &s.llm_yes_no_like, err);
    rk_llm_learnt_clear(&s.llm);
    free(strangers);
    free(mean);
    return rc;
}


static const char *llm_lacks(const rk_snapshot *s)
{
    return s->writer_key[0] || rk_modes[rk_mode_of(s)]->asks_reranker
               ? NULL
               : "no writer when prepared";
}


/* Whether the writer is the one prepared with, and can be asked so, or there
 * is a reranker for a mode of its own. Kept readings are no excuse: an answer
 * must not depend on what was asked before. */
static int check_writer(const rk_snapshot *s, size_t mode, rk_run *run,
                        rk_error *err)
{
    rk_asking a = {run, s->writer_key, NULL, NULL, 0};
    const char *lacks = NULL;
    rk_llm *writer = NULL;
    int rc = rk_modes[mode]->asks_reranker
                 ? RK_OK
                 : rk_asking_model(&a, RK_WRITER, &writer, err);

    if (rc == RK_OK)
        lacks = rk_mode_lacks(mode, run->models, writer);
    return lacks ? rk_fail(err, RK_ENOTREADY, "mode %s: %s",
                           rk_modes[mode]->name, lacks)
                 : rc;
}


/* A mode's scores into the candidates, whose order it does not see. */
static void take_over(const rk_mode_ask *a, size_t mode, const float *scores,
                      rk_mode_note *notes, rk_candidates *io)
{
    const rk_like_model *like = rk_modes[mode]->like
                                    ? rk_modes[mode]->like(a->s)
                                    : NULL;
    float share = rk_who_like_share(a->who, a->s->catalogue_share);

    for (size_t i = 0; i < io->n; i++) {
        rk_candidate *c = &io->list[i];
        size_t at = 0;

        while (a->items[at] != c->item)
            at++;
        c->score = scores[at];
        c->note[0] = notes[at][0];
        c->note[1] = notes[at][1];
        c->note[NOTE_MODE] = (float)mode;
        c->probability = like && like->fitted
                             ? rk_sigmoid(rk_logistic_logit(
                                   &like->logistic,
                                   (const float[]){notes[at][0], notes[at][1],
                                                   share},
                                   NULL))
                             : NAN;
    }
}


static int llm_score(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
                     rk_run *run, rk_error *err)
{
    size_t mode = rk_mode_of(s);
    uint32_t *items = rk_alloc_array(io->n, sizeof(*items));
    float *scores = rk_alloc_array(io->n, sizeof(*scores));
    rk_mode_note *notes = rk_calloc(io->n, sizeof(*notes));
    rk_mode_ask a = {s, who, items, io->n, run};
    int rc = items && scores && notes ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK)
        rc = check_writer(s, mode, run, err);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++)
        items[i] = io->list[i].item;
    if (rc == RK_OK && io->n > 0) {
        rk_mode_sort(s, items, io->n);
        rc = rk_modes[mode]->score(&a, scores, notes, err);
    }
    if (rc == RK_OK)
        take_over(&a, mode, scores, notes, io);
    free(items);
    free(scores);
    free(notes);
    return rc;
}


/* The mode that scored a candidate; one that another way scored is spoken of
 * as the mode that would have. */
static const rk_mode *mode_noted(const rk_snapshot *s, const rk_candidate *c)
{
    float noted = c->note[NOTE_MODE];

    for (size_t m = 0; m < RK_N_MODES; m++)
        if (noted == (float)m)
            return rk_modes[m];
    return rk_modes[rk_mode_of(s)];
}


static int llm_explain(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, rk_reasons *out, rk_run *run,
                       rk_error *err)
{
    const rk_mode *mode = mode_noted(s, c);
    const rk_like_model *like = mode->like ? mode->like(s) : NULL;
    float x[RK_MODE_FEATURES] = {c->note[0], c->note[1],
                                 rk_who_like_share(who, s->catalogue_share)};
    float parts[RK_MODE_FEATURES] = {c->note[0], -c->note[1], 0};
    char by[128];
    int rc;

    (void)run;
    if (like && like->fitted)
        rk_logistic_logit(&like->logistic, x, parts);
    snprintf(by, sizeof(by), "%s, %s", mode->judge,
             like && like->fitted
                 ? "through a model trained on likes and dislikes"
                 : "untrained");
    rc = mode->explain(s, who, c, parts, out, err);
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability, by, err);
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

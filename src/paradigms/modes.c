#include "paradigms/mode.h"

#include "core/mem.h"
#include "paradigms/mode_lists.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

#define ENOUGH 40 /* lists to tell modes apart by */

/* Tokens that trying all modes may cost, of which the kept ones cost nothing
 * again; a mode that does not fit into the rest is left untried. */
#define FAST_TOKENS 150000.0f
#define FULL_TOKENS 1500000.0f

const rk_mode *const rk_modes[RK_N_MODES] = {
    &rk_mode_likelihood, &rk_mode_pure,  &rk_mode_nearness,    &rk_mode_yes_no,
    &rk_mode_letters,    &rk_mode_probe, &rk_mode_permutation, &rk_mode_rerank};


size_t rk_mode_find(const char *name)
{
    size_t i = 0;

    while (i < RK_N_MODES && strcmp(rk_modes[i]->name, name) != 0)
        i++;
    return i;
}


static bool is_auto(const rk_settings *settings)
{
    return !settings->llm_mode || strcmp(settings->llm_mode, "auto") == 0;
}


size_t rk_mode_of(const rk_snapshot *s)
{
    size_t named = is_auto(s->settings) ? RK_N_MODES
                                        : rk_mode_find(s->settings->llm_mode);

    return named < RK_N_MODES ? named : s->llm.mode;
}


int rk_mode_prompt(rk_prompt *out, const rk_mode_ask *a, rk_prompt_ask ask,
                   rk_error *err)
{
    rk_asking asking = {a->run, a->s->writer_key, NULL, NULL, 0};
    rk_llm *writer;
    int rc = rk_asking_model(&asking, RK_WRITER, &writer, err);

    memset(out, 0, sizeof(*out));
    if (rc)
        return rc;
    ask.has_chat = rk_llm_has_chat(writer);
    return rk_prompt_make(out, a->s, a->who, &ask, err);
}


rk_asking rk_mode_asking(const rk_mode_ask *a, const rk_prompt *p,
                         const char *stage, unsigned how)
{
    return (rk_asking){a->run, a->s->writer_key, stage, NULL,
                       how | (p->chat ? RK_ASK_CHAT : 0)};
}


const char *rk_mode_lacks(size_t mode, const rk_loaded *models, rk_llm *writer)
{
    const rk_mode *m = rk_modes[mode];
    unsigned missing;

    if (m->asks_reranker)
        return strcmp(models->reranker_name, "none") == 0
                   ? "models.reranker names none"
                   : NULL;
    missing = m->needs & ~rk_llm_describe(writer)->can;
    if (missing & RK_CAN_LIKELIHOOD)
        return "the model gives no likelihoods of given texts";
    if (missing & RK_CAN_WORDS)
        return "the model gives no probabilities of next words";
    if (missing)
        return "the model writes no text";
    return m->lacks ? m->lacks(writer) : NULL;
}


const char *rk_mode_reason(const rk_snapshot *s)
{
    if (!is_auto(s->settings))
        return "as the configuration says";
    return s->llm.trials[s->llm.mode].lists >= ENOUGH
               ? "the one that prepare measured best"
               : "too few lists to measure modes on";
}


/* NDCG@10 of a list's like; candidates of one score share their places. */
static double ndcg_of(const float *scores, size_t n, size_t truth)
{
    double rank = 1;

    for (size_t i = 0; i < n; i++)
        if (i != truth)
            rank += scores[i] > scores[truth]    ? 1
                    : scores[i] == scores[truth] ? 0.5
                                                 : 0;
    return rank <= 10 ? 1 / log2(rank + 1) : 0;
}


/* One mode on the lists of one fold, by what `learnt` says. */
static int try_fold(const rk_mode *mode, const rk_mode_lists *lists,
                    const rk_llm_learnt *learnt, size_t fold, double *ndcg,
                    rk_error *err)
{
    rk_mode_lists l = *lists;
    rk_snapshot s = *lists->s;
    int rc = RK_OK;

    s.llm = *learnt;
    l.s = &s;
    for (size_t i = fold; i < l.n && rc == RK_OK; i += 2) {
        rk_token_weight room[RK_TOKENS_MAX];
        float scores[RK_LLM_LIST];
        rk_mode_note notes[RK_LLM_LIST];
        rk_mode_ask a;
        rk_who who;

        rc = rk_progress_report(l.w->progress, "trying the llm's modes", i, l.n,
                                err);
        if (rc)
            break;
        rk_mode_list_ask(&l, i, room, &who, &a);
        rc = mode->score(&a, scores, notes, err);
        if (rc == RK_OK)
            ndcg[i] = ndcg_of(scores, a.n, l.truth[i]);
    }
    return rc;
}


/* Learns a mode from all lists, and tries it on each half of them by what the
 * other half taught. */
static int try_mode(rk_llm_learnt *io, const rk_mode *mode,
                    const rk_mode_lists *lists, double *ndcg, rk_error *err)
{
    rk_mode_lists l = *lists;
    int rc = mode->fit ? mode->fit(io, &l, err) : RK_OK;

    for (l.fold = 0; l.fold < 2 && rc == RK_OK; l.fold++) {
        rk_llm_learnt half = *io;

        if (mode->fit)
            rc = mode->fit(&half, &l, err);
        if (rc == RK_OK)
            rc = try_fold(mode, lists, &half, l.fold, ndcg, err);
    }
    return rc;
}


static void note_trial(rk_llm_trial *t, const double *ndcg, size_t n,
                       float tokens)
{
    double mean = 0;
    double square = 0;

    for (size_t i = 0; i < n; i++)
        mean += ndcg[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += pow(ndcg[i] - mean, 2) / (double)n;
    *t = (rk_llm_trial){(float)mean, (float)sqrt(square / (double)n), tokens,
                        (float)n};
}


/* Whether a mode ranks better than another by more than a standard error. */
static bool is_better(const double *a, const double *b, size_t n)
{
    double mean = 0;
    double square = 0;

    for (size_t i = 0; i < n; i++) {
        mean += (a[i] - b[i]) / (double)n;
        square += pow(a[i] - b[i], 2) / (double)n;
    }
    return mean > 0 && mean * mean * (double)n > square - mean * mean;
}


/* Modes under trial. */
typedef struct trials {
    const rk_workshop *w;
    rk_mode_lists lists;
    rk_mode_size size; /* of a request like these lists */
    rk_llm *writer;
    double *ndcg; /* (RK_N_MODES, lists) */
    float left;   /* tokens */
} trials;


static bool is_asked_for(const rk_settings *s, size_t mode)
{
    return (s->llm_modes >> mode & 1) ||
           (!is_auto(s) && rk_mode_find(s->llm_mode) == mode);
}


/* Whether to try a mode: it was asked for, or it may be chosen, can be told
 * from others, and fits into what is left to spend. */
static bool is_due(trials *t, size_t at)
{
    const rk_settings *settings = t->w->snapshot->settings;
    const rk_mode *mode = rk_modes[at];
    float cost = mode->tokens(&t->size) * (float)t->lists.n;

    if (mode->first_tokens)
        cost += mode->first_tokens(t->w, &t->size);
    if (rk_mode_lacks(at, t->w->run->models, t->writer))
        return false;
    if (is_asked_for(settings, at))
        return true;
    if (!is_auto(settings) || mode->by_name_only || t->lists.n < ENOUGH ||
        cost > t->left)
        return false;
    t->left -= cost;
    return true;
}


/* The first of the table that can be asked, unless another does better. */
static void choose(rk_llm_learnt *io, const trials *t)
{
    const double *best = NULL;

    while (io->mode + 1 < RK_N_MODES &&
           (rk_modes[io->mode]->by_name_only ||
            rk_mode_lacks(io->mode, t->w->run->models, t->writer)))
        io->mode++;
    for (uint32_t m = 0; m < RK_N_MODES; m++) {
        const double *mine = t->ndcg + m * t->lists.n;

        if (rk_modes[m]->by_name_only || io->trials[m].lists < ENOUGH)
            continue;
        if (best && !is_better(mine, best, t->lists.n))
            continue;
        best = mine;
        io->mode = m;
    }
}


int rk_modes_fit(rk_llm_learnt *io, const rk_workshop *w, rk_error *err)
{
    const rk_settings *settings = w->snapshot->settings;
    bool full = settings->effort == RK_FULL;
    trials t = {.w = w, .left = full ? FULL_TOKENS : FAST_TOKENS};
    int rc = rk_mode_lists_make(&t.lists, w, err);

    if (rc == RK_OK)
        rc = rk_loaded_get(w->run->models, RK_WRITER, &t.writer, err);
    if (rc == RK_OK) {
        t.ndcg = rk_calloc(RK_N_MODES * t.lists.n, sizeof(*t.ndcg));
        rc = t.ndcg ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK)
        rc = rk_mode_lists_size(&t.lists, &t.size, err);
    for (size_t m = 0; m < RK_N_MODES && rc == RK_OK; m++) {
        if (t.lists.n == 0 || !is_due(&t, m))
            continue;
        rc = try_mode(io, rk_modes[m], &t.lists, t.ndcg + m * t.lists.n, err);
        if (rc == RK_ENOTREADY || (rk_modes[m]->asks_reranker &&
                                   rk_loaded_is_away(w->run->models, rc))) {
            rc = RK_OK; /* nothing taught it, or it is away: untried */
            continue;
        }
        note_trial(&io->trials[m], t.ndcg + m * t.lists.n, t.lists.n,
                   rk_modes[m]->tokens(&t.size));
    }
    if (rc == RK_OK)
        choose(io, &t);
    rk_mode_lists_clear(&t.lists);
    free(t.ndcg);
    return rc;
}

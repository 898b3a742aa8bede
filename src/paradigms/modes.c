#include "paradigms/mode.h"

#include "core/mem.h"
#include "paradigms/mode_lists.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

#define ENOUGH 40 /* lists to tell modes apart by */
#define HEAT   12 /* lists on which a mode must not fall far behind */

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


/* By how many standard errors one mode ranks better than another. */
static double lead(const double *a, const double *b, size_t n)
{
    double mean = 0;
    double square = 0;

    for (size_t i = 0; i < n; i++) {
        mean += (a[i] - b[i]) / (double)n;
        square += pow(a[i] - b[i], 2) / (double)n;
    }
    return mean / sqrt(fmax(square - mean * mean, 1e-12) / (double)n);
}


/* Modes under trial. */
typedef struct trials {
    const rk_workshop *w;
    rk_mode_lists lists;
    rk_mode_size size; /* of a request like these lists */
    rk_llm *writer;
    double *ndcg;       /* (RK_N_MODES, lists) */
    const double *best; /* the row of ndcg that leads; NULL: none yet */
    float left;         /* tokens */
} trials;


static bool is_asked_for(const rk_settings *s, size_t mode)
{
    return (s->llm_modes >> mode & 1) ||
           (!is_auto(s) && rk_mode_find(s->llm_mode) == mode);
}


/* Tokens that trying it on some lists costs. */
static float cost_of(const trials *t, size_t at, size_t n_lists)
{
    const rk_mode *mode = rk_modes[at];
    float cost = mode->tokens(&t->size) * (float)n_lists;

    return mode->first_tokens ? cost + mode->first_tokens(t->w, &t->size)
                              : cost;
}


/* Whether to try a mode: it was asked for, or it may be chosen, can be told
 * from others, and fits into what is left to spend. */
static bool is_due(const trials *t, size_t at)
{
    const rk_settings *settings = t->w->snapshot->settings;

    if (rk_mode_lacks(at, t->w->run->models, t->writer))
        return false;
    return is_asked_for(settings, at) ||
           (is_auto(settings) && !rk_modes[at]->by_name_only &&
            t->lists.n >= ENOUGH && cost_of(t, at, HEAT) <= t->left);
}


/* Whether a mode need not be tried on all lists: on the first few of them it is
 * far behind (racing: Maron & Moore, NIPS 1994). What it costs there is nearly
 * all that a hopeless one costs. */
static int run_heat(trials *t, rk_llm_learnt *io, size_t at, bool *is_out,
                    rk_error *err)
{
    const rk_mode *mode = rk_modes[at];
    double *ndcg = t->ndcg + at * t->lists.n;
    rk_mode_lists few = t->lists;
    int rc;

    *is_out = false;
    /* Who learns from others than the lists must see all that are asked. */
    if (!t->best || mode->first_tokens || t->lists.n < 2 * HEAT ||
        is_asked_for(t->w->snapshot->settings, at))
        return RK_OK;
    few.n = HEAT;
    rc = try_mode(io, mode, &few, ndcg, err);
    if (rc)
        return rc;
    t->left -= cost_of(t, at, HEAT);
    *is_out = lead(ndcg, t->best, HEAT) < -2 ||
              cost_of(t, at, t->lists.n - HEAT) > t->left;
    if (*is_out)
        note_trial(&io->trials[at], ndcg, HEAT, mode->tokens(&t->size));
    else
        t->left += cost_of(t, at, HEAT); /* asked again, and kept */
    return RK_OK;
}


static int run_trial(trials *t, rk_llm_learnt *io, size_t at, rk_error *err)
{
    const rk_mode *mode = rk_modes[at];
    double *ndcg = t->ndcg + at * t->lists.n;
    bool is_out;
    int rc = run_heat(t, io, at, &is_out, err);

    if (rc || is_out)
        return rc;
    rc = try_mode(io, mode, &t->lists, ndcg, err);
    if (rc)
        return rc;
    t->left -= cost_of(t, at, t->lists.n);
    note_trial(&io->trials[at], ndcg, t->lists.n, mode->tokens(&t->size));
    if (!mode->by_name_only && t->lists.n >= ENOUGH &&
        (!t->best || lead(ndcg, t->best, t->lists.n) > 1)) {
        t->best = ndcg;
        io->mode = (uint32_t)at;
    }
    return RK_OK;
}


/* The first of the table that can be asked. */
static uint32_t first_able(const trials *t)
{
    uint32_t mode = 0;

    while (mode + 1 < RK_N_MODES &&
           (rk_modes[mode]->by_name_only ||
            rk_mode_lacks(mode, t->w->run->models, t->writer)))
        mode++;
    return mode;
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
    if (rc == RK_OK)
        io->mode = first_able(&t);
    for (size_t m = 0; m < RK_N_MODES && rc == RK_OK; m++) {
        if (t.lists.n == 0 || !is_due(&t, m))
            continue;
        rc = run_trial(&t, io, m, err);
        if (rc == RK_ENOTREADY || (rk_modes[m]->asks_reranker &&
                                   rk_loaded_is_away(w->run->models, rc)))
            rc = RK_OK; /* nothing taught it, or it is away: untried */
    }
    rk_mode_lists_clear(&t.lists);
    free(t.ndcg);
    return rc;
}

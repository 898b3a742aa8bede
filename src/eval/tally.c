#include "eval/tally.h"

#include "core/mem.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/slices.h"

#include <math.h>
#include <string.h>

/* A figure is a sum over units divided by another: of values, and of how many
 * users have one. Padded, so that the sums fill vector registers. */
enum { FIGURES = 24 };

_Static_assert((int)RK_N_METRICS + RK_SLICES <= FIGURES, "more figures");

typedef struct unit {
    float sum[FIGURES];
    float n[FIGURES];
} unit;

typedef struct tally {
    unit *units; /* (n_units) */
    size_t n_units;
    uint32_t *unit_of;  /* (n_users) RK_NO_ID: not asked */
    rk_scored *scored;  /* (n_scored) of labels, sorted */
    rk_scored *against; /* the same of another contestant; NULL: none */
    size_t n_scored;
} tally;

typedef struct place {
    uint32_t cluster;
    uint32_t user;
} place;


static void tally_clear(tally *t)
{
    free(t->units);
    free(t->unit_of);
    free(t->scored);
    free(t->against);
    memset(t, 0, sizeof(*t));
}


static int by_cluster(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;

    if (x->cluster != y->cluster)
        return x->cluster < y->cluster ? -1 : 1;
    return x->user < y->user ? -1 : x->user > y->user;
}


/* Numbers the clusters of those who are asked from 0 on. */
static int units_find(tally *t, const rk_questions *q, rk_error *err)
{
    size_t n_users = q->asked->n_users;
    place *places = rk_alloc_array(n_users + 1, sizeof(*places));
    size_t n = 0;
    int rc = RK_OK;

    t->unit_of = rk_alloc_array(n_users + 1, sizeof(*t->unit_of));
    if (!places || !t->unit_of) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (uint32_t u = 0; u < n_users; u++) {
        t->unit_of[u] = RK_NO_ID;
        if (q->truth_start[u + 1] > q->truth_start[u])
            places[n++] = (place){q->cluster ? q->cluster[u] : u, u};
    }
    if (n)
        qsort(places, n, sizeof(*places), by_cluster);
    for (size_t i = 0; i < n; i++) {
        t->n_units += i == 0 || places[i].cluster != places[i - 1].cluster;
        t->unit_of[places[i].user] = (uint32_t)t->n_units - 1;
    }
    t->units = rk_calloc(t->n_units + 1, sizeof(*t->units));
    if (!t->units)
        rc = rk_no_memory(err);

done:
    free(places);
    return rc;
}


/* Of those who are asked, each with their label and score; sorted. */
static rk_scored *scored_new(const tally *t, const rk_questions *q,
                             const double *score, size_t step, size_t *n)
{
    rk_scored *s = rk_alloc_array(q->asked->n_users + 1, sizeof(*s));

    *n = 0;
    for (size_t u = 0; s && u < q->asked->n_users; u++)
        if (t->unit_of[u] != RK_NO_ID)
            s[(*n)++] = (rk_scored){(float)score[u * step], t->unit_of[u],
                                    q->label[u]};
    if (s)
        rk_scored_sort(s, *n);
    return s;
}


static void value_add(unit *to, size_t figure, double value)
{
    if (isnan(value))
        return;
    to->sum[figure] += (float)value;
    to->n[figure] += 1;
}


/* The AUC within each cluster that has both labels. */
static int gauc_add(tally *t, rk_error *err)
{
    rk_scored *own = rk_alloc_array(t->n_scored + 1, sizeof(*own));

    if (!own)
        return rk_no_memory(err);
    for (size_t c = 0; c < t->n_units; c++) {
        size_t n = 0;

        for (size_t i = 0; i < t->n_scored; i++)
            if (t->scored[i].unit == c)
                own[n++] = t->scored[i];
        value_add(&t->units[c], RK_M_GAUC, rk_scored_auc(own, n, NULL));
    }
    free(own);
    return RK_OK;
}


static void figures_of(const void *ctx, const uint32_t *drawn, double *figures)
{
    const tally *t = ctx;
    double sum[FIGURES] = {0};
    double n[FIGURES] = {0};

    for (size_t u = 0; u < t->n_units; u++) {
        const unit *one = &t->units[u];
        double times = drawn ? drawn[u] : 1;

        if (times == 0)
            continue;
        for (size_t f = 0; f < FIGURES; f++)
            sum[f] += times * one->sum[f];
        for (size_t f = 0; f < FIGURES; f++)
            n[f] += times * one->n[f];
    }
    for (size_t f = 0; f < FIGURES; f++)
        figures[f] = n[f] > 0 ? sum[f] / n[f] : NAN;
    if (t->scored)
        figures[RK_M_AUC] = rk_scored_auc(t->scored, t->n_scored, drawn);
    if (t->against)
        figures[RK_M_AUC] -= rk_scored_auc(t->against, t->n_scored, drawn);
}


static int measures_find(const tally *t, const rk_judge_opts *opts,
                         rk_measure measures[FIGURES], rk_error *err)
{
    double value[FIGURES];
    double low[FIGURES];
    double high[FIGURES];
    const rk_bootstrap b = {
        .n_units = t->n_units,
        .n_figures = FIGURES,
        .n_resamples = opts ? opts->n_resamples : 0,
        .seed = opts ? opts->seed : 0,
        .figures = figures_of,
        .ctx = t,
    };
    int rc = rk_bootstrap_run(&b, low, high, err);

    figures_of(t, NULL, value);
    for (size_t f = 0; f < FIGURES && rc == RK_OK; f++)
        measures[f] = (rk_measure){value[f], low[f], high[f]};
    return rc;
}


/* The share of what could be recommended that is in somebody's first ten. */
static int coverage_find(const rk_marks *m, rk_measure *out, rk_error *err)
{
    size_t n_items = m->q->asked->n_items;
    bool *named = rk_calloc(n_items + 1, sizeof(*named));
    size_t n_named = 0;
    size_t n = 0;

    if (!named)
        return rk_no_memory(err);
    for (size_t i = 0; i < m->q->asked->n_users * RK_FIRST; i++)
        if (m->first[i] != RK_NO_ID)
            named[m->first[i]] = true;
    for (size_t i = 0; i < n_items; i++) {
        n_named += named[i];
        n += !m->q->hidden_only || m->task->hidden[i];
    }
    *out = (rk_measure){n ? (double)n_named / (double)n : NAN, NAN, NAN};
    free(named);
    return RK_OK;
}


/* Each user's values into their unit, and into that of their slices. */
static int values_add(tally *t, const rk_marks *m, size_t n_in[RK_SLICES],
                      rk_error *err)
{
    size_t n_users = m->q->asked->n_users;
    int8_t *slice = rk_alloc_array(2 * n_users + 1, 1);
    int rc;

    if (!slice)
        return rk_no_memory(err);
    rc = rk_slices_find(slice, m->q, m->popularity, err);
    for (size_t u = 0; u < n_users && rc == RK_OK; u++) {
        const double *value = m->value + u * RK_N_METRICS;

        if (t->unit_of[u] == RK_NO_ID)
            continue;
        for (size_t f = 0; f < RK_N_METRICS; f++)
            value_add(&t->units[t->unit_of[u]], f, value[f]);
        for (size_t s = 0; s < 2; s++) {
            if (slice[2 * u + s] < 0)
                continue;
            n_in[slice[2 * u + s]]++;
            value_add(&t->units[t->unit_of[u]],
                      RK_N_METRICS + (size_t)slice[2 * u + s],
                      value[m->task->headline]);
        }
    }
    free(slice);
    return rc;
}


static int labels_add(tally *t, const rk_marks *m, rk_error *err)
{
    t->scored = scored_new(t, m->q, m->value + RK_M_AUC, RK_N_METRICS,
                           &t->n_scored);
    if (!t->scored)
        return rk_no_memory(err);
    return gauc_add(t, err);
}


static void slices_list(rk_verdict *v, const rk_measure *of_slice,
                        const size_t *n_in)
{
    v->n_slices = 0;
    for (size_t s = 0; s < RK_SLICES; s++)
        if (n_in[s])
            v->slices[v->n_slices++] = (rk_slice){rk_slice_names[s].by,
                                                  rk_slice_names[s].name,
                                                  n_in[s], of_slice[s]};
}


int rk_tally(const rk_marks *m, const rk_judge_opts *opts, rk_verdict *v,
             rk_error *err)
{
    size_t n_users = m->q->asked->n_users;
    bool like = m->task->kind == RK_TASK_LIKE;
    rk_measure measures[FIGURES];
    size_t n_in[RK_SLICES] = {0};
    tally t = {0};
    int rc;

    v->per_user = rk_alloc_array(n_users + 1, sizeof(*v->per_user));
    rc = v->per_user ? units_find(&t, m->q, err) : rk_no_memory(err);
    if (rc == RK_OK)
        rc = like ? labels_add(&t, m, err) : values_add(&t, m, n_in, err);
    if (rc == RK_OK)
        rc = measures_find(&t, opts, measures, err);
    if (rc)
        goto done;
    memcpy(v->metrics, measures, sizeof(v->metrics));
    slices_list(v, measures + RK_N_METRICS, n_in);
    if (!like)
        rc = coverage_find(m, &v->metrics[RK_M_COVERAGE], err);
    for (size_t u = 0; u < n_users; u++) {
        v->per_user[u] = m->value[u * RK_N_METRICS + m->task->headline];
        v->n_users += t.unit_of[u] != RK_NO_ID;
    }

done:
    if (rc) {
        free(v->per_user);
        v->per_user = NULL;
    }
    tally_clear(&t);
    return rc;
}


int rk_tally_difference(rk_measure *out, const rk_questions *q, const double *a,
                        const double *b, const rk_judge_opts *opts,
                        rk_error *err)
{
    rk_measure measures[FIGURES];
    tally t = {0};
    int rc = units_find(&t, q, err);

    if (rc == RK_OK && q->label) {
        t.scored = scored_new(&t, q, b, 1, &t.n_scored);
        t.against = scored_new(&t, q, a, 1, &t.n_scored);
        if (!t.scored || !t.against)
            rc = rk_no_memory(err);
    }
    for (size_t u = 0; u < q->asked->n_users && rc == RK_OK && !q->label; u++)
        if (t.unit_of[u] != RK_NO_ID)
            value_add(&t.units[t.unit_of[u]], RK_M_AUC, b[u] - a[u]);
    if (rc == RK_OK)
        rc = measures_find(&t, opts, measures, err);
    if (rc == RK_OK)
        *out = measures[RK_M_AUC];
    tally_clear(&t);
    return rc;
}

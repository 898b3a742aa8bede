#include "engine/cascade.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "engine/rank.h"

#include <stdio.h>
#include <string.h>

#define FEWEST 2 /* candidates that are worth ranking, where there are more */


/* What is being cut to the budget. */
typedef struct cut {
    const rk_snapshot *s;
    const rk_paradigm *way;
    const rk_who *who;
    rk_run *run;
} cut;


static bool has_budget(const rk_run *run)
{
    return run->budget && rk_limits_any(&run->budget->limits);
}


/* A run that asks nothing and counts what it would ask. */
static rk_run reckoning(const rk_run *run, rk_cost *cost)
{
    return (rk_run){.store = run->store,
                    .models = run->models,
                    .budget = run->budget,
                    .started_us = run->started_us,
                    .skip = run->skip,
                    .skip_ctx = run->skip_ctx,
                    .reckon = cost};
}


/* Whether the way may read these n candidates; if not, *why says it. */
static int fits(const cut *c, const rk_candidate *list, size_t n, bool *yes,
                char why[RK_BUDGET_WHY], rk_error *err)
{
    rk_cost cost = {0};
    rk_run aside = reckoning(c->run, &cost);
    rk_candidates copy = {rk_alloc_array(n, sizeof(*list)), n, n};
    rk_error late;
    int rc = copy.list ? RK_OK : rk_no_memory(err);

    *yes = false;
    if (rc == RK_OK) {
        memcpy(copy.list, list, n * sizeof(*list));
        rc = c->way->score(c->s, c->who, &copy, &aside, &late);
        if (rc == RK_ECANCELLED) { /* while a model's speed was tried */
            c->run->budget->closed = true;
            rc = RK_OK;
            rk_spent_add(&cost.spent, (rk_spent){1, 0});
        } else if (rc) {
            rk_fail(err, rc, "%s", late.msg);
        }
    }
    if (rc == RK_OK)
        *yes = rk_budget_fits(c->run->budget, &cost, rk_run_elapsed(c->run),
                              why);
    rk_candidates_clear(&copy);
    rk_run_clear(&aside);
    return rc;
}


/* The most candidates, from the first on, that fit, less than n: by halving; 0
 * for fewer than are worth it. */
static int most_that_fit(const cut *c, const rk_candidates *all, size_t *most,
                         rk_error *err)
{
    char why[RK_BUDGET_WHY];
    size_t fit = FEWEST < all->n ? FEWEST : 0;
    size_t over = all->n;
    bool any = false;
    int rc = fit ? fits(c, all->list, fit, &any, why, err) : RK_OK;

    *most = 0;
    if (rc || !any)
        return rc;
    while (over - fit > 1 && rc == RK_OK) {
        size_t middle = fit + (over - fit) / 2;
        bool yes;

        rc = fits(c, all->list, middle, &yes, why, err);
        if (yes)
            fit = middle;
        else
            over = middle;
    }
    *most = fit;
    return rc;
}


/* Moves to the front those that cost nothing; *n is how many. */
static int kept_first(const cut *c, rk_candidates *all, size_t *n,
                      rk_error *err)
{
    rk_candidate *rest = rk_alloc_array(all->n, sizeof(*rest));
    char why[RK_BUDGET_WHY];
    size_t n_rest = 0;
    int rc = rest ? RK_OK : rk_no_memory(err);

    *n = 0;
    c->run->budget->closed = true;
    for (size_t i = 0; i < all->n && rc == RK_OK; i++) {
        rk_candidate one = all->list[i];
        bool yes;

        rc = fits(c, &one, 1, &yes, why, err);
        if (yes)
            all->list[(*n)++] = one;
        else
            rest[n_rest++] = one;
    }
    if (rc == RK_OK)
        memcpy(all->list + *n, rest, n_rest * sizeof(*rest));
    free(rest);
    return rc;
}


/* Scores the first n. *late: the deadline was hit on the way. */
static int read_first(const cut *c, rk_candidates *all, size_t n, bool *late,
                      rk_error *err)
{
    rk_candidate *before = rk_alloc_array(n, sizeof(*before));
    rk_candidates first = {all->list, n, n};
    rk_error why = {0};
    int rc;

    *late = false;
    if (!before)
        return rk_no_memory(err);
    memcpy(before, all->list, n * sizeof(*before));
    rc = c->way->score(c->s, c->who, &first, c->run, &why);
    if (rc == RK_ECANCELLED) {
        memcpy(all->list, before, n * sizeof(*before));
        *late = true;
        rc = RK_OK;
    } else if (rc) {
        rk_fail(err, rc, "%s", why.msg);
    }
    free(before);
    return rc;
}


int rk_cascade_read(rk_cascade *out, const rk_snapshot *s,
                    const rk_paradigm *way, const rk_who *who,
                    rk_candidates *io, rk_run *run, rk_error *err)
{
    const cut c = {s, way, who, run};
    size_t n = io->n;
    bool late = false;
    bool yes;
    int rc;

    *out = (rk_cascade){.n_read = n};
    if (!has_budget(run))
        return way->score(s, who, io, run, err);
    rc = fits(&c, io->list, n, &yes, out->why, err);
    if (rc == RK_OK && !yes)
        rc = most_that_fit(&c, io, &n, err);
    if (rc == RK_OK && n > 0)
        rc = read_first(&c, io, n, &late, err);
    if (rc == RK_OK && (n == 0 || late)) {
        if (late)
            snprintf(out->why, sizeof(out->why), "deadline %.6g ms",
                     (double)run->budget->limits.deadline_us / 1e3);
        rc = kept_first(&c, io, &n, err);
        if (rc == RK_OK && n > 0)
            rc = read_first(&c, io, n, &late, err);
        n = late ? 0 : n;
    }
    out->n_read = n;
    for (size_t i = 0; i < io->n; i++)
        io->list[i].unread = n > 0 && i >= n;
    return rc;
}


/* Those that were read by their scores; the others behind them, as far from
 * each other as the fused order has them. */
static void join(rk_candidates *io, size_t n_read)
{
    rk_candidates read = {io->list, n_read, n_read};
    float worst;
    float first;

    rk_candidates_sort(&read);
    if (n_read == io->n)
        return;
    worst = io->list[n_read - 1].score;
    first = io->list[n_read].score;
    for (size_t i = n_read; i < io->n; i++)
        io->list[i].score = worst - (first - io->list[i].score);
}


int rk_cascade_order(const rk_snapshot *s, const rk_paradigm *way,
                     const rk_who *who, rk_candidates *io, rk_run *run,
                     rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_cascade c;
    int rc = RK_OK;

    if (has_budget(run)) { /* the best first, in case that not all fit */
        rc = rk_rank(s, who, io, run, err);
        rk_candidates_sort(io);
    }
    if (rc == RK_OK)
        rc = rk_cascade_read(&c, s, way, who, io, run, err);
    if (rc)
        return rc;
    if (c.why[0])
        rk_run_trace(run, "budget", io->n, c.n_read, start, "%s: %s", way->name,
                     c.why);
    if (c.n_read == 0)
        return rk_fail(err, RK_ECANCELLED, "%s", c.why);
    if (c.n_read < io->n)
        snprintf(run->short_of, sizeof(run->short_of),
                 "%zu of %zu candidates: %s", c.n_read, io->n, c.why);
    join(io, c.n_read);
    return RK_OK;
}


int rk_cascade_may_recall(const rk_snapshot *s, const rk_paradigm *way,
                          const rk_who *who, size_t k, rk_run *run,
                          rk_error *err)
{
    rk_cost cost = {0};
    rk_run aside = reckoning(run, &cost);
    rk_candidates unused = {0};
    rk_error why = {0};
    int rc = RK_OK;

    /* Zeros for readings may leave it nothing to propose, which is no
     * failure here. */
    if (has_budget(run))
        rc = way->recall(s, who, k, &unused, &aside, &why);
    if (rc == RK_ENOMEM)
        rk_fail(err, rc, "%s", why.msg);
    else
        rc = rk_run_may_ask(run, &cost, err);
    rk_candidates_clear(&unused);
    rk_run_clear(&aside);
    return rc;
}

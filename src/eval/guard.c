#include "core/mem.h"
#include "eval/task.h"

#include <string.h>

/* Where an item stands for the user at hand: a stamp of that user. */
typedef struct guard {
    const rk_task *t;
    const rk_questions *q;
    const rk_corpus *train;
    const char *what; /* "test" */
    uint32_t *truth;  /* (n_items) user + 1 */
} guard;


static int fail(const guard *g, size_t u, uint32_t item, const char *why,
                rk_error *err)
{
    return rk_fail(err, RK_EINVAL, "%s, %s: user '%.64s', item '%.64s': %s",
                   g->t->name, g->what,
                   rk_ids_at(g->q->asked->user_ids, (uint32_t)u),
                   rk_ids_at(g->q->asked->item_ids, item), why);
}


static int histories_check(const guard *g, size_t u, rk_error *err)
{
    const rk_corpus *c = g->q->asked;
    uint32_t in_train = g->q->user[u];
    size_t end = c->start[u + 1];
    int64_t last = end > c->start[u] ? c->seen[end - 1].at_us : INT64_MIN;

    for (size_t i = c->start[u]; i < end; i++)
        if (g->truth[c->seen[i].item] == u + 1)
            return fail(g, u, c->seen[i].item,
                        "asked for, and in the history given", err);
    if (in_train == RK_NO_ID)
        return RK_OK;
    if (in_train >= g->train->n_users)
        return fail(g, u, g->q->truth[g->q->truth_start[u]],
                    "the user has no such place in training", err);
    for (size_t i = g->train->start[in_train];
         i < g->train->start[in_train + 1]; i++) {
        const rk_seen *e = &g->train->seen[i];

        if (g->truth[e->item] == u + 1)
            return fail(g, u, e->item, "asked for, and trained on", err);
        if (e->at_us > last)
            return fail(g, u, e->item,
                        "trained on, and later than the history given", err);
    }
    return RK_OK;
}


/* Where the truth stands among the candidates, n_candidates: nowhere. */
static size_t place_of(const rk_questions *q, size_t u)
{
    size_t at = 0;

    while (at < q->n_candidates && q->candidates[u * q->n_candidates + at] !=
                                       q->truth[q->truth_start[u]])
        at++;
    return at;
}


/* Two askings may share a place by chance; ten in a row do not. */
#define FEW 10

static int candidates_check(const guard *g, rk_error *err)
{
    const rk_questions *q = g->q;
    size_t first = SIZE_MAX;
    size_t n_asked = 0;
    bool moves = q->n_candidates < 2;

    for (size_t u = 0; u < q->asked->n_users && q->n_candidates; u++) {
        size_t at;

        if (q->truth_start[u + 1] == q->truth_start[u])
            continue;
        at = place_of(q, u);
        if (at == q->n_candidates)
            return fail(g, u, q->truth[q->truth_start[u]],
                        "asked for, and not among the candidates", err);
        first = n_asked++ ? first : at;
        moves = moves || at != first;
    }
    if (!moves && n_asked >= FEW)
        return rk_fail(err, RK_EINVAL,
                       "%s, %s: the truth stands at place %zu of every list, "
                       "expected drawn places",
                       g->t->name, g->what, first);
    return RK_OK;
}


static int questions_check(const rk_task *t, const rk_questions *q,
                           const rk_corpus *train, const char *what,
                           rk_error *err)
{
    guard g = {t, q, train, what, NULL};
    int rc = RK_OK;

    if (!q->asked)
        return RK_OK;
    g.truth = rk_calloc(q->asked->n_items + 1, sizeof(*g.truth));
    if (!g.truth)
        return rk_no_memory(err);
    for (size_t u = 0; u < q->asked->n_users && rc == RK_OK; u++) {
        size_t end = q->truth_start[u + 1];

        for (size_t i = q->truth_start[u]; i < end; i++)
            g.truth[q->truth[i]] = (uint32_t)u + 1;
        if (end > q->truth_start[u])
            rc = histories_check(&g, u, err);
    }
    if (rc == RK_OK)
        rc = candidates_check(&g, err);
    free(g.truth);
    return rc;
}


static int hidden_check(const rk_task *t, rk_error *err)
{
    const rk_corpus *c = t->train;

    if (!t->hidden && (t->test.hidden_only || t->validation.hidden_only))
        return rk_fail(err, RK_EINVAL, "%s ranks hidden items and has none",
                       t->name);
    for (size_t i = 0; t->hidden && i < c->start[c->n_users]; i++)
        if (t->hidden[c->seen[i].item])
            return rk_fail(err, RK_EINVAL,
                           "%s: item '%.64s' is hidden, and trained on",
                           t->name, rk_ids_at(c->item_ids, c->seen[i].item));
    return RK_OK;
}


int rk_task_check(const rk_task *t, rk_error *err)
{
    int rc = hidden_check(t, err);

    if (rc == RK_OK)
        rc = questions_check(t, &t->test, t->train, "test", err);
    if (rc == RK_OK)
        rc = questions_check(t, &t->validation, t->tune ? t->tune : t->train,
                             "validation", err);
    return rc;
}

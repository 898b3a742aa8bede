#include "eval/marks.h"

#include "core/mem.h"
#include "core/threads.h"
#include "eval/metrics.h"

#include <math.h>
#include <string.h>

typedef struct batch {
    rk_marks *m;
    size_t first;
    float *scores;
} batch;


/* Likes of each item and, of that, how much of a surprise it is. One is added
 * to either side, so that an item which nobody had is finite. */
static void novelty_find(rk_marks *m, const rk_corpus *train)
{
    size_t n_events = train->start[train->n_users];

    for (size_t i = 0; i < n_events; i++)
        m->popularity[train->seen[i].item] += train->seen[i].label > 0;
    for (size_t i = 0; i < train->n_items; i++)
        m->novelty[i] = (float)-log2((m->popularity[i] + 1.0) /
                                     ((double)train->n_users + 1.0));
}


int rk_marks_init(rk_marks *m, const rk_task *t, const rk_questions *q,
                  rk_error *err)
{
    size_t n_items = q->asked->n_items;
    size_t n_users = q->asked->n_users;
    bool tuning = q->asked == t->validation.asked && t->tune;
    int rc = RK_OK;

    *m = (rk_marks){.task = t, .q = q};
    m->popularity = rk_calloc(n_items + 1, sizeof(*m->popularity));
    m->novelty = rk_calloc(n_items + 1, sizeof(*m->novelty));
    m->first = rk_alloc_array(n_users * RK_FIRST + 1, sizeof(*m->first));
    m->rank = rk_calloc(q->truth_start[n_users] + 1, sizeof(*m->rank));
    m->listed = rk_calloc(n_users * q->n_candidates + 1, sizeof(*m->listed));
    m->value = rk_alloc_array(n_users * RK_N_METRICS + 1, sizeof(*m->value));
    if (!m->popularity || !m->novelty || !m->first || !m->rank || !m->listed ||
        !m->value) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n_users * RK_FIRST; i++)
        m->first[i] = RK_NO_ID;
    for (size_t i = 0; i < n_users * RK_N_METRICS; i++)
        m->value[i] = NAN;
    novelty_find(m, tuning ? t->tune : t->train);
    rc = rk_kinds_init(&m->kinds, q->asked, err);

done:
    if (rc)
        rk_marks_clear(m);
    return rc;
}


void rk_marks_clear(rk_marks *m)
{
    rk_kinds_clear(&m->kinds);
    free(m->popularity);
    free(m->novelty);
    free(m->first);
    free(m->listed);
    free(m->rank);
    free(m->value);
    memset(m, 0, sizeof(*m));
}


static float proposed(float score)
{
    return score > -INFINITY ? score : -INFINITY;
}


/* Leaves the history and, where only the hidden are ranked, the others out. */
static void leave_out(const rk_marks *m, size_t u, float *row)
{
    const rk_corpus *c = m->q->asked;

    for (size_t i = c->start[u]; i < c->start[u + 1]; i++)
        row[c->seen[i].item] = NAN;
    for (size_t i = 0; i < c->n_items && m->q->hidden_only; i++)
        if (!m->task->hidden[i])
            row[i] = NAN;
}


/* Leaves all out but the candidates. */
static void keep_listed(const rk_marks *m, size_t u, float *row)
{
    size_t width = m->q->n_candidates;
    const uint32_t *list = m->q->candidates + u * width;
    float *kept = m->listed + u * width;
    size_t n = 0;

    for (; n < width && list[n] != RK_NO_ID; n++)
        kept[n] = row[list[n]];
    for (size_t i = 0; i < m->q->asked->n_items; i++)
        row[i] = NAN;
    for (size_t i = 0; i < n; i++)
        row[list[i]] = kept[i];
}


/* What was not proposed becomes -INFINITY, what is not ranked NaN. Returns how
 * many are ranked. */
static size_t row_prepare(const rk_marks *m, size_t u, float *row)
{
    size_t n_items = m->q->asked->n_items;
    uint32_t n = 0;

    for (size_t i = 0; i < n_items; i++)
        row[i] = proposed(row[i]);
    if (m->q->n_candidates)
        keep_listed(m, u, row);
    else
        leave_out(m, u, row);
    for (size_t i = 0; i < n_items; i++)
        n += row[i] == row[i];
    return n;
}


/* The ranks of the user's truths in a row, and how many places all of them
 * lost. */
static double ranks_find(rk_marks *m, size_t u, const float *row)
{
    const rk_questions *q = m->q;
    double lost = 0;

    for (size_t i = q->truth_start[u]; i < q->truth_start[u + 1]; i++) {
        float score = row[q->truth[i]];
        size_t greater;
        size_t equal;
        double below;

        rk_count_scores(row, q->asked->n_items, score, &greater, &equal);
        below = (double)greater + ((double)equal - 1) / 2;
        m->rank[i] = score > -INFINITY ? 1 + below : INFINITY;
        lost += below;
    }
    return lost;
}


/* From places lost to pairs with something that is not a truth: a pair of
 * truths is lost by one of them, or half by each, whatever the scores. */
static double auc_of(double lost, size_t n_truths, size_t n_ranked)
{
    double t = (double)n_truths;
    double others = (double)n_ranked - t;

    return others > 0 ? 1 - (lost - t * (t - 1) / 2) / (t * others) : NAN;
}


/* Novelty and diversity of the first ten. */
static void first_mark(rk_marks *m, size_t u, const float *row, double *value)
{
    uint32_t *first = m->first + u * RK_FIRST;
    size_t n_items = m->q->asked->n_items;
    size_t n = rk_top_scores(row, n_items, RK_FIRST, first);
    double novelty = 0;
    double alike = 0;

    for (size_t i = 0; i < n; i++) {
        novelty += m->novelty[first[i]];
        for (size_t j = 0; j < i; j++)
            alike += rk_kinds_alike(&m->kinds, first[i], first[j]);
    }
    if (n > 0)
        value[RK_M_NOVELTY] = novelty / (double)n;
    if (n > 1 && m->kinds.start[n_items])
        value[RK_M_DIVERSITY] = 1 - alike / ((double)n * ((double)n - 1) / 2);
}


static void user_mark(rk_marks *m, size_t u, float *row)
{
    const rk_questions *q = m->q;
    size_t n = q->truth_start[u + 1] - q->truth_start[u];
    const double *rank = m->rank + q->truth_start[u];
    double *value = m->value + u * RK_N_METRICS;
    size_t n_ranked;

    if (n == 0)
        return;
    if (m->task->kind == RK_TASK_LIKE) {
        value[RK_M_AUC] = proposed(row[q->truth[q->truth_start[u]]]);
        return;
    }
    n_ranked = row_prepare(m, u, row);
    value[RK_M_AUC] = auc_of(ranks_find(m, u, row), n, n_ranked);
    value[RK_M_NDCG_1] = rk_ndcg_of(rank, n, 1);
    value[RK_M_NDCG_5] = rk_ndcg_of(rank, n, 5);
    value[RK_M_NDCG_10] = rk_ndcg_of(rank, n, 10);
    value[RK_M_NDCG_20] = rk_ndcg_of(rank, n, 20);
    value[RK_M_RECALL_5] = rk_recall_of(rank, n, 5);
    value[RK_M_RECALL_10] = rk_recall_of(rank, n, 10);
    value[RK_M_RECALL_20] = rk_recall_of(rank, n, 20);
    value[RK_M_MRR_10] = rk_mrr_of(rank, n, 10);
    first_mark(m, u, row, value);
}


static void mark_some(void *ctx, size_t begin, size_t end)
{
    const batch *b = ctx;
    size_t n_items = b->m->q->asked->n_items;

    for (size_t i = begin; i < end; i++)
        user_mark(b->m, b->first + i, b->scores + i * n_items);
}


void rk_marks_add(rk_marks *m, size_t first, size_t n, float *scores)
{
    batch b = {m, first, scores};

    rk_parallel(n, mark_some, &b);
}

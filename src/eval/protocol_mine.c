/* A store's own events, divided by time: training sees what was before the
 * moment that leaves a tenth of the likes behind it, and each user who had a
 * history then is asked for the first item that they liked after it and had
 * not had before. Tuning is the same a step earlier, on what training sees. */
#include "core/mem.h"
#include "eval/fill.h"
#include "eval/protocols.h"

static const char *const notes[] = {
    "the newest tenth of the likes is predicted from what was before it; "
    "users without a history by then are not asked",
    NULL,
};

#define HELD_SHARE 0.1


static int ascending(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}


/* The first time of the newest tenth of the likes before `end_us`. */
static int split_find(const rk_corpus *c, int64_t end_us, int64_t *split_us,
                      rk_error *err)
{
    size_t n_events = c->start[c->n_users];
    int64_t *times = rk_alloc_array(n_events + 1, sizeof(*times));
    size_t n = 0;

    if (!times)
        return rk_no_memory(err);
    for (size_t i = 0; i < n_events; i++)
        if (c->seen[i].label > 0 && c->seen[i].at_us < end_us)
            times[n++] = c->seen[i].at_us;
    if (n)
        qsort(times, n, sizeof(*times), ascending);
    *split_us = n ? times[n - (size_t)((double)n * HELD_SHARE + 0.5) - (n < 5)]
                  : end_us;
    free(times);
    return RK_OK;
}


/* How many of the user's events are before `split_us`. */
static size_t before(const rk_corpus *c, uint32_t u, int64_t split_us)
{
    size_t n = 0;

    while (c->start[u] + n < c->start[u + 1] &&
           c->seen[c->start[u] + n].at_us < split_us)
        n++;
    return n;
}


static bool had(const rk_seen *history, size_t n, uint32_t item)
{
    for (size_t i = 0; i < n; i++)
        if (history[i].item == item)
            return true;
    return false;
}


/* The first liked item in [split_us, end_us) that is new; RK_NO_ID: none. */
static uint32_t next_of(const rk_corpus *c, uint32_t u, int64_t split_us,
                        int64_t end_us)
{
    const rk_seen *history = c->seen + c->start[u];
    size_t n = c->start[u + 1] - c->start[u];
    size_t kept = before(c, u, split_us);

    for (size_t i = kept; i < n && history[i].at_us < end_us; i++)
        if (history[i].label > 0 && !had(history, kept, history[i].item))
            return history[i].item;
    return RK_NO_ID;
}


static int user_fill(rk_fill *f, const rk_corpus *c, uint32_t u,
                     int64_t split_us, rk_error *err)
{
    size_t n = before(c, u, split_us);
    int rc = rk_fill_user(f, rk_ids_at(c->user_ids, u), c->users[u], u, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = rk_fill_event(f, c->seen[c->start[u] + i], err);
    return rc;
}


static int train_fill(rk_corpus **out, const rk_corpus *c, int64_t split_us,
                      rk_error *err)
{
    rk_fill f;
    int rc = rk_fill_begin(&f, c, 0, err);

    for (uint32_t u = 0; u < c->n_users && rc == RK_OK; u++)
        rc = user_fill(&f, c, u, split_us, err);
    if (rc == RK_OK)
        *out = rk_fill_take_corpus(&f);
    rk_fill_clear(&f);
    return rc;
}


static bool is_asked(const rk_corpus *c, uint32_t u, int64_t split_us,
                     int64_t end_us)
{
    return before(c, u, split_us) > 0 &&
           next_of(c, u, split_us, end_us) != RK_NO_ID;
}


static int questions_fill(rk_questions *out, const rk_corpus *c,
                          const int64_t span_us[2], const rk_task_opts *opts,
                          rk_error *err)
{
    size_t n = 0;
    size_t at = 0;
    bool *drawn = NULL;
    rk_fill f;
    int rc = rk_fill_begin(&f, c, 0, err);

    for (uint32_t u = 0; u < c->n_users; u++)
        n += is_asked(c, u, span_us[0], span_us[1]);
    drawn = rk_fill_draw(n, opts->n_users, opts->seed);
    if (rc == RK_OK && !drawn)
        rc = rk_no_memory(err);
    for (uint32_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        if (!is_asked(c, u, span_us[0], span_us[1]) || !drawn[at++])
            continue;
        rc = user_fill(&f, c, u, span_us[0], err);
        if (rc == RK_OK)
            rc = rk_fill_truth(&f, next_of(c, u, span_us[0], span_us[1]), err);
    }
    if (rc == RK_OK)
        rk_fill_take_questions(&f, out);
    rk_fill_clear(&f);
    free(drawn);
    return rc;
}


static int task_fill(rk_task *t, const rk_task_opts *opts, rk_error *err)
{
    const rk_corpus *c = opts->corpus;
    int64_t at_us[3] = {0, 0, INT64_MAX}; /* tuning, test, the end */
    int rc = split_find(c, at_us[2], &at_us[1], err);

    if (rc == RK_OK)
        rc = split_find(c, at_us[1], &at_us[0], err);
    if (rc == RK_OK)
        rc = train_fill(&t->train, c, at_us[1], err);
    if (rc == RK_OK)
        rc = train_fill(&t->tune, c, at_us[0], err);
    if (rc == RK_OK)
        rc = questions_fill(&t->validation, c, at_us, opts, err);
    if (rc == RK_OK)
        rc = questions_fill(&t->test, c, at_us + 1, opts, err);
    return rc;
}


static int load(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    rk_task *t = NULL;
    int rc;

    *out = NULL;
    if (!opts || !opts->corpus)
        return rk_fail(err, RK_EINVAL, "mine needs a store");
    t = rk_task_new(&rk_protocol_mine, RK_TASK_RANK, RK_M_NDCG_10, notes);
    if (!t)
        return rk_no_memory(err);
    rc = task_fill(t, opts, err);
    if (rc == RK_OK) {
        *out = t;
        t = NULL;
    }
    rk_task_free(t);
    return rc;
}


static const rk_published published[] = {{NULL, NULL, 0}};

const rk_protocol rk_protocol_mine = {
    .name = "mine",
    .summary = "the newest likes of the store, predicted from what was before",
    .needs = "nothing but the store",
    .load = load,
    .published = published,
};

#include "learn/sequence_neighbours.h"

#include "core/mem.h"
#include "core/threads.h"
#include "core/topk.h"

#include <math.h>
#include <string.h>

#define N_COLUMNS 2
#define N_OPTS    5

typedef struct neighbours {
    rk_model model;
    rk_neighbours_opts opts;
    size_t n_users;
    const uint64_t *start;      /* (n_users + 1) */
    const uint32_t *item;       /* (start[n_users]) oldest first */
    const uint64_t *list_start; /* (n_items + 1) */
    const uint32_t *list;       /* (list_start[n_items]) users, ascending */
    float *rarity;              /* (n_items) owned */
    void *owned[4];             /* the four above, when they are ours */
} neighbours;

/* What one thread needs to answer. */
typedef struct room {
    float *sim;        /* (n_users) zero between two questions */
    uint32_t *touched; /* (n_users) */
    float *weight;     /* (n_items) zero between two questions */
    rk_hit *best;      /* (k) */
} room;

typedef struct asking {
    const neighbours *m;
    const rk_histories *who;
    float *scores;
    room *rooms;
    size_t n_workers;
} asking;


/* Sets w(i) of the newest items and adds up sim; returns how many users were
 * met. */
static size_t meet(const neighbours *m, const uint32_t *history, size_t n,
                   room *r)
{
    float weight = 1;
    size_t met = 0;

    for (size_t age = 0; age < n && age < m->opts.recent; age++) {
        uint32_t i = history[n - 1 - age];

        if (i < m->model.n_items && r->weight[i] == 0 && weight > 0) {
            r->weight[i] = weight;
            for (uint64_t e = m->list_start[i]; e < m->list_start[i + 1]; e++) {
                uint32_t v = m->list[e];

                if (r->sim[v] == 0)
                    r->touched[met++] = v;
                r->sim[v] += weight * m->rarity[i];
            }
        }
        weight *= m->opts.forget;
    }
    return met;
}


/* One neighbour's history, oldest first: what is shared warms what follows. */
static void vote(const neighbours *m, uint32_t v, float sim, const room *r,
                 float *after, float *any)
{
    float heat = 0;

    for (uint64_t e = m->start[v]; e < m->start[v + 1]; e++) {
        uint32_t i = m->item[e];

        after[i] += sim * heat;
        any[i] += sim;
        heat = heat * m->opts.fade + r->weight[i];
    }
}


static void answer(const neighbours *m, const uint32_t *history, size_t n,
                   room *r, float *scores)
{
    size_t n_items = m->model.n_items;
    rk_topk best;
    size_t met;

    memset(scores, 0, N_COLUMNS * n_items * sizeof(*scores));
    met = meet(m, history, n, r);
    rk_topk_init(&best, r->best, m->opts.k);
    for (size_t t = 0; t < met; t++) {
        uint32_t v = r->touched[t];
        float length = (float)(m->start[v + 1] - m->start[v]);

        rk_topk_add(&best, v, r->sim[v] / powf(length, m->opts.norm));
        r->sim[v] = 0;
    }
    met = rk_topk_finish(&best);
    for (size_t t = 0; t < met; t++)
        vote(m, r->best[t].index, r->best[t].score, r, scores,
             scores + n_items);
    for (size_t age = 0; age < n && age < m->opts.recent; age++)
        if (history[n - 1 - age] < n_items)
            r->weight[history[n - 1 - age]] = 0;
}


static void answer_some(void *ctx, size_t begin, size_t end)
{
    const asking *a = ctx;
    size_t width = N_COLUMNS * a->m->model.n_items;

    for (size_t worker = begin; worker < end; worker++)
        for (size_t u = worker; u < a->who->n_users; u += a->n_workers)
            answer(a->m, a->who->item + a->who->start[u],
                   a->who->start[u + 1] - a->who->start[u], &a->rooms[worker],
                   a->scores + u * width);
}


static int neighbours_score(const rk_model *model, const rk_histories *who,
                            float *scores, rk_error *err)
{
    const neighbours *m = (const neighbours *)model;
    asking a = {m, who, scores, NULL, (size_t)rk_threads()};
    int rc = RK_OK;

    a.rooms = rk_calloc(a.n_workers, sizeof(*a.rooms));
    if (!a.rooms)
        return rk_no_memory(err);
    for (size_t i = 0; i < a.n_workers; i++) {
        room *r = &a.rooms[i];

        r->sim = rk_calloc(m->n_users, sizeof(*r->sim));
        r->touched = rk_alloc_array(m->n_users, sizeof(*r->touched));
        r->weight = rk_calloc(model->n_items, sizeof(*r->weight));
        r->best = rk_alloc_array(m->opts.k, sizeof(*r->best));
        if (!r->sim || !r->touched || !r->weight || !r->best) {
            rc = rk_no_memory(err);
            goto done;
        }
    }
    rk_parallel(a.n_workers, answer_some, &a);

done:
    for (size_t i = 0; i < a.n_workers; i++) {
        free(a.rooms[i].sim);
        free(a.rooms[i].touched);
        free(a.rooms[i].weight);
        free(a.rooms[i].best);
    }
    free(a.rooms);
    return rc;
}


static void neighbours_free(rk_model *model)
{
    neighbours *m = (neighbours *)model;

    if (!m)
        return;
    for (size_t i = 0; i < 4; i++)
        free(m->owned[i]);
    free(m->rarity);
    free(m);
}


static int rarity_fill(neighbours *m, rk_error *err)
{
    double n_users = (double)m->n_users;

    m->rarity = rk_alloc_array(m->model.n_items, sizeof(*m->rarity));
    if (!m->rarity)
        return rk_no_memory(err);
    for (size_t i = 0; i < m->model.n_items; i++) {
        double n = (double)(m->list_start[i + 1] - m->list_start[i]);

        m->rarity[i] = (float)log1p(n_users / (n > 0 ? n : 1));
    }
    return RK_OK;
}


/* Every step-th user of each item, so that no list is longer than may be.
 * `at` (n_items) counts the users met. With list NULL only the ends are
 * counted, into start (n_items + 1). */
static void lists_pass(const rk_histories *h, const uint32_t *n_users_of,
                       uint32_t *at, uint64_t *start, uint32_t *list)
{
    memset(at, 0, h->n_items * sizeof(*at));
    for (size_t u = 0; u < h->n_users; u++)
        for (size_t e = h->start[u]; e < h->start[u + 1]; e++) {
            uint32_t i = h->item[e];
            uint32_t step = 1 + (n_users_of[i] - 1) / RK_NEIGHBOURS_LIST;

            if (at[i]++ % step)
                continue;
            if (list)
                list[start[i]++] = (uint32_t)u;
            else
                start[i + 1]++;
        }
}


static int index_build(neighbours *m, const rk_histories *h, rk_error *err)
{
    size_t n_events = h->start[h->n_users] - h->start[0];
    uint64_t *start = rk_calloc(h->n_users + 1, sizeof(*start));
    uint32_t *item = rk_alloc_array(n_events, sizeof(*item));
    uint64_t *list_start = rk_calloc(h->n_items + 1, sizeof(*list_start));
    uint32_t *list = rk_alloc_array(n_events, sizeof(*list));
    uint32_t *count = rk_calloc(h->n_items, sizeof(*count));
    uint32_t *at = rk_alloc_array(h->n_items, sizeof(*at));
    int rc = RK_OK;

    memcpy(m->owned, (void *[]){start, item, list_start, list},
           sizeof(m->owned));
    if (!start || !item || !list_start || !list || !count || !at) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t u = 0; u < h->n_users; u++)
        start[u + 1] = h->start[u + 1] - h->start[0];
    for (size_t e = 0; e < n_events; e++) {
        item[e] = h->item[h->start[0] + e];
        count[item[e]]++;
    }
    lists_pass(h, count, at, list_start, NULL);
    for (size_t i = 0; i < h->n_items; i++)
        list_start[i + 1] += list_start[i];
    lists_pass(h, count, at, list_start, list);
    memmove(list_start + 1, list_start, h->n_items * sizeof(*list_start));
    list_start[0] = 0;
    m->start = start;
    m->item = item;
    m->list_start = list_start;
    m->list = list;

done:
    free(count);
    free(at);
    return rc;
}


static bool opts_hold(const rk_neighbours_opts *o)
{
    return o->k >= 1 && o->k <= 100000 && o->forget > 0 && o->forget <= 1 &&
           o->fade >= 0 && o->fade <= 1 && o->norm >= 0 && o->norm <= 1;
}


int rk_neighbours_train(rk_model **out, const rk_histories *h,
                        const rk_train_opts *opts,
                        const rk_neighbours_opts *how, rk_error *err)
{
    neighbours *m = NULL;
    int rc = RK_OK;

    *out = NULL;
    if (!opts_hold(how))
        return rk_fail(err, RK_EINVAL, "neighbours: options out of range");
    m = rk_calloc(1, sizeof(*m));
    if (!m)
        return rk_no_memory(err);
    m->model = (rk_model){&rk_learner_neighbours, h->n_items};
    m->opts = *how;
    m->n_users = h->n_users;
    rc = index_build(m, h, err);
    if (rc == RK_OK)
        rc = rarity_fill(m, err);
    if (rc == RK_OK)
        rc = rk_progress_report(&opts->progress, "neighbours", 1, 1, err);
    if (rc == RK_OK) {
        *out = &m->model;
        m = NULL;
    }
    neighbours_free((rk_model *)m);
    return rc;
}


static void neighbours_estimate(const rk_histories *h,
                                const rk_train_opts *opts, rk_estimate *out)
{
    double events = (double)(h->start[h->n_users] - h->start[0]);

    (void)opts;
    out->bytes = 8 * events + 8 * (double)h->n_users + 20 * (double)h->n_items;
    out->flop = 6 * events;
}


static int neighbours_train(rk_model **out, const rk_histories *h,
                            const rk_train_opts *opts, rk_error *err)
{
    static const rk_neighbours_opts how = {150, 50, 0.8f, 0.95f, 0.25f};
    int rc = rk_learner_check(&rk_learner_neighbours, h, opts, err);

    *out = NULL;
    return rc != RK_OK ? rc : rk_neighbours_train(out, h, opts, &how, err);
}


static int neighbours_put(const rk_model *model, rk_bundle_writer *w,
                          rk_error *err)
{
    const neighbours *m = (const neighbours *)model;
    const rk_neighbours_opts *o = &m->opts;
    const float opts[N_OPTS] = {(float)o->k, (float)o->recent, o->forget,
                                o->fade, o->norm};
    const struct {
        const char *name;
        enum rk_dtype dtype;
        size_t n;
        const void *data;
    } parts[] = {
        {"neighbours.opts", RK_F32, N_OPTS, opts},
        {"neighbours.start", RK_U64, m->n_users + 1, m->start},
        {"neighbours.item", RK_U32, m->start[m->n_users], m->item},
        {"neighbours.list_start", RK_U64, model->n_items + 1, m->list_start},
        {"neighbours.list", RK_U32, m->list_start[model->n_items], m->list},
    };
    int rc = RK_OK;

    for (size_t i = 0; rc == RK_OK && i < sizeof(parts) / sizeof(*parts); i++)
        rc = rk_bundle_put(w, parts[i].name, parts[i].dtype, 1, parts[i].n,
                           parts[i].data, err);
    return rc;
}


/* Rows of indices under `bound`: "<name>start" and "<name>". */
static int rows_get(const rk_bundle *b, const char *const name[2],
                    size_t n_rows, size_t bound, rk_tensor out[2],
                    rk_error *err)
{
    const uint64_t *start;
    const uint32_t *index;
    int rc = rk_bundle_get(b, name[0], RK_U64, 1, n_rows, &out[0], err);

    if (rc == RK_OK)
        rc = rk_bundle_get(b, name[1], RK_U32, 1, 0, &out[1], err);
    if (rc != RK_OK)
        return rc;
    start = out[0].data;
    index = out[1].data;
    if (out[0].cols == 0 || start[0] != 0 ||
        start[out[0].cols - 1] != out[1].cols)
        return rk_fail(err, RK_EFORMAT, "%s does not fit %s", name[0], name[1]);
    for (size_t i = 1; i < out[0].cols; i++)
        if (start[i] < start[i - 1])
            return rk_fail(err, RK_EFORMAT, "%s falls at %zu", name[0], i);
    for (size_t e = 0; e < out[1].cols; e++)
        if (index[e] >= bound)
            return rk_fail(err, RK_EFORMAT, "%s has %u, must be under %zu",
                           name[1], (unsigned)index[e], bound);
    return RK_OK;
}


/* A user stands in an item's list because that item is in their history, so
 * nobody who can be met has an empty one. */
static int listed_have_histories(const neighbours *m, rk_error *err)
{
    for (uint64_t e = 0; e < m->list_start[m->model.n_items]; e++)
        if (m->start[m->list[e]] == m->start[m->list[e] + 1])
            return rk_fail(err, RK_EFORMAT,
                           "neighbours.list has a user without a history");
    return RK_OK;
}


static int opts_get(const rk_bundle *b, rk_neighbours_opts *o, rk_error *err)
{
    rk_tensor t;
    const float *opts;
    int rc = rk_bundle_get(b, "neighbours.opts", RK_F32, 1, N_OPTS, &t, err);

    if (rc != RK_OK)
        return rc;
    opts = t.data;
    if (!(opts[0] >= 1 && opts[0] <= 1e5f && opts[1] >= 0 && opts[1] <= 1e6f))
        return rk_fail(err, RK_EFORMAT, "neighbours.opts out of range");
    *o = (rk_neighbours_opts){(uint32_t)opts[0], (uint32_t)opts[1], opts[2],
                              opts[3], opts[4]};
    return opts_hold(o)
               ? RK_OK
               : rk_fail(err, RK_EFORMAT, "neighbours.opts out of range");
}


/* Everything but what is worked out from it. */
static int tensors_get(const rk_bundle *b, neighbours *m, rk_error *err)
{
    static const char *const histories[] = {"neighbours.start",
                                            "neighbours.item"};
    static const char *const lists[] = {"neighbours.list_start",
                                        "neighbours.list"};
    size_t n_items = m->model.n_items;
    rk_tensor h[2];
    rk_tensor l[2];
    int rc = opts_get(b, &m->opts, err);

    if (rc == RK_OK)
        rc = rows_get(b, histories, 0, n_items, h, err);
    if (rc == RK_OK)
        rc = rows_get(b, lists, n_items + 1, h[0].cols - 1, l, err);
    if (rc != RK_OK)
        return rc;
    m->n_users = h[0].cols - 1;
    m->start = h[0].data;
    m->item = h[1].data;
    m->list_start = l[0].data;
    m->list = l[1].data;
    return listed_have_histories(m, err);
}


static int neighbours_get(rk_model **out, const rk_bundle *b, size_t n_items,
                          rk_error *err)
{
    neighbours *m = rk_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->model = (rk_model){&rk_learner_neighbours, n_items};
    rc = tensors_get(b, m, err);
    if (rc == RK_OK)
        rc = rarity_fill(m, err);
    if (rc == RK_OK) {
        *out = &m->model;
        m = NULL;
    }
    neighbours_free((rk_model *)m);
    return rc;
}


static const char *const columns[N_COLUMNS] = {"neighbours", "neighbours.any"};

const rk_learner rk_learner_neighbours = {
    .name = "neighbours",
    .summary = "similar histories, and what came next in them",
    .cites = "Ludewig, Jannach, Evaluation of session-based recommendation "
             "algorithms, 2018; Garg et al., Sequence and Time Aware "
             "Neighborhood for Session-based Recommendations, 2019",
    .effort = RK_FAST,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .estimate = neighbours_estimate,
    .train = neighbours_train,
    .score = neighbours_score,
    .put = neighbours_put,
    .get = neighbours_get,
    .free = neighbours_free,
};

#include "paradigms/liking.h"

#include "core/mem.h"
#include "core/rng.h"
#include "learn/fuse.h"
#include "learn/popular.h"
#include "paradigms/vocabulary.h"

#include <string.h>

#define LIST 50 /* candidates a list, the truth among them */

void rk_liking_who(const rk_workshop *w, size_t user, const rk_seen *history,
                   size_t n, rk_token_weight room[], rk_who *who)
{
    memset(who, 0, sizeof(*who));
    who->id = w->corpus->users[user]->id;
    who->profile = w->user_profiles[user];
    who->history = history;
    who->n_history = n;
    if (w->user_vectors)
        who->vector = w->user_vectors + user * w->snapshot->d;
    if (w->user_tokens) {
        const rk_csr *t = w->user_tokens;

        for (uint64_t e = t->start[user]; e < t->start[user + 1]; e++)
            room[who->n_tokens++] = (rk_token_weight){t->col[e], t->value[e]};
        who->tokens = room;
    }
}


/* The longest history of the corpus. */
static size_t longest(const rk_corpus *c)
{
    size_t most = 0;

    for (size_t u = 0; u < c->n_users; u++) {
        size_t n = c->start[u + 1] - c->start[u];
        most = n > most ? n : most;
    }
    return most;
}


/* Copies a history without every event of one item. */
static size_t without(const rk_seen *seen, size_t n, uint32_t item,
                      rk_seen *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (seen[i].item != item)
            out[kept++] = seen[i];
    return kept;
}


typedef struct samples {
    float *x;   /* (cap, n) */
    uint8_t *y; /* (cap) */
    size_t m;
    size_t n_likes;
} samples;


/* Events as questions. `unaware` is the snapshot with like rates that can
 * forget what one user said: an answer must not be a part of its question. */
typedef struct questions {
    const rk_workshop *w;
    const rk_snapshot *s;
    rk_features_fn features;
    void *ctx;
    size_t n;      /* features */
    bool *take;    /* (events) which are asked about */
    rk_seen *room; /* for a history without one item */
    rk_snapshot unaware;
    float *rates;     /* (n_fitted) its like rates; NULL: it has none */
    uint32_t *judged; /* (n_items) likes and dislikes of all users */
} questions;


static int questions_init(questions *q, rk_error *err)
{
    const rk_corpus *c = q->w->corpus;

    q->take = rk_calloc(c->start[c->n_users], sizeof(*q->take));
    q->room = rk_alloc_array(longest(c), sizeof(*q->room));
    q->judged = rk_calloc(c->n_items, sizeof(*q->judged));
    if (!q->take || !q->room || !q->judged)
        return rk_no_memory(err);
    for (size_t e = 0; e < c->start[c->n_users]; e++)
        q->judged[c->seen[e].item] += c->seen[e].label != 0;
    q->unaware = *q->s;
    if (!q->s->like_rate)
        return RK_OK;
    q->rates = rk_alloc_array(q->s->n_fitted, sizeof(*q->rates));
    if (!q->rates)
        return rk_no_memory(err);
    memcpy(q->rates, q->s->like_rate, q->s->n_fitted * sizeof(*q->rates));
    q->unaware.like_rate = q->rates;
    return RK_OK;
}


static void questions_clear(questions *q)
{
    free(q->take);
    free(q->room);
    free(q->rates);
    free(q->judged);
}


static void forget(questions *q, const rk_seen *seen, size_t n, uint32_t item)
{
    uint32_t likes = 0;
    uint32_t dislikes = 0;

    if (!q->rates || item >= q->s->n_fitted)
        return;
    for (size_t i = 0; i < n; i++) {
        likes += seen[i].item == item && seen[i].label > 0;
        dislikes += seen[i].item == item && seen[i].label < 0;
    }
    q->rates[item] = rk_like_rate_without(q->s->like_rate[item],
                                          q->judged[item], likes, dislikes);
}


static void remember(questions *q, uint32_t item)
{
    if (q->rates && item < q->s->n_fitted)
        q->rates[item] = q->s->like_rate[item];
}


static int add_user_samples(samples *out, questions *q, size_t user,
                            rk_error *err)
{
    const rk_corpus *c = q->w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t n_seen = c->start[user + 1] - c->start[user];
    rk_token_weight tokens[RK_TOKENS_MAX];
    rk_who who;
    int rc = RK_OK;

    for (size_t i = 0; i < n_seen && rc == RK_OK; i++) {
        uint32_t item = seen[i].item;

        if (!q->take[c->start[user] + i])
            continue;
        rk_liking_who(q->w, user, q->room, without(seen, n_seen, item, q->room),
                      tokens, &who);
        forget(q, seen, n_seen, item);
        rc = q->features(&q->unaware, &who, &item, 1, out->x + out->m * q->n,
                         q->ctx, err);
        remember(q, item);
        out->y[out->m++] = seen[i].label > 0;
        out->n_likes += seen[i].label > 0;
    }
    return rc;
}


/* Marks up to `max` labelled events, spread evenly; returns how many. */
static size_t choose_events(const rk_corpus *c, size_t max, bool *take)
{
    size_t n_all = c->start[c->n_users];
    size_t labelled = 0;
    size_t taken = 0;
    size_t seen = 0;

    for (size_t e = 0; e < n_all; e++)
        labelled += c->seen[e].label != 0;
    for (size_t e = 0; e < n_all; e++) {
        take[e] = false;
        if (c->seen[e].label == 0)
            continue;
        /* Every labelled/max-th one, without floats. */
        if (labelled <= max || (seen + 1) * max / labelled > taken)
            take[e] = true;
        taken += take[e];
        seen++;
    }
    return taken;
}


int rk_liking_fit(rk_like_model *out, const rk_workshop *w,
                  const rk_snapshot *s, rk_features_fn features, void *ctx,
                  size_t n, const int8_t *sign, size_t max_events,
                  rk_error *err)
{
    questions q = {.w = w, .s = s, .features = features, .ctx = ctx, .n = n};
    const rk_corpus *c = w->corpus;
    samples d = {NULL, NULL, 0, 0};
    size_t m;
    int rc = questions_init(&q, err);

    memset(out, 0, sizeof(*out));
    if (rc)
        goto done;
    m = choose_events(c, max_events, q.take);
    d.x = rk_alloc_array(m * n, sizeof(*d.x));
    d.y = rk_alloc_array(m, sizeof(*d.y));
    if (!d.x || !d.y) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u++)
        rc = add_user_samples(&d, &q, u, err);
    if (rc || d.n_likes < 10 || d.m - d.n_likes < 10)
        goto done;
    rc = rk_logistic_fit(&out->logistic, d.x, d.y, d.m, n, 1.0f, sign, err);
    out->fitted = rc == RK_OK;

done:
    questions_clear(&q);
    free(d.x);
    free(d.y);
    return rc;
}


/* One list: the truth at a drawn place among items the user has not had. */
static int one_list(const rk_workshop *w, const rk_snapshot *s, size_t user,
                    uint32_t truth, rk_features_fn features, void *ctx,
                    rk_rng *rng, float *x, uint32_t *place, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t n_seen = c->start[user + 1] - c->start[user];
    rk_token_weight tokens[RK_TOKENS_MAX];
    uint32_t items[LIST];
    rk_who who;

    rk_liking_who(w, user, seen, n_seen, tokens, &who);
    *place = rk_rng_below(rng, LIST);
    for (uint32_t j = 0; j < LIST; j++) {
        items[j] = truth;
        for (int tries = 0; j != *place && tries < 100; tries++) {
            items[j] = rk_rng_below(rng, (uint32_t)c->n_items);
            if (items[j] != truth && !rk_seen_has(seen, n_seen, items[j]))
                break;
        }
    }
    return features(s, &who, items, LIST, x, ctx, err);
}


static size_t count_held(const rk_corpus *c, const rk_seen *held)
{
    size_t n = 0;

    for (size_t u = 0; u < c->n_users; u++)
        n += held[u].item != RK_NO_ID;
    return n;
}


int rk_ranking_fit(float *weights, const rk_workshop *w, const rk_snapshot *s,
                   const rk_seen *held, rk_features_fn features, void *ctx,
                   size_t n, size_t max_users, const float *prior,
                   rk_error *err)
{
    const rk_corpus *c = w->corpus;
    size_t step = count_held(c, held) / (max_users ? max_users : 1) + 1;
    size_t cap = count_held(c, held) / step + 1;
    size_t n_held = 0;
    float *x = rk_calloc(cap * LIST * n, sizeof(*x));
    uint32_t *truth = rk_calloc(cap, sizeof(*truth));
    rk_rng rng = {w->snapshot->settings->seed};
    size_t lists = 0;
    int rc = x && truth ? RK_OK : rk_no_memory(err);

    memcpy(weights, prior, n * sizeof(*weights));
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        if (held[u].item == RK_NO_ID || n_held++ % step)
            continue;
        rc = one_list(w, s, u, held[u].item, features, ctx, &rng,
                      x + lists * LIST * n, truth + lists, err);
        lists++;
    }
    if (rc == RK_OK && lists > 0)
        rc = rk_fuse_fit(weights, &(rk_lists){x, truth, lists, LIST, n},
                         &(rk_fuse_opts){.prior = prior, .l2 = 1}, err);
    free(x);
    free(truth);
    return rc;
}

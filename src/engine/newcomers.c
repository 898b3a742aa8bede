#include "engine/newcomers.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/topk.h"
#include "engine/rank.h"
#include "learn/popular.h"
#include "paradigms/embeddings.h"

#include <math.h>
#include <string.h>

/* Users to choose by: as many, where there are twice as many; one in so many
 * where that is more. Fewer than ENOUGH cannot tell a map from chance. */
#define APART_LEAST 100
#define APART_SHARE 10
#define APART_MOST  1000
#define ENOUGH      50

#define FIRST_ITEMS 20 /* of somebody new: later likes follow a history */
#define BEST        10 /* NDCG at */
#define CERTAIN     2  /* standard errors */

static const float lambdas[] = {1, 10, 100, 300, 1000, 3000, 10000};

#define N_LAMBDAS (sizeof(lambdas) / sizeof(lambdas[0]))

/* Users apart, and everything made without them. */
typedef struct school {
    const rk_workshop *w;
    rk_histories *all;
    uint32_t *apart; /* (n_apart) users */
    uint32_t n_apart;
    rk_corpus rest; /* the workshop's, their events taken out */
    rk_histories *histories;
    rk_user_map map;   /* of the rest, with the best lambda */
    rk_seen *held;     /* (n_users) a like of each user apart */
    float *popularity; /* (n_items) of the rest */
    float *like_rate;  /* (n_items) */
} school;


static bool is_known(const school *s, size_t user)
{
    size_t d = s->w->snapshot->d;
    const float *v = s->w->user_vectors + user * d;

    return s->all->start[user + 1] > s->all->start[user] && rk_dot(v, v, d) > 0;
}


/* Who is set apart, in no order. */
static int draw(school *s, rk_error *err)
{
    rk_rng rng = {s->w->snapshot->settings->seed};
    uint32_t n = 0;
    uint32_t apart;

    s->apart = rk_alloc_array(s->all->n_users, sizeof(*s->apart));
    if (!s->apart)
        return rk_no_memory(err);
    for (uint32_t u = 0; u < s->all->n_users; u++)
        if (is_known(s, u))
            s->apart[n++] = u;
    rk_rng_shuffle(&rng, s->apart, n);
    apart = n / APART_SHARE;
    apart = apart < APART_LEAST ? APART_LEAST : apart;
    apart = apart > APART_MOST ? APART_MOST : apart;
    s->n_apart = apart < n / 2 ? apart : n / 2;
    return RK_OK;
}


/* The corpus without the events of users apart; one of each one's first likes
 * is held. */
static int take_out(school *s, rk_error *err)
{
    const rk_corpus *c = s->w->corpus;
    rk_rng rng = {s->w->snapshot->settings->seed + 1};
    size_t n = 0;

    s->rest = *c;
    s->rest.start = rk_calloc(c->n_users + 1, sizeof(*s->rest.start));
    s->rest.seen = rk_alloc_array(c->start[c->n_users], sizeof(*s->rest.seen));
    s->held = rk_calloc(c->n_users, sizeof(*s->held));
    if (!s->rest.start || !s->rest.seen || !s->held)
        return rk_no_memory(err);
    for (size_t u = 0; u < c->n_users; u++)
        s->held[u].item = RK_NO_ID;
    for (uint32_t i = 0; i < s->n_apart; i++) {
        uint32_t u = s->apart[i];
        size_t likes = s->all->start[u + 1] - s->all->start[u];
        uint32_t first = likes < FIRST_ITEMS ? (uint32_t)likes : FIRST_ITEMS;

        s->held[u]
            .item = s->all->item[s->all->start[u] + rk_rng_below(&rng, first)];
    }
    for (size_t u = 0; u < c->n_users; u++) {
        size_t len = c->start[u + 1] - c->start[u];

        if (s->held[u].item == RK_NO_ID && len) {
            memcpy(s->rest.seen + n, c->seen + c->start[u],
                   len * sizeof(*c->seen));
            n += len;
        }
        s->rest.start[u + 1] = n;
    }
    return rk_histories_new(&s->histories, &s->rest, err);
}


/* NDCG@10 of one user's first likes. */
static double ndcg_of(const school *s, const float *scores, uint32_t user)
{
    const uint32_t *liked = s->all->item + s->all->start[user];
    size_t n = s->all->start[user + 1] - s->all->start[user];
    rk_hit room[BEST];
    double ideal = 0;
    double sum = 0;
    size_t found;
    rk_topk top;

    n = n < FIRST_ITEMS ? n : FIRST_ITEMS;
    rk_topk_init(&top, room, BEST);
    for (uint32_t i = 0; i < s->all->n_items; i++)
        rk_topk_add(&top, i, scores[i]);
    found = rk_topk_finish(&top);
    for (size_t k = 0; k < BEST; k++) {
        double worth = 1 / log2((double)k + 2);

        ideal += k < n ? worth : 0;
        for (size_t i = 0; k < found && i < n; i++)
            sum += liked[i] == room[k].index ? worth : 0;
    }
    return sum / ideal;
}


/* NDCG of each user apart by a map, or, where `plain`, by its base alone, which
 * is popularity. */
static int ask(const school *s, const rk_user_map *map, bool plain,
               double *ndcg, rk_error *err)
{
    size_t d = s->w->snapshot->d;
    float *scores = rk_alloc_array(s->all->n_items, sizeof(*scores));

    if (!scores)
        return rk_no_memory(err);
    for (uint32_t i = 0; i < s->n_apart; i++) {
        uint32_t u = s->apart[i];

        if (!plain)
            rk_user_map_score(map, s->w->user_vectors + u * d, scores);
        ndcg[i] = ndcg_of(s, plain ? map->base : scores, u);
    }
    free(scores);
    return RK_OK;
}


/* How much better the one does, user by user, where that is certain; else 0. */
static double better_by(const double *ndcg, const double *plain, size_t n)
{
    double mean = 0;
    double square = 0;
    double error;

    for (size_t i = 0; i < n; i++) {
        double more = ndcg[i] - plain[i];

        mean += more / (double)n;
        square += more * more / (double)n;
    }
    error = sqrt(fmax(0, square - mean * mean) / (double)n);
    return mean > CERTAIN * error ? mean : 0;
}


/* The lambda whose map of the rest does best beside popularity, and that map
 * in s->map; 0 when none certainly does better. */
static int choose(school *s, float *lambda, rk_error *err)
{
    double *ndcg = rk_alloc_array(s->n_apart, 2 * sizeof(*ndcg));
    double *plain = ndcg ? ndcg + s->n_apart : NULL;
    double best = 0;
    int rc = ndcg ? RK_OK : rk_no_memory(err);

    *lambda = 0;
    for (size_t l = 0; l < N_LAMBDAS && rc == RK_OK; l++) {
        rk_user_map map = {0};
        double by = 0;

        rc = rk_user_map_fit(&map, s->w->user_vectors, s->w->snapshot->d,
                             s->histories, lambdas[l], err);
        if (rc == RK_OK && l == 0)
            rc = ask(s, &map, true, plain, err);
        if (rc == RK_OK)
            rc = ask(s, &map, false, ndcg, err);
        if (rc == RK_OK)
            by = better_by(ndcg, plain, s->n_apart);
        if (by > best) {
            rk_user_map swap = s->map;

            s->map = map;
            map = swap;
            best = by;
            *lambda = lambdas[l];
        }
        rk_user_map_clear(&map);
    }
    free(ndcg);
    return rc;
}


/* What each source is worth: users apart are asked without their histories, by
 * counts and a map that have not seen them. */
static int weigh(school *s, const rk_snapshot *learnt, float *fusion,
                 float *embeddings, rk_error *err)
{
    float rank[2][RK_EMBEDDINGS_WEIGHTS];
    size_t n = s->all->n_items;
    rk_snapshot without = *learnt;
    rk_workshop w = *s->w;
    int rc;

    s->popularity = rk_alloc_array(n, sizeof(*s->popularity));
    s->like_rate = rk_alloc_array(n, sizeof(*s->like_rate));
    if (!s->popularity || !s->like_rate)
        return rk_no_memory(err);
    rk_popular_fit(&s->rest, learnt->settings->half_life_days, s->popularity);
    rc = rk_like_rate_fit(&s->rest, s->like_rate, err);
    without.popularity = s->popularity;
    without.like_rate = s->like_rate;
    without.user_map = s->map.n_items ? &s->map : NULL;
    w.corpus = &s->rest;
    if (rc == RK_OK)
        rc = rk_embeddings_weigh(embeddings, &w, &without, s->held, err);
    if (rc)
        return rc;
    memcpy(rank[0], learnt->embeddings_rank, sizeof(rank[0]));
    memcpy(rank[1], embeddings, sizeof(rank[1]));
    without.embeddings_rank = rank[0];
    return rk_rank_fit(fusion, &w, &without, s->held, true, err);
}


static void clear(school *s)
{
    rk_histories_free(s->all);
    rk_histories_free(s->histories);
    rk_user_map_clear(&s->map);
    free(s->apart);
    free(s->rest.start);
    free(s->rest.seen);
    free(s->held);
    free(s->popularity);
    free(s->like_rate);
}


static int put_map(const school *s, float lambda, rk_error *err)
{
    rk_user_map map;
    int rc = rk_user_map_fit(&map, s->w->user_vectors, s->w->snapshot->d,
                             s->all, lambda, err);

    if (rc)
        return rc;
    rc = rk_user_map_put(&map, s->w->out, err);
    rk_user_map_clear(&map);
    return rc;
}


int rk_newcomers_fit(float *fusion, float *embeddings, const rk_workshop *w,
                     const rk_snapshot *s, rk_error *err)
{
    school of = {.w = w};
    float lambda = 0;
    int rc;

    rk_rank_prior(fusion, true);
    if (!w->user_vectors || !s->embeddings_rank)
        return RK_OK;
    rc = rk_histories_new(&of.all, w->corpus, err);
    if (rc == RK_OK)
        rc = draw(&of, err);
    if (rc || of.n_apart == 0)
        goto done;
    rc = take_out(&of, err);
    if (rc == RK_OK && of.n_apart >= ENOUGH)
        rc = choose(&of, &lambda, err);
    if (rc == RK_OK)
        rc = weigh(&of, s, fusion, embeddings, err);
    if (rc == RK_OK && lambda > 0)
        rc = put_map(&of, lambda, err);

done:
    clear(&of);
    return rc;
}

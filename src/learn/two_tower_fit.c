/* How two towers are trained (learn/two_tower.h). */
#include "learn/two_tower.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "learn/adamw.h"
#include "learn/floats.h"

#include <math.h>
#include <string.h>

#define HELD  5  /* every fifth user is held back */
#define FEW   20 /* users, below which nobody is */
#define PAUSE 10 /* epochs without a better one, after which it ends */


/* Mean and factor of each of `d` columns; a column that never changes gets the
 * factor 0. */
static void scale_of(const float *x, size_t n, size_t d, float *scale)
{
    for (size_t j = 0; j < d; j++) {
        double mean = 0;
        double square = 0;
        double sd;

        for (size_t i = 0; i < n; i++)
            mean += x[i * d + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            square += pow(x[i * d + j] - mean, 2) / (double)n;
        sd = sqrt(square);
        scale[j] = (float)mean;
        scale[d + j] = sd > 1e-6 ? (float)(1 / (sd * sqrt((double)d))) : 0;
    }
}


static float *scaled(const float *x, size_t n, size_t d, const float *scale)
{
    float *z = rk_alloc_array(n, d * sizeof(*z));

    for (size_t i = 0; z && i < n; i++)
        for (size_t j = 0; j < d; j++)
            z[i * d + j] = (x[i * d + j] - scale[j]) * scale[d + j];
    return z;
}


/* Pairs brought to scale, their likes counted, and room for one step. */
typedef struct slope {
    const rk_pairs *pairs;
    const bool *held; /* (n_users) NULL: nobody */
    size_t n;         /* pairs of users who are not held */
    float *users;     /* (n_users, n_user) scaled */
    float *items;     /* (n_items, n_item) scaled */
    float *p;         /* (n_users, rank) */
    float *q;         /* (n_items, rank) */
    float *dp;
    float *dq;
    float *logits;   /* (n_users, n_items) */
    uint32_t *liked; /* (n_users) pairs of each */
} slope;


static void slope_clear(slope *s)
{
    free(s->users);
    free(s->items);
    free(s->p);
    free(s->q);
    free(s->dp);
    free(s->dq);
    free(s->logits);
    free(s->liked);
}


static bool slope_init(slope *s, const rk_two_tower *t, const rk_pairs *pairs,
                       const bool *held)
{
    size_t wide = t->rank * sizeof(float);

    *s = (slope){.pairs = pairs, .held = held};
    s->users = scaled(pairs->users, pairs->n_users, t->n_user, t->user_scale);
    s->items = scaled(pairs->items, pairs->n_items, t->n_item, t->item_scale);
    s->p = rk_alloc_array(pairs->n_users, wide);
    s->q = rk_alloc_array(pairs->n_items, wide);
    s->dp = rk_alloc_array(pairs->n_users, wide);
    s->dq = rk_alloc_array(pairs->n_items, wide);
    s->logits = rk_alloc_array(pairs->n_users,
                               pairs->n_items * sizeof(*s->logits));
    s->liked = rk_calloc(pairs->n_users, sizeof(*s->liked));
    if (!s->users || !s->items || !s->p || !s->q || !s->dp || !s->dq ||
        !s->logits || !s->liked)
        return false;
    for (size_t e = 0; e < pairs->n; e++) {
        s->liked[pairs->of_user[e]]++;
        s->n += !held || !held[pairs->of_user[e]];
    }
    return true;
}


/* A row of logits becomes its softmax; returns log sum exp. */
static double softmax(float *row, size_t n)
{
    float most = row[0];
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        most = row[i] > most ? row[i] : most;
    for (size_t i = 0; i < n; i++) {
        row[i] = expf(row[i] - most);
        sum += row[i];
    }
    for (size_t i = 0; i < n; i++)
        row[i] = (float)(row[i] / sum);
    return most + log(sum);
}


/* Both towers' outputs and the softmax of every user. Returns the mean loss of
 * those who learn; *held_loss that of the others. */
static double forward(slope *s, const rk_two_tower *t, double *held_loss)
{
    const rk_pairs *d = s->pairs;
    size_t r = t->rank;
    double sums[2] = {0, 0};

    rk_gemm(false, false, d->n_users, r, t->n_user, 1, s->users, t->user, 0,
            s->p);
    for (size_t u = 0; u < d->n_users; u++)
        rk_axpy(r, 1, t->user + t->n_user * r, s->p + u * r);
    rk_gemm(false, false, d->n_items, r, t->n_item, 1, s->items, t->item, 0,
            s->q);
    rk_gemm(false, true, d->n_users, d->n_items, r, 1, s->p, s->q, 0,
            s->logits);
    for (size_t e = 0; e < d->n; e++)
        sums[s->held &&
             s->held[d->of_user[e]]] -= s->logits[d->of_user[e] * d->n_items +
                                                  d->of_item[e]];
    for (size_t u = 0; u < d->n_users; u++)
        sums[s->held && s->held[u]] += s->liked[u] *
                                       softmax(s->logits + u * d->n_items,
                                               d->n_items);
    if (held_loss)
        *held_loss = d->n > s->n ? sums[1] / (double)(d->n - s->n) : 0;
    return s->n ? sums[0] / (double)s->n : 0;
}


/* After forward(): the gradient of the mean loss of those who learn. */
static void backward(slope *s, const rk_two_tower *t, float l2, float *d_user,
                     float *d_item)
{
    const rk_pairs *d = s->pairs;
    float share = 1 / (float)s->n;
    size_t r = t->rank;

    for (size_t u = 0; u < d->n_users; u++) {
        float weight = s->held && s->held[u] ? 0 : (float)s->liked[u] * share;

        for (size_t i = 0; i < d->n_items; i++)
            s->logits[u * d->n_items + i] *= weight;
    }
    for (size_t e = 0; e < d->n; e++)
        if (!s->held || !s->held[d->of_user[e]])
            s->logits[d->of_user[e] * d->n_items + d->of_item[e]] -= share;
    rk_gemm(false, false, d->n_users, r, d->n_items, 1, s->logits, s->q, 0,
            s->dp);
    rk_gemm(true, false, d->n_items, r, d->n_users, 1, s->logits, s->p, 0,
            s->dq);
    rk_gemm(true, false, t->n_user, r, d->n_users, 1, s->users, s->dp, 0,
            d_user);
    rk_gemm(true, false, t->n_item, r, d->n_items, 1, s->items, s->dq, 0,
            d_item);
    rk_axpy(t->n_user * r, l2, t->user, d_user);
    rk_axpy(t->n_item * r, l2, t->item, d_item);
    memset(d_user + t->n_user * r, 0, r * sizeof(*d_user));
    for (size_t u = 0; u < d->n_users; u++)
        rk_axpy(r, 1, s->dp + u * r, d_user + t->n_user * r);
}


static double penalty(const rk_two_tower *t, float l2)
{
    double squares = 0;

    for (size_t i = 0; i < t->n_user * t->rank; i++)
        squares += (double)t->user[i] * t->user[i];
    for (size_t i = 0; i < t->n_item * t->rank; i++)
        squares += (double)t->item[i] * t->item[i];
    return (double)l2 / 2 * squares;
}


double rk_two_tower_loss(const rk_two_tower *t, const rk_pairs *pairs, float l2,
                         float *d_user, float *d_item)
{
    double loss = NAN;
    slope s;

    if (slope_init(&s, t, pairs, NULL)) {
        loss = forward(&s, t, NULL) + penalty(t, l2);
        if (d_user)
            backward(&s, t, l2, d_user, d_item);
    }
    slope_clear(&s);
    return loss;
}


static int check(const rk_pairs *d, const rk_two_tower_opts *o, rk_error *err)
{
    if (d->n == 0 || d->n_users == 0 || d->n_items == 0 || d->n_user == 0 ||
        d->n_item == 0)
        return rk_fail(err, RK_EINVAL, "no pairs to learn from");
    if (o->rank < 1 || o->rank > RK_TWO_TOWER_RANK)
        return rk_fail(err, RK_EINVAL, "rank is %zu, must be 1 to %d", o->rank,
                       RK_TWO_TOWER_RANK);
    for (size_t e = 0; e < d->n; e++)
        if (d->of_user[e] >= d->n_users || d->of_item[e] >= d->n_items)
            return rk_fail(err, RK_EINVAL,
                           "pair %zu is of user %u and item %u, must be under "
                           "%zu and %zu",
                           e, d->of_user[e], d->of_item[e], d->n_users,
                           d->n_items);
    if (!rk_floats_finite(d->users, d->n_users * d->n_user) ||
        !rk_floats_finite(d->items, d->n_items * d->n_item))
        return rk_fail(err, RK_EINVAL, "a feature is not finite");
    return RK_OK;
}


/* One block: U and c, V, and both scales. */
static bool shape(rk_two_tower *t, const rk_pairs *d, size_t rank)
{
    size_t user = (d->n_user + 1) * rank;
    size_t item = d->n_item * rank;

    *t = (rk_two_tower){.n_user = d->n_user, .n_item = d->n_item, .rank = rank};
    t->room = rk_calloc(user + item + 2 * (d->n_user + d->n_item),
                        sizeof(*t->room));
    if (!t->room)
        return false;
    t->user = t->room;
    t->item = t->room + user;
    t->user_scale = t->item + item;
    t->item_scale = t->user_scale + 2 * d->n_user;
    return true;
}


static void begin(rk_two_tower *t, const rk_pairs *d, uint64_t seed)
{
    size_t n = (t->n_user + 1 + t->n_item) * t->rank;
    rk_rng rng = {seed};

    for (size_t i = 0; i < n; i++)
        t->room[i] = (float)(rk_rng_unit(&rng) - 0.5);
    memset(t->room + t->n_user * t->rank, 0, t->rank * sizeof(*t->room));
    scale_of(d->users, d->n_users, d->n_user, t->room + n);
    scale_of(d->items, d->n_items, d->n_item, t->room + n + 2 * d->n_user);
}


/* Goes down the slope until the held users stop gaining, and leaves the best
 * weights in `t`. `room` is (4, n) for n weights: gradient, two moments, the
 * best. */
static void descend(rk_two_tower *t, slope *s, const rk_two_tower_opts *o,
                    float *room)
{
    size_t n_user = (t->n_user + 1) * t->rank;
    size_t n = n_user + t->n_item * t->rank;
    const rk_adamw adam = {.b1 = 0.9f, .b2 = 0.999f, .eps = 1e-8f};
    rk_adamw_state state = {t->room, room + n, room + 2 * n};
    float *best = room + 3 * n;
    double least = INFINITY;
    size_t since = 0;

    memcpy(best, t->room, n * sizeof(*best));
    for (size_t step = 1; step <= o->epochs && since < PAUSE; step++) {
        rk_adamw_step with = {step, o->rate, room, 1, n};
        double held;
        double loss = forward(s, t, &held);

        held = s->held ? held : loss + penalty(t, o->l2);
        since = held < least ? 0 : since + 1;
        if (held < least) {
            least = held;
            memcpy(best, t->room, n * sizeof(*best));
        }
        backward(s, t, o->l2, room, room + n_user);
        rk_adamw_update(&adam, &with, state, 0, n);
    }
    memcpy(t->room, best, n * sizeof(*best));
}


int rk_two_tower_fit(rk_two_tower *out, const rk_pairs *pairs,
                     const rk_two_tower_opts *opts, rk_error *err)
{
    rk_two_tower t = {0};
    slope s = {0};
    bool *held = NULL;
    float *room = NULL;
    int rc;

    memset(out, 0, sizeof(*out));
    rc = check(pairs, opts, err);
    if (rc)
        return rc;
    held = rk_calloc(pairs->n_users, sizeof(*held));
    if (!held || !shape(&t, pairs, opts->rank)) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t u = HELD - 1; u < pairs->n_users; u += HELD)
        held[u] = true;
    begin(&t, pairs, opts->seed);
    room = rk_calloc((t.n_user + 1 + t.n_item) * t.rank, 4 * sizeof(*room));
    if (!room ||
        !slope_init(&s, &t, pairs, pairs->n_users < FEW ? NULL : held)) {
        rc = rk_no_memory(err);
        goto done;
    }
    if (s.n == 0 || s.n == pairs->n)
        s.held = NULL;
    descend(&t, &s, opts, room);
    *out = t;
    t.room = NULL;

done:
    slope_clear(&s);
    rk_two_tower_clear(&t);
    free(held);
    free(room);
    return rc;
}

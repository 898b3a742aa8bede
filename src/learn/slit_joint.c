#include "learn/slit_joint.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/threads.h"
#include "learn/places.h"
#include "learn/rows_model.h"

#include <math.h>
#include <string.h>

#define LAMBDA 120.0f
#define KEEP   1024
#define SPEEDS RK_SLIT_SPEEDS
/* Places further apart than this are taken to weigh nothing on each other. */
#define FORGOTTEN 1e-6
#define LAGS      ((size_t)1024)

typedef struct speed {
    size_t n_lags;         /* places at most this far apart meet */
    float power[LAGS + 1]; /* decay^lag */
    /* (1 - (decay decay_y)^x) / (1 - decay decay_y) for each other speed y */
    float together[SPEEDS][LAGS + 1];
} speed;

typedef struct sums_job {
    const rk_histories *h;
    rk_places places;
    speed speeds[SPEEDS];
    float *q; /* (SPEEDS n, SPEEDS n) */
    float *t; /* (SPEEDS n, n) */
} sums_job;

static const float best_decays[SPEEDS] = {0.4f, 0.9f};
static const char *const columns[] = {"slit.joint"};
static const rk_rows_plan plan = {
    .learner = &rk_learner_slit_joint,
    .keep = KEEP,
    .n_matrices = SPEEDS,
    .names = {"slit_joint.0", "slit_joint.1"},
    .n_decays = 1,
    .decays = best_decays,
};


/* The history of a place, cut at the place's own. */
typedef struct view {
    const uint32_t *at; /* the place's item; earlier ones lie before it */
    size_t behind;      /* places before it */
    size_t ahead;       /* places after it */
} view;


static view view_of(const rk_histories *h, rk_place place)
{
    size_t start = h->start[place.user];

    return (view){h->item + start + place.at, place.at,
                  h->start[place.user + 1] - start - place.at - 1};
}


static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}


/* What the place's item adds to its row of Q's block (x, y). */
static void block_add(const sums_job *job, view v, size_t x, size_t y, float *q)
{
    const speed *mine = &job->speeds[x];
    const speed *other = &job->speeds[y];
    const float *together = mine->together[y];
    float meet = together[at_most(v.ahead, LAGS)];

    q[*v.at] += meet;
    for (size_t lag = 1; lag <= at_most(v.behind, other->n_lags); lag++)
        q[*(v.at - lag)] += other->power[lag] * meet;
    for (size_t lag = 1; lag <= at_most(v.ahead, mine->n_lags); lag++)
        q[v.at[lag]] += mine->power[lag] *
                        together[at_most(v.ahead - lag, LAGS)];
}


/* Row r is item r / SPEEDS at speed r % SPEEDS: both want the same places. */
static void sums_rows(void *ctx, size_t begin, size_t end)
{
    const sums_job *job = ctx;
    size_t n = job->h->n_items;

    for (size_t r = begin; r < end; r++) {
        size_t x = r % SPEEDS;
        size_t i = r / SPEEDS;
        float *q = job->q + (x * n + i) * SPEEDS * n;
        float *t = job->t + (x * n + i) * n;

        memset(q, 0, SPEEDS * n * sizeof(*q));
        memset(t, 0, n * sizeof(*t));
        for (size_t k = job->places.start[i]; k < job->places.start[i + 1];
             k++) {
            view v = view_of(job->h, job->places.place[k]);

            for (size_t lag = 1; lag <= at_most(v.ahead, job->speeds[x].n_lags);
                 lag++)
                t[v.at[lag]] += job->speeds[x].power[lag - 1];
            for (size_t y = x; y < SPEEDS; y++)
                block_add(job, v, x, y, q + y * n);
        }
    }
}


static void speed_fill(speed *s, const float decays[SPEEDS], double decay)
{
    for (size_t y = 0; y < SPEEDS; y++) {
        double both = decay * (double)decays[y];
        double power = 1;

        for (size_t lag = 0; lag <= LAGS; lag++) {
            s->together[y][lag] = (float)((1 - power) / (1 - both));
            power *= both;
        }
    }
    for (size_t lag = 0; lag <= LAGS; lag++) {
        double power = pow(decay, (double)lag);

        s->power[lag] = (float)power;
        if (power >= FORGOTTEN)
            s->n_lags = lag;
    }
}


/* O(events * lags + 11 n_items^3). */
static int solve(float **b, sums_job *job, float lambda, rk_error *err)
{
    size_t n = job->h->n_items;
    size_t wide = SPEEDS * n;
    int rc = rk_places_init(&job->places, job->h, err);

    if (rc != RK_OK)
        return rc;
    job->q = rk_alloc_aligned(wide, wide * sizeof(float));
    job->t = rk_alloc_aligned(wide, n * sizeof(float));
    if (!job->q || !job->t)
        return rk_no_memory(err);
    rk_parallel(wide, sums_rows, job);
    for (size_t i = 0; i < wide; i++)
        job->q[i * wide + i] += lambda;
    rc = rk_spd_solve(job->q, wide, job->t, n, err);
    if (rc != RK_OK)
        return rc;
    *b = job->t;
    job->t = NULL;
    return RK_OK;
}


int rk_slit_joint_matrix(float **b, const rk_histories *h,
                         const float decays[SPEEDS], float lambda,
                         rk_error *err)
{
    sums_job *job = NULL;
    int rc;

    *b = NULL;
    for (size_t d = 0; d < SPEEDS; d++)
        if (!(decays[d] > 0 && decays[d] < 1))
            return rk_fail(err, RK_EINVAL, "decay is %g, must be 0 to 1",
                           (double)decays[d]);
    if (!(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)lambda);
    job = rk_calloc(1, sizeof(*job));
    if (!job)
        return rk_no_memory(err);
    job->h = h;
    for (size_t d = 0; d < SPEEDS; d++)
        speed_fill(&job->speeds[d], decays, (double)decays[d]);
    rc = solve(b, job, lambda, err);
    rk_places_clear(&job->places);
    free(job->q);
    free(job->t);
    free(job);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    double n = (double)h->n_items;
    double wide = SPEEDS * n;

    (void)opts;
    out->bytes = 4 * wide * (wide + n) +
                 rk_rows_model_bytes(&plan, h->n_items) + rk_places_bytes(h);
    out->flop = wide * wide * (wide / 3 + 2 * n);
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    rk_model *m = NULL;
    float *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_slit_joint, h, opts, err);
    if (rc == RK_OK)
        rc = rk_progress_report(&opts->progress, "slit_joint", 0, 1, err);
    if (rc == RK_OK)
        rc = rk_slit_joint_matrix(&b, h, best_decays, LAMBDA, err);
    if (rc == RK_OK)
        rc = rk_rows_model_of(&m, &plan, b, h->n_items, err);
    if (rc == RK_OK)
        rc = rk_progress_report(&opts->progress, "slit_joint", 1, 1, err);
    if (rc != RK_OK)
        goto done;
    *out = m;
    m = NULL;

done:
    rk_rows_model_free(m);
    free(b);
    return rc;
}


/* Each speed's share is scored for some users at a time and added up. */
static int score(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err)
{
    const rk_rows_model *joint = (const rk_rows_model *)m;
    size_t n = m->n_items;
    size_t at_once = at_most(who->n_users, 64);
    float *other = rk_alloc_array(at_once, n * sizeof(*other));
    int rc = other ? RK_OK : rk_no_memory(err);

    for (size_t u = 0; rc == RK_OK && u < who->n_users; u += at_once) {
        size_t count = at_most(at_once, who->n_users - u);
        rk_histories some = rk_histories_part(who, u, count);
        float *to = scores + u * n;

        rc = rk_item_rows_score(&joint->rows[0], &some, &best_decays[0], 1, 1,
                                to, err);
        for (size_t d = 1; rc == RK_OK && d < SPEEDS; d++) {
            rc = rk_item_rows_score(&joint->rows[d], &some, &best_decays[d], 1,
                                    1, other, err);
            for (size_t i = 0; rc == RK_OK && i < count * n; i++)
                to[i] += other[i];
        }
    }
    free(other);
    return rc;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    return rk_rows_model_get(out, &plan, b, n_items, err);
}


const rk_learner rk_learner_slit_joint = {
    .name = "slit_joint",
    .summary = "what comes next, the last items and those before told apart",
    .cites = "after Choe et al., Session-aware Linear Item-Item Models, 2021",
    .effort = RK_FAST,
    .n_columns = 1,
    .columns = columns,
    .estimate = estimate,
    .train = train,
    .score = score,
    .put = rk_rows_model_put,
    .get = get,
    .free = rk_rows_model_free,
};

#include "learn/ials.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/threads.h"
#include "learn/gathered.h"

#include <math.h>
#include <string.h>

#define N_COLUMNS 2
#define EPOCHS    12
#define CG_STEPS  3
#define DECAY     0.75f

/* What a weight under this says of a user is less than float32 can tell. */
#define FORGOTTEN 1e-6f

/* A batch of histories to fold in. */
typedef struct folding {
    const rk_ials *m;
    const rk_histories *who;
    float *p;     /* (n_users, N_COLUMNS, d) */
    float *rooms; /* (n_workers, RK_IALS_ROOM(d)) */
    size_t n_workers;
} folding;


/* Copies a block of a history, newest first, each row times the root of its
 * weight, so that R'R and R'w have the weights once. Returns how many. */
static size_t gather(const rk_ials *m, const uint32_t *history, size_t *left,
                     float decay, float *weight, float *rows, float *root)
{
    size_t d = m->opts.d;
    size_t n = 0;

    while (*left > 0 && n<RK_IALS_BLOCK && * weight> FORGOTTEN) {
        uint32_t item = history[--*left];

        if (item < m->model.n_items) {
            const float *q = m->items + item * d;

            root[n] = sqrtf(*weight);
            for (size_t j = 0; j < d; j++)
                rows[n * d + j] = root[n] * q[j];
            n++;
        }
        *weight *= decay;
    }
    return n;
}


/* The sum of the weights of what is known. */
static double total_weight(const rk_ials *m, const uint32_t *history, size_t n,
                           float decay)
{
    float weight = 1;
    double sum = 0;

    while (n-- > 0 && weight > FORGOTTEN) {
        sum += history[n] < m->model.n_items ? (double)weight : 0;
        weight *= decay;
    }
    return sum;
}


void rk_ials_fold(const rk_ials *m, const uint32_t *history, size_t n,
                  float decay, float *p, float *room)
{
    const rk_gathered_kernels *kernels = rk_gathered_at(0);
    size_t d = m->opts.d;
    float *rows = room + d * d;
    float *root = rows + RK_IALS_BLOCK * d;
    double total = total_weight(m, history, n, decay);
    float ridge = rk_ials_ridge(&m->opts, total, m->model.n_items);
    float weight = 1;
    size_t got;

    memset(p, 0, d * sizeof(*p));
    if (total == 0)
        return;
    memcpy(room, m->gram, d * d * sizeof(*room));
    for (size_t i = 0; i < d; i++)
        room[i * d + i] += ridge;
    do {
        got = gather(m, history, &n, decay, &weight, rows, root);
        kernels->add(
            &(rk_gathered){.rows = rows, .n = got, .d = d, .weight = root},
            room, p);
    } while (n > 0 && weight > FORGOTTEN);
    if (!kernels->solve(room, d, p))
        memset(p, 0, d * sizeof(*p));
}


static void fold_some(void *ctx, size_t begin, size_t end)
{
    const folding *f = ctx;
    const float decays[N_COLUMNS] = {1, f->m->decay};
    size_t d = f->m->opts.d;

    for (size_t worker = begin; worker < end; worker++) {
        float *room = f->rooms + worker * RK_IALS_ROOM(d);

        for (size_t u = worker; u < f->who->n_users; u += f->n_workers)
            for (size_t c = 0; c < N_COLUMNS; c++)
                rk_ials_fold(f->m, f->who->item + f->who->start[u],
                             f->who->start[u + 1] - f->who->start[u], decays[c],
                             f->p + (u * N_COLUMNS + c) * d, room);
    }
}


static int ials_score(const rk_model *model, const rk_histories *who,
                      float *scores, rk_error *err)
{
    const rk_ials *m = (const rk_ials *)model;
    size_t d = m->opts.d;
    folding f = {.m = m, .who = who, .n_workers = (size_t)rk_threads()};
    int rc = RK_OK;

    f.p = rk_alloc_array(who->n_users, N_COLUMNS * d * sizeof(*f.p));
    f.rooms = rk_alloc_aligned(f.n_workers, RK_IALS_ROOM(d) * sizeof(float));
    if (!f.p || !f.rooms) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_parallel(f.n_workers, fold_some, &f);
    rk_gemm(false, true, who->n_users * N_COLUMNS, model->n_items, d, 1, f.p,
            m->items, 0, scores);

done:
    free(f.p);
    free(f.rooms);
    return rc;
}


static void ials_free(rk_model *model)
{
    rk_ials *m = (rk_ials *)model;

    if (!m)
        return;
    free(m->gram);
    free(m->owned);
    free(m);
}


/* A model over `items`, which it takes over when `owned`. RK_EINVAL when the
 * factors are so large that their squares do not fit. */
static int model_new(rk_ials **out, const rk_ials *as, rk_error *err)
{
    size_t d = as->opts.d;
    rk_ials *m = rk_calloc(1, sizeof(*m));
    float *gram = rk_alloc_aligned(d, d * sizeof(*gram));
    int rc = RK_OK;

    *out = NULL;
    if (!m || !gram) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_ials_gram(as->items, as->model.n_items, &as->opts, gram);
    for (size_t i = 0; i < d * d; i++)
        if (!isfinite(gram[i])) {
            rc = rk_fail(err, RK_EINVAL, "ials: factors are too large");
            goto done;
        }
    *m = *as;
    m->model.learner = &rk_learner_ials;
    m->gram = gram;
    *out = m;
    m = NULL;
    gram = NULL;

done:
    free(m);
    free(gram);
    return rc;
}


static float within(double x, double low, double high)
{
    return (float)(x < low ? low : x > high ? high : x);
}


/* What was best on the validation users of ml-1m-loo (165 items a history) and
 * of llmrank-games (8) is the same in these units: all that a user has not had
 * weighs twice what they had, and a user of the mean length has a ridge of
 * about 1.7. */
rk_ials_opts rk_ials_defaults(const rk_histories *h, uint64_t seed)
{
    double events = (double)(h->start[h->n_users] - h->start[0]);
    double mean = events / (double)(h->n_users ? h->n_users : 1);
    double n_items = (double)(h->n_items ? h->n_items : 1);

    return (rk_ials_opts){.d = 128,
                          .cg_steps = CG_STEPS,
                          .unseen = within(2 * mean / n_items, 1e-4, 1),
                          .lambda = within(0.55 / (mean + 0.01), 1e-3, 0.5),
                          .nu = 1,
                          .seed = seed};
}


static void ials_estimate(const rk_histories *h, const rk_train_opts *opts,
                          rk_estimate *out)
{
    double d = (double)rk_ials_defaults(h, opts->seed).d;
    double rows = (double)h->n_users + (double)h->n_items;
    double events = (double)(h->start[h->n_users] - h->start[0]);

    out->bytes = 4 * (rows * d + events) + 8 * (double)h->n_items +
                 4 * d * (double)rk_threads() * (d + 8192);
    out->flop = 4.0 * EPOCHS * (CG_STEPS + 1) * d * (2 * events + rows * d);
}


int rk_ials_train(rk_model **out, const rk_histories *h,
                  const rk_train_opts *opts, const rk_ials_opts *how,
                  size_t n_epochs, rk_error *err)
{
    size_t n = h->n_items * how->d;
    rk_ials_run *run = NULL;
    rk_ials as = {{NULL, h->n_items}, *how, DECAY, NULL, NULL, NULL};
    rk_ials *m = NULL;
    int rc;

    *out = NULL;
    rc = rk_ials_run_new(&run, h, how, err);
    for (size_t epoch = 0; rc == RK_OK && epoch < n_epochs; epoch++) {
        rk_ials_run_users(run);
        rk_ials_run_items(run);
        rc = rk_progress_report(&opts->progress, "ials", epoch + 1, n_epochs,
                                err);
    }
    if (rc != RK_OK)
        goto done;
    as.owned = rk_alloc_array(n, sizeof(*as.owned));
    if (!as.owned) {
        rc = rk_no_memory(err);
        goto done;
    }
    memcpy(as.owned, rk_ials_run_q(run), n * sizeof(*as.owned));
    as.items = as.owned;
    rc = model_new(&m, &as, err);
    if (rc != RK_OK)
        goto done;
    as.owned = NULL;
    *out = &m->model;

done:
    free(as.owned);
    rk_ials_run_free(run);
    return rc;
}


static int ials_train(rk_model **out, const rk_histories *h,
                      const rk_train_opts *opts, rk_error *err)
{
    rk_ials_opts how = rk_ials_defaults(h, opts->seed);
    int rc = rk_learner_check(&rk_learner_ials, h, opts, err);

    *out = NULL;
    return rc != RK_OK ? rc : rk_ials_train(out, h, opts, &how, EPOCHS, err);
}


static int ials_put(const rk_model *model, rk_bundle_writer *w, rk_error *err)
{
    const rk_ials *m = (const rk_ials *)model;
    const float opts[] = {m->opts.unseen, m->opts.lambda, m->opts.nu, m->decay};
    int rc = rk_bundle_put(w, "ials.opts", RK_F32, 1, 4, opts, err);

    return rc != RK_OK ? rc
                       : rk_bundle_put(w, "ials.items", RK_F32, model->n_items,
                                       m->opts.d, m->items, err);
}


static int ials_get(rk_model **out, const rk_bundle *b, size_t n_items,
                    rk_error *err)
{
    rk_ials as = {.model.n_items = n_items};
    rk_tensor opts;
    rk_tensor items;
    rk_ials *m = NULL;
    const float *o;
    int rc;

    *out = NULL;
    rc = rk_bundle_get(b, "ials.opts", RK_F32, 1, 4, &opts, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, "ials.items", RK_F32, n_items, 0, &items, err);
    if (rc != RK_OK)
        return rc;
    o = opts.data;
    as.opts = (rk_ials_opts){
        .d = items.cols, .unseen = o[0], .lambda = o[1], .nu = o[2]};
    as.decay = o[3];
    as.items = items.data;
    if (rk_ials_check(&as.opts, NULL) != RK_OK ||
        !(as.decay > 0 && as.decay <= 1))
        return rk_fail(err, RK_EFORMAT, "ials: options out of their ranges");
    rc = model_new(&m, &as, err);
    if (rc == RK_EINVAL)
        rc = rk_fail(err, RK_EFORMAT, "ials: factors that are not finite");
    if (rc == RK_OK)
        *out = &m->model;
    return rc;
}


static const char *const columns[N_COLUMNS] = {"ials", "ials.recent"};

const rk_learner rk_learner_ials = {
    .name = "ials",
    .summary = "factors of users and items by alternating least squares",
    .cites = "Hu, Koren, Volinsky, Collaborative Filtering for Implicit "
             "Feedback Datasets, 2008; Rendle et al., Revisiting the "
             "Performance of iALS, 2022",
    .effort = RK_FAST,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .estimate = ials_estimate,
    .train = ials_train,
    .score = ials_score,
    .put = ials_put,
    .get = ials_get,
    .free = ials_free,
};

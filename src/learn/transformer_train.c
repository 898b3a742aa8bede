#include "learn/transformer_train.h"

#include "core/blas.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/threads.h"
#include "learn/adamw.h"
#include "learn/pca.h"
#include "learn/sampler.h"
#include "learn/softmax_loss.h"
#include "learn/transformer_checkpoint.h"
#include "learn/transformer_windows.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Parts of a batch, each with a gradient of its own. */
#define SHARDS    8
#define LEAST_DUE 0.02 /* of the rate, at the end */
#define ITEM_STD  0.02f

/* One thread's. */
typedef struct worker {
    rk_tf_room *room;
    uint32_t *item;  /* (positions) and so age and target behind it */
    float *dh;       /* (positions, d) */
    float *loss;     /* rk_softmax_room() */
    uint32_t *drawn; /* (n_sampled) */
    float *log_expected;
} worker;

typedef struct trainer {
    rk_transformer *m;
    const rk_histories *h;
    const rk_transformer_opts *o;
    rk_progress progress;
    uint64_t seed;
    float *moments;      /* (2, layout.n) */
    float *grads;        /* (SHARDS, layout.n), zero between steps */
    rk_sampler *sampler; /* NULL: all items are columns */
    worker workers[64];
    size_t n_workers;
    size_t shard_windows; /* at most */
    rk_windows windows;
    uint64_t step;
    size_t epoch;

    /* The batch at hand. */
    const rk_window *batch;
    size_t n_batch;
    float scale;
    float rate;
    double loss[SHARDS];
    atomic_size_t next;
} trainer;


static size_t shard_cap(const rk_transformer_opts *o)
{
    return (o->batch + SHARDS - 1) / SHARDS;
}


static size_t columns_of(const rk_transformer_opts *o, size_t n_items)
{
    return n_items > o->full_items ? o->n_sampled : n_items;
}


static size_t loss_room(const rk_transformer_opts *o, size_t n_items)
{
    return rk_softmax_room(columns_of(o, n_items), o->d);
}


/* A shape that cannot be costs nothing: training refuses it. */
void rk_transformer_estimate(const rk_histories *h,
                             const rk_transformer_opts *o, rk_estimate *out)
{
    rk_tf_shape s = {h->n_items, o->d, o->blocks, o->heads, o->context};
    size_t windows = shard_cap(o);
    size_t positions = windows * o->context;
    rk_tf_layout l;
    double each;

    *out = (rk_estimate){0};
    if (rk_tf_layout_init(&l, &s, NULL) != RK_OK)
        return;
    out->bytes = (double)l.n * sizeof(float) * (3 + SHARDS) +
                 (double)rk_threads() *
                     (rk_tf_room_bytes(&s, positions, windows) +
                      (double)loss_room(o, h->n_items) * sizeof(float));
    each = 6.0 * (double)(columns_of(o, h->n_items) * o->d) +
           72.0 * (double)(o->blocks * o->d * o->d) +
           6.0 * (double)(o->blocks * o->d * o->context);
    out->flop = each * (double)h->start[h->n_users] * (double)o->epochs;
}


/* Independent numbers for each purpose, so that an epoch begins the same
 * whether training was interrupted before it or not. */
static uint64_t seed_of(const trainer *t, uint64_t purpose, uint64_t part)
{
    uint64_t words[4] = {t->seed, t->epoch, purpose, part};

    return rk_hash64(words, sizeof(words));
}


static int worker_init(worker *w, const trainer *t, rk_error *err)
{
    size_t n = t->shard_windows * t->o->context;
    int rc = rk_tf_room_new(&w->room, &t->m->shape, n, t->shard_windows, err);

    if (rc != RK_OK)
        return rc;
    w->item = rk_alloc_array(n, 3 * sizeof(*w->item));
    w->dh = rk_alloc_aligned(n * t->o->d, sizeof(*w->dh));
    w->loss = rk_alloc_aligned(loss_room(t->o, t->h->n_items),
                               sizeof(*w->loss));
    w->drawn = rk_alloc_array(t->o->n_sampled, sizeof(*w->drawn));
    w->log_expected = rk_alloc_array(t->o->n_sampled, sizeof(*w->log_expected));
    return w->item && w->dh && w->loss && w->drawn && w->log_expected
               ? RK_OK
               : rk_no_memory(err);
}


static void worker_clear(worker *w)
{
    rk_tf_room_free(w->room);
    free(w->item);
    free(w->dh);
    free(w->loss);
    free(w->drawn);
    free(w->log_expected);
}


static int trainer_init(trainer *t, rk_error *err)
{
    size_t n = t->m->layout.n;
    int rc = RK_OK;

    t->shard_windows = shard_cap(t->o);
    t->moments = rk_calloc(n, 2 * sizeof(*t->moments));
    t->grads = rk_calloc(n, SHARDS * sizeof(*t->grads));
    if (!t->moments || !t->grads)
        return rk_no_memory(err);
    t->n_workers = (size_t)rk_threads();
    t->n_workers = t->n_workers < SHARDS ? t->n_workers : SHARDS;
    for (size_t i = 0; i < t->n_workers && rc == RK_OK; i++)
        rc = worker_init(&t->workers[i], t, err);
    if (rc == RK_OK && t->h->n_items > t->o->full_items)
        rc = rk_sampler_new(&t->sampler, t->h, err);
    return rc;
}


static void trainer_clear(trainer *t)
{
    for (size_t i = 0; i < t->n_workers; i++)
        worker_clear(&t->workers[i]);
    rk_windows_clear(&t->windows);
    free(t->moments);
    free(t->grads);
    rk_sampler_free(t->sampler);
}


/* Forward, loss and backward of windows [from, to) of the batch. */
static double shard_run(trainer *t, worker *w, size_t shard, size_t from,
                        size_t to)
{
    const rk_tf_layout *l = &t->m->layout;
    size_t room = t->shard_windows * t->o->context;
    uint32_t *age = w->item + room;
    uint32_t *target = age + room;
    uint32_t start[4096 / SHARDS + 2] = {0};
    rk_tf_batch batch = {to - from, start, w->item, age};
    float *g = t->grads + shard * l->n;
    uint64_t seed = seed_of(t, 1 + t->step, shard);
    rk_softmax_items items = {t->h->n_items,      t->o->d,
                              t->m->w + l->items, t->m->w + l->bias,
                              g + l->items,       g + l->bias};
    rk_softmax_positions at = {
        .target = target, .scale = t->scale, .dh = w->dh};
    double loss;

    for (size_t i = from; i < to; i++) {
        const rk_window *win = &t->batch[i];

        for (uint32_t j = 0; j < win->n; j++, at.n++) {
            w->item[at.n] = t->h->item[win->from + j];
            target[at.n] = t->h->item[win->from + j + 1];
            age[at.n] = win->n - 1 - j;
        }
        start[i - from + 1] = (uint32_t)at.n;
    }
    at.h = rk_tf_forward(w->room, l, t->m->w, &batch, t->o->dropout, seed);
    if (t->sampler) {
        rk_sampler_draw(t->sampler, ~seed, t->o->n_sampled, w->drawn,
                        w->log_expected);
        loss = rk_softmax_loss_sampled(
            &items, &at,
            &(rk_softmax_sample){t->o->n_sampled, w->drawn, w->log_expected},
            w->loss);
    } else {
        loss = rk_softmax_loss(&items, &at, w->loss);
    }
    rk_tf_backward(w->room, l, t->m->w, &batch, w->dh, g);
    return loss;
}


/* Shards go to whoever is free. */
static void shards_run(void *ctx, size_t begin, size_t end)
{
    trainer *t = ctx;

    for (size_t i = begin; i < end; i++)
        for (size_t s; (s = atomic_fetch_add(&t->next, 1)) < SHARDS;) {
            size_t from = t->n_batch * s / SHARDS;
            size_t to = t->n_batch * (s + 1) / SHARDS;

            t->loss[s] = from < to ? shard_run(t, &t->workers[i], s, from, to)
                                   : 0;
        }
}


static void weights_update(void *ctx, size_t begin, size_t end)
{
    const trainer *t = ctx;
    size_t n = t->m->layout.n;
    rk_adamw a = {0.9f, 0.98f, 1e-8f, t->o->decay};
    rk_adamw_step s = {t->step, t->rate, t->grads, SHARDS, n};

    rk_adamw_update(&a, &s,
                    (rk_adamw_state){t->m->owned, t->moments, t->moments + n},
                    begin * 16, end * 16);
}


/* Up in `warm_up` batches, then down along a cosine over all epochs. */
static float rate_at(const trainer *t, double done, double n_batches)
{
    double warm = (double)t->o->warm_up;
    double cosine = 0.5 + 0.5 * cos(M_PI * done);
    double rate = (double)t->o->rate * (LEAST_DUE + (1 - LEAST_DUE) * cosine);

    warm = warm < n_batches / 10 ? warm : n_batches / 10;
    return (float)((double)t->step < warm ? rate * (double)t->step / warm
                                          : rate);
}


/* Batch b of the epoch's n; returns the sum of its losses. */
static double batch_run(trainer *t, size_t b, size_t n, size_t *n_positions)
{
    double epochs = (double)t->o->epochs;
    double done = ((double)t->epoch + (double)b / (double)n) / epochs;
    double loss = 0;

    t->batch = t->windows.window + b * t->o->batch;
    t->n_batch = t->windows.n - b * t->o->batch;
    t->n_batch = t->n_batch < t->o->batch ? t->n_batch : t->o->batch;
    *n_positions = 0;
    for (size_t i = 0; i < t->n_batch; i++)
        *n_positions += t->batch[i].n;
    t->scale = 1 / (float)*n_positions;
    t->step++;
    t->rate = rate_at(t, done, epochs * (double)n);
    atomic_store(&t->next, 0);
    rk_parallel(t->n_workers, shards_run, t);
    rk_parallel(t->m->layout.n / 16, weights_update, t);
    for (size_t s = 0; s < SHARDS; s++)
        loss += t->loss[s];
    return loss;
}


/* `stage` says how the epoch before went. */
static int epoch_run(trainer *t, const char *stage, double *loss, rk_error *err)
{
    size_t batch = t->o->batch;
    size_t positions = 0;
    size_t n;
    int rc = rk_windows_cut(&t->windows, t->h, t->o->context, seed_of(t, 0, 0),
                            err);

    *loss = 0;
    n = (t->windows.n + batch - 1) / batch;
    if (rc == RK_OK && n == 0)
        return rk_fail(err, RK_EINVAL,
                       "transformer: no history has two items to learn from");
    for (size_t b = 0; b < n && rc == RK_OK; b++) {
        size_t seen;

        *loss += batch_run(t, b, n, &seen);
        positions += seen;
        rc = rk_progress_report(&t->progress, stage, t->epoch * n + b + 1,
                                t->o->epochs * n, err);
    }
    *loss /= positions ? (double)positions : 1;
    if (rc == RK_OK && !isfinite(*loss))
        return rk_fail(err, RK_EINVAL,
                       "transformer: the loss is not finite after epoch %zu",
                       t->epoch + 1);
    return rc;
}


/* Random weights, and items at their texts' vectors where that is asked for. */
static int weights_start(trainer *t, const rk_side *side, rk_error *err)
{
    const rk_tf_layout *l = &t->m->layout;

    rk_tf_weights_draw(t->m->owned, l, &t->m->shape, seed_of(t, 0, 1));
    if (!t->o->use_vectors || !side || !side->vectors)
        return RK_OK;
    return rk_pca(side->vectors, t->h->n_items, side->d, t->o->d, ITEM_STD,
                  t->m->owned + l->items, err);
}


static void stage_write(char *stage, size_t size, const rk_transformer_opts *o,
                        const rk_transformer_epoch *e)
{
    int n = snprintf(stage, size, "transformer: epoch %zu of %zu",
                     e->epoch < o->epochs ? e->epoch + 1 : e->epoch, o->epochs);

    if (e->epoch && n > 0 && (size_t)n < size)
        n += snprintf(stage + n, size - (size_t)n, ", loss %.3f", e->loss);
    if (e->epoch && !isnan(e->ndcg) && n > 0 && (size_t)n < size)
        (void)snprintf(stage + n, size - (size_t)n, ", NDCG@10 %.4f", e->ndcg);
}


static int epochs_run(trainer *t, const rk_train_opts *opts,
                      const rk_checkpoint *kept, rk_error *err)
{
    rk_transformer_epoch e = {t->epoch, t->o->epochs, NAN, NAN};
    char stage[96];
    int rc = RK_OK;

    stage_write(stage, sizeof(stage), t->o,
                &(rk_transformer_epoch){.ndcg = NAN});
    while (t->epoch < t->o->epochs && rc == RK_OK) {
        rc = epoch_run(t, stage, &e.loss, err);
        if (rc == RK_OK && opts->watch)
            rc = rk_transformer_ndcg(t->m, opts->watch, opts->watch_truth,
                                     &e.ndcg, err);
        if (rc != RK_OK)
            break;
        e.epoch = ++t->epoch;
        if (t->o->each_epoch)
            t->o->each_epoch(t->o->ctx, &e);
        stage_write(stage, sizeof(stage), t->o, &e);
        if (opts->checkpoint && t->epoch < t->o->epochs)
            rc = rk_checkpoint_save(kept, opts->checkpoint, t->epoch, t->step,
                                    err);
    }
    if (rc == RK_OK && opts->checkpoint)
        (void)remove(opts->checkpoint);
    return rc;
}


int rk_transformer_fit(rk_transformer *m, const rk_histories *h,
                       const rk_train_opts *opts, const rk_transformer_opts *o,
                       rk_error *err)
{
    trainer t = {
        .m = m, .h = h, .o = o, .progress = opts->progress, .seed = opts->seed};
    rk_checkpoint kept = {m->owned, NULL, m->layout.n, 0};
    uint64_t at[2] = {0};
    int rc;

    rc = trainer_init(&t, err);
    if (rc != RK_OK)
        goto done;
    kept.moments = t.moments;
    kept.fingerprint = rk_transformer_fingerprint(m, h, opts, o);
    if (opts->checkpoint &&
        rk_checkpoint_load(&kept, opts->checkpoint, &at[0], &at[1])) {
        t.epoch = (size_t)at[0];
        t.step = at[1];
    } else {
        rc = weights_start(&t, opts->side, err);
        if (rc != RK_OK)
            goto done;
    }
    rk_blas_alone_begin();
    rc = epochs_run(&t, opts, &kept, err);
    rk_blas_alone_end();

done:
    trainer_clear(&t);
    return rc;
}

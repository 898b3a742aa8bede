#include "core/buf.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/topk.h"
#include "learn/blend_internal.h"
#include "learn/fuse.h"

#include <math.h>
#include <string.h>

#define DEFAULT_LISTS      6000
#define DEFAULT_CANDIDATES 200
#define L2                 1.0f
#define FAST_FLOP          10e12
#define FULL_FLOP          150e12
#define WIDEST             RK_FUSE_MAX /* columns */
#define ABSENT             (-8.0f)

/* Whose next item teaches. */
typedef struct lesson {
    const rk_histories *h;
    size_t n;
    uint32_t *user;  /* (n) */
    uint32_t *truth; /* (n) */
} lesson;


static void lesson_clear(lesson *l)
{
    free(l->user);
    free(l->truth);
}


/* All users whose next item is known, or a seeded draw of them, in the users'
 * order. */
static int lesson_init(lesson *l, const rk_histories *h, const uint32_t *truth,
                       const rk_blend_opts *opts, rk_error *err)
{
    size_t most = opts->n_lists ? opts->n_lists : DEFAULT_LISTS;
    rk_rng rng = {opts->train.seed};
    size_t left = 0;

    l->h = h;
    l->user = rk_alloc_array(h->n_users, sizeof(*l->user));
    l->truth = rk_alloc_array(h->n_users, sizeof(*l->truth));
    if (!l->user || !l->truth)
        return rk_no_memory(err);
    for (size_t u = 0; u < h->n_users; u++)
        left += truth[u] != RK_NO_ID;
    for (uint32_t u = 0; u < h->n_users; u++) {
        if (truth[u] == RK_NO_ID)
            continue;
        if (rk_rng_unit(&rng) * (double)left < (double)(most - l->n)) {
            l->truth[l->n] = truth[u];
            l->user[l->n++] = u;
        }
        left--;
    }
    return RK_OK;
}


static int add_model(rk_blend *b, const rk_learner *l, const rk_histories *h,
                     const rk_train_opts *opts, rk_error *err)
{
    int rc;

    if (b->n_models == RK_BLEND_MODELS || b->n_columns + l->n_columns > WIDEST)
        return rk_fail(err, RK_EINVAL,
                       "%s is more than the %d models or %d columns that a "
                       "blend may have",
                       l->name, RK_BLEND_MODELS, WIDEST);
    rc = l->train(&b->models[b->n_models], h, opts, err);
    if (rc)
        return rc;
    b->n_models++;
    b->n_columns += l->n_columns;
    return RK_OK;
}


/* Whether a learner that nobody named is worth its while: a few minutes of two
 * cores for each at effort fast, tens of minutes at full. */
static int check_while(const rk_learner *l, const rk_histories *h,
                       const rk_train_opts *opts, rk_error *err)
{
    double most = opts->effort == RK_FULL ? FULL_FLOP : FAST_FLOP;
    rk_estimate cost = {0};

    l->estimate(h, opts, &cost);
    return cost.flop <= most
               ? RK_OK
               : rk_fail(err, RK_EINVAL,
                         "%s: %.0f TFLOP for %zu items, effort %s allows %.0f",
                         l->name, cost.flop / 1e12, h->n_items,
                         rk_effort_name(opts->effort), most / 1e12);
}


/* What the list names, or all that the effort allows and that can be. */
static int add_models(rk_blend *b, const rk_histories *h,
                      const rk_blend_opts *opts, rk_error *err)
{
    const rk_learner *const *l = opts->learners ? opts->learners : rk_learners;
    rk_buf why;
    int rc = RK_OK;

    rk_buf_init(&why);
    for (; *l && rc == RK_OK; l++) {
        rk_error refused = {0};

        if (!opts->learners && (*l)->effort > opts->train.effort)
            continue;
        rc = opts->learners ? RK_OK
                            : check_while(*l, h, &opts->train, &refused);
        if (rc == RK_OK)
            rc = add_model(b, *l, h, &opts->train, &refused);
        if (rc == RK_EINVAL && !opts->learners) {
            rk_buf_printf(&why, "%s%s", why.len ? "; " : "", refused.msg);
            rc = RK_OK;
        } else if (rc) {
            (void)rk_fail(err, rc, "%s", refused.msg);
        }
    }
    b->left_out = rk_buf_take(&why);
    if (rc == RK_OK && !b->left_out)
        rc = rk_no_memory(err);
    if (rc == RK_OK && b->n_models == 0)
        rc = rk_fail(err, RK_EINVAL, "no learner can be trained: %s",
                     b->left_out);
    return rc;
}


/* Lists being written, and the batch at hand. */
typedef struct writing {
    const rk_blend *b;
    size_t n_candidates;
    float *x;        /* (n_lists, n_candidates, n_columns) */
    uint32_t *truth; /* (n_lists) places */
    float *columns;  /* see rk_blend_columns() */
    float *sum;      /* (n_items) of all columns of one user */
    rk_hit *room;    /* (n_candidates) */
} writing;


static const float *column_at(const writing *w, const rk_histories *who,
                              size_t user, size_t column)
{
    const float *x = w->columns;
    size_t m = 0;

    while (column >= w->b->models[m]->learner->n_columns) {
        size_t n_columns = w->b->models[m++]->learner->n_columns;

        x += who->n_users * n_columns * w->b->n_items;
        column -= n_columns;
    }
    return x + (user * w->b->models[m]->learner->n_columns + column) *
                   w->b->n_items;
}


/* The candidates of a user: what all columns together hold for best, of what
 * was not had. */
static size_t choose(const writing *w, const rk_histories *who, size_t user)
{
    size_t n = w->b->n_items;
    rk_topk top;

    memset(w->sum, 0, n * sizeof(*w->sum));
    for (size_t c = 0; c < w->b->n_columns; c++) {
        const float *x = column_at(w, who, user, c);

        for (size_t i = 0; i < n; i++)
            w->sum[i] += x[i];
    }
    for (size_t k = who->start[user]; k < who->start[user + 1]; k++)
        w->sum[who->item[k]] = -INFINITY;
    rk_topk_init(&top, w->room, w->n_candidates);
    for (uint32_t i = 0; i < n; i++)
        if (w->sum[i] > -INFINITY)
            rk_topk_add(&top, i, w->sum[i]);
    return rk_topk_finish(&top);
}


/* One user's list; places that no candidate takes are far behind. */
static void write_list(const writing *w, const rk_histories *who, size_t user,
                       size_t list, uint32_t truth)
{
    size_t n_columns = w->b->n_columns;
    float *x = w->x + list * w->n_candidates * n_columns;
    size_t n = choose(w, who, user);

    w->truth[list] = UINT32_MAX;
    for (size_t c = 0; c < n_columns; c++) {
        const float *column = column_at(w, who, user, c);

        for (size_t i = 0; i < w->n_candidates; i++)
            x[i * n_columns + c] = i < n ? column[w->room[i].index] : ABSENT;
    }
    for (uint32_t i = 0; i < n; i++)
        if (w->room[i].index == truth)
            w->truth[list] = i;
}


/* Users [first, first + n) of the lesson, side by side. */
static int gather(const lesson *l, size_t first, size_t n, rk_histories *out,
                  rk_error *err)
{
    size_t *start = rk_calloc(n + 1, sizeof(*start));
    uint32_t *item;

    if (!start)
        return rk_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const size_t *theirs = l->h->start + l->user[first + i];

        start[i + 1] = start[i] + theirs[1] - theirs[0];
    }
    item = rk_alloc_array(start[n], sizeof(*item));
    if (!item) {
        free(start);
        return rk_no_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        if (start[i + 1] > start[i])
            memcpy(item + start[i],
                   l->h->item + l->h->start[l->user[first + i]],
                   (start[i + 1] - start[i]) * sizeof(*item));
    *out = (rk_histories){n, l->h->n_items, start, item};
    return RK_OK;
}


static int write_lists(writing *w, const lesson *l, const rk_progress *progress,
                       rk_error *err)
{
    size_t batch = rk_blend_batch(w->b);
    int rc = RK_OK;

    batch = batch < l->n ? batch : l->n;
    w->columns = rk_alloc_array(batch * w->b->n_columns,
                                w->b->n_items * sizeof(*w->columns));
    if (!w->columns)
        return rk_no_memory(err);
    for (size_t i = 0; i < l->n && rc == RK_OK; i += batch) {
        size_t n = l->n - i < batch ? l->n - i : batch;
        rk_histories who = {0};

        rc = gather(l, i, n, &who, err);
        if (rc == RK_OK)
            rc = rk_blend_columns(w->b, &who, w->columns, err);
        for (size_t k = 0; k < n && rc == RK_OK; k++)
            write_list(w, &who, k, i + k, l->truth[i + k]);
        if (rc == RK_OK)
            rc = rk_progress_report(progress, "learning to blend", i + n, l->n,
                                    err);
        free((void *)who.start);
        free((void *)who.item);
    }
    return rc;
}


/* Without lists to learn from, all columns count the same. */
static int weights_prior(rk_blend *b, rk_error *err)
{
    b->weights = rk_alloc_array(b->n_columns, sizeof(*b->weights));
    for (size_t c = 0; b->weights && c < b->n_columns; c++)
        b->weights[c] = 1 / (float)b->n_columns;
    return b->weights ? RK_OK : rk_no_memory(err);
}


static int learn_weights(rk_blend *b, const lesson *l, size_t n_candidates,
                         const rk_progress *progress, rk_error *err)
{
    writing w = {.b = b, .n_candidates = n_candidates};
    size_t n_features = b->n_columns;
    float *fitted = rk_alloc_array(n_features, sizeof(*fitted));
    bool found = false;
    int rc = RK_OK;

    w.x = rk_alloc_array(l->n * n_candidates, n_features * sizeof(*w.x));
    w.truth = rk_alloc_array(l->n, sizeof(*w.truth));
    w.sum = rk_alloc_array(b->n_items, sizeof(*w.sum));
    w.room = rk_alloc_array(n_candidates, sizeof(*w.room));
    if (!fitted || !w.x || !w.truth || !w.sum || !w.room) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = write_lists(&w, l, progress, err);
    for (size_t i = 0; i < l->n && rc == RK_OK; i++)
        found = found || w.truth[i] != UINT32_MAX;
    if (rc == RK_OK && found)
        rc = rk_fuse_fit(
            fitted, &(rk_lists){w.x, w.truth, l->n, n_candidates, n_features},
            &(rk_fuse_opts){b->weights, L2, .either_sign = true}, err);
    if (rc == RK_OK && found)
        memcpy(b->weights, fitted, n_features * sizeof(*fitted));

done:
    free(fitted);
    free(w.x);
    free(w.truth);
    free(w.sum);
    free(w.room);
    free(w.columns);
    return rc;
}


static int blend_new(rk_blend **out, size_t n_items, rk_error *err)
{
    *out = rk_calloc(1, sizeof(**out));
    if (!*out)
        return rk_no_memory(err);
    (*out)->n_items = n_items;
    return RK_OK;
}


int rk_blend_train(rk_blend **out, const rk_histories *h, const uint32_t *truth,
                   const rk_blend_opts *opts, rk_error *err)
{
    size_t wide = opts->n_candidates ? opts->n_candidates : DEFAULT_CANDIDATES;
    rk_blend *b = NULL;
    lesson l = {0};
    int rc = lesson_init(&l, h, truth, opts, err);

    *out = NULL;
    if (rc == RK_OK)
        rc = blend_new(&b, h->n_items, err);
    if (rc == RK_OK)
        rc = add_models(b, h, opts, err);
    if (rc == RK_OK)
        rc = weights_prior(b, err);
    if (rc == RK_OK && l.n)
        rc = learn_weights(b, &l, wide < h->n_items ? wide : h->n_items,
                           &opts->train.progress, err);
    if (rc == RK_OK) {
        *out = b;
        b = NULL;
    }
    rk_blend_free(b);
    lesson_clear(&l);
    return rc;
}


int rk_blend_retrain(rk_blend **out, const rk_blend *like,
                     const rk_histories *h, const rk_blend_opts *opts,
                     rk_error *err)
{
    rk_blend *b = NULL;
    int rc = blend_new(&b, h->n_items, err);

    *out = NULL;
    for (size_t i = 0; i < like->n_models && rc == RK_OK; i++)
        rc = add_model(b, like->models[i]->learner, h, &opts->train, err);
    if (rc == RK_OK)
        rc = weights_prior(b, err);
    if (rc == RK_OK && like->left_out) {
        b->left_out = rk_strdup(like->left_out);
        rc = b->left_out ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK) {
        memcpy(b->weights, like->weights, b->n_columns * sizeof(*b->weights));
        *out = b;
        b = NULL;
    }
    rk_blend_free(b);
    return rc;
}

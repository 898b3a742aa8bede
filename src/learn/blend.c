#include "learn/blend_internal.h"

#include "core/mem.h"
#include "core/threads.h"
#include "learn/blend_scale.h"

#include <math.h>
#include <string.h>

#define BATCH_FLOATS ((size_t)16 << 20) /* of columns at once */


void rk_blend_free(rk_blend *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_models; i++)
        b->models[i]->learner->free(b->models[i]);
    free(b->weights);
    free(b->left_out);
    free(b);
}


size_t rk_blend_batch(const rk_blend *b)
{
    size_t n = BATCH_FLOATS / (b->n_columns * b->n_items + 1);

    return n ? n : 1;
}


int rk_blend_columns(const rk_blend *b, const rk_histories *who, float *x,
                     rk_error *err)
{
    int rc = RK_OK;

    for (size_t m = 0; m < b->n_models && rc == RK_OK; m++) {
        const rk_model *model = b->models[m];
        size_t n_rows = who->n_users * model->learner->n_columns;

        rc = model->learner->score(model, who, x, err);
        rk_blend_scale(x, n_rows, b->n_items, model->learner->is_log);
        x += n_rows * b->n_items;
    }
    return rc;
}


/* What one batch is added up from. */
typedef struct sum {
    const rk_blend *b;
    const rk_histories *who;
    const float *x; /* as rk_blend_columns() gives them */
    float *scores;  /* (n_users, n_items) */
    float *parts;   /* (n_users, n_models, n_items) or NULL */
} sum;


static void add_user(const sum *s, size_t user)
{
    const rk_blend *b = s->b;
    size_t n = b->n_items;
    float *to = s->scores + user * n;
    const float *x = s->x;
    const float *w = b->weights;

    memset(to, 0, n * sizeof(*to));
    for (size_t m = 0; m < b->n_models; m++) {
        size_t n_columns = b->models[m]->learner->n_columns;
        const float *mine = x + user * n_columns * n;
        float *part = s->parts ? s->parts + (user * b->n_models + m) * n : NULL;

        if (part)
            memset(part, 0, n * sizeof(*part));
        for (size_t c = 0; c < n_columns; c++, w++) {
            for (size_t i = 0; i < n; i++)
                to[i] += *w * mine[c * n + i];
            for (size_t i = 0; part && i < n; i++)
                part[i] += *w * mine[c * n + i];
        }
        x += s->who->n_users * n_columns * n;
    }
}


static void add_users(void *ctx, size_t begin, size_t end)
{
    for (size_t u = begin; u < end; u++)
        add_user(ctx, u);
}


int rk_blend_score(const rk_blend *b, const rk_histories *who, float *scores,
                   float *parts, rk_error *err)
{
    size_t n = b->n_items;
    size_t batch = rk_blend_batch(b);
    float *x;
    int rc = RK_OK;

    batch = batch < who->n_users ? batch : who->n_users;
    x = rk_alloc_array(batch * b->n_columns, n * sizeof(*x));
    if (!x)
        return rk_no_memory(err);
    for (size_t u = 0; u < who->n_users && rc == RK_OK; u += batch) {
        size_t most = who->n_users - u;
        rk_histories some = rk_histories_part(who, u,
                                              batch < most ? batch : most);
        sum s = {b, &some, x, scores + u * n,
                 parts ? parts + u * b->n_models * n : NULL};

        rc = rk_blend_columns(b, &some, x, err);
        if (rc == RK_OK)
            rk_parallel(some.n_users, add_users, &s);
    }
    free(x);
    return rc;
}


static const char *name_of(const void *ctx, size_t i)
{
    const rk_blend *b = ctx;

    return b->models[i]->learner->name;
}


static const char *left_out_of(const void *ctx, size_t i)
{
    (void)i;
    return ((const rk_blend *)ctx)->left_out;
}


int rk_blend_put(const rk_blend *b, rk_bundle_writer *w, rk_error *err)
{
    int rc = rk_bundle_put_strings(w, "blend.models", b->n_models, name_of, b,
                                   err);

    if (rc == RK_OK)
        rc = rk_bundle_put_strings(w, "blend.left_out", 1, left_out_of, b, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "blend.weights", RK_F32, 1, b->n_columns,
                           b->weights, err);
    for (size_t i = 0; i < b->n_models && rc == RK_OK; i++)
        rc = b->models[i]->learner->put(b->models[i], w, err);
    return rc;
}


static int get_models(rk_blend *b, const rk_bundle *bundle, rk_error *err)
{
    rk_strings names;
    int rc = rk_bundle_get_strings(bundle, "blend.models", 0, &names, err);

    if (rc == RK_OK && (names.n < 1 || names.n > RK_BLEND_MODELS))
        return rk_fail(err, RK_EFORMAT, "blend of %zu models, must be 1 to %d",
                       names.n, RK_BLEND_MODELS);
    for (size_t i = 0; rc == RK_OK && i < names.n; i++) {
        const rk_learner *l = rk_learner_find(rk_strings_at(&names, i));
        rk_error why;

        if (!l)
            return rk_fail(err, RK_EFORMAT, "blend of an unknown model");
        rc = l->get(&b->models[i], bundle, b->n_items, &why);
        if (rc)
            return rk_fail(err, rc == RK_ENOMEM ? rc : RK_EFORMAT, "%s",
                           why.msg);
        b->n_models++;
        b->n_columns += l->n_columns;
    }
    return rc;
}


static int get_weights(rk_blend *b, const rk_bundle *bundle, rk_error *err)
{
    rk_tensor t;
    int rc = rk_bundle_get(bundle, "blend.weights", RK_F32, 1, b->n_columns, &t,
                           err);

    if (rc)
        return rc;
    b->weights = rk_alloc_array(b->n_columns, sizeof(*b->weights));
    if (!b->weights)
        return rk_no_memory(err);
    memcpy(b->weights, t.data, b->n_columns * sizeof(*b->weights));
    for (size_t i = 0; i < b->n_columns; i++)
        if (!isfinite(b->weights[i]))
            return rk_fail(err, RK_EFORMAT, "blend: weight %zu is not finite",
                           i);
    return RK_OK;
}


static int get_left_out(rk_blend *b, const rk_bundle *bundle, rk_error *err)
{
    rk_strings s;
    int rc = rk_bundle_get_strings(bundle, "blend.left_out", 1, &s, err);

    if (rc)
        return rc;
    b->left_out = rk_strdup(rk_strings_at(&s, 0));
    return b->left_out ? RK_OK : rk_no_memory(err);
}


int rk_blend_get(rk_blend **out, const rk_bundle *bundle, size_t n_items,
                 rk_error *err)
{
    rk_blend *b;
    int rc;

    *out = NULL;
    if (!rk_bundle_has(bundle, "blend.weights"))
        return rk_fail(err, RK_ENOTFOUND, "no blend");
    b = rk_calloc(1, sizeof(*b));
    if (!b)
        return rk_no_memory(err);
    b->n_items = n_items;
    rc = get_models(b, bundle, err);
    if (rc == RK_OK)
        rc = get_weights(b, bundle, err);
    if (rc == RK_OK)
        rc = get_left_out(b, bundle, err);
    if (rc == RK_ENOTFOUND)
        rc = rk_fail(err, RK_EFORMAT, "blend without its models or weights");
    if (rc == RK_OK) {
        *out = b;
        b = NULL;
    }
    rk_blend_free(b);
    return rc;
}

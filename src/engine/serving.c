#include "engine/serving.h"

#include "core/clock.h"
#include "core/mem.h"
#include "data/record.h"
#include "engine/opening.h"
#include "engine/rank.h"
#include "paradigms/cached.h"
#include "paradigms/vocabulary.h"

#include <string.h>


/* The vector of a changed item; what it was, or zeros, where the embedder that
 * the others were made with cannot be had. */
static int fresh_vector(const rk_snapshot *s, uint32_t item, rk_run *run,
                        float *row, rk_error *err)
{
    char *text = rk_snapshot_text(s, item, s->settings->item_profile);
    rk_asking a = {run, s->embedder_key, NULL, NULL, 0};
    int rc = text ? rk_cached_vectors(&a, s->d, (const char *const *)&text, 1,
                                      row, err)
                  : rk_no_memory(err);

    free(text);
    return rk_loaded_is_away(run->models, rc) ? RK_OK : rc;
}


/* Vectors of the bundle, those of changed items replaced, new ones added. */
static int open_vectors(rk_opening *o, rk_run *run, rk_error *err)
{
    rk_serving *v = o->v;
    rk_snapshot *s = &v->snapshot;
    rk_tensor t;
    float *rows = NULL;
    int rc;

    if (!rk_bundle_has(v->bundle, "vectors"))
        return RK_OK;
    rc = rk_bundle_get(v->bundle, "vectors", RK_F32, o->n_fitted, 0, &t, err);
    if (rc)
        return rc;
    s->d = t.cols;
    rows = rk_calloc(s->n_items * s->d, sizeof(*rows));
    if (!rows)
        return rk_no_memory(err);
    memcpy(rows, t.data, o->n_fitted * s->d * sizeof(*rows));
    for (size_t i = 0; i < o->n_changed && rc == RK_OK; i++)
        rc = fresh_vector(s, o->changed[i], run, rows + o->changed[i] * s->d,
                          err);
    if (rc == RK_OK)
        rc = rk_index_new(&s->vectors, s->d, err);
    if (rc == RK_OK)
        rc = rk_index_add(s->vectors, rows, s->n_items, err);
    if (rc == RK_OK)
        rc = rk_index_prepare(s->vectors, false, err);
    free(rows);
    return rc;
}


static int open_vocabulary(rk_serving *v, rk_error *err)
{
    rk_vocabulary *words = &v->snapshot.vocabulary;
    rk_strings names;
    rk_tensor t;
    size_t n_read;
    int rc;

    if (!rk_bundle_has(v->bundle, "vocabulary.bytes"))
        return RK_OK;
    rc = rk_bundle_get_strings(v->bundle, "vocabulary", 0, &names, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(v->bundle, "vocabulary.categories", RK_U64, 1, 1, &t,
                           err);
    if (rc)
        return rc;
    v->words = rk_calloc(names.n, sizeof(*v->words));
    if (!v->words)
        return rk_no_memory(err);
    for (size_t i = 0; i < names.n; i++)
        v->words[i] = rk_strings_at(&names, i);
    words->words = v->words;
    words->n = names.n;
    words->n_categories = *(const uint64_t *)t.data;
    if (words->n_categories > words->n)
        return rk_fail(err, RK_EFORMAT, "snapshot: %zu categories of %zu words",
                       words->n_categories, words->n);
    n_read = words->n - words->n_categories;
    if (n_read && rk_bundle_has(v->bundle, "vocabulary.moments")) {
        rc = rk_bundle_get(v->bundle, "vocabulary.moments", RK_F32, 4, n_read,
                           &t, err);
        if (rc)
            return rc;
        words->item_mean = t.data;
        words->item_sd = words->item_mean + n_read;
        words->user_mean = words->item_mean + 2 * n_read;
        words->user_sd = words->item_mean + 3 * n_read;
    }
    return RK_OK;
}


/* The tokens of a changed item: its categories, and what the writer reads in
 * it if there is one. */
static int fresh_tokens(const rk_snapshot *s, uint32_t item, rk_run *run,
                        rk_token_weight out[RK_TOKENS_MAX], size_t *n,
                        rk_error *err)
{
    size_t n_read = s->vocabulary.n - s->vocabulary.n_categories;
    float *logp = rk_calloc(n_read, sizeof(*logp));
    int rc = RK_ENOTFOUND;

    if (!logp)
        return rk_no_memory(err);
    if (s->vocabulary.item_mean)
        rc = rk_read_items(run, s, item, item + 1, logp, NULL, err);
    if (rc != RK_ENOMEM)
        *n = rk_item_tokens(s, item, rc == RK_OK ? logp : NULL, out);
    free(logp);
    return rc == RK_ENOMEM ? rc : RK_OK;
}


static int open_tokens(rk_opening *o, rk_run *run, rk_error *err)
{
    rk_serving *v = o->v;
    rk_snapshot *s = &v->snapshot;
    uint64_t n = 0;
    size_t most;
    rk_csr old;
    int rc;

    if (s->vocabulary.n == 0 || !rk_bundle_has(v->bundle, "item.tokens.start"))
        return RK_OK;
    rc = rk_csr_get(v->bundle, "item.tokens", o->n_fitted, s->vocabulary.n,
                    &old, err);
    if (rc)
        return rc;
    most = old.start[o->n_fitted] + o->n_changed * RK_TOKENS_MAX;
    v->token_start = rk_calloc(s->n_items + 1, sizeof(*v->token_start));
    v->token_col = rk_calloc(most, sizeof(*v->token_col));
    v->token_value = rk_calloc(most, sizeof(*v->token_value));
    if (!v->token_start || !v->token_col || !v->token_value)
        return rk_no_memory(err);
    for (uint32_t i = 0; i < s->n_items; i++) {
        rk_token_weight fresh[RK_TOKENS_MAX];
        size_t n_fresh = 0;

        if (v->is_changed[i]) {
            rc = fresh_tokens(s, i, run, fresh, &n_fresh, err);
            if (rc)
                return rc;
        } else if (i < o->n_fitted) {
            uint64_t start = old.start[i];

            n_fresh = (size_t)(old.start[i + 1] - start);
            for (size_t k = 0; k < n_fresh && k < RK_TOKENS_MAX; k++)
                fresh[k] = (rk_token_weight){old.col[start + k],
                                             old.value[start + k]};
            n_fresh = n_fresh < RK_TOKENS_MAX ? n_fresh : RK_TOKENS_MAX;
        }
        for (size_t k = 0; k < n_fresh; k++, n++) {
            v->token_col[n] = fresh[k].token;
            v->token_value[n] = fresh[k].weight;
        }
        v->token_start[i + 1] = n;
    }
    s->item_tokens = (rk_csr){s->n_items, s->vocabulary.n, v->token_start,
                              v->token_col, v->token_value};
    return RK_OK;
}


/* The fingerprint of a model, "" when there was none. */
static int key_get(const rk_bundle *b, const char *name, const char **key,
                   rk_error *err)
{
    rk_strings s;
    int rc = rk_bundle_get_strings(b, name, 1, &s, err);

    if (rc == RK_OK)
        *key = rk_strings_at(&s, 0);
    return rc;
}


/* What every snapshot has. */
static int open_head(rk_opening *o, const rk_settings *settings, rk_error *err)
{
    rk_serving *v = o->v;
    rk_snapshot *s = &v->snapshot;
    rk_error why;
    rk_tensor t;
    int rc;

    s->settings = settings;
    rc = rk_bundle_get(v->bundle, "made_at", RK_U64, 1, 1, &t, &why);
    if (rc == RK_OK)
        v->made_at = *(const uint64_t *)t.data;
    if (rc == RK_OK)
        rc = key_get(v->bundle, "embedder", &s->embedder_key, &why);
    if (rc == RK_OK)
        rc = key_get(v->bundle, "writer", &s->writer_key, &why);
    if (rc == RK_OK)
        rc = rk_opening_name(o, v->bundle, &why);
    if (rc == RK_ENOTFOUND) /* of a bundle that is whole */
        return rk_fail(err, RK_EFORMAT,
                       "the snapshot is another version's (%s): run reckon "
                       "prepare",
                       why.msg);
    return rc ? rk_fail(err, rc, "%s", why.msg) : RK_OK;
}


static int open_all(rk_opening *o, const rk_settings *settings, rk_run *run,
                    rk_error *err)
{
    rk_serving *v = o->v;
    rk_snapshot *s = &v->snapshot;
    rk_tensor t;
    int rc = open_head(o, settings, err);

    if (rc == RK_OK)
        rc = rk_opening_read(o, run, err);
    s->ids = v->ids;
    s->items = v->items;
    s->n_fitted = o->n_fitted;
    s->is_changed = o->n_changed ? v->is_changed : NULL;
    if (rc == RK_OK)
        rc = open_vectors(o, run, err);
    if (rc == RK_OK)
        rc = open_vocabulary(v, err);
    if (rc == RK_OK)
        rc = open_tokens(o, run, err);
    if (rc == RK_OK)
        rc = rk_snapshot_attach(s, v->bundle, &v->room, err);
    if (rc == RK_OK && s->fusion)
        rc = rk_bundle_get(v->bundle, "fusion", RK_F32, 2, RK_FUSION_FEATURES,
                           &t, err);
    return rc;
}


int rk_serving_open(rk_serving **out, const char *path,
                    const rk_settings *settings, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_opening o = {0};
    rk_error why = {0};
    int rc;

    *out = NULL;
    o.v = rk_calloc(1, sizeof(*o.v));
    if (!o.v)
        return rk_no_memory(err);
    rc = rk_bundle_open(&o.v->bundle, path, &why);
    if (rc == RK_ENOTFOUND)
        rc = rk_fail(err, RK_ENOTREADY,
                     "nothing is prepared yet: run reckon prepare");
    else if (rc)
        rc = rk_fail(err, rc, "%s%s", why.msg,
                     rc == RK_EFORMAT ? ": run reckon prepare" : "");
    else
        rc = open_all(&o, settings, run, err);
    if (rc == RK_OK) {
        rk_run_trace(run, "open the snapshot", o.n_fitted,
                     o.v->snapshot.n_items, start,
                     "%zu items newer or changed since", o.n_changed);
        *out = o.v;
        o.v = NULL;
    }
    rk_serving_close(o.v);
    free(o.changed);
    return rc;
}


void rk_serving_close(rk_serving *v)
{
    if (!v)
        return;
    for (size_t i = 0; v->items && v->ids && i < rk_ids_count(v->ids); i++)
        rk_record_free(v->items[i]);
    free(v->items);
    rk_index_free(v->snapshot.vectors);
    rk_named_free(v->names);
    rk_ids_free(v->ids);
    free(v->words);
    free(v->is_changed);
    free(v->token_start);
    free(v->token_col);
    free(v->token_value);
    rk_snapshot_room_clear(&v->room);
    rk_bundle_close(v->bundle);
    free(v);
}

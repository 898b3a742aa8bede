#include "engine/workshop.h"

#include "core/mem.h"
#include "core/text.h"
#include "data/template.h"
#include "paradigms/cached.h"

#include <stdio.h>
#include <string.h>

/* The fingerprint of a model, "" when it cannot be had. Only failures that
 * the configuration cannot explain are errors. */
static int model_key(rk_run *run, enum rk_llm_role role, char key[64],
                     size_t *d, rk_error *err)
{
    rk_llm *m = NULL;
    int rc = rk_loaded_get(run->models, role, &m, err);

    key[0] = '\0';
    if (rc == RK_ENOTFOUND)
        return RK_OK; /* doctor names it */
    if (rc)
        return rc;
    snprintf(key, 64, "%s", rk_llm_describe(m)->fingerprint);
    *d = rk_llm_describe(m)->d;
    return RK_OK;
}


static int user_texts(rk_readings *r, const rk_settings *settings,
                      rk_error *err)
{
    const rk_corpus *c = r->workshop.corpus;

    r->user_profiles = rk_calloc(c->n_users, sizeof(*r->user_profiles));
    if (!r->user_profiles)
        return rk_no_memory(err);
    for (size_t u = 0; u < c->n_users; u++) {
        rk_buf raw;
        rk_buf clean;

        rk_buf_init(&raw);
        rk_buf_init(&clean);
        rk_template_expand(&raw, settings->user_profile, c->users[u]);
        rk_text_clean(&clean, rk_buf_str(&raw));
        if (raw.failed)
            clean.failed = true;
        r->user_profiles[u] = rk_buf_take(&clean);
        rk_buf_clear(&raw);
        if (!r->user_profiles[u])
            return rk_no_memory(err);
    }
    r->workshop.user_profiles = (const char *const *)r->user_profiles;
    return RK_OK;
}


static int embed_items(rk_readings *r, rk_run *run, const rk_progress *p,
                       rk_error *err)
{
    rk_snapshot *s = &r->snapshot;
    char **texts = rk_calloc(s->n_items, sizeof(*texts));
    float *rows = rk_alloc_array(s->n_items * s->d, sizeof(*rows));
    int rc = texts && rows ? RK_OK : rk_no_memory(err);

    for (uint32_t i = 0; i < s->n_items && rc == RK_OK; i++) {
        texts[i] = rk_snapshot_text(s, i, s->settings->item_profile);
        rc = texts[i] ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK)
        rc = rk_cached_vectors(&(rk_asking){run, s->embedder_key, NULL, p, 0},
                               s->d, (const char *const *)texts, s->n_items,
                               rows, err);
    if (rc == RK_OK)
        rc = rk_index_new(&s->vectors, s->d, err);
    if (rc == RK_OK)
        rc = rk_index_add(s->vectors, rows, s->n_items, err);
    if (rc == RK_OK)
        rc = rk_index_prepare(s->vectors, false, err);
    rk_texts_free(texts, s->n_items);
    free(rows);
    return rc;
}


/* Users without a profile keep a zero vector. */
static int embed_users(rk_readings *r, rk_run *run, const rk_progress *p,
                       rk_error *err)
{
    size_t n_users = r->workshop.corpus->n_users;
    size_t d = r->snapshot.d;
    float *rows = NULL;
    const char **texts = rk_calloc(n_users, sizeof(*texts));
    size_t n = 0;
    int rc = RK_OK;

    r->user_vectors = rk_calloc(n_users * d, sizeof(*r->user_vectors));
    for (size_t u = 0; texts && u < n_users; u++)
        if (r->user_profiles[u][0])
            texts[n++] = r->user_profiles[u];
    rows = rk_alloc_array(n * d, sizeof(*rows));
    if (!texts || !rows || !r->user_vectors)
        rc = rk_no_memory(err);
    else
        rc = rk_cached_vectors(&(rk_asking){run, r->embedder_key, NULL, p, 0},
                               d, texts, n, rows, err);
    n = 0;
    for (size_t u = 0; u < n_users && rc == RK_OK; u++)
        if (r->user_profiles[u][0])
            memcpy(r->user_vectors + u * d, rows + n++ * d, d * sizeof(*rows));
    r->workshop.user_vectors = r->user_vectors;
    free(texts);
    free(rows);
    return rc;
}


/* Collects rows of tokens. */
static int rows_make(uint64_t **start, uint32_t **col, float **value, size_t n,
                     rk_error *err)
{
    *start = rk_calloc(n + 1, sizeof(**start));
    *col = rk_calloc(n * RK_TOKENS_MAX, sizeof(**col));
    *value = rk_calloc(n * RK_TOKENS_MAX, sizeof(**value));
    return *start && *col && *value ? RK_OK : rk_no_memory(err);
}


static int tokens_of_items(rk_readings *r, rk_run *run, const rk_progress *p,
                           rk_error *err)
{
    rk_snapshot *s = &r->snapshot;
    rk_vocabulary *v = &s->vocabulary;
    size_t n_words = v->n - v->n_categories;
    float *logp = NULL;
    int rc = rows_make(&r->item_start, &r->item_col, &r->item_value, s->n_items,
                       err);

    if (rc == RK_OK && n_words) {
        logp = rk_alloc_array(s->n_items * n_words, sizeof(*logp));
        rc = logp ? rk_read_items(run, s, 0, s->n_items, logp, p, err)
                  : rk_no_memory(err);
        if (rc == RK_OK)
            rk_reading_moments(logp, s->n_items, n_words, (float *)v->item_mean,
                               (float *)v->item_sd);
    }
    for (uint32_t i = 0; i < s->n_items && rc == RK_OK; i++) {
        rk_token_weight t[RK_TOKENS_MAX];
        uint64_t at = r->item_start[i];
        size_t n = rk_item_tokens(s, i, logp ? logp + i * n_words : NULL, t);

        for (size_t k = 0; k < n; k++, at++) {
            r->item_col[at] = t[k].token;
            r->item_value[at] = t[k].weight;
        }
        r->item_start[i + 1] = at;
    }
    s->item_tokens = (rk_csr){s->n_items, v->n, r->item_start, r->item_col,
                              r->item_value};
    free(logp);
    return rc;
}


static int tokens_of_users(rk_readings *r, rk_run *run, const rk_progress *p,
                           rk_error *err)
{
    rk_snapshot *s = &r->snapshot;
    rk_vocabulary *v = &s->vocabulary;
    size_t n_users = r->workshop.corpus->n_users;
    size_t n_words = v->n - v->n_categories;
    float *logp = NULL;
    int rc = rows_make(&r->user_start, &r->user_col, &r->user_value, n_users,
                       err);

    if (rc == RK_OK && n_words) {
        logp = rk_alloc_array(n_users * n_words, sizeof(*logp));
        rc = logp ? rk_read_profiles(run, s,
                                     (const char *const *)r->user_profiles,
                                     n_users, logp, p, err)
                  : rk_no_memory(err);
        if (rc == RK_OK)
            rk_reading_moments(logp, n_users, n_words, (float *)v->user_mean,
                               (float *)v->user_sd);
    }
    for (size_t u = 0; u < n_users && rc == RK_OK; u++) {
        rk_token_weight t[RK_TOKENS_MAX];
        uint64_t at = r->user_start[u];
        size_t n = 0;

        if (r->user_profiles[u][0])
            rc = rk_profile_tokens(s, r->user_profiles[u],
                                   logp ? logp + u * n_words : NULL, t, &n,
                                   err);
        for (size_t k = 0; k < n; k++, at++) {
            r->user_col[at] = t[k].token;
            r->user_value[at] = t[k].weight;
        }
        r->user_start[u + 1] = at;
    }
    r->user_tokens = (rk_csr){n_users, v->n, r->user_start, r->user_col,
                              r->user_value};
    r->workshop.user_tokens = &r->user_tokens;
    free(logp);
    return rc;
}


int rk_readings_make(rk_readings *r, const rk_corpus *corpus,
                     const rk_settings *settings, rk_run *run,
                     const rk_progress *progress, rk_error *err)
{
    rk_snapshot *s = &r->snapshot;
    rk_llm *writer = NULL;
    size_t unused = 0;
    int rc;

    memset(r, 0, sizeof(*r));
    r->workshop = (rk_workshop){
        .corpus = corpus, .snapshot = s, .run = run, .progress = progress};
    s->settings = settings;
    s->n_items = corpus->n_items;
    s->n_fitted = corpus->n_items;
    s->ids = corpus->item_ids;
    s->items = corpus->items;
    s->embedder_key = r->embedder_key;
    s->writer_key = r->writer_key;
    rc = user_texts(r, settings, err);
    if (rc == RK_OK)
        rc = model_key(run, RK_EMBEDDER, r->embedder_key, &s->d, err);
    if (rc == RK_OK)
        rc = model_key(run, RK_WRITER, r->writer_key, &unused, err);
    if (rc == RK_OK && r->embedder_key[0])
        rc = embed_items(r, run, progress, err);
    if (rc == RK_OK && r->embedder_key[0])
        rc = embed_users(r, run, progress, err);
    if (rc == RK_OK && r->writer_key[0])
        rc = rk_loaded_get(run->models, RK_WRITER, &writer, err);
    if (rc == RK_OK)
        rc = rk_vocabulary_build(&s->vocabulary, &r->room, corpus, settings,
                                 writer, err);
    if (rc == RK_OK && s->vocabulary.n)
        rc = tokens_of_items(r, run, progress, err);
    if (rc == RK_OK && s->vocabulary.n)
        rc = tokens_of_users(r, run, progress, err);
    return rc;
}


static const char *id_at(const void *ctx, size_t i)
{
    return rk_ids_at(ctx, (uint32_t)i);
}


static const char *word_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}


static const char *itself(const void *ctx, size_t i)
{
    (void)i;
    return ctx;
}


static int put_vocabulary(const rk_readings *r, rk_bundle_writer *out,
                          rk_error *err)
{
    const rk_vocabulary *v = &r->snapshot.vocabulary;
    uint64_t n_categories = v->n_categories;
    int rc;

    rc = rk_bundle_put_strings(out, "vocabulary", v->n, word_at, v->words, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(out, "vocabulary.categories", RK_U64, 1, 1,
                           &n_categories, err);
    if (rc == RK_OK && v->n > v->n_categories)
        rc = rk_bundle_put(out, "vocabulary.moments", RK_F32, 4,
                           v->n - v->n_categories, r->room.moments, err);
    if (rc == RK_OK)
        rc = rk_csr_put(out, "item.tokens", &r->snapshot.item_tokens, err);
    return rc;
}


int rk_readings_put(const rk_readings *r, rk_bundle_writer *out, rk_error *err)
{
    const rk_snapshot *s = &r->snapshot;
    int rc;

    rc = rk_bundle_put_strings(out, "embedder", 1, itself, r->embedder_key,
                               err);
    if (rc == RK_OK)
        rc = rk_bundle_put_strings(out, "writer", 1, itself, r->writer_key,
                                   err);
    if (rc == RK_OK)
        rc = rk_bundle_put_strings(out, "item.ids", s->n_items, id_at, s->ids,
                                   err);
    if (rc == RK_OK && s->vectors)
        rc = rk_bundle_put(out, "vectors", RK_F32, s->n_items, s->d,
                           rk_index_vector(s->vectors, 0), err);
    if (rc == RK_OK && s->vocabulary.n)
        rc = put_vocabulary(r, out, err);
    return rc;
}


void rk_readings_clear(rk_readings *r)
{
    size_t n_users = r->workshop.corpus ? r->workshop.corpus->n_users : 0;

    rk_texts_free(r->user_profiles, n_users);
    free(r->user_vectors);
    free(r->item_start);
    free(r->item_col);
    free(r->item_value);
    free(r->user_start);
    free(r->user_col);
    free(r->user_value);
    rk_index_free(r->snapshot.vectors);
    rk_vocabulary_room_clear(&r->room);
    memset(r, 0, sizeof(*r));
}

#include "paradigms/snapshot.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"
#include "data/template.h"
#include "paradigms/carry.h"
#include "paradigms/mode.h"

#include <string.h>

const char *rk_snapshot_title(const rk_snapshot *s, uint32_t item)
{
    const char *title = rk_record_get(s->items[item], "title");

    return title ? title : s->items[item]->id;
}


const char *rk_snapshot_id(const rk_snapshot *s, uint32_t item)
{
    return s->items[item]->id;
}


const float *rk_snapshot_vector(const rk_snapshot *s, uint32_t item)
{
    return rk_index_vector(s->vectors, item);
}


float *rk_snapshot_mean_vector(const rk_snapshot *s)
{
    float *mean = rk_calloc(s->d, sizeof(*mean));

    for (uint32_t i = 0; mean && i < s->n_items; i++)
        rk_axpy(s->d, 1 / (float)s->n_items, rk_snapshot_vector(s, i), mean);
    return mean;
}


float rk_snapshot_like_rate(const rk_snapshot *s, uint32_t item)
{
    return s->like_rate && item < s->n_fitted ? s->like_rate[item]
                                              : s->catalogue_share;
}


char *rk_snapshot_text(const rk_snapshot *s, uint32_t item,
                       const char *template_text)
{
    rk_buf text;

    rk_buf_init(&text);
    rk_template_expand(&text, template_text, s->items[item]);
    return rk_buf_take(&text);
}


bool rk_snapshot_has_category(const rk_snapshot *s, uint32_t item,
                              const char *category)
{
    const char *all = rk_record_get(s->items[item], s->settings->categories);
    const char *piece;
    size_t want = strlen(category);
    size_t len;

    while (all && rk_text_next(&all, '|', &piece, &len))
        if (len == want && strncasecmp(piece, category, len) == 0)
            return true;
    return false;
}


/* A logistic model as one float tensor (4, RK_LOGISTIC_MAX): weights, means,
 * spreads, and n and bias in the first two places of the last row. */
int rk_like_model_put(rk_bundle_writer *w, const char *name,
                      const rk_like_model *m, rk_error *err)
{
    float rows[4][RK_LOGISTIC_MAX] = {{0}};

    if (!m->fitted)
        return RK_OK;
    memcpy(rows[0], m->logistic.weight, sizeof(rows[0]));
    memcpy(rows[1], m->logistic.mean, sizeof(rows[1]));
    memcpy(rows[2], m->logistic.sd, sizeof(rows[2]));
    rows[3][0] = (float)m->logistic.n;
    rows[3][1] = m->logistic.bias;
    return rk_bundle_put(w, name, RK_F32, 4, RK_LOGISTIC_MAX, rows, err);
}


static int like_model_get(const rk_bundle *b, const char *name,
                          rk_like_model *m, rk_error *err)
{
    rk_tensor t;
    const float *rows;
    const float *last;
    int rc;

    m->fitted = false;
    if (!rk_bundle_has(b, name))
        return RK_OK;
    rc = rk_bundle_get(b, name, RK_F32, 4, RK_LOGISTIC_MAX, &t, err);
    if (rc)
        return rc;
    rows = t.data;
    last = rows + (size_t)3 * RK_LOGISTIC_MAX; /* features, bias */
    if (!(last[0] >= 1) || last[0] > RK_LOGISTIC_MAX)
        return rk_fail(err, RK_EFORMAT, "snapshot: %s has %g features", name,
                       (double)last[0]);
    memcpy(m->logistic.weight, rows, sizeof(m->logistic.weight));
    memcpy(m->logistic.mean, rows + RK_LOGISTIC_MAX, sizeof(m->logistic.mean));
    memcpy(m->logistic.sd, rows + (size_t)2 * RK_LOGISTIC_MAX,
           sizeof(m->logistic.sd));
    m->logistic.n = (uint32_t)last[0];
    m->logistic.bias = last[1];
    m->fitted = true;
    return RK_OK;
}


/* Points *out at a float tensor, or NULL when the bundle has none. */
static int floats_get(const rk_bundle *b, const char *name, size_t rows,
                      size_t cols, const float **out, rk_error *err)
{
    rk_tensor t;
    int rc;

    *out = NULL;
    if (!rk_bundle_has(b, name))
        return RK_OK;
    rc = rk_bundle_get(b, name, RK_F32, rows, cols, &t, err);
    if (rc == RK_OK)
        *out = t.data;
    return rc;
}


static int attach_embeddings(rk_snapshot *s, const rk_bundle *b,
                             rk_user_map *room, rk_error *err)
{
    int rc = floats_get(b, "vectors.mean", 1, s->d, &s->vector_mean, err);

    if (rc == RK_OK)
        rc = floats_get(b, "embeddings.rank", 2, RK_EMBEDDINGS_WEIGHTS,
                        &s->embeddings_rank, err);
    if (rc == RK_OK)
        rc = like_model_get(b, "embeddings.like", &s->embeddings_like, err);
    if (rc == RK_OK && s->vectors && rk_bundle_has(b, "user_map.mean"))
        rc = rk_user_map_get(room, b, s->n_fitted, s->d, err);
    if (rc == RK_OK && room->n_items)
        rc = rk_carry_profiles(s, room, err);
    return rc;
}


static int attach_tokens(rk_snapshot *s, const rk_bundle *b,
                         rk_token_model *room, rk_error *err)
{
    const float *settings;
    size_t n = s->vocabulary.n;
    int rc;

    if (n == 0)
        return RK_OK;
    rc = floats_get(b, "tokens.mean", 1, n, &room->mean, err);
    if (rc == RK_OK)
        rc = floats_get(b, "tokens.gram", n, n, &room->gram, err);
    if (rc == RK_OK)
        rc = floats_get(b, "tokens.settings", 1, 2, &settings, err);
    if (rc == RK_OK && room->mean && room->gram && settings) {
        room->n_tokens = n;
        room->lambda = settings[0];
        room->background = settings[1];
        s->tokens = room;
    }
    if (rc == RK_OK)
        rc = like_model_get(b, "tokens.like", &s->tokens_like, err);
    return rc;
}


static int attach_writer(rk_snapshot *s, const rk_bundle *b, rk_error *err)
{
    size_t n_categories = s->vocabulary.n_categories;
    size_t n_words = s->vocabulary.n - n_categories;
    int rc;

    rc = like_model_get(b, "llm.like", &s->llm_like, err);
    if (rc == RK_OK)
        rc = like_model_get(b, "llm.yes_no_like", &s->llm_yes_no_like, err);
    if (rc == RK_OK)
        rc = rk_llm_learnt_get(&s->llm, b, s->n_fitted, err);
    if (rc == RK_OK)
        rc = floats_get(b, "wish.mean", 1, n_categories, &s->wish_mean, err);
    if (rc == RK_OK)
        rc = floats_get(b, "wish.sd", 1, n_categories, &s->wish_sd, err);
    if (rc == RK_OK)
        rc = floats_get(b, "wish.word_mean", n_categories, n_words,
                        &s->wish_word_mean, err);
    if (rc == RK_OK)
        rc = floats_get(b, "wish.word_sd", n_categories, n_words,
                        &s->wish_word_sd, err);
    return rc;
}


static int attach_blend(rk_snapshot *s, const rk_bundle *b,
                        rk_snapshot_room *room, rk_error *err)
{
    int rc = rk_blend_get(&room->blend, b, s->n_fitted, err);

    if (rc == RK_ENOTFOUND)
        return RK_OK;
    s->blend = room->blend;
    if (rc == RK_OK)
        rc = rk_carry_texts(s, &room->text_x, err);
    if (rc == RK_OK && rk_bundle_has(b, "ease.rows.start"))
        rc = rk_csr_get(b, "ease.rows", s->n_fitted, s->n_fitted, &s->ease,
                        err);
    return rc;
}


void rk_snapshot_room_clear(rk_snapshot_room *room)
{
    rk_blend_free(room->blend);
    rk_user_map_clear(&room->user_map);
    free(room->text_x);
    room->blend = NULL;
    room->text_x = NULL;
}


int rk_snapshot_attach(rk_snapshot *s, const rk_bundle *b,
                       rk_snapshot_room *room, rk_error *err)
{
    const float *share;
    int rc;

    memset(room, 0, sizeof(*room));
    rc = floats_get(b, "popularity", 1, s->n_fitted, &s->popularity, err);
    if (rc == RK_OK)
        rc = floats_get(b, "like_rate", 1, s->n_fitted, &s->like_rate, err);
    if (rc == RK_OK)
        rc = floats_get(b, "like_share", 1, 1, &share, err);
    if (rc)
        return rc;
    s->catalogue_share = share ? *share : 0.5f;
    rc = attach_blend(s, b, room, err);
    if (rc == RK_OK)
        rc = floats_get(b, "fusion", 2, 0, &s->fusion, err);
    if (rc == RK_OK)
        rc = floats_get(b, "llm.step", 1, RK_LLM_STEP_SPANS, &s->llm_step, err);
    if (rc == RK_OK)
        rc = attach_embeddings(s, b, &room->user_map, err);
    if (rc == RK_OK)
        rc = attach_tokens(s, b, &room->tokens, err);
    if (rc == RK_OK)
        rc = attach_writer(s, b, err);
    return rc;
}

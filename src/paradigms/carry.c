#include "paradigms/carry.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/text_map.h"

#include <string.h>

#define NEAREST 10 /* fitted items that stand in for a newer one */

/* x of items [first, first + n), from their vectors and tokens. */
static int texts_fill(const rk_snapshot *s, size_t first, size_t n, float *x,
                      rk_error *err)
{
    rk_csr tokens = s->item_tokens;
    rk_side side = {.vectors = rk_snapshot_vector(s, (uint32_t)first),
                    .d = s->d};

    if (tokens.n_rows) {
        tokens.start += first;
        tokens.n_rows = n;
        side.tokens = &tokens;
    }
    return rk_text_map_features(
        s->text_map, &side, n, x + first * rk_text_map_width(s->text_map), err);
}


static int texts_renew(const rk_snapshot *s, float **room, rk_error *err)
{
    size_t width = rk_text_map_width(s->text_map);
    size_t n = s->n_fitted;
    int rc = RK_OK;

    *room = rk_alloc_array(s->n_items, width * sizeof(**room));
    if (!*room)
        return rk_no_memory(err);
    memcpy(*room, rk_text_map_rows(s->text_map), n * width * sizeof(**room));
    for (size_t i = 0; s->is_changed && i < n && rc == RK_OK; i++)
        if (s->is_changed[i])
            rc = texts_fill(s, i, 1, *room, err);
    if (rc == RK_OK && s->n_items > n)
        rc = texts_fill(s, n, s->n_items - n, *room, err);
    if (rc) {
        free(*room);
        *room = NULL;
    }
    return rc;
}


int rk_carry_texts(rk_snapshot *s, float **room, rk_error *err)
{
    bool same = s->n_items == s->n_fitted;
    int rc = RK_OK;

    *room = NULL;
    s->text_map = NULL;
    s->text_x = NULL;
    for (size_t m = 0; s->blend && s->vectors && m < s->blend->n_models; m++)
        if (s->blend->models[m]->learner == &rk_learner_text_map)
            s->text_map = s->blend->models[m];
    if (!s->text_map)
        return RK_OK;
    for (size_t i = 0; s->is_changed && i < s->n_fitted; i++)
        same = same && !s->is_changed[i];
    if (!same)
        rc = texts_renew(s, room, err);
    s->text_x = same ? rk_text_map_rows(s->text_map) : *room;
    if (rc)
        s->text_map = NULL;
    return rc;
}


static bool is_newer(const void *ctx, uint32_t item)
{
    const rk_snapshot *s = ctx;

    return item >= s->n_fitted;
}


/* Column `item` of n_items, the mean of the nearest fitted items' ones, in
 * each row of a matrix whose first columns are these. */
static void columns_mean(const rk_hit *near, size_t n, size_t rows,
                         size_t n_items, size_t item, float *matrix)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = matrix + r * n_items;

        row[item] = 0;
        for (size_t k = 0; k < n; k++)
            row[item] += row[near[k].index] / (float)n;
    }
}


static int newer_fill(const rk_snapshot *s, float *base, float *weights,
                      rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = s->n_fitted; i < s->n_items && rc == RK_OK; i++) {
        rk_hit near[NEAREST];
        size_t n = 0;

        rc = rk_index_search(s->vectors, rk_snapshot_vector(s, (uint32_t)i),
                             NEAREST, RK_SEARCH_BEST, is_newer, s, near, &n,
                             err);
        columns_mean(near, n, 1, s->n_items, i, base);
        columns_mean(near, n, s->d, s->n_items, i, weights);
    }
    return rc;
}


int rk_carry_profiles(rk_snapshot *s, rk_user_map *map, rk_error *err)
{
    size_t n = s->n_items;
    float *mean = NULL;
    float *base = NULL;
    float *weights = NULL;
    int rc;

    s->user_map = map;
    if (map->n_items == n)
        return RK_OK;
    mean = rk_alloc_array(map->d, sizeof(*mean));
    base = rk_alloc_array(n, sizeof(*base));
    weights = rk_alloc_array(n, map->d * sizeof(*weights));
    rc = mean && base && weights ? RK_OK : rk_no_memory(err);
    if (rc)
        goto done;
    memcpy(mean, map->mean, map->d * sizeof(*mean));
    memcpy(base, map->base, map->n_items * sizeof(*base));
    for (size_t k = 0; k < map->d; k++)
        memcpy(weights + k * n, map->weights + k * map->n_items,
               map->n_items * sizeof(*weights));
    rc = newer_fill(s, base, weights, err);
    if (rc)
        goto done;
    rk_user_map_clear(map);
    *map = (rk_user_map){n, s->d, mean, base, weights, false};
    mean = base = weights = NULL;

done:
    free(mean);
    free(base);
    free(weights);
    if (rc)
        s->user_map = NULL;
    return rc;
}

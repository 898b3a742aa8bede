#include "eval/shuffle.h"

#include "core/mem.h"
#include "core/rng.h"

#include <string.h>

/* Item i takes the vector of item from[i]. */
static int shuffle_vectors(rk_snapshot *s, const uint32_t *from, rk_error *err)
{
    float *rows = rk_alloc_array(s->n_items * s->d, sizeof(*rows));
    rk_index *shuffled = NULL;
    int rc = rows ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < s->n_items && rc == RK_OK; i++)
        memcpy(rows + i * s->d, rk_index_vector(s->vectors, from[i]),
               s->d * sizeof(*rows));
    if (rc == RK_OK)
        rc = rk_index_new(&shuffled, s->d, err);
    if (rc == RK_OK)
        rc = rk_index_add(shuffled, rows, s->n_items, err);
    if (rc == RK_OK) {
        rk_index_free(s->vectors);
        s->vectors = shuffled;
        shuffled = NULL;
    }
    rk_index_free(shuffled);
    free(rows);
    return rc;
}


/* Item i takes the tokens of item from[i]. */
static int shuffle_tokens(rk_readings *r, const uint32_t *from, rk_error *err)
{
    rk_csr *t = &r->snapshot.item_tokens;
    uint64_t *start = rk_calloc(t->n_rows + 1, sizeof(*start));
    uint32_t *col = rk_alloc_array(t->start[t->n_rows], sizeof(*col));
    float *value = rk_alloc_array(t->start[t->n_rows], sizeof(*value));

    if (!start || !col || !value) {
        free(start);
        free(col);
        free(value);
        return rk_no_memory(err);
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        uint64_t first = t->start[from[i]];
        uint64_t n = t->start[from[i] + 1] - first;

        if (n) {
            memcpy(col + start[i], t->col + first, n * sizeof(*col));
            memcpy(value + start[i], t->value + first, n * sizeof(*value));
        }
        start[i + 1] = start[i] + n;
    }
    free(r->item_start);
    free(r->item_col);
    free(r->item_value);
    r->item_start = start;
    r->item_col = col;
    r->item_value = value;
    t->start = start;
    t->col = col;
    t->value = value;
    return RK_OK;
}


int rk_shuffle_texts(rk_readings *r, uint64_t seed, rk_error *err)
{
    rk_snapshot *s = &r->snapshot;
    uint32_t *from = rk_alloc_array(s->n_items, sizeof(*from));
    rk_rng rng = {seed};
    int rc = RK_OK;

    if (!from)
        return rk_no_memory(err);
    for (uint32_t i = 0; i < s->n_items; i++)
        from[i] = i;
    rk_rng_shuffle(&rng, from, (uint32_t)s->n_items);
    if (s->vectors)
        rc = shuffle_vectors(s, from, err);
    if (rc == RK_OK && s->item_tokens.n_rows)
        rc = shuffle_tokens(r, from, err);
    free(from);
    return rc;
}

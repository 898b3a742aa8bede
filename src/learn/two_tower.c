#include "learn/two_tower.h"

#include "core/blas.h"
#include "learn/floats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


void rk_two_tower_clear(rk_two_tower *t)
{
    free(t->room);
    memset(t, 0, sizeof(*t));
}


void rk_two_tower_user(const rk_two_tower *t, const float *h, float *p)
{
    memcpy(p, t->user + t->n_user * t->rank, t->rank * sizeof(*p));
    for (size_t j = 0; j < t->n_user; j++)
        rk_axpy(t->rank,
                (h[j] - t->user_scale[j]) * t->user_scale[t->n_user + j],
                t->user + j * t->rank, p);
}


float rk_two_tower_score(const rk_two_tower *t, const float *p, const float *f)
{
    double score = 0;

    for (size_t j = 0; j < t->n_item; j++)
        score += (double)((f[j] - t->item_scale[j]) *
                          t->item_scale[t->n_item + j]) *
                 rk_dot(t->item + j * t->rank, p, t->rank);
    return (float)score;
}


/* Their names' ends, and shapes. */
typedef struct part {
    const char *end;
    size_t rows;
    size_t cols;
    const float *const *at;
} part;


static void parts_of(const rk_two_tower *t, part parts[4])
{
    parts[0] = (part){"user", t->n_user + 1, t->rank, &t->user};
    parts[1] = (part){"item", t->n_item, t->rank, &t->item};
    parts[2] = (part){"user_scale", 2, t->n_user, &t->user_scale};
    parts[3] = (part){"item_scale", 2, t->n_item, &t->item_scale};
}


int rk_two_tower_put(const rk_two_tower *t, rk_bundle_writer *w,
                     const char *name, rk_error *err)
{
    part parts[4];
    char full[64];
    int rc = RK_OK;

    parts_of(t, parts);
    for (size_t i = 0; i < 4 && rc == RK_OK; i++) {
        snprintf(full, sizeof(full), "%s.%s", name, parts[i].end);
        rc = rk_bundle_put(w, full, RK_F32, parts[i].rows, parts[i].cols,
                           *parts[i].at, err);
    }
    return rc;
}


int rk_two_tower_get(rk_two_tower *out, const rk_bundle *b, const char *name,
                     rk_error *err)
{
    rk_tensor t[4];
    part parts[4];
    char full[64];
    int rc = RK_OK;

    memset(out, 0, sizeof(*out));
    parts_of(out, parts);
    for (size_t i = 0; i < 4 && rc == RK_OK; i++) {
        snprintf(full, sizeof(full), "%s.%s", name, parts[i].end);
        rc = rk_bundle_get(b, full, RK_F32, 0, 0, &t[i], err);
    }
    if (rc)
        return rc;
    if (t[0].rows < 2 || t[0].cols < 1 || t[0].cols > RK_TWO_TOWER_RANK ||
        t[1].rows < 1 || t[1].cols != t[0].cols || t[2].rows != 2 ||
        t[2].cols != t[0].rows - 1 || t[3].rows != 2 || t[3].cols != t[1].rows)
        return rk_fail(err, RK_EFORMAT,
                       "%s: towers of (%zu, %zu) and (%zu, %zu) do not fit "
                       "together",
                       name, t[0].rows, t[0].cols, t[1].rows, t[1].cols);
    for (size_t i = 0; i < 4; i++)
        if (!rk_floats_finite(t[i].data, t[i].rows * t[i].cols))
            return rk_fail(err, RK_EFORMAT, "%s.%s: a value is not finite",
                           name, parts[i].end);
    *out = (rk_two_tower){.n_user = t[0].rows - 1,
                          .n_item = t[1].rows,
                          .rank = t[0].cols,
                          .user = t[0].data,
                          .item = t[1].data,
                          .user_scale = t[2].data,
                          .item_scale = t[3].data};
    return RK_OK;
}

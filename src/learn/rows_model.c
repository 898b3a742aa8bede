#include "learn/rows_model.h"

#include "core/mem.h"

#include <assert.h>


void rk_rows_model_free(rk_model *m)
{
    rk_rows_model *model = (rk_rows_model *)m;

    if (!model)
        return;
    for (size_t c = 0; c < model->plan->n_matrices; c++)
        rk_item_rows_clear(&model->rows[c]);
    free(model);
}


int rk_rows_model_new(rk_rows_model **out, const rk_rows_plan *plan,
                      size_t n_items, rk_error *err)
{
    rk_rows_model *m = rk_calloc(1, sizeof(*m));

    assert(plan->n_matrices <= RK_ROWS_MATRICES);
    *out = m;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){plan->learner, n_items};
    m->plan = plan;
    return RK_OK;
}


int rk_rows_model_keep(rk_rows_model *m, size_t c, const float *b,
                       rk_error *err)
{
    assert(c < m->plan->n_matrices && !m->rows[c].b.start);
    return rk_item_rows_init(&m->rows[c], b, m->base.n_items, m->plan->keep,
                             err);
}


int rk_rows_model_of(rk_model **out, const rk_rows_plan *plan, const float *b,
                     size_t n_items, rk_error *err)
{
    rk_rows_model *m;
    int rc = rk_rows_model_new(&m, plan, n_items, err);

    *out = NULL;
    if (rc != RK_OK)
        return rc;
    for (size_t c = 0; rc == RK_OK && c < plan->n_matrices; c++)
        rc = rk_rows_model_keep(m, c, b + c * n_items * n_items, err);
    if (rc != RK_OK) {
        rk_rows_model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


double rk_rows_model_bytes(const rk_rows_plan *plan, size_t n_items)
{
    return (double)plan->n_matrices * rk_item_rows_bytes(n_items, plan->keep);
}


int rk_rows_model_score(const rk_model *m, const rk_histories *who,
                        float *scores, rk_error *err)
{
    const rk_rows_model *model = (const rk_rows_model *)m;
    const rk_rows_plan *plan = model->plan;
    int rc = RK_OK;

    for (size_t c = 0; rc == RK_OK && c < plan->n_matrices; c++) {
        size_t column = c * plan->n_decays;

        rc = rk_item_rows_score(&model->rows[c], who, plan->decays + column,
                                plan->n_decays, m->learner->n_columns,
                                scores + column * m->n_items, err);
    }
    return rc;
}


int rk_rows_model_put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    const rk_rows_model *model = (const rk_rows_model *)m;
    int rc = RK_OK;

    for (size_t c = 0; rc == RK_OK && c < model->plan->n_matrices; c++)
        rc = rk_item_rows_put(&model->rows[c], model->plan->names[c], w, err);
    return rc;
}


int rk_rows_model_get(rk_model **out, const rk_rows_plan *plan,
                      const rk_bundle *b, size_t n_items, rk_error *err)
{
    rk_rows_model *m;
    int rc = rk_rows_model_new(&m, plan, n_items, err);

    *out = NULL;
    if (rc != RK_OK)
        return rc;
    for (size_t c = 0; rc == RK_OK && c < plan->n_matrices; c++)
        rc = rk_item_rows_get(&m->rows[c], b, plan->names[c], n_items, err);
    if (rc != RK_OK) {
        rk_rows_model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}

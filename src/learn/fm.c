#include "learn/fm.h"

#include "core/mem.h"
#include "core/rng.h"
#include "data/bundle_layout.h"
#include "learn/floats.h"
#include "learn/logistic.h"

#include <math.h>
#include <string.h>

const rk_fm_opts rk_fm_defaults = {
    .k = 8,
    .n_epochs = 10,
    .seed = 1,
    .linear = {0.1f, 1, 0.05f, 1},
    .pairs = {0.05f, 1, 0, 1},
    .start = 0.05f,
};

/* A machine in the making: `m` looks into the optimisers' weights. */
typedef struct training {
    rk_fm m;
    rk_ftrl bias;
    rk_ftrl linear;
    rk_ftrl pairs;
    float *slopes;   /* (longest row, k) */
    uint32_t *order; /* (n_rows) */
} training;


/* sum_j v_jf x_j (k). */
static void add_up(const rk_fm *m, const uint32_t *col, const float *x,
                   size_t n, float *sum)
{
    memset(sum, 0, m->k * sizeof(*sum));
    for (size_t j = 0; j < n; j++) {
        const float *v = m->v + col[j] * m->k;

        if (col[j] < m->n)
            for (size_t f = 0; f < m->k; f++)
                sum[f] += v[f] * x[j];
    }
}


float rk_fm_logit(const rk_fm *m, const uint32_t *col, const float *x, size_t n)
{
    float sum[RK_FM_MAX];
    float linear = m->w0;
    float pairs = 0;

    add_up(m, col, x, n, sum);
    for (size_t f = 0; f < m->k; f++)
        pairs += sum[f] * sum[f];
    for (size_t j = 0; j < n; j++) {
        const float *v = m->v + col[j] * m->k;
        float square = 0;

        if (col[j] >= m->n)
            continue;
        for (size_t f = 0; f < m->k; f++)
            square += v[f] * v[f];
        linear += m->w[col[j]] * x[j];
        pairs -= square * x[j] * x[j];
    }
    return linear + pairs / 2;
}


void rk_fm_logits(const rk_fm *m, const rk_csr *rows, float *logits)
{
    for (size_t r = 0; r < rows->n_rows; r++)
        logits[r] = rk_fm_logit(m, rows->col + rows->start[r],
                                rows->value + rows->start[r],
                                rows->start[r + 1] - rows->start[r]);
}


double rk_fm_parts(const rk_fm *m, const uint32_t *col, const float *x,
                   size_t n, double *linear, double *pairs)
{
    double sum = (double)m->w0;
    size_t at = 0;

    for (size_t j = 0; j < n; j++) {
        linear[j] = col[j] < m->n ? (double)m->w[col[j]] * (double)x[j] : 0;
        sum += linear[j];
    }
    for (size_t j = 0; j < n; j++)
        for (size_t l = j + 1; l < n; l++) {
            double product = 0;

            if (col[j] < m->n && col[l] < m->n)
                for (size_t f = 0; f < m->k; f++)
                    product += (double)m->v[col[j] * m->k + f] *
                               (double)m->v[col[l] * m->k + f];
            pairs[at] = product * (double)x[j] * (double)x[l];
            sum += pairs[at++];
        }
    return sum;
}


/* dy / dv_jf = x_j (sum_f - v_jf x_j) */
void rk_fm_slopes(const rk_fm *m, const uint32_t *col, const float *x, size_t n,
                  float *slopes)
{
    float sum[RK_FM_MAX];

    add_up(m, col, x, n, sum);
    for (size_t j = 0; j < n; j++) {
        const float *v = m->v + col[j] * m->k;

        for (size_t f = 0; f < m->k; f++)
            slopes[j * m->k + f] = col[j] < m->n ? x[j] * (sum[f] - v[f] * x[j])
                                                 : 0;
    }
}


static void learn_row(training *t, const rk_csr *rows, const uint8_t *y,
                      size_t r)
{
    static const float one = 1;
    const uint32_t *col = rows->col + rows->start[r];
    const float *x = rows->value + rows->start[r];
    size_t n = rows->start[r + 1] - rows->start[r];
    size_t k = t->m.k;
    float miss = rk_sigmoid(rk_fm_logit(&t->m, col, x, n)) -
                 (y[r] ? 1.0f : 0.0f);

    rk_fm_slopes(&t->m, col, x, n, t->slopes);
    rk_ftrl_step(&t->bias, 0, 1, miss, &one);
    t->m.w0 = t->bias.w[0];
    for (size_t j = 0; j < n; j++) {
        rk_ftrl_step(&t->linear, col[j], 1, miss, &x[j]);
        rk_ftrl_step(&t->pairs, col[j] * k, k, miss, t->slopes + j * k);
    }
}


static int training_init(training *t, const rk_csr *rows, const rk_fm_opts *o,
                         rk_error *err)
{
    rk_ftrl_opts free_bias = {o->linear.alpha, o->linear.beta, 0, 0};
    rk_rng rng = {o->seed};
    size_t longest = 1;
    size_t n_factors;
    int rc;

    if (__builtin_mul_overflow(rows->n_cols, o->k, &n_factors))
        return rk_no_memory(err);
    rc = rk_ftrl_init(&t->bias, 1, &free_bias, err);
    if (rc == RK_OK)
        rc = rk_ftrl_init(&t->linear, rows->n_cols, &o->linear, err);
    if (rc == RK_OK)
        rc = rk_ftrl_init(&t->pairs, n_factors, &o->pairs, err);
    if (rc != RK_OK)
        return rc;
    for (size_t i = 0; i < n_factors; i++)
        rk_ftrl_start(&t->pairs, i,
                      o->start * (float)(2 * rk_rng_unit(&rng) - 1));
    for (size_t r = 0; r < rows->n_rows; r++)
        if (rows->start[r + 1] - rows->start[r] > longest)
            longest = rows->start[r + 1] - rows->start[r];
    t->slopes = rk_alloc_array(longest, (o->k + 1) * sizeof(*t->slopes));
    t->order = rk_alloc_array(rows->n_rows, sizeof(*t->order));
    if (!t->slopes || !t->order)
        return rk_no_memory(err);
    for (size_t r = 0; r < rows->n_rows; r++)
        t->order[r] = (uint32_t)r;
    t->m = (rk_fm){rows->n_cols, o->k, 0, t->linear.w, t->pairs.w, {NULL}};
    return RK_OK;
}


static void training_clear(training *t)
{
    rk_ftrl_clear(&t->bias);
    rk_ftrl_clear(&t->linear);
    rk_ftrl_clear(&t->pairs);
    free(t->slopes);
    free(t->order);
}


int rk_fm_fit(rk_fm **out, const rk_csr *rows, const uint8_t *y,
              const rk_fm_opts *opts, rk_error *err)
{
    const rk_fm_opts *o = opts ? opts : &rk_fm_defaults;
    rk_rng rng = {o->seed + 1};
    training t = {0};
    rk_fm *m = NULL;
    int rc;

    *out = NULL;
    if (rows->n_rows == 0 || rows->n_rows > UINT32_MAX)
        return rk_fail(err, RK_EINVAL, "%zu rows, must be 1 to %u",
                       rows->n_rows, UINT32_MAX);
    if (o->k > RK_FM_MAX || !isfinite(o->start))
        return rk_fail(err, RK_EINVAL, "k is %zu, must be 0 to %d; start %g",
                       o->k, RK_FM_MAX, (double)o->start);
    rc = training_init(&t, rows, o, err);
    if (rc != RK_OK)
        goto done;
    m = rk_calloc(1, sizeof(*m));
    if (!m) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t epoch = 0; epoch < o->n_epochs; epoch++) {
        rk_rng_shuffle(&rng, t.order, (uint32_t)rows->n_rows);
        for (size_t r = 0; r < rows->n_rows; r++)
            learn_row(&t, rows, y, t.order[r]);
    }
    *m = t.m;
    m->owned[0] = rk_ftrl_take(&t.linear);
    m->owned[1] = rk_ftrl_take(&t.pairs);
    *out = m;

done:
    training_clear(&t);
    return rc;
}


void rk_fm_free(rk_fm *m)
{
    if (!m)
        return;
    free(m->owned[0]);
    free(m->owned[1]);
    free(m);
}


int rk_fm_put(const rk_fm *m, const char *name, rk_bundle_writer *w,
              rk_error *err)
{
    float *linear = rk_alloc_array(m->n + 1, sizeof(*linear));
    char full[RKSN_NAME];
    int rc;

    if (!linear)
        return rk_no_memory(err);
    linear[0] = m->w0;
    memcpy(linear + 1, m->w, m->n * sizeof(*linear));
    rc = rk_bundle_name_join(full, name, ".fm.w")
             ? rk_bundle_put(w, full, RK_F32, 1, m->n + 1, linear, err)
             : rk_fail(err, RK_EINVAL, "%s is too long a name", name);
    free(linear);
    if (rc != RK_OK)
        return rc;
    rk_bundle_name_join(full, name, ".fm.v");
    return rk_bundle_put(w, full, RK_F32, m->n, m->k, m->v, err);
}


int rk_fm_get(rk_fm **out, const char *name, const rk_bundle *b, size_t n,
              rk_error *err)
{
    char full[RKSN_NAME];
    rk_tensor w;
    rk_tensor v;
    rk_fm *m;
    int rc;

    *out = NULL;
    if (!rk_bundle_name_join(full, name, ".fm.w"))
        return rk_fail(err, RK_EINVAL, "%s is too long a name", name);
    rc = rk_bundle_get(b, full, RK_F32, 1, n ? n + 1 : 0, &w, err);
    if (rc != RK_OK)
        return rc;
    rk_bundle_name_join(full, name, ".fm.v");
    rc = rk_bundle_get(b, full, RK_F32, 0, 0, &v, err);
    if (rc != RK_OK)
        return rc;
    if (w.cols == 0 || v.rows != w.cols - 1 || v.cols > RK_FM_MAX ||
        !rk_floats_finite(w.data, w.cols) ||
        !rk_floats_finite(v.data, v.rows * v.cols))
        return rk_fail(err, RK_EFORMAT, "%s is no factorisation machine", full);
    m = rk_calloc(1, sizeof(*m));
    if (!m)
        return rk_no_memory(err);
    *m = (rk_fm){
        v.rows, v.cols, *(const float *)w.data, (const float *)w.data + 1,
        v.data, {NULL}};
    *out = m;
    return RK_OK;
}

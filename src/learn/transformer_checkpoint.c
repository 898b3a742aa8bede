#include "learn/transformer_checkpoint.h"

#include "core/hash.h"
#include "learn/floats.h"

#include <math.h>
#include <string.h>

/* Changes when training would go on differently from the same weights. */
#define VERSION 1

enum { FINGERPRINT, EPOCHS, STEPS, FIELDS };


static uint64_t hash_or_zero(const void *bytes, size_t len)
{
    return bytes ? rk_hash64(bytes, len) : 0;
}


uint64_t rk_transformer_fingerprint(const rk_transformer *m,
                                    const rk_histories *h,
                                    const rk_train_opts *opts,
                                    const rk_transformer_opts *o)
{
    const rk_tf_shape *s = &m->shape;
    const rk_side *side = o->use_vectors ? opts->side : NULL;
    size_t first = h->start[0];
    float rates[3] = {o->dropout, o->rate, o->decay};
    uint64_t words[] = {
        VERSION,
        s->n_items,
        s->d,
        s->blocks,
        s->heads,
        s->context,
        o->epochs,
        o->batch,
        o->warm_up,
        o->full_items,
        o->n_sampled,
        opts->seed,
        rk_hash64(rates, sizeof(rates)),
        rk_hash64(h->start, (h->n_users + 1) * sizeof(*h->start)),
        rk_hash64(h->item + first,
                  (h->start[h->n_users] - first) * sizeof(*h->item)),
        side && side->vectors
            ? hash_or_zero(side->vectors,
                           h->n_items * side->d * sizeof(*side->vectors))
            : 0,
    };

    return rk_hash64(words, sizeof(words));
}


int rk_checkpoint_save(const rk_checkpoint *c, const char *path,
                       uint64_t epochs, uint64_t steps, rk_error *err)
{
    uint64_t fields[FIELDS] = {c->fingerprint, epochs, steps};
    rk_bundle_writer *w = NULL;
    int rc = rk_bundle_writer_new(&w, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "of", RK_U64, 1, FIELDS, fields, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "weights", RK_F32, 1, c->n, c->w, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "moments", RK_F32, 2, c->n, c->moments, err);
    if (rc == RK_OK)
        rc = rk_bundle_save(w, path, err);
    rk_bundle_writer_free(w);
    return rc;
}


bool rk_checkpoint_load(const rk_checkpoint *c, const char *path,
                        uint64_t *epochs, uint64_t *steps)
{
    rk_bundle *b = NULL;
    rk_tensor of = {0};
    rk_tensor w = {0};
    rk_tensor moments = {0};
    bool ours = rk_bundle_open(&b, path, NULL) == RK_OK &&
                rk_bundle_get(b, "of", RK_U64, 1, FIELDS, &of, NULL) == RK_OK &&
                ((const uint64_t *)of.data)[FINGERPRINT] == c->fingerprint &&
                rk_bundle_get(b, "weights", RK_F32, 1, c->n, &w, NULL) ==
                    RK_OK &&
                rk_bundle_get(b, "moments", RK_F32, 2, c->n, &moments, NULL) ==
                    RK_OK &&
                rk_floats_finite(w.data, c->n) &&
                rk_floats_finite(moments.data, 2 * c->n);

    if (ours) {
        memcpy(c->w, w.data, c->n * sizeof(*c->w));
        memcpy(c->moments, moments.data, 2 * c->n * sizeof(*c->moments));
        *epochs = ((const uint64_t *)of.data)[EPOCHS];
        *steps = ((const uint64_t *)of.data)[STEPS];
    }
    rk_bundle_close(b);
    return ours;
}

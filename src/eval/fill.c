#include "eval/fill.h"

#include "core/mem.h"
#include "data/record.h"

#include <assert.h>
#include <string.h>


int rk_fill_begin(rk_fill *f, const rk_corpus *catalogue, size_t n_candidates,
                  rk_error *err)
{
    rk_corpus *c = rk_calloc(1, sizeof(*c));

    memset(f, 0, sizeof(*f));
    if (!c)
        return rk_no_memory(err);
    f->q.asked = c;
    f->q.n_candidates = n_candidates;
    c->borrowed = true;
    c->n_items = catalogue->n_items;
    c->items = catalogue->items;
    c->item_ids = catalogue->item_ids;
    c->start = rk_grow(NULL, 0, &f->start_cap, sizeof(*c->start));
    f->q.truth_start = rk_grow(NULL, 0, &f->truth_start_cap,
                               sizeof(*f->q.truth_start));
    if (!c->start || !f->q.truth_start || rk_ids_new(&c->user_ids, err)) {
        rk_fill_clear(f);
        return rk_no_memory(err);
    }
    c->start[0] = 0;
    f->q.truth_start[0] = 0;
    return RK_OK;
}


/* Room for one more in *array; false: no memory. */
static bool grow(void *array, size_t n, size_t *cap, size_t size)
{
    void *old;
    void *grown;

    memcpy(&old, array, sizeof(old));
    grown = rk_grow(old, n, cap, size);
    if (grown)
        memcpy(array, &grown, sizeof(grown));
    return grown != NULL;
}


int rk_fill_user(rk_fill *f, const char *id, const rk_record *profile,
                 uint32_t in_train, rk_error *err)
{
    rk_corpus *c = f->q.asked;
    size_t n = c->n_users;
    rk_record *copy = NULL;
    uint32_t at = 0;
    int rc = RK_OK;

    if (rk_ids_find(c->user_ids, id) != RK_NO_ID)
        return rk_fail(err, RK_EFORMAT, "user '%.64s' again", id);
    if (!grow(&f->q.user, n, &f->user_cap, sizeof(*f->q.user)) ||
        !grow(&c->users, n, &f->users_cap, sizeof(rk_record *)) ||
        !grow(&c->start, n + 1, &f->start_cap, sizeof(*c->start)) ||
        !grow(&f->q.truth_start, n + 1, &f->truth_start_cap,
              sizeof(*f->q.truth_start)) ||
        !(copy = rk_record_copy(profile))) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_ids_add(c->user_ids, id, &at, err);
    if (rc)
        goto done;
    c->users[n] = copy;
    copy = NULL;
    f->q.user[n] = in_train;
    c->start[n + 1] = c->start[n];
    f->q.truth_start[n + 1] = f->q.truth_start[n];
    c->n_users++;

done:
    rk_record_free(copy);
    return rc;
}


int rk_fill_event(rk_fill *f, rk_seen e, rk_error *err)
{
    rk_corpus *c = f->q.asked;
    size_t n = c->start[c->n_users];

    assert(c->n_users > 0 && e.item < c->n_items);
    if (!grow(&c->seen, n, &f->seen_cap, sizeof(*c->seen)))
        return rk_no_memory(err);
    c->seen[n] = e;
    c->start[c->n_users]++;
    return RK_OK;
}


int rk_fill_truth(rk_fill *f, uint32_t item, rk_error *err)
{
    size_t *end = &f->q.truth_start[f->q.asked->n_users];

    assert(f->q.asked->n_users > 0 && item < f->q.asked->n_items);
    if (!grow(&f->q.truth, *end, &f->truth_cap, sizeof(*f->q.truth)))
        return rk_no_memory(err);
    f->q.truth[(*end)++] = item;
    return RK_OK;
}


int rk_fill_candidates(rk_fill *f, const uint32_t *others, size_t n,
                       rk_rng *rng, rk_error *err)
{
    size_t row = f->q.n_candidates;
    size_t from = (f->q.asked->n_users - 1) * row;
    uint32_t truth = f->q.truth[f->q.truth_start[f->q.asked->n_users] - 1];
    size_t place;

    assert(row > 0);
    while (f->candidates_cap < from + row)
        if (!grow(&f->q.candidates, f->candidates_cap, &f->candidates_cap,
                  sizeof(*f->q.candidates)))
            return rk_no_memory(err);
    n = n < row ? n : row - 1;
    place = rk_rng_below(rng, (uint32_t)n + 1);
    for (size_t i = 0; i < row; i++) {
        uint32_t item = RK_NO_ID;

        if (i == place)
            item = truth;
        else if (i <= n)
            item = others[i - (i > place)];
        f->q.candidates[from + i] = item;
    }
    return RK_OK;
}


int rk_fill_label(rk_fill *f, int8_t label, uint32_t cluster, rk_error *err)
{
    size_t u = f->q.asked->n_users - 1;

    if (!grow(&f->q.label, u, &f->label_cap, sizeof(*f->q.label)) ||
        !grow(&f->q.cluster, u, &f->cluster_cap, sizeof(*f->q.cluster)))
        return rk_no_memory(err);
    f->q.label[u] = label;
    f->q.cluster[u] = cluster;
    return RK_OK;
}


void rk_fill_take_questions(rk_fill *f, rk_questions *out)
{
    *out = f->q;
    memset(f, 0, sizeof(*f));
}


rk_corpus *rk_fill_take_corpus(rk_fill *f)
{
    rk_corpus *c = f->q.asked;

    f->q.asked = NULL;
    rk_fill_clear(f);
    return c;
}


void rk_fill_clear(rk_fill *f)
{
    rk_fill_free_questions(&f->q);
    memset(f, 0, sizeof(*f));
}


void rk_fill_free_corpus(rk_corpus *c)
{
    if (!c)
        return;
    for (size_t u = 0; u < c->n_users; u++)
        rk_record_free(c->users[u]);
    free(c->users);
    rk_ids_free(c->user_ids);
    rk_corpus_free(c);
}


void rk_fill_free_questions(rk_questions *q)
{
    rk_fill_free_corpus(q->asked);
    free(q->user);
    free(q->truth_start);
    free(q->truth);
    free(q->candidates);
    free(q->label);
    free(q->cluster);
    memset(q, 0, sizeof(*q));
}


bool *rk_fill_draw(size_t n, size_t at_most, uint64_t seed)
{
    bool *asked = rk_calloc(n ? n : 1, sizeof(*asked));
    rk_rng rng = {seed};
    size_t want = at_most && at_most < n ? at_most : n;

    /* Selection sampling (Knuth, volume 2, algorithm S). */
    for (size_t i = 0; asked && i < n; i++) {
        if (rk_rng_below(&rng, (uint32_t)(n - i)) < want) {
            asked[i] = true;
            want--;
        }
    }
    return asked;
}

#include "engine/opening.h"

#include "core/mem.h"
#include "data/record.h"

#include <string.h>


int rk_opening_name(rk_opening *o, const rk_bundle *b, rk_error *err)
{
    rk_serving *v = o->v;
    rk_strings ids;
    uint32_t position;
    int rc = rk_bundle_get_strings(b, "item.ids", 0, &ids, err);

    if (rc == RK_OK)
        rc = rk_ids_new(&v->ids, err);
    for (size_t i = 0; rc == RK_OK && i < ids.n; i++) {
        rc = rk_ids_add(v->ids, rk_strings_at(&ids, i), &position, err);
        if (rc == RK_OK && position != i)
            rc = rk_fail(err, RK_EFORMAT, "snapshot: item %s stands twice",
                         rk_strings_at(&ids, i));
    }
    if (rc)
        return rc;
    o->n_fitted = ids.n;
    o->cap_items = ids.n + 16;
    v->items = rk_calloc(o->cap_items, sizeof(void *));
    return v->items ? RK_OK : rk_no_memory(err);
}


static int take_item(void *ctx, const rk_record *r, rk_error *err)
{
    rk_opening *o = ctx;
    rk_serving *v = o->v;
    uint32_t at;
    int rc = rk_ids_add(v->ids, r->id, &at, err);

    if (rc)
        return rc;
    if (at >= o->cap_items) {
        rk_record **more = rk_realloc_array(v->items, 2 * (size_t)at,
                                            sizeof(void *));

        if (!more)
            return rk_no_memory(err);
        v->items = more;
        memset(more + o->cap_items, 0,
               (2 * (size_t)at - o->cap_items) * sizeof(void *));
        o->cap_items = 2 * (size_t)at;
    }
    v->items[at] = rk_record_copy(r);
    return v->items[at] ? RK_OK : rk_no_memory(err);
}


static int take_changed(void *ctx, const rk_record *r, rk_error *err)
{
    rk_opening *o = ctx;
    uint32_t item = rk_ids_find(o->v->ids, r->id);
    uint32_t *more;

    if (item == RK_NO_ID)
        return RK_OK; /* it came while the catalogue was read */
    more = rk_grow(o->changed, o->n_changed, &o->cap_changed, sizeof(*more));
    if (!more)
        return rk_no_memory(err);
    o->changed = more;
    more[o->n_changed++] = item;
    return RK_OK;
}


static int another_store(rk_error *err)
{
    return rk_fail(err, RK_ENOTREADY,
                   "the snapshot was made from another store: run reckon "
                   "prepare");
}


int rk_opening_read(rk_opening *o, rk_run *run, rk_error *err)
{
    rk_serving *v = o->v;
    rk_store_counts counts;
    int rc = rk_store_counts_get(run->store, &counts, err);

    if (rc)
        return rc;
    v->change = counts.change;
    rc = rk_store_each_record(run->store, RK_ITEMS, 0, take_item, o, err);
    if (rc == RK_OK)
        rc = rk_store_each_record(run->store, RK_ITEMS, v->made_at,
                                  take_changed, o, err);
    v->snapshot.n_items = rk_ids_count(v->ids);
    if (rc == RK_OK && v->made_at > v->change)
        return another_store(err);
    for (uint32_t i = 0; i < o->n_fitted && rc == RK_OK; i++)
        if (!v->items[i])
            rc = another_store(err);
    if (rc)
        return rc;
    v->is_changed = rk_calloc(v->snapshot.n_items, sizeof(*v->is_changed));
    if (!v->is_changed)
        return rk_no_memory(err);
    for (size_t i = 0; i < o->n_changed; i++)
        v->is_changed[o->changed[i]] = true;
    return RK_OK;
}

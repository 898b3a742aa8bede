#include "eval/slices.h"

#include "core/mem.h"

#define HEAD_ITEMS  0.1
#define TAIL_EVENTS 0.2

enum { HEAD = RK_SLICES_BY_HISTORY, MID, TAIL };

const rk_slice_name rk_slice_names[RK_SLICES] = {
    {"history", "under 10 events"},
    {"history", "10 to 19 events"},
    {"history", "20 to 49 events"},
    {"history", "50 to 199 events"},
    {"history", "200 events and more"},
    {"popularity", "head: the 10% most popular items"},
    {"popularity", "mid"},
    {"popularity", "tail: the items of the last 20% of events"},
};

typedef struct counted {
    uint32_t item;
    uint32_t n;
} counted;


static int most_first(const void *a, const void *b)
{
    const counted *x = a;
    const counted *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}


static int8_t by_length(size_t n)
{
    return (int8_t)((n >= 10) + (n >= 20) + (n >= 50) + (n >= 200));
}


/* place (n_items): head, mid or tail; -1 everywhere when nothing was had. */
static int places_find(int8_t *place, const uint32_t *popularity, size_t n,
                       rk_error *err)
{
    counted *items = rk_calloc(n ? n : 1, sizeof(*items));
    double total = 0;
    double before = 0;

    if (!items)
        return rk_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        items[i] = (counted){(uint32_t)i, popularity[i]};
        total += popularity[i];
    }
    qsort(items, n, sizeof(*items), most_first);
    for (size_t i = 0; i < n; i++) {
        int8_t at = MID;

        if (total <= 0)
            at = -1;
        else if ((double)i < HEAD_ITEMS * (double)n)
            at = HEAD;
        else if (before >= (1 - TAIL_EVENTS) * total)
            at = TAIL;
        place[items[i].item] = at;
        before += items[i].n;
    }
    free(items);
    return RK_OK;
}


static bool one_truth_each(const rk_questions *q)
{
    for (size_t u = 0; u < q->asked->n_users; u++)
        if (q->truth_start[u + 1] - q->truth_start[u] > 1)
            return false;
    return true;
}


int rk_slices_find(int8_t *slice, const rk_questions *q,
                   const uint32_t *popularity, rk_error *err)
{
    const rk_corpus *c = q->asked;
    int8_t *place = rk_alloc_array(c->n_items ? c->n_items : 1, 1);
    bool single = one_truth_each(q);
    int rc;

    if (!place)
        return rk_no_memory(err);
    rc = places_find(place, popularity, c->n_items, err);
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        size_t at = q->truth_start[u];
        bool asked = q->truth_start[u + 1] > at;

        slice[2 * u] = (int8_t)(asked ? by_length(c->start[u + 1] - c->start[u])
                                      : -1);
        slice[2 * u + 1] = (int8_t)(asked && single ? place[q->truth[at]] : -1);
    }
    free(place);
    return rc;
}

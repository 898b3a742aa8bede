#include "data/histories.h"

#include "core/mem.h"

#include <string.h>

/* Likes of one user, each item once, to `to`; returns how many. `last`
 * (n_items) holds for each item the user who was seen with it last, plus one.
 */
static size_t likes_of(const rk_corpus *c, size_t user, size_t *last,
                       uint32_t *to)
{
    size_t n = 0;

    for (size_t e = c->start[user]; e < c->start[user + 1]; e++) {
        const rk_seen *seen = &c->seen[e];

        if (seen->label <= 0 || last[seen->item] == user + 1)
            continue;
        last[seen->item] = user + 1;
        to[n++] = seen->item;
    }
    return n;
}


int rk_histories_new(rk_histories **out, const rk_corpus *c, rk_error *err)
{
    rk_histories *h = rk_calloc(1, sizeof(*h));
    size_t *start = rk_calloc(c->n_users + 1, sizeof(*start));
    uint32_t *item = rk_alloc_array(c->start[c->n_users], sizeof(*item));
    size_t *last = rk_calloc(c->n_items, sizeof(*last));
    int rc = RK_OK;

    *out = NULL;
    if (!h || !start || !item || !last) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t u = 0; u < c->n_users; u++)
        start[u + 1] = start[u] + likes_of(c, u, last, item + start[u]);
    *h = (rk_histories){c->n_users, c->n_items, start, item};
    *out = h;
    h = NULL;
    start = NULL;
    item = NULL;

done:
    free(h);
    free(start);
    free(item);
    free(last);
    return rc;
}


void rk_histories_free(rk_histories *h)
{
    if (!h)
        return;
    free((void *)h->start);
    free((void *)h->item);
    free(h);
}


rk_histories rk_histories_part(const rk_histories *h, size_t first, size_t n)
{
    return (rk_histories){n, h->n_items, h->start + first, h->item};
}

#include "paradigms/strangers.h"

#include "core/hash.h"
#include "core/mem.h"
#include "paradigms/prompt.h"

#include <string.h>

/* An item's place in an order that hangs on lines alone. */
typedef struct place {
    uint64_t hash;
    uint32_t item;
} place;


static int by_hash(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}


int rk_strangers_draw(uint32_t **likes, size_t *n, const rk_snapshot *s,
                      rk_error *err)
{
    size_t each = s->n_fitted / (2 * (size_t)RK_STRANGERS);
    place *order = NULL;
    uint32_t *items = NULL;
    int rc = RK_OK;

    *likes = NULL;
    *n = 0;
    if (each > s->settings->llm_history)
        each = s->settings->llm_history;
    if (each == 0)
        return RK_OK;
    order = rk_alloc_array(s->n_fitted, sizeof(*order));
    items = rk_alloc_array(RK_STRANGERS * each, sizeof(*items));
    if (!order || !items) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (uint32_t i = 0; i < s->n_fitted && rc == RK_OK; i++) {
        char *line = rk_prompt_item(s, i);

        if (line)
            order[i] = (place){rk_hash64(line, strlen(line)), i};
        else
            rc = rk_no_memory(err);
        free(line);
    }
    if (rc)
        goto done;
    qsort(order, s->n_fitted, sizeof(*order), by_hash);
    for (size_t i = 0; i < RK_STRANGERS * each; i++)
        items[i] = order[i].item;
    *likes = items;
    *n = each;
    items = NULL;

done:
    free(items);
    free(order);
    return rc;
}


char *rk_stranger_prompt(const rk_snapshot *s, size_t k)
{
    size_t n = s->llm.n_stranger_likes;
    rk_seen *history = rk_calloc(n, sizeof(*history));
    rk_who who = {.profile = "", .history = history, .n_history = n};
    char *prompt = NULL;

    for (size_t i = 0; history && i < n; i++)
        history[i] = (rk_seen){.item = s->llm.strangers[k * n + i], .label = 1};
    if (history)
        prompt = rk_prompt_user(s, &who, +1, &n);
    free(history);
    return prompt;
}


bool rk_stranger_likes(const rk_snapshot *s, size_t k, uint32_t item)
{
    size_t n = s->llm.n_stranger_likes;

    for (size_t i = 0; i < n; i++)
        if (s->llm.strangers[k * n + i] == item)
            return true;
    return false;
}

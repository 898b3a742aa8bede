#include "paradigms/grounds.h"

#include "core/mem.h"

#include <string.h>

/* The newest opinion that the user gave of an item. */
static int32_t label_of(const rk_who *who, uint32_t item)
{
    for (size_t i = who->n_history; i-- > 0;)
        if (who->history[i].item == item && who->history[i].label)
            return who->history[i].label;
    return 0;
}


static bool had(const rk_who *who, uint32_t item)
{
    for (size_t i = 0; i < who->n_history; i++)
        if (who->history[i].item == item)
            return true;
    return false;
}


static int add(rk_grounds *g, uint32_t item, int32_t label, const char *is,
               rk_error *err)
{
    rk_ground *more = rk_grow(g->list, g->n, &g->cap, sizeof(*more));

    if (!more)
        return rk_no_memory(err);
    g->list = more;
    more[g->n++] = (rk_ground){.item = item, .label = label, .is = is};
    return RK_OK;
}


static int add_text(rk_grounds *g, const char *text, const char *is,
                    rk_error *err)
{
    int rc = add(g, RK_NO_ID, 0, is, err);

    return rc ? rc : rk_wording_read(&g->list[g->n - 1].words, text, err);
}


static int add_item(rk_grounds *g, uint32_t item, int32_t label, const char *is,
                    rk_error *err)
{
    const rk_record *r = g->s->items[item];
    int rc = RK_OK;

    if (rk_grounds_item(g, item))
        return RK_OK;
    rc = add(g, item, label, is, err);
    for (size_t i = 0; i < r->n_fields && rc == RK_OK; i++)
        rc = rk_wording_read(&g->list[g->n - 1].words, r->fields[i].value, err);
    return rc;
}


/* Items of the history that a reason's text names by their title. */
static int add_named(rk_grounds *g, const rk_who *who, size_t of, rk_error *err)
{
    rk_wording words = g->list[of].words; /* the list may move */
    int rc = RK_OK;

    for (size_t i = 0; i < words.n && rc == RK_OK; i++) {
        size_t n_found = 0;
        const rk_named_entry *found;
        size_t step = 0;

        found = rk_named_find(g->names, words.list + i, words.n - i, &n_found);
        for (size_t k = 0; k < n_found && rc == RK_OK; k++) {
            if (found[k].kind != RK_NAMED_TITLE || !words.list[i].capital ||
                !had(who, found[k].item))
                continue;
            rc = add_item(g, found[k].item, label_of(who, found[k].item),
                          "an item of the reasons", err);
            step = found[k].n - 1u;
        }
        i += step;
    }
    return rc;
}


static int add_reason(rk_grounds *g, const rk_who *who, const rk_evidence *e,
                      rk_error *err)
{
    bool is_item = strcmp(e->kind, "liked") == 0 ||
                   strcmp(e->kind, "disliked") == 0 ||
                   strcmp(e->kind, "neighbour") == 0;
    uint32_t item = is_item ? rk_ids_find(g->s->ids, e->id) : RK_NO_ID;
    int rc = add_text(g, e->text, "a reason", err);

    if (rc == RK_OK)
        rc = add_named(g, who, g->n - 1, err);
    if (rc == RK_OK && item != RK_NO_ID)
        rc = add_item(g, item, label_of(who, item), "an item of the reasons",
                      err);
    return rc;
}


int rk_grounds_init(rk_grounds *g, const rk_snapshot *s, const rk_named *names,
                    const rk_who *who, const rk_candidate *c,
                    const rk_reasons *reasons, rk_error *err)
{
    int rc;

    *g = (rk_grounds){
        .s = s, .names = names, .who = who, .probability = c->probability};
    rc = add_item(g, c->item, label_of(who, c->item), "the item", err);
    for (size_t i = 0; i < reasons->n && rc == RK_OK; i++)
        rc = add_reason(g, who, &reasons->list[i], err);
    if (rc == RK_OK && who->profile[0])
        rc = add_text(g, who->profile, "the profile", err);
    return rc;
}


void rk_grounds_clear(rk_grounds *g)
{
    for (size_t i = 0; i < g->n; i++)
        rk_wording_clear(&g->list[i].words);
    free(g->list);
    memset(g, 0, sizeof(*g));
}


const rk_ground *rk_grounds_item(const rk_grounds *g, uint32_t item)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i].item == item)
            return &g->list[i];
    return NULL;
}


const rk_ground *rk_grounds_find(const rk_grounds *g, const rk_word *run,
                                 size_t n)
{
    for (size_t i = 0; i < g->n; i++)
        if (rk_wording_find(&g->list[i].words, run, n) != SIZE_MAX)
            return &g->list[i];
    return NULL;
}


int rk_grounds_verdict(const rk_grounds *g)
{
    return g->probability < 0.5f ? -1 : +1;
}

#include "data/corpus.h"

#include "core/mem.h"
#include "data/record.h"

#include <string.h>

/* Records by position, an id for each. */
typedef struct roster {
    rk_ids *ids;
    rk_record **records; /* (rk_ids_count(ids)) */
    size_t cap;
} roster;

/* An event as it came. */
typedef struct arrival {
    rk_seen seen;
    uint32_t user;
    uint32_t number; /* in order of arrival: divides equal times */
} arrival;

struct rk_corpus_builder {
    rk_rules rules;
    roster items;
    roster users;
    arrival *events;
    size_t n_events;
    size_t events_cap;
    size_t n_dropped;
};


static void records_free(rk_record **records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(records[i]);
    free(records);
}


static void roster_clear(roster *r)
{
    records_free(r->records, r->ids ? rk_ids_count(r->ids) : 0);
    rk_ids_free(r->ids);
    memset(r, 0, sizeof(*r));
}


static int roster_put(roster *to, const rk_record *r, uint32_t *position,
                      rk_error *err)
{
    size_t n = rk_ids_count(to->ids);
    rk_record *copy = rk_record_copy(r);
    rk_record **grown;
    int rc;

    if (!copy) {
        rc = rk_no_memory(err);
        goto done;
    }
    grown = rk_grow(to->records, n, &to->cap, sizeof(rk_record *));
    if (!grown) {
        rc = rk_no_memory(err);
        goto done;
    }
    to->records = grown;
    rc = rk_ids_add(to->ids, r->id, position, err);
    if (rc)
        goto done;
    if (*position < n)
        free(to->records[*position]);
    to->records[*position] = copy;
    copy = NULL;

done:
    free(copy);
    return rc;
}


bool rk_seen_has(const rk_seen *seen, size_t n, uint32_t item)
{
    for (size_t i = 0; i < n; i++)
        if (seen[i].item == item)
            return true;
    return false;
}


int rk_corpus_builder_new(rk_corpus_builder **out, const rk_rules *rules,
                          rk_error *err)
{
    rk_corpus_builder *b = rk_calloc(1, sizeof(*b));
    int rc;

    *out = NULL;
    if (!b)
        return rk_no_memory(err);
    b->rules = *rules;
    rc = rk_ids_new(&b->items.ids, err);
    if (rc)
        goto done;
    rc = rk_ids_new(&b->users.ids, err);
    if (rc)
        goto done;
    *out = b;
    b = NULL;

done:
    rk_corpus_builder_free(b);
    return rc;
}


void rk_corpus_builder_free(rk_corpus_builder *b)
{
    if (!b)
        return;
    roster_clear(&b->items);
    roster_clear(&b->users);
    free(b->events);
    free(b);
}


int rk_corpus_add_item(rk_corpus_builder *b, const rk_record *r, rk_error *err)
{
    uint32_t position;

    return roster_put(&b->items, r, &position, err);
}


int rk_corpus_add_user(rk_corpus_builder *b, const rk_record *r, rk_error *err)
{
    uint32_t position;

    return roster_put(&b->users, r, &position, err);
}


int rk_corpus_add_event(rk_corpus_builder *b, const rk_event *e, rk_error *err)
{
    uint32_t item = rk_ids_find(b->items.ids, e->item);
    uint32_t user = rk_ids_find(b->users.ids, e->user);
    arrival *grown;
    int rc = RK_OK;

    if (item == RK_NO_ID) {
        b->n_dropped++;
        return RK_OK;
    }
    if (b->n_events == UINT32_MAX)
        return rk_fail(err, RK_EINVAL, "more than %u events", UINT32_MAX);
    grown = rk_grow(b->events, b->n_events, &b->events_cap, sizeof(*grown));
    if (!grown)
        return rk_no_memory(err);
    b->events = grown;
    if (user == RK_NO_ID)
        rc = roster_put(&b->users, &(rk_record){.id = e->user}, &user, err);
    if (rc)
        return rc;
    b->events[b->n_events] = (arrival){
        .seen = {item, rk_rules_label(&b->rules, e), (float)e->value, e->at_us},
        .user = user,
        .number = (uint32_t)b->n_events,
    };
    b->n_events++;
    return RK_OK;
}


static int history_order(const void *a, const void *b)
{
    const arrival *x = a;
    const arrival *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->seen.at_us != y->seen.at_us)
        return x->seen.at_us < y->seen.at_us ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}


/* A store gives events in this order already: then there is nothing to do. */
static void events_sort(arrival *events, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (history_order(&events[i - 1], &events[i]) > 0) {
            qsort(events, n, sizeof(*events), history_order);
            return;
        }
    }
}


/* A corpus with room for `n_events`, `start` all zero; NULL: no memory. */
static rk_corpus *histories_new(size_t n_users, size_t n_events)
{
    rk_corpus *c = rk_calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->n_users = n_users;
    c->borrowed = true; /* until it is given its own */
    c->start = rk_calloc(n_users + 1, sizeof(*c->start));
    c->seen = rk_alloc_array(n_events, sizeof(*c->seen));
    if (!c->start || !c->seen) {
        rk_corpus_free(c);
        return NULL;
    }
    return c;
}


int rk_corpus_finish(rk_corpus_builder *b, rk_corpus **out, rk_error *err)
{
    size_t n_users = rk_ids_count(b->users.ids);
    rk_corpus *c = histories_new(n_users, b->n_events);

    *out = c;
    if (!c)
        return rk_no_memory(err);
    events_sort(b->events, b->n_events);
    for (size_t i = 0; i < b->n_events; i++) {
        c->seen[i] = b->events[i].seen;
        c->start[b->events[i].user + 1] = i + 1;
    }
    for (size_t u = 0; u < n_users; u++)
        if (c->start[u + 1] < c->start[u])
            c->start[u + 1] = c->start[u]; /* has no events */

    c->n_items = rk_ids_count(b->items.ids);
    c->item_ids = b->items.ids;
    c->items = b->items.records;
    c->user_ids = b->users.ids;
    c->users = b->users.records;
    c->n_dropped = b->n_dropped;
    c->borrowed = false;
    memset(&b->items, 0, sizeof(b->items));
    memset(&b->users, 0, sizeof(b->users));
    return RK_OK;
}


void rk_corpus_free(rk_corpus *c)
{
    if (!c)
        return;
    if (!c->borrowed) {
        records_free(c->items, c->n_items);
        records_free(c->users, c->n_users);
        rk_ids_free(c->item_ids);
        rk_ids_free(c->user_ids);
    }
    free(c->start);
    free(c->seen);
    free(c);
}


/* How many of a history's events stay. */
static size_t kept_of(const rk_seen *history, size_t len, size_t n, size_t keep)
{
    size_t kept = len;

    if (len <= keep)
        return len;
    for (size_t i = len; i > 0 && n > 0; i--) {
        if (history[i - 1].label > 0) {
            kept = i - 1;
            n--;
        }
    }
    return kept;
}


int rk_corpus_hold_out(const rk_corpus *c, size_t n, size_t keep,
                       rk_corpus **out, rk_seen **held, rk_error *err)
{
    rk_corpus *train = histories_new(c->n_users, c->start[c->n_users]);
    rk_seen *first = rk_calloc(c->n_users, sizeof(*first));
    int rc = RK_OK;

    *out = NULL;
    *held = NULL;
    if (!train || !first) {
        rc = rk_no_memory(err);
        goto done;
    }
    train->n_items = c->n_items;
    train->item_ids = c->item_ids;
    train->items = c->items;
    train->user_ids = c->user_ids;
    train->users = c->users;
    train->n_dropped = c->n_dropped;

    for (size_t u = 0; u < c->n_users; u++) {
        const rk_seen *history = c->seen + c->start[u];
        size_t len = c->start[u + 1] - c->start[u];
        size_t kept = kept_of(history, len, n, keep);
        size_t to = train->start[u];

        if (kept < len)
            first[u] = history[kept];
        else
            first[u].item = RK_NO_ID;
        if (kept)
            memcpy(train->seen + to, history, kept * sizeof(*history));
        train->start[u + 1] = to + kept;
    }
    *out = train;
    *held = first;
    train = NULL;
    first = NULL;

done:
    rk_corpus_free(train);
    free(first);
    return rc;
}

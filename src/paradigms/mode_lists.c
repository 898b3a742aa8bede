#include "paradigms/mode_lists.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "paradigms/liking.h"
#include "paradigms/prompt.h"

#include <string.h>

#define FAST_LISTS 40
#define FULL_LISTS 200
#define FEWEST     3   /* likes before the one that is asked for */
#define TRIES      100 /* draws for an item that the user has not had */


/* Insertion by id: lists are short, and sorted ones stay so. */
void rk_mode_sort(const rk_snapshot *s, uint32_t *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t item = items[i];
        size_t at = i;

        for (; at > 0 && strcmp(rk_snapshot_id(s, items[at - 1]),
                                rk_snapshot_id(s, item)) > 0;
             at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}


size_t rk_mode_last_like(const rk_seen *seen, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        size_t likes = 0;

        if (seen[i].label <= 0 || rk_seen_has(seen, i, seen[i].item))
            continue;
        for (size_t j = 0; j < i; j++)
            likes += seen[j].label > 0;
        return likes >= FEWEST ? i : n;
    }
    return n;
}


/* Items that the user has not had, drawn by a seed of the user's own, beside
 * the like. False: not enough of them were found. */
static bool draw(const rk_workshop *w, size_t user, uint32_t like,
                 uint32_t *items)
{
    const rk_corpus *c = w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t n_seen = c->start[user + 1] - c->start[user];
    const char *id = c->users[user]->id;
    rk_rng rng = {w->snapshot->settings->seed ^ rk_hash64(id, strlen(id))};
    size_t n = 1;

    items[0] = like;
    for (int tries = 0; n < RK_LLM_LIST && tries < TRIES; tries++) {
        uint32_t item = rk_rng_below(&rng, (uint32_t)c->n_items);
        bool taken = rk_seen_has(seen, n_seen, item);

        for (size_t i = 0; i < n && !taken; i++)
            taken = items[i] == item;
        if (!taken)
            items[n++] = item;
    }
    return n == RK_LLM_LIST;
}


static bool can_teach(const rk_workshop *w, size_t u)
{
    const rk_corpus *c = w->corpus;
    size_t n = c->start[u + 1] - c->start[u];

    return !(w->left_out && w->left_out[u]) &&
           rk_mode_last_like(c->seen + c->start[u], n) < n;
}


static int add_user(rk_mode_lists *l, size_t user)
{
    const rk_corpus *c = l->w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t n = c->start[user + 1] - c->start[user];
    size_t at = rk_mode_last_like(seen, n);
    uint32_t *items = l->items + l->n * RK_LLM_LIST;

    if (!draw(l->w, user, seen[at].item, items))
        return 0;
    rk_mode_sort(l->s, items, RK_LLM_LIST);
    l->user[l->n] = (uint32_t)user;
    l->n_history[l->n] = at;
    l->truth[l->n] = 0;
    while (items[l->truth[l->n]] != seen[at].item)
        l->truth[l->n]++;
    return 1;
}


int rk_mode_lists_make(rk_mode_lists *l, const rk_workshop *w, rk_error *err)
{
    bool full = w->snapshot->settings->effort == RK_FULL;
    size_t most = full ? FULL_LISTS : FAST_LISTS;
    size_t n_users = w->corpus->n_users;
    size_t able = 0;
    size_t seen = 0;

    memset(l, 0, sizeof(*l));
    l->w = w;
    l->s = w->snapshot;
    l->fold = 2;
    l->user = rk_calloc(most, sizeof(*l->user));
    l->n_history = rk_calloc(most, sizeof(*l->n_history));
    l->items = rk_calloc(most, RK_LLM_LIST * sizeof(*l->items));
    l->truth = rk_calloc(most, sizeof(*l->truth));
    if (!l->user || !l->n_history || !l->items || !l->truth)
        return rk_no_memory(err);
    for (size_t u = 0; u < n_users; u++)
        able += can_teach(w, u);
    for (size_t u = 0; u < n_users && l->n < most; u++) {
        if (!can_teach(w, u))
            continue;
        /* Spread over all who can: every able/most-th. */
        if (able <= most || seen * most / able != (seen + 1) * most / able)
            l->n += (size_t)add_user(l, u);
        seen++;
    }
    return RK_OK;
}


void rk_mode_lists_clear(rk_mode_lists *l)
{
    free(l->user);
    free(l->n_history);
    free(l->items);
    free(l->truth);
    memset(l, 0, sizeof(*l));
}


bool rk_mode_list_teaches(const rk_mode_lists *l, size_t list)
{
    return list % 2 != l->fold;
}


void rk_mode_list_ask(const rk_mode_lists *l, size_t list,
                      rk_token_weight *tokens, rk_who *who, rk_mode_ask *ask)
{
    const rk_corpus *c = l->w->corpus;
    size_t user = l->user[list];

    rk_liking_who(l->w, user, c->seen + c->start[user], l->n_history[list],
                  tokens, who);
    *ask = (rk_mode_ask){l->s, who, l->items + list * RK_LLM_LIST, RK_LLM_LIST,
                         l->w->run};
}


/* Tokens of an item's line, guessed at four bytes each: what a request costs
 * needs no more, and no model is asked for it. Below 0: no memory. */
static float line_tokens(const rk_mode_lists *l, uint32_t item)
{
    char *line = rk_prompt_item(l->s, item);
    float tokens = line ? (float)strlen(line) / 4 + 1 : -1;

    free(line);
    return tokens;
}


/* Tokens of what a prompt tells of one label; below 0: no memory. */
static float history_tokens(const rk_mode_lists *l, size_t list, int label)
{
    const rk_corpus *c = l->w->corpus;
    size_t most = l->s->settings->llm_history;
    const rk_seen *seen = c->seen + c->start[l->user[list]];
    float sum = 0;
    size_t n = 0;

    for (size_t i = l->n_history[list]; i-- > 0 && n < most;) {
        float tokens;

        if (seen[i].label != label)
            continue;
        tokens = line_tokens(l, seen[i].item);
        if (tokens < 0)
            return tokens;
        sum += tokens;
        n++;
    }
    return sum;
}


int rk_mode_lists_size(const rk_mode_lists *l, rk_mode_size *size,
                       rk_error *err)
{
    float share = l->n ? 1 / (float)l->n : 0;

    *size = (rk_mode_size){.n = RK_LLM_LIST};
    for (size_t i = 0; i < l->n; i++) {
        float liked = history_tokens(l, i, +1);
        float disliked = history_tokens(l, i, -1);

        if (liked < 0 || disliked < 0)
            return rk_no_memory(err);
        size->liked += liked * share;
        size->disliked += disliked * share;
        for (size_t j = 0; j < RK_LLM_LIST; j++) {
            float tokens = line_tokens(l, l->items[i * RK_LLM_LIST + j]);

            if (tokens < 0)
                return rk_no_memory(err);
            size->lines += tokens * share;
        }
    }
    return RK_OK;
}

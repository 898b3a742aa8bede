/* Cold starts on MovieLens 1M.
 *
 * cold-items: a tenth of the items, drawn with the seed, is taken out of all
 * histories. Asked with the rest of a history, the user's hidden items are the
 * truth; they are ranked among themselves (test) and among all items (mixed).
 *
 * cold-users: a tenth of the users, drawn with the seed, is known by profile
 * only: in training they are users without a single event. Their truth is their
 * first 20 items: what a profile must do before there is a history. All of
 * their items would mostly measure how long they stayed. A third as many,
 * others, are for tuning. */
#include "core/mem.h"
#include "eval/ml1m.h"
#include "eval/protocols.h"

#define COLD_SHARE  10 /* one in so many */
#define FIRST_ITEMS 20

static const char *const items_notes[] = {
    "a tenth of the items is hidden from training; recall@k divides by min(k, "
    "hidden items of the user)",
    "mixed ranks the same truths among all items: what has no event competes "
    "with what has",
    NULL,
};

static const char *const users_notes[] = {
    "users are known by gender, age band and occupation only; their first 20 "
    "items are the truth",
    NULL,
};


/* All of a user's items in order, the test item last. */
static size_t whole_length(const rk_sequences *s, uint32_t u)
{
    return rk_sequences_length(s, u) + (s->test[u] != RK_NO_ID);
}


static rk_seen whole_event(const rk_sequences *s, uint32_t u, size_t i)
{
    if (i < rk_sequences_length(s, u))
        return rk_sequences_event(s, u, i);
    return (rk_seen){s->test[u], 1, 1, (int64_t)i};
}


/* The user with their events of items that are not hidden; the hidden ones as
 * truths where they are asked for. */
static int warm_fill(rk_fill *f, const rk_sequences *s, uint32_t u,
                     const bool *hidden, bool ask, rk_error *err)
{
    size_t n = whole_length(s, u);
    int rc = rk_sequences_fill(s, u, 0, f, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_seen e = whole_event(s, u, i);

        if (!hidden[e.item])
            rc = rk_fill_event(f, e, err);
        else if (ask)
            rc = rk_fill_truth(f, e.item, err);
    }
    return rc;
}


static bool has_hidden(const rk_sequences *s, uint32_t u, const bool *hidden)
{
    for (size_t i = 0; i < whole_length(s, u); i++)
        if (hidden[whole_event(s, u, i).item])
            return true;
    return false;
}


static int items_fill(rk_task *t, const rk_sequences *s,
                      const rk_task_opts *opts, rk_error *err)
{
    size_t n_users = s->shelf->n_users;
    bool *asked = rk_fill_draw(n_users, opts->n_users, opts->seed);
    rk_fill train = {0};
    rk_fill test = {0};
    int rc = asked ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_fill_begin(&train, s->shelf, 0, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&test, s->shelf, 0, err);
    for (uint32_t u = 0; u < n_users && rc == RK_OK; u++) {
        rc = warm_fill(&train, s, u, t->hidden, false, err);
        if (rc == RK_OK && asked[u] && has_hidden(s, u, t->hidden))
            rc = warm_fill(&test, s, u, t->hidden, true, err);
    }
    if (rc)
        goto done;
    t->train = rk_fill_take_corpus(&train);
    rk_fill_take_questions(&test, &t->test);
    t->mixed = t->test;
    t->test.hidden_only = true;

done:
    rk_fill_clear(&train);
    rk_fill_clear(&test);
    free(asked);
    return rc;
}


/* A profile, which training sees without events, and the first items as
 * truths. */
static int cold_ask(rk_fill *f, rk_fill *train, const rk_sequences *s,
                    uint32_t u, rk_error *err)
{
    const char *id = rk_ids_at(s->shelf->user_ids, u);
    const rk_record *profile = s->shelf->users[u];
    uint32_t at = (uint32_t)train->q.asked->n_users;
    size_t n = whole_length(s, u);
    int rc = rk_fill_user(train, id, profile, at, err);

    if (rc == RK_OK)
        rc = rk_fill_user(f, id, profile, at, err);
    for (size_t i = 0; i < n && i < FIRST_ITEMS && rc == RK_OK; i++)
        rc = rk_fill_truth(f, whole_event(s, u, i).item, err);
    return rc;
}


static int warm_user(rk_fill *f, const rk_sequences *s, uint32_t u,
                     rk_error *err)
{
    int rc = rk_sequences_fill(s, u, rk_sequences_length(s, u), f, err);

    if (rc == RK_OK && s->test[u] != RK_NO_ID)
        rc = rk_fill_event(f, whole_event(s, u, whole_length(s, u) - 1), err);
    return rc;
}


static int users_fill(rk_task *t, const rk_sequences *s,
                      const rk_task_opts *opts, rk_error *err)
{
    size_t n_users = s->shelf->n_users;
    size_t n_cold = n_users / COLD_SHARE;
    size_t asked = opts->n_users && opts->n_users < n_cold ? opts->n_users
                                                           : n_cold;
    bool *cold = rk_fill_draw(n_users, n_cold ? n_cold : 1, opts->seed);
    bool *tunes = rk_fill_draw(n_users, n_cold / 3 + 1, opts->seed + 1);
    rk_fill train = {0};
    rk_fill test = {0};
    rk_fill tuning = {0};
    int rc = cold && tunes ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_fill_begin(&train, s->shelf, 0, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&test, s->shelf, 0, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&tuning, s->shelf, 0, err);
    for (uint32_t u = 0; u < n_users && rc == RK_OK; u++) {
        if (cold[u] && test.q.asked->n_users < asked)
            rc = cold_ask(&test, &train, s, u, err);
        else if (!cold[u] && tunes[u])
            rc = cold_ask(&tuning, &train, s, u, err);
        else if (!cold[u])
            rc = warm_user(&train, s, u, err);
    }
    if (rc)
        goto done;
    t->train = rk_fill_take_corpus(&train);
    rk_fill_take_questions(&test, &t->test);
    rk_fill_take_questions(&tuning, &t->validation);

done:
    rk_fill_clear(&train);
    rk_fill_clear(&test);
    rk_fill_clear(&tuning);
    free(cold);
    free(tunes);
    return rc;
}


static int load(rk_task **out, const rk_protocol *p, const rk_task_opts *opts,
                rk_error *err)
{
    bool items = p == &rk_protocol_cold_items;
    rk_sequences s = {0};
    rk_task *t = NULL;
    int rc = rk_task_needs(p, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    rc = rk_ml1m_load(&s, opts->data, err);
    if (rc)
        goto done;
    t = rk_task_new(p, RK_TASK_RANK, items ? RK_M_RECALL_20 : RK_M_NDCG_10,
                    items ? items_notes : users_notes);
    if (t && items)
        t->hidden = rk_fill_draw(s.shelf->n_items,
                                 s.shelf->n_items / COLD_SHARE + 1, opts->seed);
    if (!t || (items && !t->hidden)) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = items ? items_fill(t, &s, opts, err) : users_fill(t, &s, opts, err);
    if (rc)
        goto done;
    t->catalogue = s.shelf;
    s.shelf = NULL;
    *out = t;
    t = NULL;

done:
    rk_task_free(t);
    rk_sequences_clear(&s);
    return rc;
}


static int load_items(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    return load(out, &rk_protocol_cold_items, opts, err);
}


static int load_users(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    return load(out, &rk_protocol_cold_users, opts, err);
}


static const rk_published published[] = {{NULL, NULL, 0}};

const rk_protocol rk_protocol_cold_items = {
    .name = "cold-items",
    .summary = "MovieLens 1M, items that nobody is known to have had",
    .needs = "ml-1m-loo/sequences.tsv, items.tsv and users.tsv",
    .load = load_items,
    .wording = &rk_words_for_movies,
    .published = published,
};

const rk_protocol rk_protocol_cold_users = {
    .name = "cold-users",
    .summary = "MovieLens 1M, users of whom nothing but the profile is known",
    .needs = "ml-1m-loo/sequences.tsv, items.tsv and users.tsv",
    .load = load_users,
    .wording = &rk_words_for_movies,
    .published = published,
};

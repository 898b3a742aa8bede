#include "paradigms/probe_towers.h"

#include "core/blas.h"
#include "core/mem.h"
#include "paradigms/cached.h"
#include "paradigms/liking.h"
#include "paradigms/lines.h"
#include "paradigms/mode_lists.h"
#include "paradigms/prompt.h"
#include "paradigms/vocabulary.h"

#include <string.h>

#define FAST_USERS 4000
#define FULL_USERS 20000
#define EACH       10   /* likes of each that are learnt from */
#define MOST_ITEMS 4096 /* that likes are told from: the most liked ones */


/* Floats of an item: its line's state, and its vector where there are
 * vectors. A user is two of these, see user_features(). */
typedef struct widths {
    size_t state;
    size_t vector;
    size_t item;
} widths;


static int widths_of(const rk_snapshot *s, rk_run *run, widths *w,
                     rk_error *err)
{
    rk_asking a = {run, s->writer_key, NULL, NULL, 0};
    rk_llm *writer;
    int rc = rk_asking_model(&a, RK_WRITER, &writer, err);

    if (rc == RK_OK) {
        w->state = rk_llm_describe(writer)->width;
        w->vector = s->vectors ? s->d : 0;
        w->item = w->state + w->vector;
    }
    return rc;
}


static int ask_states(void *ctx, rk_llm *m, const char *const *texts, size_t n,
                      float *rows, rk_error *err)
{
    return rk_llm_states(m, ctx, texts, n, true, rows, err);
}


/* Features of n items, float32 (n, w->item). */
static int read_items(const rk_snapshot *s, const widths *w,
                      const uint32_t *items, size_t n, rk_run *run, float *f,
                      rk_error *err)
{
    float *rows = rk_alloc_array(n, w->state * sizeof(*rows));
    char *heading = rk_prompt_heading(s, +1);
    rk_asking a = {run, s->writer_key, "reading states", NULL, 0};
    rk_own_question q = {"mean state", heading, w->state, ask_states, heading};
    rk_lines l = {0};
    int rc = rows && heading ? rk_lines_init(&l, s, items, n, err)
                             : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_cached_own(&a, &q, (const char *const *)l.text, n, rows, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        float *row = f + i * w->item;

        memcpy(row, rows + i * w->state, w->state * sizeof(*row));
        if (w->vector)
            memcpy(row + w->state, rk_snapshot_vector(s, items[i]),
                   w->vector * sizeof(*row));
    }
    rk_lines_clear(&l);
    free(heading);
    free(rows);
    return rc;
}


/* A user's features, float32 (2, w->item): the mean of what they liked, and
 * the newest of it. `liked` are rows of `f`, oldest first, at least one. */
static void user_features(const widths *w, const float *f,
                          const uint32_t *liked, size_t n, float *h)
{
    memset(h, 0, w->item * sizeof(*h));
    for (size_t i = 0; i < n; i++)
        rk_axpy(w->item, 1 / (float)n, f + liked[i] * w->item, h);
    memcpy(h + w->item, f + liked[n - 1] * w->item, w->item * sizeof(*h));
}


/* Users to learn from, and what they liked. */
typedef struct lesson {
    const rk_workshop *w;
    widths widths;
    size_t most;       /* likes of a user that count before those asked for */
    uint32_t *users;   /* (n_users) places in the corpus */
    uint32_t *items;   /* (n_items) places in the corpus */
    uint32_t *row;     /* of each item of the corpus, RK_NO_ID: none */
    float *features;   /* (n_items, widths.item) */
    float *h;          /* (n_users, 2 widths.item) */
    uint32_t *of_user; /* (n) */
    uint32_t *of_item; /* (n) rows */
    size_t n_users;
    size_t n_items;
    size_t n;
} lesson;


static void lesson_clear(lesson *l)
{
    free(l->users);
    free(l->items);
    free(l->row);
    free(l->features);
    free(l->h);
    free(l->of_user);
    free(l->of_item);
}


static bool is_asked(const rk_mode_lists *lists, size_t user)
{
    for (size_t i = 0; i < lists->n; i++)
        if (lists->user[i] == user)
            return true;
    return false;
}


static bool can_teach(const rk_mode_lists *lists, size_t user)
{
    const rk_workshop *w = lists->w;
    const rk_corpus *c = w->corpus;
    size_t n = c->start[user + 1] - c->start[user];

    return !(w->left_out && w->left_out[user]) && !is_asked(lists, user) &&
           rk_mode_last_like(c->seen + c->start[user], n) < n;
}


static size_t most_users(const rk_workshop *w)
{
    return w->snapshot->settings->effort == RK_FULL ? FULL_USERS : FAST_USERS;
}


/* Users spread evenly over all who can teach. */
static int choose_users(lesson *l, const rk_mode_lists *lists, rk_error *err)
{
    size_t n_users = l->w->corpus->n_users;
    size_t most = most_users(l->w);
    size_t able = 0;
    size_t seen = 0;

    for (size_t u = 0; u < n_users; u++)
        able += can_teach(lists, u);
    l->users = rk_calloc(able < most ? able : most, sizeof(*l->users));
    if (!l->users)
        return rk_no_memory(err);
    for (size_t u = 0; u < n_users; u++) {
        if (!can_teach(lists, u))
            continue;
        if (able <= most || seen * most / able != (seen + 1) * most / able)
            l->users[l->n_users++] = (uint32_t)u;
        seen++;
    }
    return RK_OK;
}


typedef struct tally {
    uint32_t item;
    uint32_t likes;
} tally;


/* The most liked first. */
static int by_likes(const void *a, const void *b)
{
    const tally *x = a;
    const tally *y = b;

    return x->likes != y->likes ? (x->likes < y->likes) - (x->likes > y->likes)
                                : (x->item > y->item) - (x->item < y->item);
}


static int choose_items(lesson *l, rk_error *err)
{
    const rk_corpus *c = l->w->corpus;
    tally *tallies = rk_calloc(c->n_items, sizeof(*tallies));

    l->n_items = c->n_items < MOST_ITEMS ? c->n_items : MOST_ITEMS;
    l->items = rk_calloc(l->n_items, sizeof(*l->items));
    l->row = rk_alloc_array(c->n_items, sizeof(*l->row));
    if (!tallies || !l->items || !l->row) {
        free(tallies);
        return rk_no_memory(err);
    }
    for (size_t i = 0; i < c->n_items; i++)
        tallies[i].item = (uint32_t)i;
    for (size_t k = 0; k < l->n_users; k++)
        for (size_t e = c->start[l->users[k]]; e < c->start[l->users[k] + 1];
             e++)
            tallies[c->seen[e].item].likes += c->seen[e].label > 0;
    qsort(tallies, c->n_items, sizeof(*tallies), by_likes);
    memset(l->row, 0xff, c->n_items * sizeof(*l->row));
    for (size_t i = 0; i < l->n_items; i++) {
        l->items[i] = tallies[i].item;
        l->row[tallies[i].item] = (uint32_t)i;
    }
    free(tallies);
    return RK_OK;
}


/* The rows of the newest likes among n events, oldest first. */
static size_t liked_rows(const lesson *l, const rk_seen *seen, size_t n,
                         uint32_t *rows)
{
    const rk_who who = {.history = seen, .n_history = n};
    size_t n_liked = rk_who_latest(&who, +1, l->most, rows);
    size_t kept = 0;

    for (size_t i = 0; i < n_liked; i++)
        if (l->row[rows[i]] != RK_NO_ID)
            rows[kept++] = l->row[rows[i]];
    return kept;
}


/* The user's last likes, and what they had liked before the first of them.
 * `rows` has room for l->most. */
static void add_user(lesson *l, size_t at, uint32_t *rows)
{
    const rk_corpus *c = l->w->corpus;
    const rk_seen *seen = c->seen + c->start[l->users[at]];
    size_t cut = c->start[l->users[at] + 1] - c->start[l->users[at]];
    size_t before = l->n;
    size_t n_liked;

    for (size_t k = 0; k < EACH; k++) {
        size_t last = rk_mode_last_like(seen, cut);

        if (last == cut)
            break;
        cut = last;
        if (l->row[seen[cut].item] == RK_NO_ID)
            continue;
        l->of_user[l->n] = (uint32_t)at;
        l->of_item[l->n++] = l->row[seen[cut].item];
    }
    n_liked = liked_rows(l, seen, cut, rows);
    if (n_liked)
        user_features(&l->widths, l->features, rows, n_liked,
                      l->h + at * 2 * l->widths.item);
    else
        l->n = before;
}


static int lesson_make(lesson *l, const rk_mode_lists *lists, rk_error *err)
{
    const rk_snapshot *s = lists->w->snapshot;
    uint32_t *rows = NULL;
    int rc = widths_of(s, lists->w->run, &l->widths, err);

    l->w = lists->w;
    l->most = s->settings->llm_history;
    if (rc == RK_OK)
        rc = choose_users(l, lists, err);
    if (rc == RK_OK && l->n_users == 0)
        return RK_OK;
    if (rc == RK_OK)
        rc = choose_items(l, err);
    if (rc)
        return rc;
    l->features = rk_alloc_array(l->n_items,
                                 l->widths.item * sizeof(*l->features));
    l->h = rk_calloc(l->n_users, 2 * l->widths.item * sizeof(*l->h));
    l->of_user = rk_calloc(l->n_users, EACH * sizeof(*l->of_user));
    l->of_item = rk_calloc(l->n_users, EACH * sizeof(*l->of_item));
    rows = rk_alloc_array(l->most, sizeof(*rows));
    rc = l->features && l->h && l->of_user && l->of_item && rows
             ? read_items(s, &l->widths, l->items, l->n_items, l->w->run,
                          l->features, err)
             : rk_no_memory(err);
    for (size_t at = 0; at < l->n_users && rc == RK_OK; at++)
        add_user(l, at, rows);
    free(rows);
    return rc;
}


int rk_probe_towers_fit(rk_two_tower *out, const rk_mode_lists *lists,
                        rk_error *err)
{
    const rk_two_tower_opts opts = {.rank = RK_TWO_TOWER_RANK,
                                    .epochs = 200,
                                    .rate = 0.02f,
                                    .l2 = 5e-4f,
                                    .seed = lists->s->settings->seed};
    lesson l = {0};
    rk_pairs pairs;
    int rc = lesson_make(&l, lists, err);

    pairs = (rk_pairs){l.h,        l.n_users, 2 * l.widths.item,
                       l.features, l.n_items, l.widths.item,
                       l.of_user,  l.of_item, l.n};
    if (rc == RK_OK && l.n)
        rc = rk_two_tower_fit(out, &pairs, &opts, err);
    lesson_clear(&l);
    return rc;
}


/* Whether the towers were trained, and on what there is now. */
static int check(const rk_two_tower *t, const widths *w, rk_error *err)
{
    if (t->n_user == 0)
        return rk_fail(err, RK_ENOTREADY,
                       "the probe was not trained: with llm.mode probe or "
                       "effort full, run reckon prepare");
    if (t->n_user != 2 * w->item || t->n_item != w->item)
        return rk_fail(err, RK_ENOTREADY,
                       "the probe was trained on users of %zu and items of "
                       "%zu features, here are %zu and %zu: run reckon prepare",
                       t->n_user, t->n_item, 2 * w->item, w->item);
    return RK_OK;
}


/* What the towers make of a user of whom n likes are told: all zeros where
 * there are none. */
static int read_user(const rk_mode_ask *a, const widths *w, float *h,
                     rk_error *err)
{
    size_t most = a->s->settings->llm_history;
    uint32_t *likes = rk_alloc_array(most, 2 * sizeof(*likes));
    float *f = NULL;
    size_t n;
    int rc;

    if (!likes)
        return rk_no_memory(err);
    n = rk_who_latest(a->who, +1, most, likes);
    f = rk_alloc_array(n, w->item * sizeof(*f));
    rc = f ? read_items(a->s, w, likes, n, a->run, f, err) : rk_no_memory(err);
    for (size_t i = 0; i < n; i++)
        likes[i] = (uint32_t)i;
    if (rc == RK_OK && n)
        user_features(w, f, likes, n, h);
    free(likes);
    free(f);
    return rc;
}


int rk_probe_towers_read(const rk_mode_ask *a, float *out, rk_error *err)
{
    const rk_two_tower *t = &a->s->llm.probe;
    float p[RK_TWO_TOWER_RANK];
    float *h = NULL;
    float *f = NULL;
    widths w = {0};
    int rc = widths_of(a->s, a->run, &w, err);

    if (rc == RK_OK)
        rc = check(t, &w, err);
    if (rc)
        return rc;
    h = rk_alloc_array(t->n_user, sizeof(*h));
    f = rk_alloc_array(a->n, t->n_item * sizeof(*f));
    rc = h && f ? RK_OK : rk_no_memory(err);
    if (rc == RK_OK) {
        memcpy(h, t->user_scale, t->n_user * sizeof(*h)); /* nobody: the mean */
        rc = read_user(a, &w, h, err);
    }
    if (rc == RK_OK)
        rc = read_items(a->s, &w, a->items, a->n, a->run, f, err);
    if (rc == RK_OK)
        rk_two_tower_user(t, h, p);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        out[i] = rk_two_tower_score(t, p, f + i * t->n_item);
    free(h);
    free(f);
    return rc;
}


float rk_probe_towers_tokens(const rk_workshop *w, const rk_mode_size *z)
{
    size_t items = w->corpus->n_items;

    items = items < MOST_ITEMS ? items : MOST_ITEMS;
    return (float)items * z->lines / z->n;
}

#include "paradigms/probe_towers.h"

#include "core/mem.h"
#include "paradigms/cached.h"
#include "paradigms/liking.h"
#include "paradigms/lines.h"
#include "paradigms/mode_lists.h"
#include "paradigms/prompt.h"
#include "paradigms/vocabulary.h"

#include <string.h>

#define FAST_USERS 200
#define FULL_USERS 1000
#define EACH       5    /* likes of each that are learnt from */
#define MOST_ITEMS 2048 /* that likes are told from */


/* What states are read after, and how. */
typedef struct states {
    const char *prefix;
    bool mean; /* over a text's tokens; else of its last */
} states;


static int ask_states(void *ctx, rk_llm *m, const char *const *texts, size_t n,
                      float *rows, rk_error *err)
{
    const states *s = ctx;

    return rk_llm_states(m, s->prefix, texts, n, s->mean, rows, err);
}


/* States after a prefix and each text, float32 (n, width): a user's at the
 * last token, an item's averaged over its line. */
static int read_states(const rk_snapshot *s, rk_run *run, states with,
                       const char *const *texts, size_t n, float *rows,
                       rk_error *err)
{
    rk_asking a = {run, s->writer_key, "reading states", NULL,
                   with.mean ? 0 : RK_ASK_PASSING};
    rk_own_question q = {with.mean ? "mean state" : "state", with.prefix, 0,
                         ask_states, &with};
    rk_llm *writer;
    int rc = rk_asking_model(&a, RK_WRITER, &writer, err);

    if (rc)
        return rc;
    q.width = rk_llm_describe(writer)->width;
    return rk_cached_own(&a, &q, texts, n, rows, err);
}


/* The state after one user's list of likes, float32 (width). */
static int read_user(const rk_snapshot *s, const rk_who *who, rk_run *run,
                     float *h, rk_error *err)
{
    size_t n_items;
    char *prompt = rk_prompt_user(s, who, +1, &n_items);
    int rc = prompt ? read_states(s, run, (states){prompt, false},
                                  (const char *[]){""}, 1, h, err)
                    : rk_no_memory(err);

    free(prompt);
    return rc;
}


/* Features of n items, float32 (n, width + d): the state after each line, and
 * the vector where there are vectors. */
static int read_items(const rk_snapshot *s, const uint32_t *items, size_t n,
                      size_t width, rk_run *run, float *f, rk_error *err)
{
    size_t d = s->vectors ? s->d : 0;
    float *rows = rk_alloc_array(n, width * sizeof(*rows));
    char *heading = rk_prompt_heading(s, +1);
    rk_lines l = {0};
    int rc = rows && heading ? rk_lines_init(&l, s, items, n, err)
                             : rk_no_memory(err);

    if (rc == RK_OK)
        rc = read_states(s, run, (states){heading, true},
                         (const char *const *)l.text, n, rows, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        float *row = f + i * (width + d);

        memcpy(row, rows + i * width, width * sizeof(*row));
        if (d)
            memcpy(row + width, rk_snapshot_vector(s, items[i]),
                   d * sizeof(*row));
    }
    rk_lines_clear(&l);
    free(heading);
    free(rows);
    return rc;
}


/* Users to learn from, and what they liked. */
typedef struct lesson {
    const rk_workshop *w;
    size_t width;
    size_t d;          /* of items' vectors, 0: none */
    float *users;      /* (cap, width) */
    uint32_t *of_user; /* (cap EACH) */
    uint32_t *of_item; /* the same, rows of `items` */
    uint32_t *items;   /* (MOST_ITEMS) */
    uint32_t *row;     /* (n_items) of each item, RK_NO_ID: none */
    float *features;   /* (n_items, width + d) */
    size_t n_users;
    size_t n;
    size_t n_items;
} lesson;


static void lesson_clear(lesson *l)
{
    free(l->users);
    free(l->of_user);
    free(l->of_item);
    free(l->items);
    free(l->row);
    free(l->features);
}


static int lesson_init(lesson *l, const rk_workshop *w, size_t cap,
                       rk_error *err)
{
    rk_asking a = {w->run, w->snapshot->writer_key, NULL, NULL, 0};
    size_t n_items = w->corpus->n_items;
    rk_llm *writer;
    int rc = rk_asking_model(&a, RK_WRITER, &writer, err);

    if (rc)
        return rc;
    l->w = w;
    l->width = rk_llm_describe(writer)->width;
    l->d = w->snapshot->vectors ? w->snapshot->d : 0;
    l->users = rk_calloc(cap, l->width * sizeof(*l->users));
    l->of_user = rk_calloc(cap, EACH * sizeof(*l->of_user));
    l->of_item = rk_calloc(cap, EACH * sizeof(*l->of_item));
    l->items = rk_calloc(MOST_ITEMS, sizeof(*l->items));
    l->row = rk_alloc_array(n_items, sizeof(*l->row));
    if (!l->users || !l->of_user || !l->of_item || !l->items || !l->row)
        return rk_no_memory(err);
    memset(l->row, 0xff, n_items * sizeof(*l->row));
    return RK_OK;
}


/* The row of an item, RK_NO_ID: there is no room for it. */
static uint32_t row_of(lesson *l, uint32_t item)
{
    if (l->row[item] == RK_NO_ID && l->n_items < MOST_ITEMS) {
        l->row[item] = (uint32_t)l->n_items;
        l->items[l->n_items++] = item;
    }
    return l->row[item];
}


/* The user's last likes, and the state before the first of them. */
static int add_user(lesson *l, size_t user, rk_error *err)
{
    const rk_corpus *c = l->w->corpus;
    const rk_seen *seen = c->seen + c->start[user];
    size_t cut = c->start[user + 1] - c->start[user];
    rk_token_weight room[RK_TOKENS_MAX];
    size_t before = l->n;
    rk_who who;

    for (size_t k = 0; k < EACH; k++) {
        size_t at = rk_mode_last_like(seen, cut);
        uint32_t row;

        if (at == cut)
            break;
        cut = at;
        row = row_of(l, seen[at].item);
        if (row == RK_NO_ID)
            continue;
        l->of_user[l->n] = (uint32_t)l->n_users;
        l->of_item[l->n++] = row;
    }
    if (l->n == before)
        return RK_OK;
    rk_liking_who(l->w, user, seen, cut, room, &who);
    return read_user(l->w->snapshot, &who, l->w->run,
                     l->users + l->n_users++ * l->width, err);
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


static int add_users(lesson *l, const rk_mode_lists *lists, rk_error *err)
{
    const rk_corpus *c = l->w->corpus;
    size_t most = most_users(l->w);
    size_t able = 0;
    size_t seen = 0;
    int rc = RK_OK;

    for (size_t u = 0; u < c->n_users; u++)
        able += can_teach(lists, u);
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        bool take;

        if (!can_teach(lists, u))
            continue;
        take = able <= most || seen * most / able != (seen + 1) * most / able;
        seen++;
        if (!take)
            continue;
        rc = rk_progress_report(l->w->progress, "reading users for the probe",
                                seen, able, err);
        if (rc == RK_OK)
            rc = add_user(l, u, err);
    }
    return rc;
}


/* Fills up with items that nobody here liked, evenly over the catalogue. */
static int add_items(lesson *l, rk_error *err)
{
    size_t n = l->w->corpus->n_items;
    size_t step = n / MOST_ITEMS + 1;

    for (size_t i = 0; i < n; i += step)
        (void)row_of(l, (uint32_t)i);
    l->features = rk_calloc(l->n_items,
                            (l->width + l->d) * sizeof(*l->features));
    return l->features ? read_items(l->w->snapshot, l->items, l->n_items,
                                    l->width, l->w->run, l->features, err)
                       : rk_no_memory(err);
}


int rk_probe_towers_fit(rk_two_tower *out, const rk_mode_lists *lists,
                        rk_error *err)
{
    const rk_two_tower_opts opts = {.rank = RK_TWO_TOWER_RANK,
                                    .epochs = 200,
                                    .rate = 0.02f,
                                    .l2 = 1e-4f,
                                    .seed = lists->s->settings->seed};
    lesson l = {0};
    rk_pairs pairs;
    int rc = lesson_init(&l, lists->w, most_users(lists->w) + 1, err);

    if (rc == RK_OK)
        rc = add_users(&l, lists, err);
    if (rc == RK_OK && l.n)
        rc = add_items(&l, err);
    pairs = (rk_pairs){l.users,    l.n_users, l.width,
                       l.features, l.n_items, l.width + l.d,
                       l.of_user,  l.of_item, l.n};
    if (rc == RK_OK && l.n)
        rc = rk_two_tower_fit(out, &pairs, &opts, err);
    lesson_clear(&l);
    return rc;
}


/* Whether the towers were trained, and on what there is now. */
static int check(const rk_snapshot *s, size_t width, rk_error *err)
{
    const rk_two_tower *t = &s->llm.probe;
    size_t d = s->vectors ? s->d : 0;

    if (t->n_user == 0)
        return rk_fail(err, RK_ENOTREADY,
                       "the probe was not trained: with llm.mode probe or "
                       "effort full, run reckon prepare");
    if (t->n_user != width || t->n_item != width + d)
        return rk_fail(err, RK_ENOTREADY,
                       "the probe was trained on states of %zu and items of "
                       "%zu features, here are %zu and %zu: run reckon prepare",
                       t->n_user, t->n_item, width, width + d);
    return RK_OK;
}


int rk_probe_towers_read(const rk_mode_ask *a, float *out, rk_error *err)
{
    const rk_two_tower *t = &a->s->llm.probe;
    rk_asking asking = {a->run, a->s->writer_key, NULL, NULL, 0};
    float p[RK_TWO_TOWER_RANK];
    float *h = NULL;
    float *f = NULL;
    rk_llm *writer;
    int rc = rk_asking_model(&asking, RK_WRITER, &writer, err);

    if (rc == RK_OK)
        rc = check(a->s, rk_llm_describe(writer)->width, err);
    if (rc)
        return rc;
    h = rk_alloc_array(t->n_user, sizeof(*h));
    f = rk_alloc_array(a->n, t->n_item * sizeof(*f));
    rc = h && f ? read_user(a->s, a->who, a->run, h, err) : rk_no_memory(err);
    if (rc == RK_OK)
        rc = read_items(a->s, a->items, a->n, t->n_user, a->run, f, err);
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
    size_t users = most_users(w);
    size_t items = w->corpus->n_items;

    users = users < w->corpus->n_users ? users : w->corpus->n_users;
    items = items < MOST_ITEMS ? items : MOST_ITEMS;
    return (float)users * z->liked + (float)items * z->lines / z->n;
}

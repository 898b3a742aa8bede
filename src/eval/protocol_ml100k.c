/* MovieLens 100K, leave one out: every rating is an interaction, in order of
 * time and then of the file. The last is the test, the one before it is for
 * tuning, all others are trained on; all items are ranked. */
#include "core/mem.h"
#include "core/text.h"
#include "data/import.h"
#include "eval/fill.h"
#include "eval/protocols.h"
#include "eval/table.h"

#include <string.h>

static const char *const notes[] = {
    "every rating is an interaction, whatever its value; items of the history "
    "are not ranked",
    "OpenP5 took items of one time in another order: a few truths differ",
    NULL,
};

typedef struct reading {
    rk_corpus_builder *b;
    enum rk_kind kind;
    char bad[200]; /* the first bad row */
} reading;


static int row_take(void *ctx, const rk_record *record, const rk_event *event,
                    rk_error *err)
{
    reading *r = ctx;

    if (r->kind == RK_ITEMS)
        return rk_corpus_add_item(r->b, record, err);
    if (r->kind == RK_USERS)
        return rk_corpus_add_user(r->b, record, err);
    return rk_corpus_add_event(r->b, event, err);
}


static void row_refuse(void *ctx, const char *where_and_why)
{
    reading *r = ctx;

    if (!r->bad[0]) {
        strncpy(r->bad, where_and_why, sizeof(r->bad) - 1);
        rk_text_end_whole(r->bad);
    }
}


static int file_read(rk_corpus_builder *b, enum rk_kind kind, const char *dir,
                     const char *name, rk_error *err)
{
    reading r = {b, kind, ""};
    const rk_row_sink sink = {row_take, row_refuse, NULL, &r};
    char *path = rk_table_path(dir, "ml-100k", name);
    int rc = path ? rk_import_path(kind, path, &sink, err) : rk_no_memory(err);

    if (rc == RK_OK && r.bad[0])
        rc = rk_fail(err, RK_EFORMAT, "%s", r.bad);
    free(path);
    return rc;
}


static int corpus_read(rk_corpus **out, const char *dir, rk_error *err)
{
    static const rk_rules all = {.positive = {{"rating", RK_ALWAYS, 0}},
                                 .n_positive = 1};
    rk_corpus_builder *b = NULL;
    int rc = rk_corpus_builder_new(&b, &all, err);

    *out = NULL;
    if (rc == RK_OK)
        rc = file_read(b, RK_ITEMS, dir, "items.csv", err);
    if (rc == RK_OK)
        rc = file_read(b, RK_USERS, dir, "users.csv", err);
    if (rc == RK_OK)
        rc = file_read(b, RK_EVENTS, dir, "events.csv", err);
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, out, err);
    rk_corpus_builder_free(b);
    return rc;
}


/* The user with all but the last `held` events, and the next as truth. Nobody
 * is asked whose history would be empty. */
static int user_fill(rk_fill *f, const rk_corpus *c, uint32_t u, size_t held,
                     bool ask, rk_error *err)
{
    size_t n = c->start[u + 1] - c->start[u];
    size_t kept = n > held ? n - held : 0;
    int rc;

    if (ask && kept == 0)
        return RK_OK;
    rc = rk_fill_user(f, rk_ids_at(c->user_ids, u), c->users[u], u, err);
    for (size_t i = 0; i < kept && rc == RK_OK; i++)
        rc = rk_fill_event(f, c->seen[c->start[u] + i], err);
    if (rc == RK_OK && ask)
        rc = rk_fill_truth(f, c->seen[c->start[u] + kept].item, err);
    return rc;
}


static int task_fill(rk_task *t, const rk_task_opts *opts, rk_error *err)
{
    rk_corpus *c = t->catalogue;
    bool *asked = rk_fill_draw(c->n_users, opts->n_users, opts->seed);
    rk_fill train = {0};
    rk_fill tuning = {0};
    rk_fill test = {0};
    int rc = asked ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_fill_begin(&train, c, 0, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&tuning, c, 0, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&test, c, 0, err);
    for (uint32_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        rc = user_fill(&train, c, u, 2, false, err);
        if (rc == RK_OK)
            rc = user_fill(&tuning, c, u, 2, true, err);
        if (rc == RK_OK && asked[u])
            rc = user_fill(&test, c, u, 1, true, err);
    }
    if (rc)
        goto done;
    t->train = rk_fill_take_corpus(&train);
    rk_fill_take_questions(&tuning, &t->validation);
    rk_fill_take_questions(&test, &t->test);

done:
    rk_fill_clear(&train);
    rk_fill_clear(&tuning);
    rk_fill_clear(&test);
    free(asked);
    return rc;
}


static int load(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    rk_task *t = NULL;
    int rc = rk_task_needs(&rk_protocol_ml100k, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    t = rk_task_new(&rk_protocol_ml100k, RK_TASK_RANK, RK_M_NDCG_10, notes);
    if (!t)
        return rk_no_memory(err);
    rc = corpus_read(&t->catalogue, opts->data, err);
    if (rc == RK_OK)
        rc = task_fill(t, opts, err);
    if (rc == RK_OK) {
        *out = t;
        t = NULL;
    }
    rk_task_free(t);
    return rc;
}


static const rk_published published[] = {
    {"OpenP5", "ndcg@10", 0.0595},
    {NULL, NULL, 0},
};

const rk_protocol rk_protocol_ml100k = {
    .name = "ml-100k-loo",
    .summary = "MovieLens 100K, the last rated film of 943 users, all 1,682 "
               "ranked",
    .needs = "items.csv, users.csv and events.csv, as the demo makes them",
    .load = load,
    .wording = &rk_words_for_movies,
    .published = published,
};

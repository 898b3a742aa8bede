/* MovieLens 1M, the next item, in the split of gSASRec (Petrov & Macdonald
 * 2023). Trained on: all but the last of the history (users for tuning: all
 * but the last two). Tuning: the last of the history from the rest, 512 users.
 * Test: the test item from the whole history, all items ranked. */
#include "eval/fill.h"
#include "eval/ml1m.h"
#include "eval/protocols.h"

#include <stdlib.h>

static const char *const notes[] = {
    "ten histories of the files lack one item: 999,601 interactions of "
    "999,611",
    "items of the history are not ranked; MovieLens has no repeats",
    "the last item of a history is given when the test is asked, and not "
    "trained on, as in the published split",
    NULL,
};


static int validation_fill(rk_task *t, const rk_sequences *m, rk_error *err)
{
    rk_fill f;
    int rc = rk_fill_begin(&f, m->shelf, 0, err);

    for (uint32_t u = 0; u < m->shelf->n_users && rc == RK_OK; u++) {
        size_t n = rk_sequences_length(m, u);

        if (!m->tunes[u] || n == 0)
            continue;
        rc = rk_sequences_fill(m, u, n - 1, &f, err);
        if (rc == RK_OK)
            rc = rk_fill_truth(&f, rk_sequences_event(m, u, n - 1).item, err);
    }
    if (rc == RK_OK)
        rk_fill_take_questions(&f, &t->validation);
    rk_fill_clear(&f);
    return rc;
}


static int test_fill(rk_task *t, const rk_sequences *m, const bool *asked,
                     rk_error *err)
{
    rk_fill f;
    int rc = rk_fill_begin(&f, m->shelf, 0, err);

    for (uint32_t u = 0; u < m->shelf->n_users && rc == RK_OK; u++) {
        if (m->test[u] == RK_NO_ID || !asked[u])
            continue;
        rc = rk_sequences_fill(m, u, rk_sequences_length(m, u), &f, err);
        if (rc == RK_OK)
            rc = rk_fill_truth(&f, m->test[u], err);
    }
    if (rc == RK_OK)
        rk_fill_take_questions(&f, &t->test);
    rk_fill_clear(&f);
    return rc;
}


static int load(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    rk_task *t = NULL;
    rk_sequences m = {0};
    bool *asked = NULL;
    int rc = rk_task_needs(&rk_protocol_ml1m, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    rc = rk_ml1m_load(&m, opts->data, err);
    if (rc)
        goto done;
    t = rk_task_new(&rk_protocol_ml1m, RK_TASK_RANK, RK_M_NDCG_10, notes);
    asked = rk_fill_draw(m.shelf->n_users, opts->n_users, opts->seed);
    if (!t || !asked) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_sequences_train(&m, 1, true, &t->train, err);
    if (rc == RK_OK)
        rc = validation_fill(t, &m, err);
    if (rc == RK_OK)
        rc = test_fill(t, &m, asked, err);
    if (rc)
        goto done;
    t->catalogue = m.shelf;
    m.shelf = NULL;
    *out = t;
    t = NULL;

done:
    rk_task_free(t);
    rk_sequences_clear(&m);
    free(asked);
    return rc;
}


static const rk_published published[] = {
    {"SASRec", "ndcg@10", 0.1259},
    {"SASRec", "recall@10", 0.2392},
    {"BERT4Rec (near-identical set-up)", "ndcg@10", 0.1516},
    {"SASRec, sampled softmax (near-identical set-up)", "ndcg@10", 0.1684},
    {"HSTU (near-identical set-up)", "ndcg@10", 0.1719},
    {"gSASRec", "ndcg@10", 0.1726},
    {"gSASRec", "recall@10", 0.3003},
    {"eSASRec (near-identical set-up)", "ndcg@10", 0.1772},
    {"FuXi-alpha (near-identical set-up)", "ndcg@10", 0.1813},
    {NULL, NULL, 0},
};

const rk_protocol rk_protocol_ml1m = {
    .name = "ml-1m-loo",
    .summary = "MovieLens 1M, the next item of 6,040 users, all 3,416 ranked",
    .needs = "ml-1m-loo/sequences.tsv, items.tsv and users.tsv",
    .load = load,
    .wording = &rk_words_for_movies,
    .published = published,
};

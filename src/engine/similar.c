/* Items near to an item in meaning. */
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"
#include "engine/answer.h"
#include "engine/spending.h"

#include <math.h>

/* The cosine, and the categories that both have. */
static int explain_similar(const rk_snapshot *s, const rk_who *who,
                           const rk_candidate *c, rk_reasons *out, rk_run *run,
                           rk_error *err)
{
    uint32_t to = who->history[0].item;
    rk_buf why;
    size_t shared = 0;
    int rc;

    (void)run;
    rk_buf_init(&why);
    rc = rk_reasons_add(out, "model", rk_snapshot_id(s, to), c->score, err,
                        "cosine %.2f to %s", (double)c->score,
                        rk_snapshot_title(s, to));
    for (size_t k = 0; k < s->vocabulary.n_categories && rc == RK_OK; k++) {
        const char *word = s->vocabulary.words[k];

        if (!rk_snapshot_has_category(s, c->item, word) ||
            !rk_snapshot_has_category(s, to, word))
            continue;
        rk_buf_printf(&why, "%s%s", shared++ ? ", " : "both are ", word);
        rc = rk_reasons_add(out, "token", word, NAN, err, "%s", word);
    }
    rk_buf_printf(&why, "%sclose in meaning (cosine %.2f)", shared ? "; " : "",
                  (double)c->score);
    out->why = rk_buf_take(&why);
    if (rc == RK_OK && !out->why)
        rc = rk_no_memory(err);
    return rc;
}


static bool is_itself(const void *ctx, uint32_t item)
{
    return item == *(const uint32_t *)ctx;
}


/* The k items nearest to `item`. */
static int nearest(const rk_snapshot *s, uint32_t item, size_t k,
                   rk_candidates *out, rk_error *err)
{
    rk_hit *hits = rk_alloc_array(k, sizeof(*hits));
    size_t n = 0;
    int rc = hits ? rk_index_search(s->vectors, rk_snapshot_vector(s, item), k,
                                    RK_SEARCH_BEST, is_itself, &item, hits, &n,
                                    err)
                  : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_candidate c = {.item = hits[i].index,
                          .score = hits[i].score,
                          .probability = NAN,
                          .source = "vectors"};

        rc = rk_candidates_add(out, c, err);
    }
    free(hits);
    return rc;
}


int rk_similar(rk_engine *e, const char *item, size_t n, rk_answer **out,
               rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_answer_box *box = NULL;
    rk_candidates found = {0};
    rk_seen itself = {0};
    rk_who who = {.history = &itself, .n_history = 1};
    const rk_snapshot *s;
    int rc;

    *out = NULL;
    if (n == 0 || n > RK_MOST_ITEMS)
        return rk_fail(err, RK_EINVAL, "n is %zu, must be 1 to %d", n,
                       RK_MOST_ITEMS);
    rc = rk_answer_box_new(&box, e, "similar", NULL, err);
    if (rc == RK_OK)
        rc = rk_engine_serving(e, &box->run, err);
    if (rc)
        goto done;
    s = &e->serving->snapshot;
    itself.item = rk_ids_find(s->ids, item);
    if (itself.item == RK_NO_ID)
        rc = rk_fail(err, RK_ENOTFOUND, "no such item: %s", item);
    else if (!s->vectors)
        rc = rk_fail(err, RK_ENOTREADY,
                     "items have no vectors: no embedder when prepared");
    else
        rc = nearest(s, itself.item, n, &found, err);
    if (rc == RK_OK) {
        rk_run_trace(&box->run, "nearest vectors", s->n_items, found.n, start,
                     "exact, %s kernels", rk_kernels_name());
        rc = rk_answer_box_items(box, s, &who, &found, n, explain_similar, err);
    }
    rk_spending_end(e, &box->run, "similar", false, NULL);
    if (rc == RK_OK)
        rc = rk_answer_box_close(box, e, "similar", err);
    if (rc == RK_OK) {
        *out = &box->answer;
        box = NULL;
    }

done:
    if (box)
        rk_spending_end(e, &box->run, "similar", false, NULL);
    if (box)
        rk_answer_free(&box->answer);
    rk_candidates_clear(&found);
    return rc;
}

#include "engine/recall.h"

#include "core/clock.h"
#include "core/mem.h"
#include "engine/others.h"

#include <math.h>

typedef int (*source_fn)(const rk_snapshot *s, const rk_who *who, size_t k,
                         rk_candidates *out, rk_run *run, rk_error *err);


/* The k best of dense scores over the first n_scored items. */
static int propose(const float *scores, size_t n_scored, size_t k,
                   const char *source, rk_candidates *out, rk_run *run,
                   rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_hit *room = rk_alloc_array(k, sizeof(*room));
    rk_topk top;
    size_t n = 0;
    int rc = room ? RK_OK : rk_no_memory(err);

    rk_topk_init(&top, room, k);
    for (uint32_t i = 0; rc == RK_OK && i < n_scored; i++)
        if (!isinf(scores[i]) && (!run->skip || !run->skip(run->skip_ctx, i)))
            rk_topk_add(&top, i, scores[i]);
    if (rc == RK_OK)
        n = rk_topk_finish(&top);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_candidate c = {.item = room[i].index,
                          .score = room[i].score,
                          .probability = NAN,
                          .source = source};

        rc = rk_candidates_add(out, c, err);
    }
    rk_run_trace(run, "recall", n_scored, n, start, "by %s", source);
    free(room);
    return rc;
}


static int by_popularity(const rk_snapshot *s, const rk_who *who, size_t k,
                         rk_candidates *out, rk_run *run, rk_error *err)
{
    (void)who;
    return s->popularity ? propose(s->popularity, s->n_fitted, k, "popularity",
                                   out, run, err)
                         : RK_OK;
}


static int by_others(const rk_snapshot *s, const rk_who *who, size_t k,
                     rk_candidates *out, rk_run *run, rk_error *err)
{
    const float *scores;
    int rc = rk_others_scores(s, who, run, &scores, err);

    return rc || !scores ? rc
                         : propose(scores, s->n_items, k, "others' histories",
                                   out, run, err);
}


static int by_vectors(const rk_snapshot *s, const rk_who *who, size_t k,
                      rk_candidates *out, rk_run *run, rk_error *err)
{
    return rk_embeddings.lacks(s)
               ? RK_OK
               : rk_embeddings.recall(s, who, k, out, run, err);
}


static int by_tokens(const rk_snapshot *s, const rk_who *who, size_t k,
                     rk_candidates *out, rk_run *run, rk_error *err)
{
    return rk_tokens.lacks(s) ? RK_OK
                              : rk_tokens.recall(s, who, k, out, run, err);
}


static const source_fn sources[] = {
    by_others,
    by_vectors,
    by_tokens,
    by_popularity,
};


int rk_recall(const rk_snapshot *s, const rk_who *who, size_t k,
              rk_candidates *out, rk_run *run, rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && rc == RK_OK;
         i++)
        rc = sources[i](s, who, k, out, run, err);
    return rc;
}

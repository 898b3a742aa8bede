#include "engine/propose.h"

#include "engine/cascade.h"
#include "engine/rank.h"

#include <math.h>

/* Candidates as the way or the sources propose them. */
static int recall(const rk_snapshot *s, const rk_paradigm *way,
                  const rk_who *who, size_t n, rk_candidates *out, rk_run *run,
                  rk_error *err)
{
    size_t k = n > RK_RECALL_EACH ? n : RK_RECALL_EACH;
    size_t most = s->settings->llm_candidates;
    int rc;

    if (way && way->recall) {
        rc = way->asks_model ? rk_cascade_may_recall(s, way, who, k, run, err)
                             : RK_OK;
        return rc ? rc : way->recall(s, who, k, out, run, err);
    }
    rc = rk_recall(s, who, k, out, run, err);
    if (rc || !way)
        return rc;
    rc = rk_rank(s, who, out, run, err);
    rk_candidates_sort(out);
    most = most < n ? n : most;
    if (out->n > most)
        out->n = most;
    return rc;
}


int rk_propose_order(const rk_snapshot *s, const rk_paradigm *way,
                     const rk_who *who, rk_candidates *io, rk_run *run,
                     rk_error *err)
{
    int rc;

    if (io->n == 0)
        return RK_OK;
    if (way && way->asks_model)
        return rk_cascade_order(s, way, who, io, run, err);
    rc = way ? way->score(s, who, io, run, err) : rk_rank(s, who, io, run, err);
    if (rc == RK_OK)
        rk_candidates_sort(io);
    return rc;
}


int rk_propose(const rk_snapshot *s, const rk_paradigm *way, const rk_who *who,
               size_t n, rk_candidates *out, rk_run *run, rk_error *err)
{
    int rc = recall(s, way, who, n, out, run, err);

    return rc ? rc : rk_propose_order(s, way, who, out, run, err);
}


int rk_propose_given(const rk_snapshot *s, const char *id, rk_candidates *out,
                     rk_error *err)
{
    rk_candidate c = {.item = rk_ids_find(s->ids, id),
                      .probability = NAN,
                      .source = "request"};

    if (c.item == RK_NO_ID)
        return rk_fail(err, RK_ENOTFOUND, "no such item: %s", id);
    return rk_candidates_add(out, c, err);
}

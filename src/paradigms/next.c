#include "paradigms/next.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/fuse.h"
#include "learn/text_map.h"

#include <string.h>

static int by_history(const rk_snapshot *s, const rk_who *who, float *scores,
                      rk_error *err)
{
    size_t width = rk_text_map_width(s->text_map);
    uint32_t *items = rk_alloc_array(who->n_history, sizeof(*items));
    float *query = rk_alloc_array(width, sizeof(*query));
    int rc = items && query ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK) {
        size_t n = rk_who_latest(who, +1, who->n_history, items);

        rk_text_map_query(s->text_map, items, n, 1, query);
        for (size_t i = 0; i < s->n_items; i++)
            scores[i] = rk_dot(query, s->text_x + i * width, width);
        rk_zscore(scores, s->n_items);
    }
    free(items);
    free(query);
    return rc;
}


static void by_profile(const rk_snapshot *s, const rk_who *who, float *scores)
{
    rk_user_map_score(s->user_map, who->vector, scores);
    rk_zscore(scores, s->n_items);
}


int rk_next_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                   const float **scores, rk_error *err)
{
    bool liked = rk_who_count(who, +1) > 0;
    float *out;
    int rc = RK_OK;

    *scores = NULL;
    if (liked ? !s->text_map : !s->user_map || !who->vector)
        return RK_OK;
    if (run->next && run->next_of[0] == s && run->next_of[1] == who) {
        *scores = run->next;
        return RK_OK;
    }
    out = rk_run_keep(run, rk_alloc_array(s->n_items, sizeof(*out)));
    if (!out)
        return rk_no_memory(err);
    if (liked)
        rc = by_history(s, who, out, err);
    else
        by_profile(s, who, out);
    if (rc)
        return rc;
    run->next = *scores = out;
    run->next_of[0] = s;
    run->next_of[1] = who;
    return RK_OK;
}

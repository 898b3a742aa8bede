#include "engine/answer.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/mem.h"
#include "engine/rank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *keep(rk_answer_box *box, const char *text)
{
    return rk_run_keep(&box->run, rk_strdup(text));
}


/* Unique enough to find an answer again: time, process and a counter. */
static const char *new_request_id(rk_answer_box *box)
{
    static _Thread_local unsigned counter;
    char seed[64];

    snprintf(seed, sizeof(seed), "%lld %ld %u", (long long)rk_unix_us(),
             (long)getpid(), counter++);
    return keep(box, rk_key_of(seed, NULL).hex);
}


int rk_answer_box_new(rk_answer_box **out, rk_engine *e, const char *way,
                      const char *user, rk_error *err)
{
    rk_answer_box *box = rk_calloc(1, sizeof(*box));

    *out = NULL;
    if (!box)
        return rk_no_memory(err);
    box->started_us = rk_clock_us();
    box->run = rk_engine_run(e);
    box->run.started_us = box->started_us;
    e->models.load_us = 0;
    box->answer.request_id = new_request_id(box);
    box->answer.way = keep(box, way);
    box->answer.user = user ? keep(box, user) : NULL;
    if (!box->answer.request_id || !box->answer.way ||
        (user && !box->answer.user)) {
        rk_answer_free(&box->answer);
        return rk_no_memory(err);
    }
    *out = box;
    return RK_OK;
}


/* Takes evidence over as public reasons. */
static int take_reasons(rk_answer_box *box, rk_ranked *item, rk_reasons *from,
                        rk_error *err)
{
    rk_reason *to = rk_run_keep(&box->run, rk_calloc(from->n, sizeof(*to)));

    item->reasons = to;
    if (!to)
        return rk_no_memory(err);
    for (size_t i = 0; i < from->n; i++) {
        to[i].kind = from->list[i].kind;
        to[i].evidence = rk_run_keep(&box->run, from->list[i].id);
        from->list[i].id = NULL;
        to[i].text = rk_run_keep(&box->run, from->list[i].text);
        from->list[i].text = NULL;
        to[i].weight = (double)from->list[i].weight;
        if (!to[i].evidence || !to[i].text)
            return rk_no_memory(err);
    }
    item->n_reasons = from->n;
    item->why = rk_run_keep(&box->run, from->why ? from->why : rk_strdup(""));
    from->why = NULL;
    return item->why ? RK_OK : rk_no_memory(err);
}


int rk_answer_box_items(rk_answer_box *box, const rk_snapshot *s,
                        const rk_who *who, const rk_candidates *c, size_t n,
                        rk_explain_fn explain, rk_error *err)
{
    int64_t start = rk_clock_us();
    int rc = RK_OK;

    n = n < c->n ? n : c->n;
    box->items = rk_calloc(n, sizeof(*box->items));
    if (!box->items)
        return rk_no_memory(err);
    box->answer.items = box->items;
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        const rk_candidate *from = &c->list[i];
        rk_ranked *to = &box->items[i];
        rk_run aside = {.store = box->run.store, .models = box->run.models};
        rk_reasons reasons = {0};
        rk_why why = {.by = "rules"};

        to->id = keep(box, rk_snapshot_id(s, from->item));
        to->title = keep(box, rk_snapshot_title(s, from->item));
        to->score = (double)from->score;
        to->probability = (double)from->probability;
        to->source = from->source;
        to->heading = from->heading;
        if (!to->id || !to->title)
            rc = rk_no_memory(err);
        if (rc == RK_OK && explain)
            rc = (from->unread ? rk_rank_explain
                               : explain)(s, who, from, &reasons, &aside, err);
        if (rc == RK_OK && reasons.why)
            rc = rk_teller_tell(&box->teller, &why, s, who, from, &reasons,
                                err);
        to->why_by = why.by;
        to->why_refused = keep(box, why.refused);
        if (!to->why_refused)
            rc = rk_no_memory(err);
        if (rc == RK_OK)
            rc = take_reasons(box, to, &reasons, err);
        rk_reasons_clear(&reasons);
        rk_run_clear(&aside);
        box->answer.n_items += rc == RK_OK;
    }
    rk_run_trace(&box->run, "explain", n, box->answer.n_items,
                 start + box->teller.took_us,
                 "reasons by rules, from the evidence that scored");
    return rc;
}


int rk_answer_box_close(rk_answer_box *box, rk_engine *e, const char *level,
                        rk_error *err)
{
    size_t n = box->run.n_stages;

    box->answer.level = keep(box, level);
    box->stages = rk_calloc(n, sizeof(*box->stages));
    if (!box->answer.level || !box->stages)
        return rk_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const rk_trace_stage *from = &box->run.stages[i];

        box->stages[i] = (rk_stage){from->name, from->detail, from->n_in,
                                    from->n_out, from->took_us};
    }
    box->answer.stages = box->stages;
    box->answer.n_stages = n;
    box->answer.usage = box->run.usage;
    box->answer.took_us = rk_clock_us() - box->started_us - e->models.load_us;
    return RK_OK;
}


void rk_answer_free(rk_answer *answer)
{
    rk_answer_box *box = (rk_answer_box *)answer;

    if (!box)
        return;
    rk_run_clear(&box->run);
    free(box->items);
    free(box->stages);
    free(box);
}

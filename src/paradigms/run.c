#include "paradigms/run.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_run_set_free(rk_run *run)
{
    if (run->budget && run->models && run->models->writer)
        rk_llm_until(run->models->writer, 0);
    if (run->budget && run->models && run->models->embedder)
        rk_llm_until(run->models->embedder, 0);
    if (run->budget && run->models && run->models->reranker)
        rk_reranker_until(run->models->reranker, 0);
    run->budget = NULL;
}


void rk_run_clear(rk_run *run)
{
    for (size_t i = 0; i < run->n_stages; i++) {
        free(run->stages[i].name);
        free(run->stages[i].detail);
    }
    for (size_t i = 0; i < run->n_kept; i++)
        free(run->kept[i]);
    rk_run_set_free(run);
    free(run->stages);
    free(run->kept);
    memset(run, 0, sizeof(*run));
}


void rk_run_trace(rk_run *run, const char *name, size_t n_in, size_t n_out,
                  int64_t since, const char *fmt, ...)
{
    rk_trace_stage stage = {NULL, NULL, n_in, n_out, rk_clock_us() - since};
    rk_trace_stage *stages;
    char detail[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    rk_text_end_whole(detail);
    stages = rk_grow(run->stages, run->n_stages, &run->cap_stages,
                     sizeof(*stages));
    if (!stages)
        return;
    run->stages = stages;
    stage.name = rk_strdup(name);
    stage.detail = rk_strdup(detail);
    if (stage.name && stage.detail) {
        stages[run->n_stages++] = stage;
    } else {
        free(stage.name);
        free(stage.detail);
    }
}


void *rk_run_keep(rk_run *run, void *what)
{
    void **kept = what ? rk_grow(run->kept, run->n_kept, &run->cap_kept,
                                 sizeof(*kept))
                       : NULL;

    if (!kept) {
        free(what);
        return NULL;
    }
    run->kept = kept;
    kept[run->n_kept++] = what;
    return what;
}


/* The entry of a model and stage. */
static rk_use *use_of(rk_run *run, enum rk_llm_role role, const char *stage)
{
    size_t i = 0;

    while (i < run->n_uses && (run->uses[i].role != role ||
                               strcmp(run->uses[i].stage, stage) != 0))
        i++;
    if (i == RK_USES)
        return &run->uses[RK_USES - 1];
    if (i == run->n_uses)
        run->uses[run->n_uses++] = (rk_use){.role = role, .stage = stage};
    return &run->uses[i];
}


static void add_used(rk_llm_usage *to, const rk_llm_usage *used)
{
    to->prefix_tokens += used->prefix_tokens;
    to->branch_tokens += used->branch_tokens;
    to->reused_tokens += used->reused_tokens;
    to->generated_tokens += used->generated_tokens;
    to->calls += used->calls;
    to->took_us += used->took_us;
}


void rk_run_count(rk_run *run, rk_llm *model, const char *stage)
{
    const rk_llm_info *info = rk_llm_describe(model);
    rk_llm_usage *used = rk_llm_usage_of(model);
    uint64_t in = used->prefix_tokens + used->branch_tokens;
    uint64_t out = used->generated_tokens;
    rk_spent spent = {in + out, rk_micros(info->price_in, in) +
                                    rk_micros(info->price_out, out)};
    bool embeds = run->models && model == run->models->embedder;
    rk_use *use = use_of(run, embeds ? RK_EMBEDDER : RK_WRITER, stage);

    if (!embeds) {
        run->usage.prefix_tokens += used->prefix_tokens;
        run->usage.candidate_tokens += used->branch_tokens;
        run->usage.reused_tokens += used->reused_tokens;
        run->usage.generated_tokens += used->generated_tokens;
    }
    add_used(&use->used, used);
    use->micros += spent.micros;
    if (run->budget)
        rk_spent_add(&run->budget->request, spent);
    memset(used, 0, sizeof(*used));
}


void rk_run_count_reranker(rk_run *run, rk_reranker *r, const char *stage)
{
    rk_llm_usage *used = rk_reranker_usage(r);

    run->usage.prefix_tokens += used->prefix_tokens;
    add_used(&use_of(run, RK_RERANKER, stage)->used, used);
    if (run->budget)
        rk_spent_add(&run->budget->request, (rk_spent){used->prefix_tokens, 0});
    memset(used, 0, sizeof(*used));
}


void rk_run_take_uses(rk_run *run, const rk_run *from)
{
    for (size_t i = 0; i < from->n_uses; i++) {
        rk_use *use = use_of(run, from->uses[i].role, from->uses[i].stage);

        add_used(&use->used, &from->uses[i].used);
        use->micros += from->uses[i].micros;
    }
}


int64_t rk_run_elapsed(const rk_run *run)
{
    int64_t us = rk_clock_us() - run->started_us - run->models->load_us;

    return us > 0 ? us : 0;
}


int rk_run_may_ask(const rk_run *run, const rk_cost *cost, rk_error *err)
{
    char why[RK_BUDGET_WHY];

    if (!run->budget ||
        rk_budget_fits(run->budget, cost, rk_run_elapsed(run), why))
        return RK_OK;
    return rk_fail(err, RK_ECANCELLED, "%s", why);
}


/* A time of rk_clock_us(); 0: none. */
static int64_t deadline_of(const rk_run *run)
{
    int64_t deadline_us = run->budget ? run->budget->limits.deadline_us : 0;
    int64_t from_us = run->started_us + run->models->load_us;

    return deadline_us && deadline_us < INT64_MAX - from_us
               ? from_us + deadline_us
               : 0;
}


void rk_run_hold_to_deadline(const rk_run *run, rk_llm *model)
{
    if (run->budget && run->budget->limits.deadline_us)
        rk_llm_until(model, deadline_of(run));
}


void rk_run_hold_reranker(const rk_run *run, rk_reranker *r)
{
    if (run->budget && run->budget->limits.deadline_us)
        rk_reranker_until(r, deadline_of(run));
}

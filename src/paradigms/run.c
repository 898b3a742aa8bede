#include "paradigms/run.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_run_clear(rk_run *run)
{
    for (size_t i = 0; i < run->n_stages; i++) {
        free(run->stages[i].name);
        free(run->stages[i].detail);
    }
    for (size_t i = 0; i < run->n_kept; i++)
        free(run->kept[i]);
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


void rk_run_count(rk_run *run, rk_llm *model)
{
    rk_llm_usage *used = rk_llm_usage_of(model);

    run->usage.prefix_tokens += used->prefix_tokens;
    run->usage.candidate_tokens += used->branch_tokens;
    run->usage.reused_tokens += used->reused_tokens;
    memset(used, 0, sizeof(*used));
}

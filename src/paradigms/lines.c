#include "paradigms/lines.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/cached.h"
#include "paradigms/prompt.h"

#include <string.h>

void rk_lines_clear(rk_lines *l)
{
    rk_texts_free(l->text, l->n);
    free(l->prior);
    free(l->liked);
    free(l->disliked);
    memset(l, 0, sizeof(*l));
}


int rk_lines_init(rk_lines *l, const rk_snapshot *s, const uint32_t *items,
                  size_t n, rk_error *err)
{
    memset(l, 0, sizeof(*l));
    l->text = rk_calloc(n, sizeof(*l->text));
    l->prior = rk_calloc(n, 2 * sizeof(*l->prior));
    l->liked = rk_calloc(n, sizeof(*l->liked));
    l->disliked = rk_calloc(n, sizeof(*l->disliked));
    if (!l->text || !l->prior || !l->liked || !l->disliked)
        return rk_no_memory(err);
    l->n = n;
    for (size_t i = 0; i < n; i++) {
        l->text[i] = rk_prompt_item(s, items[i]);
        if (!l->text[i])
            return rk_no_memory(err);
    }
    return RK_OK;
}


int rk_lines_prior(rk_lines *l, const rk_snapshot *s, rk_run *run,
                   const rk_progress *p, rk_error *err)
{
    char *heading = rk_prompt_heading(s, +1);
    rk_asking a = {.run = run,
                   .model_key = s->writer_key,
                   .stage = "reading titles",
                   .progress = p};
    int rc = heading ? rk_cached_likelihood(&a, heading,
                                            (const char *const *)l->text, l->n,
                                            l->prior, err)
                     : rk_no_memory(err);

    free(heading);
    return rc;
}


/* What a reading cost goes into the trace; nothing, when it was kept. */
static void trace(rk_run *run, int label, size_t n, size_t n_items,
                  const rk_usage *before, int64_t start)
{
    const rk_usage *u = &run->usage;
    unsigned long long prefix = u->prefix_tokens - before->prefix_tokens;
    unsigned long long lines = u->candidate_tokens - before->candidate_tokens;
    unsigned long long reused = u->reused_tokens - before->reused_tokens;

    rk_run_trace(run, label > 0 ? "read after likes" : "read after dislikes", n,
                 n, start,
                 "%zu items in the prompt; tokens: %llu prefix, %llu "
                 "candidates, %llu reused%s",
                 n_items, prefix, lines, reused,
                 lines ? "" : "; read before and kept");
}


/* One reading of all lines behind one of the user's lists. */
static int read_list(rk_lines *l, const rk_snapshot *s, const rk_who *who,
                     int label, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    float *out = label > 0 ? l->liked : l->disliked;
    rk_usage before = run->usage;
    rk_asking a = {.run = run,
                   .model_key = s->writer_key,
                   .stage = "reading lists",
                   .how = RK_ASK_PASSING};
    float *rows = NULL;
    size_t n_items;
    char *prefix = rk_prompt_user(s, who, label, &n_items);
    int rc = prefix ? RK_OK : rk_no_memory(err);

    if (rc || (label < 0 && n_items == 0))
        goto done;
    if (label < 0)
        l->has_disliked = true;
    rows = rk_calloc(l->n, 2 * sizeof(*rows));
    rc = rows ? rk_cached_likelihood(&a, prefix, (const char *const *)l->text,
                                     l->n, rows, err)
              : rk_no_memory(err);
    for (size_t i = 0; i < l->n && rc == RK_OK; i++)
        out[i] = rows[2 * i];
    if (rc == RK_OK)
        trace(run, label, l->n, n_items, &before, start);

done:
    free(rows);
    free(prefix);
    return rc;
}


int rk_lines_read(rk_lines *l, const rk_snapshot *s, const rk_who *who,
                  rk_run *run, rk_error *err)
{
    int rc = rk_lines_prior(l, s, run, NULL, err);

    if (rc == RK_OK)
        rc = read_list(l, s, who, +1, run, err);
    if (rc == RK_OK)
        rc = read_list(l, s, who, -1, run, err);
    return rc;
}


float rk_lines_tokens(const rk_lines *l, size_t i)
{
    return l->prior[2 * i + 1] + 1;
}


float rk_lines_gain(const rk_lines *l, size_t i, int label)
{
    const float *after = label > 0 ? l->liked : l->disliked;

    if (label < 0 && !l->has_disliked)
        return 0;
    return (after[i] - l->prior[2 * i]) / rk_lines_tokens(l, i);
}

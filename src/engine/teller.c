#include "engine/teller.h"

#include "core/clock.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>


int rk_teller_parse(size_t *most, const char *word, rk_error *err)
{
    double n;

    if (strcmp(word, "off") == 0)
        *most = 0;
    else if (strcmp(word, "first") == 0)
        *most = 1;
    else if (strcmp(word, "all") == 0)
        *most = RK_MOST_ITEMS;
    else if (word[0] && word[strspn(word, "0123456789")] == '\0' &&
             rk_text_to_double(word, &n) && n <= RK_MOST_ITEMS)
        *most = (size_t)n;
    else
        return rk_fail(err, RK_EINVAL,
                       "why: expected off, first, all or a number up to %d, "
                       "found '%.40s'",
                       RK_MOST_ITEMS, word);
    return RK_OK;
}


int rk_teller_init(rk_teller *t, rk_engine *e, size_t most, rk_run *run,
                   rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_error why = {0};
    int rc;

    *t = (rk_teller){.most = most, .run = run};
    if (most == 0)
        return RK_OK;
    rc = rk_loaded_get(&e->models, RK_WRITER, &t->writer, &why);
    if (rc == RK_OK && !e->serving->names)
        rc = rk_named_new(&e->serving->names, &e->serving->snapshot, &why);
    if (rc == RK_ENOMEM)
        return rk_no_memory(err);
    if (rc)
        rk_run_trace(run, "write why", 0, 0, start, "rules write: %s", why.msg);
    else
        t->names = e->serving->names;
    return RK_OK;
}


/* What a sentence costs, or so (docs/reasons.md): that is not known before it
 * is written. */
#define SENTENCE_TOKENS 350


/* Whether the budget has room for a sentence; else why not. */
static bool may_write(const rk_teller *t, rk_why *out)
{
    rk_cost cost = {
        .spent = {.tokens = SENTENCE_TOKENS},
        .took_us = (int64_t)(rk_llm_us_per_token(t->writer) * SENTENCE_TOKENS)};
    rk_error why = {0};

    if (rk_run_may_ask(t->run, &cost, &why) == RK_OK)
        return true;
    snprintf(out->refused, sizeof(out->refused), "%.159s", why.msg);
    rk_text_end_whole(out->refused);
    return false;
}


int rk_teller_tell(rk_teller *t, rk_why *out, const rk_snapshot *s,
                   const rk_who *who, const rk_candidate *c,
                   rk_reasons *reasons, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_error failed = {0};
    rk_grounds grounds;
    int rc;

    *out = (rk_why){.by = "rules"};
    if (!t->names || t->n_asked >= t->most || !may_write(t, out))
        return RK_OK;
    t->n_asked++;
    rk_run_hold_to_deadline(t->run, t->writer);
    rc = rk_grounds_init(&grounds, s, t->names, who, c, reasons, &failed);
    if (rc == RK_OK)
        rc = rk_why_write(out, reasons, t->writer, &grounds, c, &failed);
    if (rk_loaded_is_away(t->run->models, rc) || rc == RK_ECANCELLED) {
        *out = (rk_why){.by = "rules"};
        snprintf(out->refused, sizeof(out->refused), "%.159s", failed.msg);
        rk_text_end_whole(out->refused);
        rc = RK_OK;
    } else if (rc) {
        (void)rk_fail(err, rc, "%s", failed.msg);
    }
    rk_grounds_clear(&grounds);
    t->n_written += strcmp(out->by, "writer") == 0;
    t->n_chosen += strcmp(out->by, "writer, chosen") == 0;
    t->took_us += rk_clock_us() - start;
    if (!t->refused[0])
        memcpy(t->refused, out->refused, sizeof(t->refused));
    return rc;
}


void rk_teller_close(rk_teller *t)
{
    rk_run *run = t->run;

    if (t->n_asked == 0)
        return;
    rk_run_count(run, t->writer, "why");
    rk_run_trace(run, "write why", t->n_asked, t->n_written + t->n_chosen,
                 rk_clock_us() - t->took_us,
                 "%zu written and true, %zu chosen from phrasings, %zu left to "
                 "rules%s%s",
                 t->n_written, t->n_chosen,
                 t->n_asked - t->n_written - t->n_chosen,
                 t->refused[0] ? "; refused, because it " : "", t->refused);
}

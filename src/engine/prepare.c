/* The job that makes a snapshot. What the models say is kept answer by answer
 * in the store, so an interrupted preparation goes on where it stopped; the
 * snapshot itself is written under another name and renamed, so a reader sees
 * the old one or the new one. */
#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"
#include "engine/corpus.h"
#include "engine/engine.h"
#include "engine/learn.h"
#include "engine/spending.h"
#include "engine/workshop.h"
#include "paradigms/cached.h"

#include <stdio.h>
#include <string.h>

#define FORMAT "4" /* raised when older snapshots must be made anew */


/* Everything that decides what a preparation makes, but the models' files. */
static rk_key plan_of(const rk_engine *e, const rk_settings *s, uint64_t change)
{
    char numbers[200];
    rk_buf words;
    rk_key key;

    rk_buf_init(&words);
    for (size_t i = 0; i < s->n_tags; i++)
        rk_buf_printf(&words, "%s|", s->tags[i]);
    for (size_t i = 0; i < e->config->events.n_positive; i++)
        rk_buf_printf(&words, "+%s %d %g|", e->config->events.positive[i].type,
                      (int)e->config->events.positive[i].when,
                      e->config->events.positive[i].value);
    for (size_t i = 0; i < e->config->events.n_negative; i++)
        rk_buf_printf(&words, "-%s %d %g|", e->config->events.negative[i].type,
                      (int)e->config->events.negative[i].when,
                      e->config->events.negative[i].value);
    for (size_t i = 0; i < RK_N_PROMPT_TEXTS; i++)
        if (s->prompts[i])
            rk_buf_printf(&words, "%zu %s|", i, s->prompts[i]);
    if (s->chat != RK_CHAT_AUTO)
        rk_buf_printf(&words, "chat %d|", (int)s->chat);
    snprintf(numbers, sizeof(numbers), "%llu %zu %llu %d %g %zu",
             (unsigned long long)change, s->llm_history,
             (unsigned long long)s->seed, (int)s->effort, s->half_life_days,
             s->auto_llm ? s->auto_llm_candidates : 0);
    key = rk_key_of(FORMAT, RK_VERSION, numbers, rk_buf_str(&words),
                    s->item_profile, s->user_profile, s->item_line, s->noun,
                    s->noun_plural, s->categories, s->llm_mode,
                    e->models.embedder_name, e->models.writer_name, NULL);
    rk_buf_clear(&words);
    return key;
}


/* Whether a bundle was made from the store as it is. */
static bool is_of(const rk_bundle *b, const rk_store_counts *now)
{
    rk_strings ids;
    rk_tensor t;

    return rk_bundle_get(b, "made_at", RK_U64, 1, 1, &t, NULL) == RK_OK &&
           *(const uint64_t *)t.data == now->change &&
           rk_bundle_get_strings(b, "item.ids", now->n_items, &ids, NULL) ==
               RK_OK;
}


/* Whether the snapshot is there, whole, and what this plan would make. */
static bool is_done(rk_engine *e, rk_key plan, const rk_store_counts *now)
{
    rk_bundle *bundle = NULL;
    char *done = NULL;
    bool same = rk_store_get_note(e->store, "prepared", &done, NULL) == RK_OK &&
                strcmp(done, plan.hex) == 0 &&
                rk_bundle_open(&bundle, e->snapshot_path, NULL) == RK_OK &&
                is_of(bundle, now);

    rk_bundle_close(bundle);
    free(done);
    return same;
}


static int write_snapshot(rk_engine *e, rk_readings *r, uint64_t change,
                          rk_error *err)
{
    rk_buf trial;
    rk_bundle_writer *out = NULL;
    int rc = rk_bundle_writer_new(&out, err);

    rk_buf_init(&trial);
    rk_buf_printf(&trial, "%s.trial", e->snapshot_path);
    r->workshop.out = out;
    if (rc == RK_OK && trial.failed)
        rc = rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_bundle_put(out, "made_at", RK_U64, 1, 1, &change, err);
    if (rc == RK_OK)
        rc = rk_readings_put(r, out, err);
    if (rc == RK_OK)
        rc = rk_learn(&r->workshop, rk_buf_str(&trial), err);
    if (rc == RK_OK)
        rc = rk_bundle_save(out, e->snapshot_path, err);
    rk_bundle_writer_free(out);
    rk_buf_clear(&trial);
    return rc;
}


int rk_prepare(rk_engine *e, const rk_prepare_opts *opts, rk_error *err)
{
    const rk_progress *progress = opts ? &opts->progress : NULL;
    rk_run run = rk_engine_run(e);
    rk_corpus *corpus = NULL;
    rk_readings readings = {0};
    rk_settings settings = e->settings;
    rk_prefix_opts keep = rk_engine_keep(e, true);
    rk_store_counts counts;
    rk_key plan;
    int rc = RK_OK;

    rk_loaded_set_keep(&e->models, &keep);
    if (opts && opts->effort)
        rc = rk_effort_parse(&settings.effort, opts->effort, err);
    if (rc == RK_OK)
        rc = rk_store_counts_get(e->store, &counts, err);
    if (rc)
        goto done;
    if (counts.n_items == 0) {
        rc = rk_fail(err, RK_EINVAL,
                     "the store has no items: import items first");
        goto done;
    }
    plan = plan_of(e, &settings, counts.change);
    if (is_done(e, plan, &counts)) {
        rc = rk_progress_report(progress, "prepared already", 1, 1, err);
        goto done;
    }
    rc = rk_engine_corpus(&corpus, e->store, &e->config->events, err);
    if (rc == RK_OK)
        rc = rk_readings_make(&readings, corpus, &settings, &run, progress,
                              err);
    if (rc == RK_OK)
        rc = write_snapshot(e, &readings, counts.change, err);
    if (rc == RK_OK)
        rc = rk_cached_prune(e->store, err);
    if (rc == RK_OK)
        rc = rk_store_put_note(e->store, "prepared", plan.hex, err);
    if (rc == RK_OK)
        rk_engine_forget(e);

done:
    keep = rk_engine_keep(e, false);
    rk_loaded_set_keep(&e->models, &keep);
    rk_spending_end(e, &run, "prepare", true, NULL);
    rk_readings_clear(&readings);
    rk_corpus_free(corpus);
    rk_run_clear(&run);
    return rc;
}

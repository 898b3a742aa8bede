#include "eval/school.h"

#include "core/clock.h"
#include "core/mem.h"
#include "engine/learn.h"
#include "eval/shuffle.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>


static double seconds_since(int64_t start)
{
    return (double)(rk_clock_us() - start) / 1e6;
}


/* The llm way alone, from a snapshot where nothing else was learnt. */
static int train_modes(rk_school *school, rk_error *err)
{
    const rk_workshop *w = &school->readings.workshop;
    float *mean = NULL;
    int rc = rk_llm_ranker.fit(w, err);

    if (rc == RK_OK && w->snapshot->vectors) {
        mean = rk_snapshot_mean_vector(w->snapshot);
        rc = mean ? rk_bundle_put(w->out, "vectors.mean", RK_F32, 1,
                                  w->snapshot->d, mean, err)
                  : rk_no_memory(err);
    }
    free(mean);
    return rc;
}


static int train(rk_school *school, const char *path, rk_error *err)
{
    char trial_path[4200];
    rk_bundle_writer *out = NULL;
    int64_t start = rk_clock_us();
    int rc = rk_bundle_writer_new(&out, err);

    snprintf(trial_path, sizeof(trial_path), "%s.trial", path);
    school->readings.workshop.out = out;
    if (rc == RK_OK)
        rc = school->opts.modes_alone
                 ? train_modes(school, err)
                 : rk_learn(&school->readings.workshop, trial_path, err);
    school->train_s = seconds_since(start);
    if (rc == RK_OK)
        rc = rk_bundle_save(out, path, err);
    if (rc == RK_OK)
        rc = rk_bundle_open(&school->bundle, path, err);
    (void)unlink(path); /* mapped; the name is not needed */
    rk_bundle_writer_free(out);
    if (rc == RK_OK)
        rc = rk_snapshot_attach(&school->snapshot, school->bundle,
                                &school->room, err);
    return rc;
}


/* Whom the task asks must not set how the writer is asked. Where likes are
 * told from dislikes, training on what came before is what is judged. */
static int leave_out(rk_school *school, rk_error *err)
{
    const rk_questions *sets[] = {&school->task->test,
                                  &school->task->validation};
    size_t n_users = school->task->train->n_users;

    if (school->task->kind != RK_TASK_RANK)
        return RK_OK;
    school->left_out = rk_calloc(n_users, sizeof(*school->left_out));
    if (!school->left_out)
        return rk_no_memory(err);
    for (size_t k = 0; k < 2; k++)
        for (size_t u = 0; sets[k]->asked && u < sets[k]->asked->n_users; u++)
            if (sets[k]->user[u] != RK_NO_ID)
                school->left_out[sets[k]->user[u]] = true;
    school->readings.workshop.left_out = school->left_out;
    return RK_OK;
}


int rk_school_open(rk_school *school, rk_engine *e, const rk_task *task,
                   const rk_school_opts *opts, rk_error *err)
{
    char path[4096];
    int64_t start = rk_clock_us();
    rk_servers servers = rk_engine_servers(e);
    int rc;

    memset(school, 0, sizeof(*school));
    school->task = task;
    school->opts = *opts;
    school->settings = e->settings;
    school->settings.effort = opts->effort;
    school->settings.without_words = opts->modes_alone || opts->without_words;
    if (opts->modes_alone)
        school->settings.llm_read_ahead = 0;
    if (task->wording) {
        school->settings.noun = task->wording->noun;
        school->settings.noun_plural = task->wording->noun_plural;
        school->settings.item_line = task->wording->item_line;
    }
    school->settings.llm_modes = opts->llm_modes;
    if (opts->llm_mode)
        school->settings.llm_mode = opts->llm_mode;
    school->settings.auto_llm = opts->llm_step;
    rk_loaded_init(
        &school->models, opts->without_embedder ? "none" : e->embedder,
        opts->without_writer ? "none" : e->writer, e->config->models.folder);
    rk_loaded_set_servers(&school->models, e->config->models.reranker,
                          &servers);
    school->run = (rk_run){.store = e->store, .models = &school->models};
    snprintf(path, sizeof(path), "%s.eval-%ld", e->snapshot_path,
             (long)getpid());
    rc = rk_readings_make(&school->readings, task->train, &school->settings,
                          &school->run, &school->opts.progress, err);
    school->read_s = seconds_since(start);
    if (rc == RK_OK && opts->shuffle_texts)
        rc = rk_shuffle_texts(&school->readings, e->settings.seed, err);
    if (rc == RK_OK)
        rc = leave_out(school, err);
    school->snapshot = school->readings.snapshot;
    if (rc == RK_OK && !opts->untrained)
        rc = train(school, path, err);
    return rc;
}


void rk_school_close(rk_school *school)
{
    rk_snapshot_room_clear(&school->room);
    rk_bundle_close(school->bundle);
    rk_readings_clear(&school->readings);
    rk_run_clear(&school->run);
    rk_loaded_clear(&school->models);
    free(school->left_out);
    memset(school, 0, sizeof(*school));
}

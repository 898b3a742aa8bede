#include "eval/trial.h"

#include <math.h>


static void write_command(rk_trial *t)
{
    rk_buf *b = &t->command;

    rk_buf_printf(b, "reckon eval %s", t->protocol->name);
    if (t->opts->data)
        rk_buf_printf(b, " --data %s", t->opts->data);
    for (size_t i = 0; i < t->opts->n_ways; i++)
        rk_buf_printf(b, " --way '%s'", t->opts->ways[i]);
    rk_buf_printf(b, " --effort %s", rk_effort_name(t->effort));
    if (t->opts->n_users)
        rk_buf_printf(b, " --users %zu", t->opts->n_users);
    if (t->opts->shuffle_texts)
        rk_buf_puts(b, " --shuffle-texts");
    rk_buf_printf(b, " --seed %llu", (unsigned long long)t->opts->seed);
}


size_t rk_trial_n_asked(const rk_questions *q)
{
    size_t n = 0;

    for (size_t u = 0; u < q->asked->n_users; u++)
        n += q->truth_start[u + 1] > q->truth_start[u];
    return n;
}


static rk_figure figure_of(enum rk_metric metric, const rk_measure *m)
{
    return (rk_figure){rk_metric_names[metric], m->value, m->low, m->high};
}


void rk_trial_add_row(rk_trial *t, const rk_verdict *v)
{
    rk_figure figures[RK_N_METRICS];
    rk_part parts[RK_SLICES];
    rk_contender row = {.name = v->contestant,
                        .note = "",
                        .n_users = v->n_users,
                        .figures = figures,
                        .parts = parts,
                        .n_parts = v->n_slices,
                        .train_s = v->train_s,
                        .p50_us = v->p50_us,
                        .p95_us = v->p95_us,
                        .usage = v->usage};

    for (size_t m = 0; m < RK_N_METRICS; m++)
        if (!isnan(v->metrics[m].value))
            figures[row.n_figures++] = figure_of(m, &v->metrics[m]);
    for (size_t s = 0; s < v->n_slices; s++)
        parts[s] = (rk_part){
            v->slices[s].by, v->slices[s].name, v->slices[s].n_users,
            figure_of(t->task->headline, &v->slices[s].figure)};
    rk_report_add_row(t->box, &row);
}


/* On the test questions; NULL when nobody was judged. */
static const rk_verdict *best_of(const rk_trial *t, enum rk_metric headline)
{
    const rk_verdict *best = NULL;

    for (size_t i = 0; i < t->n_judged; i++) {
        const rk_judged *j = &t->judged[i];

        if (j->questions == &t->task->test &&
            (!best || j->verdict.metrics[headline].value >
                          best->metrics[headline].value))
            best = &j->verdict;
    }
    return best;
}


int rk_trial_add_contrasts(rk_trial *t, rk_error *err)
{
    const rk_judge_opts opts = {.seed = t->opts->seed};
    enum rk_metric headline = t->task->headline;
    const rk_verdict *best = best_of(t, headline);
    int rc = RK_OK;

    for (size_t i = 0; best && i < t->n_judged && rc == RK_OK; i++) {
        const rk_judged *j = &t->judged[i];
        rk_measure m;

        if (&j->verdict == best || j->questions != &t->task->test)
            continue;
        rc = rk_judge_difference(&m, j->questions, &j->verdict, best, &opts,
                                 err);
        if (rc == RK_OK)
            rk_report_add_contrast(t->box,
                                   &(rk_contrast){j->name, best->contestant,
                                                  figure_of(headline, &m)});
    }
    return rc;
}


void rk_trial_add_notes(rk_trial *t)
{
    const rk_published *p = t->protocol->published;
    const rk_blend *blend = t->school.snapshot.blend;

    for (; p && p->name; p++)
        rk_report_add_published(
            t->box, &(rk_published_figure){p->name, p->metric, p->value});
    for (size_t i = 0; i < t->task->n_notes; i++)
        rk_report_add_note(t->box, "%s", t->task->notes[i]);
    rk_report_add_note(
        t->box,
        "embedder %s, writer %s; reading took %.0f s (what was "
        "read before is kept), all training %.0f s",
        t->school.readings.embedder_key[0] ? t->engine->embedder : "none",
        t->school.readings.writer_key[0] ? t->engine->writer : "none",
        t->school.read_s, t->school.train_s);
    if (t->opts->shuffle_texts)
        rk_report_add_note(t->box, "a control: every item had the vector and "
                                   "tokens of another");
    if (blend && blend->left_out[0])
        rk_report_add_note(t->box, "not trained: %s", blend->left_out);
}


int rk_trial_begin(rk_trial *t, rk_error *err)
{
    rk_report head = {.protocol = t->protocol->name,
                      .summary = t->protocol->summary,
                      .headline = rk_metric_names[t->task->headline],
                      .seed = t->opts->seed,
                      .n_items = t->task->train->n_items,
                      .n_users = rk_trial_n_asked(&t->task->test)};

    write_command(t);
    head.command = rk_buf_str(&t->command);
    return rk_report_box_new(&t->box, &head, err);
}

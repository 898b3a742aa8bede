#include "eval/task.h"

#include "core/mem.h"
#include "eval/fill.h"
#include "eval/protocols.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const rk_protocol *const rk_protocols[] = {
    &rk_protocol_ml1m,
    &rk_protocol_llmrank_ml1m,
    &rk_protocol_llmrank_games,
    &rk_protocol_tallrec,
    &rk_protocol_ml100k,
    &rk_protocol_cold_items,
    &rk_protocol_cold_users,
    &rk_protocol_mine,
    NULL,
};


const rk_protocol *rk_protocol_find(const char *name)
{
    for (size_t i = 0; rk_protocols[i]; i++)
        if (strcmp(rk_protocols[i]->name, name) == 0)
            return rk_protocols[i];
    return NULL;
}


void rk_task_free(rk_task *t)
{
    if (!t)
        return;
    rk_fill_free_corpus(t->train);
    rk_fill_free_corpus(t->tune);
    rk_fill_free_questions(&t->validation);
    rk_fill_free_questions(&t->test);
    rk_corpus_free(t->catalogue);
    free(t->hidden);
    for (size_t i = 0; i < t->n_notes; i++)
        free(t->notes[i]);
    free(t->notes);
    free(t);
}


int rk_task_note(rk_task *t, rk_error *err, const char *fmt, ...)
{
    char text[400];
    char **grown;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    grown = rk_realloc_array(t->notes, t->n_notes + 1, sizeof(*grown));
    if (!grown)
        return rk_no_memory(err);
    t->notes = grown;
    t->notes[t->n_notes] = rk_strdup(text);
    if (!t->notes[t->n_notes])
        return rk_no_memory(err);
    t->n_notes++;
    return RK_OK;
}


/* A year says more of who watched a film than its genres do
 * (docs/evaluation.md). */
const rk_item_words rk_words_for_movies = {
    "movie", "movies", "{{title}}{{#year}} ({{year}}){{/year}}"};


rk_task *rk_task_new(const rk_protocol *p, enum rk_task_kind kind,
                     enum rk_metric headline, const char *const *notes)
{
    rk_task *t = rk_calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->name = p->name;
    t->wording = p->wording;
    t->kind = kind;
    t->headline = headline;
    for (; *notes; notes++) {
        if (rk_task_note(t, NULL, "%s", *notes)) {
            rk_task_free(t);
            return NULL;
        }
    }
    return t;
}


int rk_task_needs(const rk_protocol *p, const rk_task_opts *opts, rk_error *err)
{
    if (!opts || !opts->data)
        return rk_fail(err, RK_EINVAL, "%s needs a folder with %s", p->name,
                       p->needs);
    return RK_OK;
}

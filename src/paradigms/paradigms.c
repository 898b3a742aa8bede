#include "paradigms/paradigm.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const rk_paradigm *const rk_paradigms[RK_N_PARADIGMS] = {
    &rk_embeddings,
    &rk_tokens,
    &rk_llm_ranker,
    &rk_rag,
};


const rk_paradigm *rk_paradigm_find(const char *name)
{
    for (size_t i = 0; i < RK_N_PARADIGMS; i++)
        if (strcmp(rk_paradigms[i]->name, name) == 0)
            return rk_paradigms[i];
    return NULL;
}


int rk_candidates_add(rk_candidates *c, rk_candidate candidate, rk_error *err)
{
    rk_candidate *list;

    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].item == candidate.item)
            return RK_OK;
    list = rk_grow(c->list, c->n, &c->cap, sizeof(*list));
    if (!list)
        return rk_no_memory(err);
    c->list = list;
    c->list[c->n++] = candidate;
    return RK_OK;
}


void rk_candidates_clear(rk_candidates *c)
{
    free(c->list);
    memset(c, 0, sizeof(*c));
}


static int best_first(const void *a, const void *b)
{
    const rk_candidate *x = a;
    const rk_candidate *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}


void rk_candidates_sort(rk_candidates *c)
{
    if (c->n)
        qsort(c->list, c->n, sizeof(*c->list), best_first);
}


int rk_reasons_add(rk_reasons *r, const char *kind, const char *id,
                   float weight, rk_error *err, const char *fmt, ...)
{
    rk_evidence e = {kind, rk_strdup(id), NULL, weight};
    rk_evidence *list;
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    rk_text_end_whole(text);
    e.text = rk_strdup(text);
    list = rk_grow(r->list, r->n, &r->cap, sizeof(*list));
    if (list)
        r->list = list;
    if (!list || !e.id || !e.text) {
        free(e.id);
        free(e.text);
        return rk_no_memory(err);
    }
    r->list[r->n++] = e;
    return RK_OK;
}


void rk_reasons_clear(rk_reasons *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->list[i].id);
        free(r->list[i].text);
    }
    free(r->list);
    free(r->why);
    memset(r, 0, sizeof(*r));
}


static float strength(float weight)
{
    return isnan(weight) ? 0 : fabsf(weight);
}


static int strongest_first(const void *a, const void *b)
{
    const rk_evidence *x = a;
    const rk_evidence *y = b;
    float sx = strength(x->weight);
    float sy = strength(y->weight);

    if (sx != sy)
        return sx > sy ? -1 : 1;
    return strcmp(x->id, y->id);
}


void rk_reasons_sort(rk_reasons *r)
{
    if (r->n)
        qsort(r->list, r->n, sizeof(*r->list), strongest_first);
}

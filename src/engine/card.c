#include "engine/card.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>

struct rk_card_box {
    rk_card card; /* first: what the caller holds */
    rk_line *lines;
    size_t n;
    size_t cap;
    bool failed;
};


int rk_card_box_new(rk_card_box **out, rk_error *err)
{
    *out = rk_calloc(1, sizeof(**out));
    return *out ? RK_OK : rk_no_memory(err);
}


void rk_card_add(rk_card_box *box, const char *section, const char *name,
                 const char *fmt, ...)
{
    rk_line *lines = rk_grow(box->lines, box->n, &box->cap, sizeof(*lines));
    char *value = NULL;
    va_list ap;
    int len;

    if (!lines) {
        box->failed = true;
        return;
    }
    va_start(ap, fmt);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len >= 0)
        value = rk_alloc_array((size_t)len + 1, 1);
    va_start(ap, fmt);
    if (value)
        vsnprintf(value, (size_t)len + 1, fmt, ap);
    va_end(ap);
    box->lines = lines;
    lines[box->n] = (rk_line){rk_strdup(section), rk_strdup(name), value};
    if (!lines[box->n].section || !lines[box->n].name || !value)
        box->failed = true;
    box->n++;
}


int rk_card_finish(rk_card_box *box, rk_card **out, rk_error *err)
{
    bool failed = box->failed;

    *out = NULL;
    box->card = (rk_card){box->lines, box->n};
    if (failed) {
        rk_card_free(&box->card);
        return rk_no_memory(err);
    }
    *out = &box->card;
    return RK_OK;
}


void rk_card_free(rk_card *card)
{
    rk_card_box *box = (rk_card_box *)card;

    if (!box)
        return;
    for (size_t i = 0; i < box->n; i++) {
        free((char *)box->lines[i].section);
        free((char *)box->lines[i].name);
        free((char *)box->lines[i].value);
    }
    free(box->lines);
    free(box);
}

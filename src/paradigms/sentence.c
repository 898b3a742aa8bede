#include "paradigms/sentence.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

/* Which way a reason speaks: by its weight; without one by its kind, or, where
 * the kind says nothing, with the verdict it was chosen for. */
static int side(const rk_evidence *e, int verdict)
{
    if (!isnan(e->weight))
        return e->weight < 0 ? -1 : +1;
    if (strcmp(e->kind, "disliked") == 0)
        return -1;
    return strcmp(e->kind, "liked") == 0 ? +1 : verdict;
}


/* The nth strongest reason of a side; NULL when there is none. */
static const rk_evidence *strongest(const rk_reasons *r, int sign, int verdict,
                                    size_t nth)
{
    for (size_t i = 0; i < r->n; i++)
        if (side(&r->list[i], verdict) == sign &&
            strcmp(r->list[i].kind, "model") != 0 && nth-- == 0)
            return &r->list[i];
    return NULL;
}


int rk_sentence_write(rk_reasons *out, const char *title, float probability,
                      const char *by, rk_error *err)
{
    int verdict = probability < 0.5f ? -1 : +1; /* NaN: a recommendation */
    const rk_evidence *first;
    const rk_evidence *second;
    const rk_evidence *against;
    rk_buf b;

    rk_reasons_sort(out);
    first = strongest(out, verdict, verdict, 0);
    second = strongest(out, verdict, verdict, 1);
    against = strongest(out, -verdict, verdict, 0);

    rk_buf_init(&b);
    rk_buf_printf(&b, "%s %s", title,
                  verdict > 0 ? "should please" : "is likely to disappoint");
    if (first)
        rk_buf_printf(&b, ": %s", first->text);
    if (second)
        rk_buf_printf(&b, "; %s", second->text);
    if (against)
        rk_buf_printf(&b, "; %s it: %s", verdict > 0 ? "against" : "for",
                      against->text);
    rk_buf_printf(&b, ". Judged by %s.", by);
    out->why = rk_buf_take(&b);
    return out->why ? RK_OK : rk_no_memory(err);
}

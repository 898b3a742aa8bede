#include "eval/kinds.h"

#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"

#include <string.h>

static const char *const fields[] = {"genres", "categories", "genre",
                                     "category"};


static const char *list_of(const rk_record *r)
{
    const char *list = NULL;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !list; i++)
        list = rk_record_get(r, fields[i]);
    return list;
}


static int add(rk_kinds *k, size_t *n, size_t *cap, uint32_t kind, size_t from)
{
    uint32_t *grown;

    for (size_t i = from; i < *n; i++)
        if (k->kind[i] == kind)
            return RK_OK;
    grown = rk_grow(k->kind, *n, cap, sizeof(*grown));
    if (!grown)
        return RK_ENOMEM;
    k->kind = grown;
    k->kind[(*n)++] = kind;
    return RK_OK;
}


int rk_kinds_init(rk_kinds *k, const rk_corpus *c, rk_error *err)
{
    rk_ids *names = NULL;
    size_t cap = 0;
    size_t n = 0;
    int rc = rk_ids_new(&names, err);

    *k = (rk_kinds){.start = rk_calloc(c->n_items + 1, sizeof(*k->start))};
    if (rc == RK_OK && !k->start)
        rc = rk_no_memory(err);
    for (size_t i = 0; i < c->n_items && rc == RK_OK; i++) {
        const char *list = c->items ? list_of(c->items[i]) : NULL;
        const char *piece;
        size_t len;

        while (rc == RK_OK && list && rk_text_next(&list, '|', &piece, &len)) {
            char *name = rk_strndup(piece, len);
            uint32_t kind = 0;

            rc = name ? rk_ids_add(names, name, &kind, err) : RK_ENOMEM;
            if (rc == RK_OK && len)
                rc = add(k, &n, &cap, kind, k->start[i]);
            if (rc == RK_ENOMEM)
                (void)rk_no_memory(err);
            free(name);
        }
        k->start[i + 1] = n;
    }
    rk_ids_free(names);
    if (rc)
        rk_kinds_clear(k);
    return rc;
}


void rk_kinds_clear(rk_kinds *k)
{
    free(k->start);
    free(k->kind);
    memset(k, 0, sizeof(*k));
}


double rk_kinds_alike(const rk_kinds *k, uint32_t a, uint32_t b)
{
    size_t n_a = k->start[a + 1] - k->start[a];
    size_t n_b = k->start[b + 1] - k->start[b];
    size_t shared = 0;

    for (size_t i = k->start[a]; i < k->start[a + 1]; i++)
        for (size_t j = k->start[b]; j < k->start[b + 1]; j++)
            shared += k->kind[i] == k->kind[j];
    return n_a + n_b ? (double)shared / (double)(n_a + n_b - shared) : 0;
}

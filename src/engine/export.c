#include "data/export.h"

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/strings.h"
#include "engine/engine.h"

typedef struct exporting {
    enum rk_format format;
    rk_buf out;
    rk_ids *names; /* of fields, each once whatever its case */
    const char **columns;
} exporting;


static int name_fields(void *ctx, const rk_record *r, rk_error *err)
{
    exporting *x = ctx;
    uint32_t at;
    int rc = RK_OK;

    for (size_t i = 0; i < r->n_fields && rc == RK_OK; i++) {
        bool known = false;

        for (uint32_t k = 0; k < rk_ids_count(x->names) && !known; k++)
            known = rk_text_same(rk_ids_at(x->names, k), r->fields[i].name);
        if (!known)
            rc = rk_ids_add(x->names, r->fields[i].name, &at, err);
    }
    return rc;
}


static int write_record(void *ctx, const rk_record *r, rk_error *err)
{
    exporting *x = ctx;

    rk_export_record(&x->out, x->format, r, x->columns, rk_ids_count(x->names));
    return x->out.failed ? rk_no_memory(err) : RK_OK;
}


static int write_event(void *ctx, const rk_event *e, rk_error *err)
{
    exporting *x = ctx;

    rk_export_event(&x->out, x->format, e);
    return x->out.failed ? rk_no_memory(err) : RK_OK;
}


static int write_records(exporting *x, rk_engine *e, enum rk_kind kind,
                         rk_error *err)
{
    size_t n;
    int rc = rk_store_each_record(e->store, kind, 0, name_fields, x, err);

    if (rc)
        return rc;
    n = rk_ids_count(x->names);
    x->columns = rk_calloc(n, sizeof(*x->columns));
    if (!x->columns)
        return rk_no_memory(err);
    for (uint32_t k = 0; k < n; k++)
        x->columns[k] = rk_ids_at(x->names, k);
    if (x->format == RK_CSV)
        rk_export_header(&x->out, kind, x->columns, n);
    return rk_store_each_record(e->store, kind, 0, write_record, x, err);
}


int rk_export_file(rk_engine *e, enum rk_kind kind, const char *path,
                   rk_error *err)
{
    exporting x = {0};
    int rc;

    rk_buf_init(&x.out);
    rc = rk_format_of(path, &x.format, err);
    if (rc == RK_OK)
        rc = rk_ids_new(&x.names, err);
    if (rc)
        goto done;
    if (kind == RK_EVENTS) {
        if (x.format == RK_CSV)
            rk_export_header(&x.out, kind, NULL, 0);
        rc = rk_store_each_event(e->store, NULL, write_event, &x, err);
    } else {
        rc = write_records(&x, e, kind, err);
    }
    if (rc == RK_OK && x.out.failed)
        rc = rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_file_write(path, rk_buf_str(&x.out), x.out.len, err);

done:
    rk_buf_clear(&x.out);
    rk_ids_free(x.names);
    free(x.columns);
    return rc;
}

#include "core/mem.h"
#include "data/fields.h"
#include "data/import.h"
#include "data/rows.h"

#include <string.h>

/* A JSON Lines file being read. */
typedef struct reading {
    rk_rows rows;
    uint64_t line;
    const char *next; /* where the next line begins */
    const char *end;
    rk_buf text;     /* the object's names and values */
    rk_field *cells; /* (RK_ROW_COLUMNS) pointing into it */
} reading;


/* The next line without its line end; false when there is none. */
static bool line_next(reading *in, const char **p, size_t *len)
{
    const char *lf;

    if (in->next == in->end)
        return false;
    *p = in->next;
    lf = memchr(*p, '\n', (size_t)(in->end - *p));
    in->next = lf ? lf + 1 : in->end;
    *len = (size_t)((lf ? lf : in->end) - *p);
    in->line++;
    return true;
}


static bool is_blank(const char *p, size_t len)
{
    size_t n = 0;

    while (n < len && (p[n] == ' ' || p[n] == '\t' || p[n] == '\r'))
        n++;
    return n == len;
}


/* Fills the cells from a line's object; a bad one was reported. Sets *n to
 * their number, 0 for a row to leave out. */
static int cells_read(reading *in, const char *p, size_t len, size_t *n,
                      rk_error *err)
{
    const char *bad;
    char where[128];
    rk_error why;
    int rc;

    *n = 0;
    if (rk_row_check(p, len, &bad, &why)) {
        rk_rows_bad(&in->rows, in->line, bad ? (uint64_t)(bad - p) + 1 : 0,
                    why.msg);
        return RK_OK;
    }
    rk_rows_where(&in->rows, in->line, where);
    rk_buf_reset(&in->text);
    rc = rk_fields_parse(&in->text, n, p, len, where, &why);
    if (rc == RK_OK && *n > RK_ROW_COLUMNS)
        rc = rk_fail(&why, RK_EFORMAT,
                     "%s: expected at most %d members, found %zu", where,
                     (int)RK_ROW_COLUMNS, *n);
    if (rc == RK_OK && *n == 0)
        rc = rk_fail(&why, RK_EFORMAT, "%s: expected members, found none",
                     where);
    if (rc == RK_ENOMEM)
        return rk_no_memory(err);
    if (rc) {
        rk_rows_report(&in->rows, why.msg);
        *n = 0;
        return RK_OK;
    }
    rk_fields_point(in->cells, *n, in->text.data);
    return RK_OK;
}


static int line_take(reading *in, const char *p, size_t len, rk_error *err)
{
    rk_error why;
    size_t n, bad;
    int rc;

    in->rows.n++;
    rc = cells_read(in, p, len, &n, err);
    if (rc || n == 0)
        return rc;
    rc = rk_rows_map(&in->rows, in->cells, n, "members", &why);
    if (rc == RK_OK)
        rc = rk_rows_take(&in->rows, in->cells, n, &bad, &why, err);
    else
        rc = rc == RK_ENOMEM ? rk_no_memory(err) : RK_OK;
    if (rc == RK_OK && why.code)
        rk_rows_bad(&in->rows, in->line, 0, why.msg);
    return rc;
}


int rk_import_jsonl(enum rk_kind kind, const char *name, const char *bytes,
                    size_t len, const rk_row_sink *sink, rk_error *err)
{
    bool mark = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    reading in = {.next = bytes + (mark ? 3 : 0), .end = bytes + len};
    const char *p;
    size_t n;
    int rc = RK_OK;

    rk_rows_init(&in.rows, kind, name, bytes, len, sink);
    in.cells = rk_alloc_array(RK_ROW_COLUMNS, sizeof(*in.cells));
    if (!in.cells)
        rc = rk_no_memory(err);
    while (rc == RK_OK && line_next(&in, &p, &n)) {
        if (!is_blank(p, n))
            rc = line_take(&in, p, n, err);
        if (rc == RK_OK)
            rc = rk_rows_progress(&in.rows, in.next, err);
    }
    free(in.cells);
    rk_buf_clear(&in.text);
    return rc;
}

#include "data/import.h"

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/csv.h"
#include "data/export.h"
#include "data/rows.h"

#include <string.h>

enum { COLUMN_NAME_BYTES = 64 };

/* A CSV file being read. */
typedef struct reading {
    rk_csv csv;
    rk_rows rows;
    size_t n_columns;
    rk_field *cells; /* (n_columns) the header's names, the row's values */
    char *names;     /* their text */
} reading;


/* Copies the header's names out of the reader, which will reuse its text. */
static int names_copy(reading *in, rk_error *err)
{
    const rk_csv *csv = &in->csv;
    char *p;

    in->cells = rk_alloc_array(csv->n_cells, sizeof(*in->cells));
    in->names = p = rk_alloc_array(csv->used, 1);
    if (!in->cells || !in->names)
        return rk_no_memory(err);
    memcpy(p, csv->text, csv->used);
    for (size_t i = 0; i < csv->n_cells; i++) {
        in->cells[i].name = p + (csv->cells[i].text - csv->text);
        in->cells[i].value = "";
    }
    in->n_columns = csv->n_cells;
    return RK_OK;
}


static int names_check(const reading *in, rk_error *why)
{
    for (size_t i = 0; i < in->n_columns; i++) {
        const char *name = in->cells[i].name;

        if (!*name || strlen(name) > COLUMN_NAME_BYTES)
            return rk_fail(why, RK_EFORMAT,
                           "column %zu has a name of %zu bytes, must have 1 "
                           "to %d",
                           i + 1, strlen(name), (int)COLUMN_NAME_BYTES);
        for (size_t j = 0; j < i; j++)
            if (rk_text_same(name, in->cells[j].name))
                return rk_fail(why, RK_EFORMAT,
                               "columns %zu and %zu have the same name '%s'",
                               j + 1, i + 1, name);
    }
    return RK_OK;
}


/* The place of the row read last, or of a byte in it. */
static void place(const reading *in, const char *at, uint64_t *line,
                  uint64_t *column)
{
    *line = in->csv.line;
    *column = 0;
    if (at)
        rk_csv_where(&in->csv, at, line, column);
}


static void report(const reading *in, const char *at, const char *why)
{
    uint64_t line, column;

    place(in, at, &line, &column);
    rk_rows_bad(&in->rows, line, column, why);
}


/* Reads the header line; what is wrong with it is wrong with the file. */
static int header_read(reading *in, rk_error *err)
{
    uint64_t line, column;
    rk_error why;
    int rc;

    rc = rk_csv_next(&in->csv, &why);
    if (rc == 0)
        return rk_fail(err, RK_EFORMAT,
                       "%.100s: expected a header line, found no line",
                       in->rows.name);
    if (rc == 1 && in->csv.n_cells > RK_ROW_COLUMNS)
        rc = rk_fail(&why, RK_EFORMAT, "expected at most %d columns, found %zu",
                     (int)RK_ROW_COLUMNS, in->csv.n_cells);
    if (rc == 1)
        rc = names_copy(in, &why);
    if (rc == RK_OK)
        rc = names_check(in, &why);
    if (rc == RK_OK)
        rc = rk_rows_map(&in->rows, in->cells, in->n_columns, "columns", &why);
    if (rc == RK_OK || rc == RK_ENOMEM)
        return rc ? rk_no_memory(err) : RK_OK;
    place(in, in->csv.bad, &line, &column);
    return rk_rows_fail(&in->rows, line, column, why.msg, err);
}


static int row_take(reading *in, rk_error *err)
{
    const rk_csv *csv = &in->csv;
    rk_error why;
    size_t bad;
    int rc;

    if (csv->n_cells != in->n_columns) {
        uint64_t n_lines = csv->next_line - csv->line;

        if (n_lines > 1)
            rk_fail(&why, RK_EFORMAT,
                    "expected %zu columns, found %zu in a row of %llu lines",
                    in->n_columns, csv->n_cells, (unsigned long long)n_lines);
        else
            rk_fail(&why, RK_EFORMAT, "expected %zu columns, found %zu",
                    in->n_columns, csv->n_cells);
        report(in, NULL, why.msg);
        return RK_OK;
    }
    for (size_t i = 0; i < in->n_columns; i++)
        in->cells[i].value = csv->cells[i].text;
    rc = rk_rows_take(&in->rows, in->cells, in->n_columns, &bad, &why, err);
    if (why.code)
        report(in, bad == RK_NO_COLUMN ? NULL : csv->cells[bad].at, why.msg);
    return rc;
}


static int rows_read(reading *in, rk_error *err)
{
    rk_error why;
    int rc;

    for (;;) {
        int got = rk_csv_next(&in->csv, &why);

        if (got != 0)
            in->rows.n++;
        if (got < 0)
            report(in, in->csv.bad, why.msg);
        rc = got > 0 ? row_take(in, err) : RK_OK;
        if (rc == RK_OK)
            rc = rk_rows_progress(&in->rows, in->csv.next, err);
        if (rc || got == 0)
            return rc;
    }
}


int rk_import_csv(enum rk_kind kind, const char *name, const char *bytes,
                  size_t len, const rk_row_sink *sink, rk_error *err)
{
    reading in = {0};
    int rc;

    rk_rows_init(&in.rows, kind, name, bytes, len, sink);
    rc = rk_csv_init(&in.csv, bytes, len, err);
    if (rc == RK_OK)
        rc = header_read(&in, err);
    if (rc == RK_OK)
        rc = rows_read(&in, err);
    free(in.cells);
    free(in.names);
    rk_csv_clear(&in.csv);
    return rc;
}


int rk_import_path(enum rk_kind kind, const char *path, const rk_row_sink *sink,
                   rk_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    rk_mapping file = {0};
    enum rk_format format;
    const char *bytes;
    rk_error why;
    int rc;

    rc = rk_format_of(path, &format, err);
    if (rc)
        goto done;

    /* RK_EFORMAT: an empty file, which cannot be mapped but can be read. */
    rc = rk_file_map(&file, path, &why);
    if (rc && rc != RK_EFORMAT) {
        rc = rk_fail(err, rc, "%s", why.msg);
        goto done;
    }
    bytes = file.bytes ? (const char *)file.bytes : "";
    if (format == RK_CSV)
        rc = rk_import_csv(kind, name, bytes, file.len, sink, err);
    else
        rc = rk_import_jsonl(kind, name, bytes, file.len, sink, err);

done:
    rk_file_unmap(&file);
    return rc;
}

#include "data/csv.h"

#include "core/mem.h"
#include "data/rows.h"

#include <string.h>

int rk_csv_init(rk_csv *r, const char *bytes, size_t len, rk_error *err)
{
    memset(r, 0, sizeof(*r));
    r->end = bytes + len;
    r->next = bytes;
    r->next_line = 1;
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        r->next += 3;

    /* Unquoted, a row is no longer than it was; each cell's NUL takes the
     * place of its comma or line end, which the last row may lack. */
    r->room = (len < RK_ROW_BYTES ? len : RK_ROW_BYTES) + 1;
    r->text = rk_alloc_array(r->room, 1);
    r->cells = rk_alloc_array(RK_ROW_COLUMNS, sizeof(*r->cells));
    if (!r->text || !r->cells) {
        rk_csv_clear(r);
        return rk_no_memory(err);
    }
    return RK_OK;
}


void rk_csv_clear(rk_csv *r)
{
    free(r->text);
    free(r->cells);
    memset(r, 0, sizeof(*r));
}


/* The length of a line end at p, 0 if there is none. A CR that ends the bytes
 * is a CRLF cut short. */
static size_t line_end(const rk_csv *r, const char *p)
{
    if (p < r->end && *p == '\n')
        return 1;
    if (p < r->end && *p == '\r' && (p + 1 == r->end || p[1] == '\n'))
        return p + 1 == r->end ? 1 : 2;
    return 0;
}


static void cell_begin(rk_csv *r, const char *at)
{
    if (r->n_cells < RK_ROW_COLUMNS) {
        r->cells[r->n_cells].text = r->text + r->used;
        r->cells[r->n_cells].at = at;
    }
}


/* Adds to the cell begun last. What does not fit belongs to a row that is too
 * long, which is refused when its end is found. */
static void cell_add(rk_csv *r, const char *bytes, size_t len)
{
    if (r->n_cells < RK_ROW_COLUMNS && len <= r->room - r->used) {
        memcpy(r->text + r->used, bytes, len);
        r->used += len;
    }
}


static void cell_finish(rk_csv *r)
{
    cell_add(r, "", 1);
    r->n_cells++;
}


/* Reads an unquoted cell; returns what follows it, NULL when malformed. */
static const char *cell_plain(rk_csv *r, const char *p, rk_error *err)
{
    const char *s = p;

    cell_begin(r, p);
    while (s < r->end && *s != ',' && *s != '\n' && *s != '"')
        s++;
    if (s < r->end && *s == '"') {
        r->bad = s;
        rk_fail(err, RK_EFORMAT,
                "expected quotes around a whole value, found one inside it");
        return NULL;
    }
    if ((s == r->end || *s == '\n') && s > p && s[-1] == '\r')
        s--;
    cell_add(r, p, (size_t)(s - p));
    cell_finish(r);
    return s;
}


static uint64_t count_lines(const char *p, const char *end)
{
    uint64_t n = 0;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}


/* A closing quote with something else behind it. If the cell runs over lines
 * its opening quote is the likelier mistake, and the row that is lost. */
static void fail_behind(rk_csv *r, const char *open, const char *s,
                        rk_error *err)
{
    uint64_t n_lines = count_lines(open, s);

    r->bad = n_lines ? open : s;
    if (n_lines)
        rk_fail(err, RK_EFORMAT,
                "expected a comma or a line end after this cell's closing "
                "quote %llu lines on, found byte 0x%02x",
                (unsigned long long)n_lines, (unsigned char)*s);
    else
        rk_fail(err, RK_EFORMAT,
                "expected a comma or a line end after the closing quote, "
                "found byte 0x%02x",
                (unsigned char)*s);
}


/* The same for a cell in quotes; p is at the opening one. */
static const char *cell_quoted(rk_csv *r, const char *p, rk_error *err)
{
    const char *s = p + 1;

    cell_begin(r, p);
    for (;;) {
        const char *quote = memchr(s, '"', (size_t)(r->end - s));

        if (!quote) {
            r->bad = p;
            rk_fail(err, RK_EFORMAT, "expected a closing quote, found none");
            return NULL;
        }
        cell_add(r, s, (size_t)(quote - s));
        s = quote + 1;
        if (s == r->end || *s != '"')
            break;
        cell_add(r, s++, 1);
    }
    if (s < r->end && *s != ',' && !line_end(r, s)) {
        fail_behind(r, p, s, err);
        return NULL;
    }
    cell_finish(r);
    return s;
}


/* Behind the first line of the row. */
static void skip_line(rk_csv *r)
{
    const char *lf = memchr(r->row, '\n', (size_t)(r->end - r->row));

    r->next = lf ? lf + 1 : r->end;
    r->next_line = r->line + 1;
}


int rk_csv_next(rk_csv *r, rk_error *err)
{
    const char *p;
    size_t n;

    while ((n = line_end(r, r->next)) > 0) {
        r->next += n;
        r->next_line++;
    }
    r->row = p = r->next;
    r->line = r->next_line;
    r->n_cells = 0;
    r->used = 0;
    r->bad = NULL;
    if (p == r->end)
        return 0;

    for (;;) {
        bool quoted = p < r->end && *p == '"';

        p = quoted ? cell_quoted(r, p, err) : cell_plain(r, p, err);
        if (!p) {
            skip_line(r);
            return RK_EFORMAT;
        }
        if (p == r->end || *p != ',')
            break;
        p++;
    }
    r->next = p + line_end(r, p);
    r->next_line = r->line + count_lines(r->row, r->next);
    return rk_row_check(r->row, (size_t)(p - r->row), &r->bad, err) ? RK_EFORMAT
                                                                    : 1;
}


void rk_csv_where(const rk_csv *r, const char *at, uint64_t *line,
                  uint64_t *column)
{
    const char *start = at;

    while (start > r->row && start[-1] != '\n')
        start--;
    *line = r->line + count_lines(r->row, start);
    *column = (uint64_t)(at - start) + 1;
}

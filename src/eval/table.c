#include "eval/table.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 28)


char *rk_table_path(const char *dir, const char *folder, const char *name)
{
    rk_buf nested;
    rk_buf flat;

    rk_buf_init(&nested);
    rk_buf_init(&flat);
    rk_buf_printf(&nested, "%s/%s/%s", dir, folder, name);
    rk_buf_printf(&flat, "%s/%s", dir, name);
    if (nested.failed || flat.failed) {
        rk_buf_clear(&nested);
        rk_buf_clear(&flat);
        return NULL;
    }
    if (access(nested.data, R_OK) != 0 && access(flat.data, R_OK) == 0) {
        rk_buf_clear(&nested);
        return rk_buf_take(&flat);
    }
    rk_buf_clear(&flat);
    return rk_buf_take(&nested);
}


int rk_table_open(rk_table *t, const char *dir, const char *folder,
                  const char *name, rk_error *err)
{
    size_t len = 0;
    int rc;

    memset(t, 0, sizeof(*t));
    t->path = rk_table_path(dir, folder, name);
    if (!t->path)
        return rk_no_memory(err);
    rc = rk_file_read(t->path, FILE_MAX, &t->bytes, &len, err);
    if (rc) {
        rk_table_close(t);
        return rc;
    }
    t->next = t->bytes;
    t->end = t->bytes + len;
    return RK_OK;
}


void rk_table_close(rk_table *t)
{
    free(t->path);
    free(t->bytes);
    memset(t, 0, sizeof(*t));
}


int rk_table_fail(const rk_table *t, rk_error *err, const char *fmt, ...)
{
    char why[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    rk_text_end_whole(why);
    return rk_fail(err, RK_EFORMAT, "%s:%llu: %s", t->path,
                   (unsigned long long)t->line, why);
}


/* A bad character of a line, or NULL. */
static const char *bad_in(const char *line, size_t len)
{
    size_t bad = 0;

    if (!rk_text_is_utf8(line, len, &bad))
        return line + bad;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t')
            return line + i;
    return NULL;
}


/* The next line that is not empty, ended with a NUL. 1, 0 or RK_EFORMAT. */
static int line_next(rk_table *t, char **line, rk_error *err)
{
    while (t->next < t->end) {
        char *lf = memchr(t->next, '\n', (size_t)(t->end - t->next));
        char *end = lf ? lf : t->end;
        size_t len = (size_t)(end - t->next);
        const char *bad;

        *line = t->next;
        t->next = lf ? lf + 1 : t->end;
        t->line++;
        if (len && (*line)[len - 1] == '\r')
            len--;
        if (len == 0)
            continue;
        if (len > RK_TABLE_LINE)
            return rk_table_fail(t, err, "%zu bytes, a line has at most %zu",
                                 len, RK_TABLE_LINE);
        bad = bad_in(*line, len);
        if (bad)
            return rk_table_fail(t, err,
                                 "expected UTF-8 text, found byte 0x%02x",
                                 (unsigned char)*bad);
        (*line)[len] = '\0';
        return 1;
    }
    return 0;
}


int rk_table_next(rk_table *t, char sep, size_t n, rk_error *err)
{
    char *line = NULL;
    size_t found = 0;
    int rc = line_next(t, &line, err);

    if (rc != 1)
        return rc;
    while (line) {
        char *end = strchr(line, sep);

        if (end)
            *end = '\0';
        if (found < n)
            t->cells[found] = line;
        found++;
        line = end ? end + 1 : NULL;
    }
    if (found != n)
        return rk_table_fail(t, err, "expected %zu cells, found %zu", n, found);
    return 1;
}


int rk_table_header(rk_table *t, const char *header, rk_error *err)
{
    char *line = NULL;
    int rc = line_next(t, &line, err);

    if (rc < 0)
        return rc;
    if (rc == 0 || strcmp(line, header) != 0)
        return rk_table_fail(t, err, "expected the header '%s', found '%.40s'",
                             header, rc ? line : "");
    return RK_OK;
}


char *rk_table_word(char **s, char sep)
{
    char *word;
    char *end;

    while (**s == sep)
        ++*s;
    if (**s == '\0')
        return NULL;
    word = *s;
    end = strchr(word, sep);
    if (end)
        *end++ = '\0';
    else
        end = word + strlen(word);
    *s = end;
    return word;
}

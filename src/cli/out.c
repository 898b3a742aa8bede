#include "cli/out.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

void out_begin(cli *c)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    /* Text is UTF-8 whatever the user's locale says. */
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
    c->colour = isatty(STDOUT_FILENO) && !(no_color && no_color[0]) &&
                !(term && strcmp(term, "dumb") == 0);
}


int out_end(const cli *c, int code)
{
    rk_error err = {.code = RK_EIO};

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    snprintf(err.msg, sizeof(err.msg), "cannot write the answer: %s",
             strerror(errno));
    return code == EXIT_OK ? cli_fail(c, &err) : code;
}


/* Marks that turn the order of what stands around them. */
static bool turns_text(wchar_t c)
{
    return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}


/* One character of UTF-8: its length, and its columns, -1 where it may not be
 * shown. Bytes that are no UTF-8 count as one character that may not. */
static size_t next_char(const char *s, int *columns)
{
    mbstate_t state = {0};
    wchar_t wide = 0;
    size_t len = mbrtowc(&wide, s, strnlen(s, 4), &state);

    *columns = -1;
    if (len == (size_t)-1 || len == (size_t)-2 || len == 0)
        return 1;
    *columns = turns_text(wide) ? -1 : wcwidth(wide);
    return len;
}


void out_text(FILE *to, const char *text)
{
    while (*text) {
        int columns;
        size_t len = next_char(text, &columns);

        if (columns >= 0)
            fwrite(text, 1, len, to);
        else
            fputc(*text == '\n' || *text == '\t' ? ' ' : '?', to);
        text += len;
    }
}


int out_width(const char *text)
{
    int width = 0;

    while (*text) {
        int columns;

        text += next_char(text, &columns);
        width += columns >= 0 ? columns : 1;
    }
    return width;
}


static const char *style_code(enum out_style style)
{
    switch (style) {
    case OUT_BOLD: return "\033[1m";
    case OUT_DIM: return "\033[2m";
    case OUT_GOOD: return "\033[32m";
    case OUT_BAD: return "\033[31m";
    case OUT_PLAIN: break;
    }
    return "";
}


static void spaces(int n)
{
    while (n-- > 0)
        putchar(' ');
}


void out_cell(const cli *c, enum out_style style, int width, const char *text)
{
    bool styled = c->colour && style != OUT_PLAIN;
    int room = (width < 0 ? -width : width) - out_width(text);

    if (width < 0)
        spaces(room);
    if (styled)
        fputs(style_code(style), stdout);
    out_text(stdout, text);
    if (styled)
        fputs("\033[0m", stdout);
    if (width > 0)
        spaces(room);
}


void out_note(const cli *c, const char *fmt, ...)
{
    va_list ap;

    if (c->quiet || c->json)
        return;
    fflush(stdout); /* what was said before comes before */
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}


const char *out_count(uint64_t n, char room[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
    char *p = room;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return room;
}


void out_json_string(FILE *to, const char *text)
{
    fputc('"', to);
    while (*text) {
        int columns;
        size_t len = next_char(text, &columns);
        unsigned char ch = (unsigned char)*text;

        if (ch == '"' || ch == '\\')
            fprintf(to, "\\%c", ch);
        else if (ch == '\n')
            fputs("\\n", to);
        else if (ch < 0x20 || ch == 0x7f)
            fprintf(to, "\\u%04x", ch);
        else if (len == 1 && ch >= 0x80)
            fputs("\\ufffd", to);
        else
            fwrite(text, 1, len, to);
        text += len;
    }
    fputc('"', to);
}


int out_json(const cli *c, char *json)
{
    rk_error err = {.code = RK_ENOMEM, .msg = "out of memory"};

    if (!json)
        return cli_fail(c, &err);
    puts(json);
    free(json);
    return EXIT_OK;
}

/* The model writes the order: candidates in a numbered list, and what it
 * writes is read line by line (Hou et al., LLMRank, ECIR 2024; RankGPT: Sun et
 * al., EMNLP 2023). A baseline: small models repeat the list or write of other
 * things, and the readings of the other modes cost less.
 *
 * What is written is not trusted. A line counts when it begins with a
 * candidate's title, or with its number and nothing that contradicts it; each
 * candidate counts once, other lines not at all, and who was not named follows
 * in canonical order. */
#include "paradigms/mode_permutation.h"
#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/mode.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define MOST_WRITTEN 512 /* tokens */

char *rk_written_plain(const char *text, size_t len)
{
    bool gap = false;
    rk_buf b;

    rk_buf_init(&b);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isalnum(c) || c >= 0x80) {
            if (gap && rk_buf_str(&b)[0])
                rk_buf_putc(&b, ' ');
            gap = false;
            rk_buf_putc(&b, (char)tolower(c));
        } else if (c != '\'') {
            gap = true;
        }
    }
    return rk_buf_take(&b);
}


/* Whether `line` begins with all of `title`, word for word. */
static bool begins(const char *line, const char *title)
{
    size_t len = strlen(title);

    return len > 0 && strncmp(line, title, len) == 0 &&
           (line[len] == '\0' || line[len] == ' ');
}


/* The candidate that a line names, the longest title of several; n: none. */
static size_t named(const char *line, char *const *titles, size_t n)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++)
        if (begins(line, titles[i]) &&
            (best == n || strlen(titles[i]) > strlen(titles[best])))
            best = i;
    return best;
}


/* What one written line says: a title, with or without a number before it, or
 * a number alone. */
static size_t line_says(const char *line, char *const *titles, size_t n)
{
    size_t digits = strspn(line, "0123456789");
    size_t found = named(line, titles, n);
    unsigned long number;

    if (found < n || digits == 0 || digits > 3)
        return found;
    if (line[digits] == ' ')
        return named(line + digits + 1, titles, n);
    number = strtoul(line, NULL, 10);
    return line[digits] == '\0' && number >= 1 && number <= n ? number - 1 : n;
}


int rk_written_places(const char *text, char *const *titles, size_t n,
                      float *places, rk_error *err)
{
    size_t next = n;

    memset(places, 0, n * sizeof(*places));
    while (*text && next > 0) {
        size_t len = strcspn(text, "\n");
        char *line = rk_written_plain(text, len);
        size_t who;

        if (!line)
            return rk_no_memory(err);
        who = line_says(line, titles, n);
        if (who < n && places[who] == 0)
            places[who] = (float)next--;
        free(line);
        text += len + (text[len] == '\n');
    }
    return RK_OK;
}


typedef struct writing {
    char *const *titles; /* (n) plain */
    size_t n;
} writing;


static int write_order(void *ctx, rk_llm *m, const char *const *texts, size_t n,
                       float *rows, rk_error *err)
{
    const writing *w = ctx;
    rk_generate_opts opts = {.max_tokens = MOST_WRITTEN};
    int rc = RK_OK;

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        char *text = NULL;

        rc = rk_llm_generate(m, texts[i], &opts, &text, err);
        if (rc == RK_OK)
            rc = rk_written_places(text, w->titles, w->n, rows + i * w->n, err);
        free(text);
    }
    return rc;
}


static int titles_of(const rk_mode_ask *a, char **titles, rk_error *err)
{
    for (size_t i = 0; i < a->n; i++) {
        const char *title = rk_snapshot_title(a->s, a->items[i]);

        titles[i] = rk_written_plain(title, strlen(title));
        if (!titles[i])
            return rk_no_memory(err);
    }
    return RK_OK;
}


static int ask(const rk_mode_ask *a, char *const *titles, float *places,
               rk_error *err)
{
    rk_prompt_ask with = {
        .kind = RK_PROMPT_PERMUTATION, .candidates = a->items, .n = a->n};
    writing w = {titles, a->n};
    rk_own_question q = {"permutation", "", a->n, write_order, &w};
    rk_prompt p = {0};
    rk_buf whole;
    int rc = rk_mode_prompt(&p, a, with, err);

    rk_buf_init(&whole);
    if (rc == RK_OK) {
        rk_asking asking = rk_mode_asking(a, &p, "having an order written",
                                          RK_ASK_PASSING);

        rk_buf_printf(&whole, "%s%s%s", p.constant, p.user, p.branches[0]);
        rc = whole.failed ? rk_no_memory(err)
                          : rk_cached_own(&asking, &q,
                                          (const char *[]){rk_buf_str(&whole)},
                                          1, places, err);
    }
    rk_buf_clear(&whole);
    rk_prompt_clear(&p);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    char **titles = rk_calloc(a->n, sizeof(*titles));
    int rc = titles ? titles_of(a, titles, err) : rk_no_memory(err);

    if (rc == RK_OK)
        rc = ask(a, titles, scores, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        notes[i][0] = scores[i];
        notes[i][1] = 0;
        scores[i] -= (float)i / (float)a->n; /* who was not named */
    }
    rk_texts_free(titles, a->n);
    return rc;
}


/* What stands around a candidate's line, and the instruction. */
#define AROUND 4
#define TASK   60

static float tokens(const rk_mode_size *z)
{
    float list = z->lines + AROUND * z->n;

    return z->liked + z->disliked + TASK + list +
           (list < MOST_WRITTEN ? list : MOST_WRITTEN);
}


static int explain(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, const float *parts, rk_reasons *out,
                   rk_error *err)
{
    (void)s;
    (void)who;
    (void)parts;
    return rk_reasons_add(out, "model", "had an order written", NAN, err,
                          c->note[0] > 0
                              ? "the writer named it in the order it wrote (a "
                                "baseline: what a model writes is not what it "
                                "finds likely)"
                              : "the writer did not name it in the order it "
                                "wrote (a baseline)");
}


const rk_mode rk_mode_permutation = {
    .name = "permutation",
    .summary = "a baseline: the model writes the order of a numbered list, and "
               "what it writes is read line by line",
    .law = "P + C + 4 n, and as much again written token by token",
    .by_name_only = true,
    .judge = "the order that the writer wrote",
    .needs = RK_CAN_GENERATE,
    .tokens = tokens,
    .score = score,
    .explain = explain,
};

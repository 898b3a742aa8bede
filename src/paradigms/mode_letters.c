/* Candidates in one list, a letter each, and the probability of each letter as
 * the answer: one reading ranks a whole list (LlamaRec: Yue et al. 2023;
 * FIRST: Reddy et al., EMNLP 2024).
 *
 *   score(c) = mean over rotations of (log p(letter of c) - slot prior)
 *
 * A model likes some letters whatever stands there. Two things are done about
 * it: each list is read in ROTATIONS turns, cyclically shifted, and from each
 * place what sample users' lists gave that place on the whole is taken off.
 * Candidates stand in their canonical order before they are turned, so that
 * the caller's order says nothing. More than a window of them are read window
 * by window; a score then depends on its window's company, as it does on that
 * of its list in any case. */
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/mode.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

#define WINDOW      RK_LLM_LIST
#define ROTATIONS   2
#define MOST_TOKENS 480 /* of a list: a branch has 512 at most */

/* With the space that they stand after; in a chat they begin the answer. */
static const char *const letters[WINDOW] = {
    " A", " B", " C", " D", " E", " F", " G", " H", " I", " J",
    " K", " L", " M", " N", " O", " P", " Q", " R", " S", " T"};


static const char *lacks(rk_llm *writer)
{
    for (size_t i = 0; i < WINDOW; i++)
        if (!rk_llm_one_token(writer, letters[i]) ||
            !rk_llm_one_token(writer, letters[i] + 1))
            return "the letters A to T are not one token each for this model";
    return NULL;
}


/* All lists to be read: window by window, rotation by rotation. */
typedef struct pages {
    char *prefix;
    char **text; /* (n) */
    size_t n;
    size_t window; /* candidates of each but perhaps the last */
    bool chat;
    bool spaced; /* a letter stands after a space */
} pages;


static void pages_clear(pages *p)
{
    rk_texts_free(p->text, p->n);
    free(p->prefix);
    memset(p, 0, sizeof(*p));
}


static size_t size_of(const rk_mode_ask *a, const pages *p, size_t window)
{
    size_t left = a->n - window * p->window;

    return left < p->window ? left : p->window;
}


/* How far a list of `size` is turned. */
static size_t turned(size_t rotation, size_t size)
{
    return rotation * size / ROTATIONS;
}


static int page_write(pages *p, const rk_mode_ask *a, size_t window,
                      size_t rotation, rk_error *err)
{
    size_t size = size_of(a, p, window);
    uint32_t items[WINDOW];
    rk_prompt_ask ask = {
        .kind = RK_PROMPT_LETTERS, .candidates = items, .n = size};
    rk_prompt prompt = {0};
    int rc;

    for (size_t j = 0; j < size; j++)
        items[j] = a->items[window * p->window +
                            (j + turned(rotation, size)) % size];
    rc = rk_mode_prompt(&prompt, a, ask, err);
    if (rc == RK_OK && !p->prefix) {
        p->prefix = rk_prompt_prefix(&prompt);
        p->chat = prompt.chat;
        p->spaced = prompt.lead[0] != '\0';
        rc = p->prefix ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK) {
        p->text[p->n++] = prompt.branches[0];
        prompt.branches[0] = NULL;
    }
    rk_prompt_clear(&prompt);
    return rc;
}


/* Lists of at most `window`; RK_EINVAL: one is too long to be read. */
static int pages_write(pages *p, const rk_mode_ask *a, size_t window,
                       rk_llm *writer, rk_error *err)
{
    size_t n = (a->n + window - 1) / window;
    int rc;

    memset(p, 0, sizeof(*p));
    p->window = window;
    p->text = rk_calloc(n * ROTATIONS, sizeof(*p->text));
    rc = p->text ? RK_OK : rk_no_memory(err);
    for (size_t i = 0; i < n * ROTATIONS && rc == RK_OK; i++) {
        rc = page_write(p, a, i / ROTATIONS, i % ROTATIONS, err);
        if (rc == RK_OK &&
            rk_llm_count_tokens(writer, p->text[i]) > MOST_TOKENS)
            rc = rk_fail(err, RK_EINVAL,
                         "a list of %zu lines has more than %d tokens", window,
                         MOST_TOKENS);
    }
    return rc;
}


/* The longest lists that can be read: halved until they fit. */
static int pages_make(pages *p, const rk_mode_ask *a, rk_error *err)
{
    rk_asking asking = {a->run, a->s->writer_key, NULL, NULL, 0};
    size_t window = a->n < WINDOW ? a->n : WINDOW;
    rk_llm *writer = NULL;
    int rc = rk_asking_model(&asking, RK_WRITER, &writer, err);

    if (rc)
        return rc;
    for (;;) {
        rc = pages_write(p, a, window, writer, err);
        if (rc != RK_EINVAL || window == 1)
            return rc;
        pages_clear(p);
        window = (window + 1) / 2;
    }
}


/* What each place gets on the whole, among the first `size` places. */
static void slots_of(const rk_snapshot *s, size_t size, float *slots)
{
    double sum = 0;

    for (size_t j = 0; j < size; j++)
        sum += exp((double)s->llm.slots[j]);
    for (size_t j = 0; j < size; j++)
        slots[j] = s->llm.slots[j] - (float)log(sum);
}


/* A page's letters into its candidates' scores. */
static void add_page(const rk_mode_ask *a, const pages *p, size_t page,
                     const float *row, float *scores)
{
    size_t first = page / ROTATIONS * p->window;
    size_t size = size_of(a, p, page / ROTATIONS);
    float slots[WINDOW];

    slots_of(a->s, size, slots);
    for (size_t j = 0; j < size; j++)
        scores[first + (j + turned(page % ROTATIONS, size)) %
                           size] += (row[j] - slots[j]) / ROTATIONS;
}


/* log p(letter) of every page: (pages, WINDOW). */
static int read(const rk_mode_ask *a, const pages *p, float *rows,
                rk_error *err)
{
    rk_asking asking = rk_mode_asking(a, &(rk_prompt){.chat = p->chat},
                                      "asking for letters", RK_ASK_PASSING);
    const char *answers[WINDOW];
    rk_words_question q = {p->prefix, answers, WINDOW};

    for (size_t i = 0; i < WINDOW; i++)
        answers[i] = letters[i] + (p->spaced ? 0 : 1);
    return rk_cached_words(&asking, &q, (const char *const *)p->text, p->n,
                           rows, err);
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    float *rows = NULL;
    pages p = {0};
    int rc = pages_make(&p, a, err);

    if (rc == RK_OK) {
        rows = rk_alloc_array(p.n, WINDOW * sizeof(*rows));
        rc = rows ? read(a, &p, rows, err) : rk_no_memory(err);
    }
    memset(scores, 0, a->n * sizeof(*scores));
    for (size_t i = 0; i < p.n && rc == RK_OK; i++)
        add_page(a, &p, i, rows + i * WINDOW, scores);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        notes[i][0] = scores[i];
        notes[i][1] = 0;
    }
    free(rows);
    pages_clear(&p);
    return rc;
}


/* Adds a list's letters to the sums of places; *n counts full pages. */
static int add_slots(const rk_mode_lists *l, size_t list, double *sums,
                     size_t *n, rk_error *err)
{
    rk_token_weight room[RK_TOKENS_MAX];
    float *rows = NULL;
    pages p = {0};
    rk_mode_ask a;
    rk_who who;
    int rc;

    rk_mode_list_ask(l, list, room, &who, &a);
    rc = pages_make(&p, &a, err);
    if (rc == RK_OK) {
        rows = rk_alloc_array(p.n, WINDOW * sizeof(*rows));
        rc = rows ? read(&a, &p, rows, err) : rk_no_memory(err);
    }
    for (size_t i = 0; i < p.n && rc == RK_OK; i++) {
        if (size_of(&a, &p, i / ROTATIONS) < WINDOW)
            continue; /* a place in a shorter list is another thing */
        for (size_t j = 0; j < WINDOW; j++)
            sums[j] += rows[i * WINDOW + j];
        ++*n;
    }
    free(rows);
    pages_clear(&p);
    return rc;
}


static int fit(rk_llm_learnt *io, const rk_mode_lists *l, rk_error *err)
{
    double sums[WINDOW] = {0};
    size_t n = 0;
    int rc = RK_OK;

    for (size_t i = 0; i < l->n && rc == RK_OK; i++)
        if (rk_mode_list_teaches(l, i))
            rc = add_slots(l, i, sums, &n, err);
    for (size_t j = 0; j < WINDOW; j++)
        io->slots[j] = n ? (float)(sums[j] / (double)n) : 0;
    return rc;
}


/* What stands around a candidate's line, and around a list. */
#define AROUND 4
#define TASK   40

static float tokens(const rk_mode_size *z)
{
    return z->liked + z->disliked +
           ROTATIONS * (z->lines + AROUND * z->n + TASK);
}


static int explain(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, const float *parts, rk_reasons *out,
                   rk_error *err)
{
    (void)s;
    (void)who;
    return rk_reasons_add(out, "model", "asked for a letter",
                          parts[RK_MODE_FIRST], err,
                          "in a list of the candidates the writer gives its "
                          "letter %+.2f nats more than its places get on the "
                          "whole",
                          (double)c->note[0]);
}


const rk_mode rk_mode_letters = {
    .name = "letters",
    .summary = "the probability of each candidate's letter in a list of 20, "
               "read in 2 turns, less what its places get on the whole",
    .law = "P + 2 (C + 4 n + 40 n/20): the user's lists once, and each list of "
           "candidates in 2 turns",
    .judge = "the writer's letters",
    .needs = RK_CAN_WORDS,
    .tokens = tokens,
    .lacks = lacks,
    .fit = fit,
    .score = score,
    .explain = explain,
};

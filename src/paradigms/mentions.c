#include "paradigms/mentions.h"

#include "core/mem.h"

#include <string.h>

static const char *const numbers[] = {
    "zero",     "one",      "two",      "three",   "four",    "five",
    "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
    "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen", "twenty"};
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))


bool rk_word_number(const rk_word *w, double *number)
{
    char text[32];
    char *end;

    for (size_t i = 2; i < N_NUMBERS; i++) /* "one" is a pronoun too */
        if (rk_word_is(w, numbers[i])) {
            *number = (double)i;
            return true;
        }
    if (!w->is_number || w->len >= sizeof(text))
        return false;
    memcpy(text, w->at, w->len);
    text[w->len] = '\0';
    *number = strtod(text, &end);
    return *end == '\0' || strcmp(end, "s") == 0;
}


/* Whether a word that opens a sentence may be capital for that alone. */
static bool opens(const rk_wording *w, size_t i)
{
    return (w->list[i].before & RK_BEFORE_STOP) != 0;
}


/* How a run is written: in capitals, or quoted, where a title or name would
 * be; and whether any word of it is not one of every text. */
static bool stands_out(const rk_wording *w, size_t at, size_t n)
{
    size_t capitals = 0;
    bool rare = false;

    for (size_t i = at; i < at + n; i++) {
        capitals += w->list[i].capital;
        rare = rare || !rk_word_is_common(&w->list[i]);
    }
    if ((w->list[at].before & RK_BEFORE_QUOTE) != 0)
        return true;
    if (n == 1)
        return capitals && (rare || !opens(w, at));
    return rare || capitals > (size_t)opens(w, at);
}


/* The title in the grounds, else the first; n_found entries. */
static const rk_named_entry *pick(const rk_named_entry *found, size_t n_found,
                                  const rk_grounds *g)
{
    for (size_t i = 0; i < n_found; i++)
        if (found[i].kind == RK_NAMED_TITLE &&
            rk_grounds_item(g, found[i].item))
            return &found[i];
    return found;
}


static const enum rk_mention_kind kinds[] = {
    [RK_NAMED_TITLE] = RK_MENTIONS_TITLE,
    [RK_NAMED_CATEGORY] = RK_MENTIONS_CATEGORY,
    [RK_NAMED_VALUE] = RK_MENTIONS_VALUE,
};


/* A title or value at word i. What is no title as it is written may still be
 * a category. */
static bool catalogue_at(const rk_wording *w, size_t i, const rk_grounds *g,
                         rk_mention *out)
{
    size_t n_found = 0;
    const rk_named_entry *found = rk_named_find(g->names, w->list + i, w->n - i,
                                                &n_found);
    const rk_named_entry *e;

    if (!found)
        return false;
    e = pick(found, n_found, g);
    if (e->kind == RK_NAMED_TITLE &&
        (!stands_out(w, i, e->n) || !rk_grounds_item(g, e->item)))
        for (size_t k = 0; k < n_found; k++)
            if (found[k].kind == RK_NAMED_CATEGORY)
                e = &found[k];
    if (e->kind != RK_NAMED_CATEGORY && !stands_out(w, i, e->n))
        return false;
    /* A title in small letters is no mention where the evidence has the same
     * words: "true crime". */
    if (e->kind == RK_NAMED_TITLE && !w->list[i].capital &&
        !rk_grounds_item(g, e->item) && rk_grounds_find(g, w->list + i, e->n))
        return false;
    *out = (rk_mention){kinds[e->kind], i, e->n,
                        e->kind == RK_NAMED_TITLE ? e->item : RK_NO_ID, 0};
    return true;
}


/* Words that open a sentence and are no name: common ones, and forms of verbs
 * ("Directed by", "Combining"). */
static bool may_open(const rk_word *w)
{
    bool verb = w->len > 5 && (memcmp(w->at + w->len - 2, "ed", 2) == 0 ||
                               memcmp(w->at + w->len - 3, "ing", 3) == 0);

    return verb || rk_word_is_common(w);
}


/* Capitals from word i on that belong together. */
static bool name_at(const rk_wording *w, size_t i, const rk_grounds *g,
                    rk_mention *out)
{
    size_t n = 1;
    rk_mention other;

    if (!w->list[i].capital || (opens(w, i) && may_open(&w->list[i])))
        return false;
    while (i + n < w->n && w->list[i + n].capital &&
           w->list[i + n].before == 0 && !catalogue_at(w, i + n, g, &other))
        n++;
    if (n == 1 && rk_word_is_common(&w->list[i]))
        return false; /* the article before a title */
    *out = (rk_mention){RK_MENTIONS_NAME, i, n, RK_NO_ID, 0};
    return true;
}


static bool number_at(const rk_wording *w, size_t i, rk_mention *out)
{
    double number;

    if (!rk_word_number(&w->list[i], &number))
        return false;
    *out = (rk_mention){RK_MENTIONS_NUMBER, i, 1, RK_NO_ID, number};
    return true;
}


int rk_mentions_find(rk_mentions *m, const rk_wording *w, const rk_grounds *g,
                     rk_error *err)
{
    for (size_t i = 0; i < w->n;) {
        rk_mention one = {0};
        rk_mention *more;

        if (!catalogue_at(w, i, g, &one) && !number_at(w, i, &one) &&
            !name_at(w, i, g, &one)) {
            i++;
            continue;
        }
        more = rk_grow(m->list, m->n, &m->cap, sizeof(*more));
        if (!more)
            return rk_no_memory(err);
        m->list = more;
        more[m->n++] = one;
        i += one.n;
    }
    return RK_OK;
}


void rk_mentions_clear(rk_mentions *m)
{
    free(m->list);
    memset(m, 0, sizeof(*m));
}

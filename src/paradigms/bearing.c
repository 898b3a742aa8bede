#include "paradigms/bearing.h"

#include "data/record.h"
#include "paradigms/leaning.h"

#include <math.h>
#include <string.h>

#define LINK_WORDS 5 /* between a title and what is said of it, at most */


/* Words that do not part a title from what is said of it. */
static bool links(const rk_check *k, size_t from, size_t to)
{
    static const char *const ties[] = {
        "by",        "directed", "written", "starring", "with", "from",
        "author",    "director", "is",      "was",      "an",   "film",
        "movie",     "book",     "novel",   "story",    "made", "released",
        "published", "in",       "another", "stars",    NULL};
    bool any = false;

    if (to - from > LINK_WORDS)
        return false;
    for (size_t i = from; i < to; i++) {
        if (k->words.list[i].before & (RK_BEFORE_STOP | RK_BEFORE_BREAK))
            return false;
        any = any || rk_word_among(&k->words.list[i], ties) ||
              (rk_word_is(&k->words.list[i], "a") &&
               k->words.list[i].before & RK_BEFORE_COMMA);
    }
    if (to < k->words.n &&
        k->words.list[to].before & (RK_BEFORE_STOP | RK_BEFORE_BREAK))
        return false;
    return any || (to < k->words.n && to == from &&
                   k->words.list[to].before & RK_BEFORE_BRACKET);
}


/* The item that the text ties mention m to; RK_NO_ID: none. A title before it,
 * or one that it stands before as an owner: "Dan Brown's Inferno". */
static uint32_t subject_of(const rk_check *k, size_t m)
{
    const rk_mention *all = k->mentions.list;
    const rk_mention *me = &all[m];
    size_t next;

    for (size_t i = m; i-- > 0;) {
        if (all[i].kind != RK_MENTIONS_TITLE)
            continue;
        if (links(k, all[i].at + all[i].n, me->at))
            return all[i].item;
        break;
    }
    next = me->at + me->n;
    if (next < k->words.n && rk_word_is(&k->words.list[next], "the"))
        next++;
    if (m + 1 < k->mentions.n && all[m + 1].kind == RK_MENTIONS_TITLE &&
        all[m + 1].at == next && me->kind != RK_MENTIONS_NUMBER &&
        k->words.list[me->at + me->n].before == 0) {
        const rk_word *last = &k->words.list[me->at + me->n - 1];
        bool owner = last->at[last->len] == '\'' ||
                     strncmp(last->at + last->len, "\xE2\x80\x99", 3) == 0;

        if (owner || me->kind == RK_MENTIONS_CATEGORY)
            return all[m + 1].item;
    }
    return RK_NO_ID;
}


/* Numbers in letters are often a title's: "The Three Musketeers". */
static bool has_number(const rk_wording *w, double number)
{
    double one;

    for (size_t i = 0; i < w->n; i++)
        if (w->list[i].is_number && rk_word_number(&w->list[i], &one) &&
            fabs(one - number) < 1e-9)
            return true;
    return false;
}


/* "1990s" is said of any year in it. */
static bool has_decade(const rk_wording *w, double number)
{
    double one;

    for (size_t i = 0; i < w->n; i++)
        if (w->list[i].is_number && w->list[i].len == 4 &&
            rk_word_number(&w->list[i], &one) && one >= number &&
            one < number + 10)
            return true;
    return false;
}


bool rk_bearing_is(const rk_check *k, const rk_ground *g, const rk_mention *m)
{
    rk_word run[16];
    const rk_word *w = &k->words.list[m->at];
    size_t n = m->n < 16 ? m->n : 16;

    if (m->kind == RK_MENTIONS_NUMBER)
        return has_number(&g->words, m->number) ||
               (w->at[w->len - 1] == 's' && has_decade(&g->words, m->number));
    if (rk_wording_find(&g->words, w, n) != SIZE_MAX)
        return true;
    if (m->kind == RK_MENTIONS_NAME && n > 1 && rk_word_is_common(w) &&
        rk_wording_find(&g->words, w + 1, n - 1) != SIZE_MAX)
        return true; /* "The Coens" */
    memcpy(run, w, n * sizeof(*run));
    run[n - 1].key = rk_word_singular(&run[n - 1]);
    return m->kind == RK_MENTIONS_CATEGORY && run[n - 1].key &&
           rk_wording_find(&g->words, run, n) != SIZE_MAX;
}


/* The value of the field that a role names ("directed by"), of the item it is
 * said of; NULL: no role is named, or the item has no such field. */
static const char *role_value(const rk_check *k, const rk_mention *m,
                              uint32_t item)
{
    static const struct {
        const char *word;
        const char *field;
    } roles[] = {
        {"directed", "director"}, {"director", "director"},
        {"written", "author"},    {"author", "author"},
        {"starring", "cast"},     {"stars", "cast"},
    };
    size_t begin = rk_clause_begin(&k->words, m->at);

    for (size_t i = m->at; i-- > begin && i + 3 >= m->at;)
        for (size_t r = 0; r < sizeof(roles) / sizeof(roles[0]); r++)
            if (rk_word_is(&k->words.list[i], roles[r].word))
                return rk_record_get(k->g->s->items[item], roles[r].field);
    return NULL;
}


/* Whether a text, as words, has those of a mention. */
static int value_has(const rk_check *k, const rk_mention *m, const char *value,
                     bool *has, rk_error *err)
{
    rk_ground one = {0};
    int rc = rk_wording_read(&one.words, value, err);

    *has = rc == RK_OK && rk_bearing_is(k, &one, m);
    rk_wording_clear(&one.words);
    return rc;
}


int rk_bearing_find(const rk_check *k, size_t i, const rk_ground **by,
                    uint32_t *subject, rk_error *err)
{
    const rk_mention *m = &k->mentions.list[i];
    bool person = m->kind == RK_MENTIONS_NAME || m->kind == RK_MENTIONS_VALUE;
    const char *value;
    int rc = RK_OK;

    *by = NULL;
    *subject = subject_of(k, i);
    if (*subject != RK_NO_ID) {
        const rk_ground *g = rk_grounds_item(k->g, *subject);

        *by = g && rk_bearing_is(k, g, m) ? g : NULL;
    } else {
        for (size_t j = 0; j < k->g->n && !*by; j++)
            *by = rk_bearing_is(k, &k->g->list[j], m) ? &k->g->list[j] : NULL;
    }
    if (*by && person) {
        uint32_t of = *subject != RK_NO_ID ? *subject : k->g->list[0].item;
        bool has = true;

        value = role_value(k, m, of);
        if (value)
            rc = value_has(k, m, value, &has, err);
        if (!has)
            *by = NULL;
        if (!has)
            *subject = of;
    }
    return rc;
}

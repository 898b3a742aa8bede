#include "paradigms/facts.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"
#include "paradigms/form.h"
#include "paradigms/leaning.h"
#include "paradigms/mentions.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINK_WORDS 5 /* between a title and what is said of it, at most */

/* A text being checked. */
typedef struct check {
    const char *text;
    const rk_grounds *g;
    rk_wording words;
    rk_mentions mentions;
    rk_findings *out;
} check;


int rk_findings_add(rk_findings *f, rk_claim claim, rk_error *err,
                    const char *fmt, ...)
{
    rk_claim *more = rk_grow(f->list, f->n, &f->cap, sizeof(*more));
    va_list args;

    if (!more)
        return rk_no_memory(err);
    f->list = more;
    more[f->n++] = claim;
    if (claim.holds || f->refusal[0])
        return RK_OK;
    va_start(args, fmt);
    vsnprintf(f->refusal, sizeof(f->refusal), fmt, args);
    va_end(args);
    rk_text_end_whole(f->refusal);
    return RK_OK;
}


void rk_findings_clear(rk_findings *f)
{
    free(f->list);
    memset(f, 0, sizeof(*f));
}


/* A claim over words of the text; `by` NULL: nothing bears it. */
static rk_claim claim_of(const check *k, enum rk_claim_kind kind, size_t at,
                         size_t n, const rk_ground *by)
{
    const rk_word *first = &k->words.list[at];
    const rk_word *last = &k->words.list[at + n - 1];

    return (rk_claim){.kind = kind,
                      .holds = by != NULL,
                      .at = (size_t)(first->at - k->text),
                      .len = (size_t)(last->at + last->len - first->at),
                      .rests_on = by ? by->is : "",
                      .item = by ? by->item : RK_NO_ID};
}


/* Words that do not part a title from what is said of it. */
static bool links(const check *k, size_t from, size_t to)
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
static uint32_t subject_of(const check *k, size_t m)
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


/* Whether one text bears a mention. */
static bool bears(const check *k, const rk_ground *g, const rk_mention *m)
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
static const char *role_value(const check *k, const rk_mention *m,
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
static int value_has(const check *k, const rk_mention *m, const char *value,
                     bool *has, rk_error *err)
{
    rk_ground one = {0};
    int rc = rk_wording_read(&one.words, value, err);

    *has = rc == RK_OK && bears(k, &one, m);
    rk_wording_clear(&one.words);
    return rc;
}


/* What bears a mention: the ground of what it is said of, or any. */
static int find_ground(const check *k, size_t i, const rk_ground **by,
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

        *by = g && bears(k, g, m) ? g : NULL;
    } else {
        for (size_t j = 0; j < k->g->n && !*by; j++)
            *by = bears(k, &k->g->list[j], m) ? &k->g->list[j] : NULL;
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


/* The chance of a like, or of none, in percent. */
static bool is_chance(const check *k, double number)
{
    double chance = 100 * (double)k->g->probability;

    return !isnan(chance) && (fabs(number - round(chance)) < 1e-9 ||
                              fabs(number / 100 - chance / 100) < 0.005);
}


static int check_title(check *k, const rk_mention *m, rk_error *err)
{
    const rk_ground *by = rk_grounds_item(k->g, m->item);
    rk_claim c;

    for (size_t i = 0; i < k->g->n && !by; i++)
        if (k->g->list[i].item == RK_NO_ID && bears(k, &k->g->list[i], m))
            by = &k->g->list[i];
    c = claim_of(k, RK_CLAIM_TITLE, m->at, m->n, by);
    return rk_findings_add(k->out, c, err,
                           "names '%.*s', which is not in the evidence",
                           (int)(c.len < 60 ? c.len : 60), k->text + c.at);
}


static int check_mention(check *k, size_t i, rk_error *err)
{
    static const enum rk_claim_kind kinds[] = {
        [RK_MENTIONS_TITLE] = RK_CLAIM_TITLE,
        [RK_MENTIONS_CATEGORY] = RK_CLAIM_VALUE,
        [RK_MENTIONS_VALUE] = RK_CLAIM_VALUE,
        [RK_MENTIONS_NUMBER] = RK_CLAIM_NUMBER,
        [RK_MENTIONS_NAME] = RK_CLAIM_NAME};
    const rk_mention *m = &k->mentions.list[i];
    const rk_ground *by = NULL;
    uint32_t subject = RK_NO_ID;
    rk_claim c;
    int rc;

    if (m->kind == RK_MENTIONS_TITLE)
        return check_title(k, m, err);
    rc = find_ground(k, i, &by, &subject, err);
    if (rc)
        return rc;
    if (!by && m->kind == RK_MENTIONS_NUMBER && is_chance(k, m->number))
        by = &k->g->list[0];
    c = claim_of(k, kinds[m->kind], m->at, m->n, by);
    if (subject != RK_NO_ID)
        return rk_findings_add(k->out, c, err,
                               "says '%.*s' of '%.60s', whose fields do not",
                               (int)(c.len < 60 ? c.len : 60), k->text + c.at,
                               rk_snapshot_title(k->g->s, subject));
    return rk_findings_add(k->out, c, err,
                           "names '%.*s', which is not in the evidence",
                           (int)(c.len < 60 ? c.len : 60), k->text + c.at);
}


static int check_verdict(check *k, size_t i, int sign, rk_error *err)
{
    const rk_ground *by = sign == rk_grounds_verdict(k->g) ? &k->g->list[0]
                                                           : NULL;

    return rk_findings_add(k->out, claim_of(k, RK_CLAIM_VERDICT, i, 1, by), err,
                           "says that it will %s, but the chance of a like is "
                           "%.2f",
                           sign > 0 ? "please" : "disappoint",
                           (double)k->g->probability);
}


/* Whether the user gave this opinion of what is mentioned: of the item, or of
 * one that has the value. */
static const rk_ground *with_label(const check *k, const rk_mention *m,
                                   int sign)
{
    for (size_t i = 0; i < k->g->n; i++) {
        const rk_ground *g = &k->g->list[i];

        if (m->kind == RK_MENTIONS_TITLE
                ? g->item == m->item
                : g->item != RK_NO_ID && bears(k, g, m))
            if (g->label == sign)
                return g;
    }
    return NULL;
}


/* What a past verb says the user liked: titles that follow it in its clause
 * or, where there are none, categories. */
static int check_liked(check *k, size_t i, int sign, rk_error *err)
{
    size_t end = rk_clause_end(&k->words, i);
    enum rk_mention_kind kind = RK_MENTIONS_CATEGORY;
    int rc = RK_OK;

    for (size_t j = 0; j < k->mentions.n; j++)
        if (k->mentions.list[j].at > i && k->mentions.list[j].at < end &&
            k->mentions.list[j].kind == RK_MENTIONS_TITLE)
            kind = RK_MENTIONS_TITLE;
    for (size_t j = 0; j < k->mentions.n && rc == RK_OK; j++) {
        const rk_mention *m = &k->mentions.list[j];
        rk_claim c;

        if (m->at <= i || m->at >= end || m->kind != kind)
            continue;
        c = claim_of(k, RK_CLAIM_LIKED, m->at, m->n, with_label(k, m, sign));
        rc = rk_findings_add(k->out, c, err,
                             "says that '%.*s' was %s, which the evidence does "
                             "not",
                             (int)(c.len < 60 ? c.len : 60), k->text + c.at,
                             sign > 0 ? "liked" : "disliked");
    }
    return rc;
}


/* "..., which you liked Dune": what was liked stands before the verb. */
static bool is_muddled(const check *k, size_t verb)
{
    static const char *const relative[] = {"which", "that", NULL};

    for (size_t j = 0; j < k->mentions.n && verb >= 2; j++)
        if (k->mentions.list[j].kind == RK_MENTIONS_TITLE &&
            k->mentions.list[j].at > verb &&
            k->mentions.list[j].at <= verb + 2 &&
            k->words.list[k->mentions.list[j].at].before == 0 &&
            rk_word_among(&k->words.list[verb - 2], relative))
            return rk_word_is(&k->words.list[verb - 1], "you") &&
                   !rk_word_among(&k->words.list[verb + 1],
                                  (const char *const[]){"in", "as", NULL});
    return false;
}


/* Whether a word is inside the title of something. */
static bool in_title(const check *k, size_t i)
{
    for (size_t j = 0; j < k->mentions.n; j++) {
        const rk_mention *m = &k->mentions.list[j];

        if (m->kind == RK_MENTIONS_TITLE && i >= m->at && i < m->at + m->n)
            return true;
    }
    return false;
}


static int check_leanings(check *k, rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < k->words.n && rc == RK_OK; i++) {
        rk_leaning l = rk_leaning_at(&k->words, i);

        if (l.sign == 0 || l.of_others || in_title(k, i))
            continue;
        if (l.past && is_muddled(k, i))
            rc = rk_findings_add(k->out, claim_of(k, RK_CLAIM_FORM, i, 1, NULL),
                                 err, "is no English sentence");
        else
            rc = l.past ? check_liked(k, i, l.sign, err)
                        : check_verdict(k, i, l.sign, err);
    }
    return rc;
}


/* One claim for the whole text; false in *good: the rest is not looked at. */
static int check_form(check *k, bool *good, rk_error *err)
{
    const char *fault = rk_form_fault(k->text, &k->words);

    *good = fault == NULL;
    return rk_findings_add(k->out,
                           (rk_claim){.kind = RK_CLAIM_FORM,
                                      .holds = fault == NULL,
                                      .len = strlen(k->text),
                                      .rests_on = "",
                                      .item = RK_NO_ID},
                           err, "%s", fault ? fault : "");
}


int rk_facts_check(rk_findings *out, const char *text, const rk_grounds *g,
                   rk_error *err)
{
    check k = {.text = text, .g = g, .out = out};
    bool good = false;
    int rc = RK_OK;

    out->n = 0;
    out->refusal[0] = '\0';
    /* What is too long is not read to its end. */
    if (strlen(text) <= RK_FORM_BYTES)
        rc = rk_wording_read(&k.words, text, err);
    if (rc == RK_OK)
        rc = check_form(&k, &good, err);
    if (rc == RK_OK && good)
        rc = rk_mentions_find(&k.mentions, &k.words, g, err);
    for (size_t i = 0; i < k.mentions.n && rc == RK_OK; i++)
        rc = check_mention(&k, i, err);
    if (rc == RK_OK && good)
        rc = check_leanings(&k, err);
    rk_mentions_clear(&k.mentions);
    rk_wording_clear(&k.words);
    return rc;
}

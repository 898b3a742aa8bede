#include "paradigms/facts.h"

#include "core/mem.h"
#include "core/text.h"
#include "paradigms/bearing.h"
#include "paradigms/form.h"
#include "paradigms/leaning.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>


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
static rk_claim claim_of(const rk_check *k, enum rk_claim_kind kind, size_t at,
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


/* The chance of a like, or of none, in percent. */
static bool is_chance(const rk_check *k, double number)
{
    double chance = 100 * (double)k->g->probability;

    return !isnan(chance) && (fabs(number - round(chance)) < 1e-9 ||
                              fabs(number / 100 - chance / 100) < 0.005);
}


static int check_title(rk_check *k, const rk_mention *m, rk_error *err)
{
    const rk_ground *by = rk_grounds_item(k->g, m->item);
    rk_claim c;

    for (size_t i = 0; i < k->g->n && !by; i++)
        if (k->g->list[i].item == RK_NO_ID &&
            rk_bearing_is(k, &k->g->list[i], m))
            by = &k->g->list[i];
    c = claim_of(k, RK_CLAIM_TITLE, m->at, m->n, by);
    return rk_findings_add(k->out, c, err,
                           "names '%.*s', which is not in the evidence",
                           (int)(c.len < 60 ? c.len : 60), k->text + c.at);
}


static int check_mention(rk_check *k, size_t i, rk_error *err)
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
    rc = rk_bearing_find(k, i, &by, &subject, err);
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


static int check_verdict(rk_check *k, size_t i, int sign, rk_error *err)
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
static const rk_ground *with_label(const rk_check *k, const rk_mention *m,
                                   int sign)
{
    for (size_t i = 0; i < k->g->n; i++) {
        const rk_ground *g = &k->g->list[i];

        if (m->kind == RK_MENTIONS_TITLE
                ? g->item == m->item
                : g->item != RK_NO_ID && rk_bearing_is(k, g, m))
            if (g->label == sign)
                return g;
    }
    return NULL;
}


/* What a past verb says the user liked: titles that follow it in its clause
 * or, where there are none, categories. */
static int check_liked(rk_check *k, size_t i, int sign, rk_error *err)
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
static bool is_muddled(const rk_check *k, size_t verb)
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
static bool in_title(const rk_check *k, size_t i)
{
    for (size_t j = 0; j < k->mentions.n; j++) {
        const rk_mention *m = &k->mentions.list[j];

        if (m->kind == RK_MENTIONS_TITLE && i >= m->at && i < m->at + m->n)
            return true;
    }
    return false;
}


static int check_leanings(rk_check *k, rk_error *err)
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
static int check_form(rk_check *k, bool *good, rk_error *err)
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
    rk_check k = {.text = text, .g = g, .out = out};
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

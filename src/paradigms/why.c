#include "paradigms/why.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"
#include "paradigms/facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_TOKENS 48
#define REASONS    2 /* that a prompt tells of */

#define LINES 4 /* of evidence, at most */

/* The lines of a prompt's evidence, while they are made. */
typedef struct evidence {
    char *list[LINES];
    size_t n;
    bool failed;
} evidence;


/* Takes a line over. */
static void add_line(evidence *ev, rk_buf *b)
{
    ev->list[ev->n] = rk_buf_take(b);
    ev->failed |= !ev->list[ev->n];
    ev->n += ev->list[ev->n] != NULL;
}


/* "Kind: thriller, mystery"; nothing when there is no such field. */
static void add_categories(evidence *ev, const rk_snapshot *s, uint32_t item)
{
    const char *list = rk_record_get(s->items[item], s->settings->categories);
    const char *piece;
    bool any = false;
    size_t len;
    rk_buf b;

    rk_buf_init(&b);
    while (list && rk_text_next(&list, '|', &piece, &len)) {
        if (len == 0 || len >= 64)
            continue;
        rk_buf_puts(&b, any ? ", " : "Kind: ");
        rk_buf_add(&b, piece, len);
        any = true;
    }
    if (any)
        add_line(ev, &b);
    rk_buf_clear(&b);
}


/* Whether a reason speaks for the verdict, in words that a person can use. */
static bool is_told(const rk_evidence *e, int verdict)
{
    if (strcmp(e->kind, "model") == 0 || strcmp(e->kind, "quality") == 0)
        return false;
    if (!isnan(e->weight))
        return (e->weight < 0) == (verdict < 0);
    return (strcmp(e->kind, "disliked") == 0) == (verdict < 0) ||
           strcmp(e->kind, "token") == 0;
}


/* "Because: " and the strongest reasons for the verdict, without the numbers
 * in brackets behind one: they say how near, and to whom but us? */
static void add_reasons(evidence *ev, const rk_reasons *reasons, int verdict)
{
    size_t told = 0;
    rk_buf b;

    rk_buf_init(&b);
    for (size_t i = 0; i < reasons->n && told < REASONS; i++) {
        const char *text = reasons->list[i].text;
        const char *end = strstr(text, " (cosine");

        if (!is_told(&reasons->list[i], verdict))
            continue;
        rk_buf_puts(&b, told++ ? "; " : "Because: ");
        rk_buf_add(&b, text, end ? (size_t)(end - text) : strlen(text));
    }
    if (told)
        add_line(ev, &b);
    rk_buf_clear(&b);
}


/* Title, kind, verdict and reasons; clear it in any case. */
static int gather(evidence *ev, const rk_snapshot *s, const rk_candidate *c,
                  const rk_reasons *reasons, rk_error *err)
{
    int verdict = c->probability < 0.5f ? -1 : +1;
    rk_buf b;

    *ev = (evidence){.n = 0};
    rk_buf_init(&b);
    rk_buf_printf(&b, "Title: %s", rk_snapshot_title(s, c->item));
    add_line(ev, &b);
    add_categories(ev, s, c->item);
    rk_buf_init(&b);
    rk_buf_printf(&b, "Verdict: %s",
                  verdict > 0 ? "you should like it" : "it may disappoint you");
    add_line(ev, &b);
    add_reasons(ev, reasons, verdict);
    return ev->failed ? rk_no_memory(err) : RK_OK;
}


int rk_why_prompt(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                  const rk_candidate *c, const rk_reasons *reasons,
                  bool has_chat, rk_error *err)
{
    rk_prompt_ask ask = {.kind = RK_PROMPT_WHY,
                         .candidates = &c->item,
                         .n = 1,
                         .has_chat = has_chat};
    evidence ev;
    int rc = gather(&ev, s, c, reasons, err);

    *out = (rk_prompt){.n = 0};
    ask.evidence = (const char *const *)ev.list;
    ask.n_evidence = ev.n;
    if (rc == RK_OK)
        rc = rk_prompt_make(out, s, who, &ask, err);
    for (size_t i = 0; i < ev.n; i++)
        free(ev.list[i]);
    return rc;
}


/* The first reason of a kind whose item the user gave this opinion of. */
static const char *title_of(const rk_grounds *g, const rk_reasons *reasons,
                            const char *kind, int label)
{
    for (size_t i = 0; i < reasons->n; i++) {
        const rk_ground *at;
        uint32_t item;

        /* The way llm says "liked" of what is not near. */
        if (strcmp(reasons->list[i].kind, kind) != 0 ||
            (strcmp(kind, "neighbour") != 0 &&
             !strstr(reasons->list[i].text, "close in meaning")))
            continue;
        item = rk_ids_find(g->s->ids, reasons->list[i].id);
        at = item != RK_NO_ID ? rk_grounds_item(g, item) : NULL;
        if (at && at->label == label)
            return rk_snapshot_title(g->s, item);
    }
    return NULL;
}


/* A category that the item shares with one the user gave this opinion of. */
static bool shared(const rk_grounds *g, int label, char category[64],
                   const char **title)
{
    const char *list = rk_record_get(g->s->items[g->list[0].item],
                                     g->s->settings->categories);
    const char *piece;
    size_t len;

    while (list && rk_text_next(&list, '|', &piece, &len)) {
        if (len == 0 || len >= 64)
            continue;
        memcpy(category, piece, len);
        category[len] = '\0';
        for (size_t i = 1; i < g->n; i++)
            if (g->list[i].label == label && g->list[i].item != RK_NO_ID &&
                rk_snapshot_has_category(g->s, g->list[i].item, category)) {
                *title = rk_snapshot_title(g->s, g->list[i].item);
                return true;
            }
    }
    return false;
}


/* Takes a phrasing over if the check passes it. */
static int offer(char **list, size_t *n, rk_buf *b, const rk_grounds *g,
                 rk_error *err)
{
    rk_findings found = {0};
    char *text = rk_buf_take(b);
    int rc = text ? rk_facts_check(&found, text, g, err) : rk_no_memory(err);

    if (rc == RK_OK && !found.refusal[0] && *n < RK_WHY_PHRASINGS) {
        list[(*n)++] = text;
        text = NULL;
    }
    rk_findings_clear(&found);
    free(text);
    return rc;
}


static int build(char **list, size_t *n, const rk_grounds *g,
                 const rk_reasons *reasons, rk_error *err)
{
    int label = rk_grounds_verdict(g);
    const char *verb = label > 0 ? "liked" : "disliked";
    const char *end = label > 0 ? "should please you" : "may disappoint you";
    const char *title = rk_snapshot_title(g->s, g->list[0].item);
    const char *near = title_of(g, reasons, verb, label);
    const char *also = title_of(g, reasons, "neighbour", label);
    const char *with = NULL;
    char category[64];
    rk_buf b;
    int rc = RK_OK;

    rk_buf_init(&b);
    if (near) {
        rk_buf_printf(&b, "%s %s, because you %s %s and it is close to it.",
                      title, end, verb, near);
        rc = offer(list, n, &b, g, err);
    }
    if (rc == RK_OK && near) {
        rk_buf_printf(&b, "You %s %s; %s is close to it and %s.", verb, near,
                      title, end);
        rc = offer(list, n, &b, g, err);
    }
    if (rc == RK_OK && also && label > 0) {
        rk_buf_printf(&b,
                      "%s was liked by those who also liked %s, which you "
                      "liked, and %s.",
                      title, also, end);
        rc = offer(list, n, &b, g, err);
    }
    if (rc == RK_OK && shared(g, label, category, &with)) {
        rk_buf_printf(&b, "%s %s: it is %s, as is %s, which you %s.", title,
                      end, category, with, verb);
        rc = offer(list, n, &b, g, err);
    }
    rk_buf_clear(&b);
    return rc;
}


int rk_why_phrasings(char ***out, size_t *n, const rk_grounds *g,
                     const rk_reasons *reasons, rk_error *err)
{
    char **list = rk_calloc(RK_WHY_PHRASINGS, sizeof(*list));
    int rc = list ? RK_OK : rk_no_memory(err);

    *out = NULL;
    *n = 0;
    if (rc == RK_OK)
        rc = build(list, n, g, reasons, err);
    if (rc == RK_OK) {
        *out = list;
        list = NULL;
    }
    rk_texts_free(list, list ? RK_WHY_PHRASINGS : 0);
    return rc;
}


/* Whether the point at p stands behind an abbreviation; three characters are
 * before it. */
static bool is_short(const char *p)
{
    for (int i = 1; i <= 3; i++)
        if (p[-i] == ' ' || p[-i] == '.')
            return true;
    return false;
}


/* Leaves the first sentence of what was written, without spaces around it. A
 * point that is followed by a space and a capital ends one, unless what stands
 * before it is short or has points of its own: "Mr.", "L.A." */
static void keep_first_sentence(char *text)
{
    size_t start = strspn(text, " ");
    size_t len = strlen(text + start);

    memmove(text, text + start, len + 1);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    for (size_t i = 4; i + 1 < len; i++)
        if (strchr(".!?", text[i]) && text[i + 1] == ' ' &&
            !is_short(text + i)) {
            text[i + 1] = '\0';
            return;
        }
}


static void say_refused(rk_why *out, const char *why)
{
    snprintf(out->refused, sizeof(out->refused), "%.150s", why);
    rk_text_end_whole(out->refused);
}


/* Writes freely; *text is the sentence if it passes, else NULL with the reason
 * in out->refused. */
static int write_free(rk_why *out, char **text, rk_llm *writer,
                      const char *prompt, const rk_grounds *g, rk_error *err)
{
    static const char *const stop[] = {"\n"};
    rk_generate_opts opts = {
        .max_tokens = MAX_TOKENS, .stop = stop, .n_stop = 1};
    rk_findings found = {0};
    rk_error why = {0};
    int rc = rk_llm_generate(writer, prompt, &opts, text, &why);

    if (rc == RK_OK) {
        keep_first_sentence(*text);
        rc = rk_facts_check(&found, *text, g, &why);
    }
    say_refused(out, rc == RK_OK ? found.refusal : why.msg);
    if (rc || found.refusal[0]) {
        free(*text);
        *text = NULL;
    }
    rk_findings_clear(&found);
    return rc == RK_ENOMEM ? rk_no_memory(err) : RK_OK;
}


/* The likeliest phrasing for each token; NULL where there is none or the model
 * fails. */
static int choose(char **text, rk_llm *writer, const char *prompt,
                  const rk_grounds *g, const rk_reasons *reasons, rk_error *err)
{
    float logp[RK_WHY_PHRASINGS];
    uint32_t tokens[RK_WHY_PHRASINGS];
    char **list = NULL;
    size_t best = 0;
    size_t n = 0;
    int rc = rk_why_phrasings(&list, &n, g, reasons, err);

    *text = NULL;
    if (rc == RK_OK && n > 1)
        rc = rk_llm_likelihood(writer, prompt, (const char *const *)list, n,
                               logp, tokens, err);
    for (size_t i = 1; i < n && rc == RK_OK; i++)
        if (logp[i] / (float)(tokens[i] + 1) >
            logp[best] / (float)(tokens[best] + 1))
            best = i;
    if (rc == RK_OK && n > 1) { /* one alone is no choice */
        *text = list[best];
        list[best] = NULL;
    }
    rk_texts_free(list, list ? RK_WHY_PHRASINGS : 0);
    return rc == RK_ENOMEM ? rc : RK_OK;
}


/* What all questions about one sentence begin with, in one text; the writer is
 * set to be asked so, until it is set back. */
static int set_writer(rk_llm *writer, const rk_prompt *p, char **text,
                      rk_error *err)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_buf_printf(&b, "%s%s%s", p->constant, p->user, p->branches[0]);
    *text = rk_buf_take(&b);
    if (!*text)
        return rk_no_memory(err);
    rk_llm_set_constant(writer, p->constant);
    return p->chat ? rk_llm_set_chat(writer, true, err) : RK_OK;
}


int rk_why_write(rk_why *out, rk_reasons *reasons, rk_llm *writer,
                 const rk_grounds *g, const rk_candidate *c, rk_error *err)
{
    char *prompt = NULL;
    char *text = NULL;
    rk_error why = {0};
    rk_prompt p;
    int rc = rk_why_prompt(&p, g->s, g->who, c, reasons,
                           rk_llm_has_chat(writer), &why);

    *out = (rk_why){.by = "rules"};
    if (rc == RK_OK)
        rc = set_writer(writer, &p, &prompt, &why);
    if (rc) {
        say_refused(out, why.msg);
        rc = rc == RK_ENOMEM ? rk_no_memory(err) : RK_OK;
        goto done;
    }
    rc = write_free(out, &text, writer, prompt, g, err);
    if (rc == RK_OK && text)
        out->by = "writer";
    if (rc == RK_OK && !text) {
        rc = choose(&text, writer, prompt, g, reasons, err);
        if (text)
            out->by = "writer, chosen";
    }

done:
    rk_llm_set_constant(writer, NULL);
    (void)rk_llm_set_chat(writer, false, NULL);
    if (text) {
        free(reasons->why);
        reasons->why = text;
    }
    free(prompt);
    rk_prompt_clear(&p);
    return rc;
}

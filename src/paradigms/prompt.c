#include "paradigms/prompt.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/template.h"
#include "paradigms/prompt_texts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Items as rows of a list: their fields, and the line that they are. */
typedef struct lines {
    rk_template_row *rows;
    rk_field *line; /* (n) one a row */
    char **text;    /* (n) */
    size_t n;
} lines;

/* What all templates of one prompt are filled from. */
typedef struct stock {
    const rk_snapshot *s;
    char *noun; /* with a capital */
    char *noun_plural;
    char *profile;
    char count[24];
    lines liked;
    lines disliked;
    lines candidates;
    lines evidence;
} stock;

enum { OUTER_MOST = 8 };


static void lines_clear(lines *l)
{
    rk_texts_free(l->text, l->n);
    free(l->line);
    free(l->rows);
    memset(l, 0, sizeof(*l));
}


/* Room for n rows, to be filled. */
static int lines_init(lines *l, size_t n, rk_error *err)
{
    l->rows = rk_calloc(n, sizeof(*l->rows));
    l->line = rk_calloc(n, sizeof(*l->line));
    l->text = rk_calloc(n, sizeof(*l->text));
    l->n = l->text ? n : 0;
    return l->rows && l->line && l->text ? RK_OK : rk_no_memory(err);
}


static int lines_of_items(lines *l, const rk_snapshot *s, const uint32_t *items,
                          size_t n, rk_error *err)
{
    int rc = lines_init(l, n, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        l->text[i] = rk_prompt_item(s, items[i]);
        l->line[i] = (rk_field){"line", l->text[i]};
        l->rows[i] = (rk_template_row){&l->line[i], 1, s->items[items[i]]};
        rc = l->text[i] ? RK_OK : rk_no_memory(err);
    }
    return rc;
}


static char *cleaned(const char *text)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_text_clean(&b, text);
    return rk_buf_take(&b);
}


static int lines_of_evidence(lines *l, const rk_prompt_ask *ask, rk_error *err)
{
    int rc = lines_init(l, ask->n_evidence, err);

    for (size_t i = 0; i < ask->n_evidence && rc == RK_OK; i++) {
        l->text[i] = cleaned(ask->evidence[i]);
        l->line[i] = (rk_field){"text", l->text[i]};
        l->rows[i] = (rk_template_row){&l->line[i], 1, NULL};
        rc = l->text[i] ? RK_OK : rk_no_memory(err);
    }
    return rc;
}


static int lines_of_history(lines *l, const rk_snapshot *s, const rk_who *who,
                            int label, rk_error *err)
{
    size_t most = s->settings->llm_history;
    uint32_t *items = rk_alloc_array(most, sizeof(*items));
    int rc = items ? lines_of_items(l, s, items,
                                    rk_who_latest(who, label, most, items), err)
                   : rk_no_memory(err);

    free(items);
    return rc;
}


static const char *or_nothing(const char *text)
{
    return text ? text : "";
}


static char *with_capital(const char *noun)
{
    char *copy = rk_strdup(or_nothing(noun));

    if (copy)
        copy[0] = (char)toupper((unsigned char)copy[0]);
    return copy;
}


static void stock_clear(stock *k)
{
    free(k->noun);
    free(k->noun_plural);
    free(k->profile);
    lines_clear(&k->liked);
    lines_clear(&k->disliked);
    lines_clear(&k->candidates);
    lines_clear(&k->evidence);
}


static int stock_init(stock *k, const rk_snapshot *s, const rk_who *who,
                      const rk_prompt_ask *ask, rk_error *err)
{
    bool known = !ask->without_user;
    int rc;

    memset(k, 0, sizeof(*k));
    k->s = s;
    k->noun = with_capital(s->settings->noun);
    k->noun_plural = with_capital(s->settings->noun_plural);
    k->profile = cleaned(known ? who->profile : "");
    snprintf(k->count, sizeof(k->count), "%zu", ask->n);
    if (!k->noun || !k->noun_plural || !k->profile)
        return rk_no_memory(err);
    rc = lines_of_items(&k->candidates, s, ask->candidates, ask->n, err);
    if (rc == RK_OK)
        rc = lines_of_evidence(&k->evidence, ask, err);
    if (rc == RK_OK && known)
        rc = lines_of_history(&k->liked, s, who, +1, err);
    if (rc == RK_OK && known)
        rc = lines_of_history(&k->disliked, s, who, -1, err);
    return rc;
}


/* One template's text, yours; about the candidate `row` where there is one. */
static int text_of(const stock *k, enum rk_prompt_text which,
                   const rk_template_row *row, char **out, rk_error *err)
{
    const rk_settings *settings = k->s->settings;
    rk_field outer[OUTER_MOST] = {
        {"noun", or_nothing(settings->noun)},
        {"noun_plural", or_nothing(settings->noun_plural)},
        {"Noun", k->noun},
        {"Noun_plural", k->noun_plural},
        {"profile", k->profile},
        {"count", k->count},
    };
    rk_template_list lists[] = {
        {"liked", k->liked.rows, k->liked.n},
        {"disliked", k->disliked.rows, k->disliked.n},
        {"candidates", k->candidates.rows, k->candidates.n},
        {"evidence", k->evidence.rows, k->evidence.n},
    };
    rk_template_data data = {
        .outer = {.more = outer, .n_more = 6}, .lists = lists, .n_lists = 4};
    rk_buf b;
    int rc;

    if (row) {
        outer[data.outer.n_more++] = row->more[0];
        data.outer.record = row->record;
    }
    rk_buf_init(&b);
    rc = rk_template_fill(&b, rk_prompt_text(settings, which), &data, err);
    if (rc) {
        rk_buf_clear(&b);
        return rc;
    }
    *out = rk_buf_take(&b);
    return *out ? RK_OK : rk_no_memory(err);
}


/* What each kind is made of. Branches come from `branch`: one about each
 * candidate, or one about all of them. */
static const struct made_of {
    const char *name;
    enum rk_prompt_text constant;
    enum rk_prompt_text user;
    enum rk_prompt_text branch;
    bool for_each;
    bool in_chat; /* where the model has a chat template */
} kinds[RK_N_PROMPT_KINDS] = {
    [RK_PROMPT_LIKELIHOOD] = {"likelihood", RK_TEXT_LIKELIHOOD_TASK,
                              RK_TEXT_LIKES, RK_N_PROMPT_TEXTS, true, false},
    [RK_PROMPT_YES_NO] = {"yes_no", RK_TEXT_YES_NO_TASK, RK_TEXT_USER,
                          RK_TEXT_YES_NO_ITEM, true, true},
    [RK_PROMPT_LETTERS] = {"letters", RK_TEXT_LETTERS_TASK, RK_TEXT_USER,
                           RK_TEXT_LETTERS_ITEMS, false, true},
    [RK_PROMPT_PERMUTATION] = {"permutation", RK_TEXT_PERMUTATION_TASK,
                               RK_TEXT_USER, RK_TEXT_PERMUTATION_ITEMS, false,
                               true},
    [RK_PROMPT_WHY] = {"why", RK_TEXT_WHY_TASK, RK_TEXT_WHY_USER,
                       RK_TEXT_WHY_ITEM, true, false},
};


/* The likelihood's branches are the candidates' lines. */
static int branches_of(rk_prompt *p, const stock *k, const struct made_of *m,
                       rk_error *err)
{
    size_t n = m->for_each ? k->candidates.n : 1;
    int rc = RK_OK;

    p->branches = rk_calloc(n, sizeof(*p->branches));
    if (!p->branches)
        return rk_no_memory(err);
    p->n = n;
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        if (m->branch == RK_N_PROMPT_TEXTS) {
            p->branches[i] = rk_strdup(k->candidates.text[i]);
            rc = p->branches[i] ? RK_OK : rk_no_memory(err);
        } else {
            rc = text_of(k, m->branch,
                         m->for_each ? &k->candidates.rows[i] : NULL,
                         &p->branches[i], err);
        }
    }
    return rc;
}


static int ask_check(const rk_prompt_ask *ask, rk_error *err)
{
    if (ask->kind == RK_PROMPT_LETTERS && ask->n > RK_PROMPT_LETTERED)
        return rk_fail(err, RK_EINVAL,
                       "letters: expected at most %d candidates, found %zu",
                       RK_PROMPT_LETTERED, ask->n);
    if (ask->kind == RK_PROMPT_WHY && ask->n != 1)
        return rk_fail(err, RK_EINVAL, "why: expected one candidate, found %zu",
                       ask->n);
    return RK_OK;
}


static bool in_chat(const rk_settings *settings, const struct made_of *m,
                    bool has_chat)
{
    return has_chat && settings->chat != RK_CHAT_NO &&
           (m->in_chat || settings->chat == RK_CHAT_YES);
}


int rk_prompt_make(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                   const rk_prompt_ask *ask, rk_error *err)
{
    const struct made_of *m = &kinds[ask->kind];
    bool disliked = ask->kind == RK_PROMPT_LIKELIHOOD && ask->label < 0;
    stock k = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    rc = ask_check(ask, err);
    if (rc == RK_OK)
        rc = stock_init(&k, s, who, ask, err);
    if (rc == RK_OK)
        rc = text_of(&k, m->constant, NULL, &out->constant, err);
    if (rc == RK_OK)
        rc = text_of(&k, disliked ? RK_TEXT_DISLIKES : m->user, NULL,
                     &out->user, err);
    if (rc == RK_OK)
        rc = branches_of(out, &k, m, err);
    out->n_liked = k.liked.n;
    out->n_disliked = k.disliked.n;
    out->chat = in_chat(s->settings, m, ask->has_chat);
    out->lead = out->chat ? "" : " ";
    stock_clear(&k);
    return rc;
}


void rk_prompt_clear(rk_prompt *p)
{
    free(p->constant);
    free(p->user);
    rk_texts_free(p->branches, p->n);
    memset(p, 0, sizeof(*p));
}


char *rk_prompt_prefix(const rk_prompt *p)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_buf_puts(&b, p->constant);
    rk_buf_puts(&b, p->user);
    return rk_buf_take(&b);
}


const char *rk_prompt_kind_name(enum rk_prompt_kind kind)
{
    return kinds[kind].name;
}


int rk_prompt_kind_parse(enum rk_prompt_kind *out, const char *word,
                         rk_error *err)
{
    for (size_t i = 0; i < RK_N_PROMPT_KINDS; i++) {
        if (strcmp(kinds[i].name, word) == 0) {
            *out = (enum rk_prompt_kind)i;
            return RK_OK;
        }
    }
    return rk_fail(err, RK_EINVAL,
                   "expected likelihood, yes_no, letters, permutation or why, "
                   "found '%.40s'",
                   word);
}


/* The likelihood's prefix; *n_items: of the label's. */
static char *prefix_of(const rk_snapshot *s, const rk_who *who, int label,
                       size_t *n_items)
{
    rk_prompt_ask ask = {
        .kind = RK_PROMPT_LIKELIHOOD, .label = label, .without_user = !who};
    rk_prompt p;
    char *text = rk_prompt_make(&p, s, who, &ask, NULL) == RK_OK
                     ? rk_prompt_prefix(&p)
                     : NULL;

    *n_items = label > 0 ? p.n_liked : p.n_disliked;
    rk_prompt_clear(&p);
    return text;
}


char *rk_prompt_heading(const rk_snapshot *s, int label)
{
    size_t n_items;

    return prefix_of(s, NULL, label, &n_items);
}


char *rk_prompt_user(const rk_snapshot *s, const rk_who *who, int label,
                     size_t *n_items)
{
    return prefix_of(s, who, label, n_items);
}


char *rk_prompt_item(const rk_snapshot *s, uint32_t item)
{
    return rk_snapshot_text(s, item, s->settings->item_line);
}

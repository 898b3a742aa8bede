#include "paradigms/prompt.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

/* "Books I loved:" */
static void add_heading(rk_buf *b, const rk_snapshot *s, int label)
{
    const char *noun = s->settings->noun_plural;

    rk_buf_printf(b, "%c%s I %s:\n", toupper((unsigned char)noun[0]),
                  noun[0] ? noun + 1 : "", label > 0 ? "loved" : "hated");
}


char *rk_prompt_heading(const rk_snapshot *s, int label)
{
    rk_buf b;

    rk_buf_init(&b);
    add_heading(&b, s, label);
    return rk_buf_take(&b);
}


char *rk_prompt_item(const rk_snapshot *s, uint32_t item)
{
    return rk_snapshot_text(s, item, s->settings->item_line);
}


char *rk_prompt_user(const rk_snapshot *s, const rk_who *who, int label,
                     size_t *n_items)
{
    size_t most = s->settings->llm_history;
    uint32_t *items = rk_alloc_array(most, sizeof(*items));
    rk_buf b;

    rk_buf_init(&b);
    *n_items = items ? rk_who_latest(who, label, most, items) : 0;
    if (who->profile[0] && label > 0) {
        rk_buf_puts(&b, "About me: ");
        rk_text_clean(&b, who->profile);
        rk_buf_putc(&b, '\n');
    }
    add_heading(&b, s, label);
    for (size_t i = 0; i < *n_items; i++) {
        char *line = rk_prompt_item(s, items[i]);

        if (!line)
            b.failed = true;
        else
            rk_buf_printf(&b, "%s\n", line);
        free(line);
    }
    if (!items)
        b.failed = true;
    free(items);
    return rk_buf_take(&b);
}


static void add_task(rk_buf *b, const rk_snapshot *s, enum rk_prompt_kind kind)
{
    const char *noun = s->settings->noun;

    if (kind == RK_PROMPT_YES_NO)
        rk_buf_printf(
            b,
            "A user's taste in %s follows. Say whether the user would "
            "like another %s, Yes or No.\n",
            s->settings->noun_plural, noun);
    else
        rk_buf_printf(b,
                      "A user's taste in %s follows, and then a list. Rank the "
                      "list by how much the user would like each %s.\n",
                      s->settings->noun_plural, noun);
}


static void add_list(rk_buf *b, const rk_snapshot *s, const rk_who *who,
                     int label)
{
    size_t n;
    char *text = rk_prompt_user(s, who, label, &n);

    if (!text)
        b->failed = true;
    else if (n || label > 0)
        rk_buf_puts(b, text);
    free(text);
}


/* What follows the user: one candidate's question, or all of them. */
static char *branch(const rk_snapshot *s, const rk_prompt_ask *ask, size_t from,
                    size_t n)
{
    rk_buf b;

    rk_buf_init(&b);
    if (ask->kind != RK_PROMPT_YES_NO)
        rk_buf_puts(&b, "Candidates:\n");
    for (size_t i = from; i < from + n; i++) {
        char *line = rk_prompt_item(s, ask->candidates[i]);

        if (!line)
            b.failed = true;
        else if (ask->kind == RK_PROMPT_LETTERS)
            rk_buf_printf(&b, "(%c) %s\n", (char)('A' + i), line);
        else if (ask->kind == RK_PROMPT_PERMUTATION)
            rk_buf_printf(&b, "%zu. %s\n", i + 1, line);
        else
            rk_buf_printf(&b, "Would the user like %s?\nAnswer:", line);
        free(line);
    }
    if (ask->kind == RK_PROMPT_LETTERS)
        rk_buf_puts(&b, "The best of them is the one with the letter");
    else if (ask->kind == RK_PROMPT_PERMUTATION)
        rk_buf_puts(&b, "The same, the best first:\n1.");
    return rk_buf_take(&b);
}


char *rk_prompt_prefix(const rk_prompt *p)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_buf_puts(&b, p->constant);
    rk_buf_puts(&b, p->user);
    return rk_buf_take(&b);
}


void rk_prompt_clear(rk_prompt *p)
{
    rk_texts_free(p->branches, p->n);
    free(p->constant);
    free(p->user);
    memset(p, 0, sizeof(*p));
}


int rk_prompt_make(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                   const rk_prompt_ask *ask, rk_error *err)
{
    bool each = ask->kind == RK_PROMPT_YES_NO;
    rk_buf task;
    rk_buf user;
    bool ok;

    memset(out, 0, sizeof(*out));
    rk_buf_init(&task);
    rk_buf_init(&user);
    add_task(&task, s, ask->kind);
    if (!ask->bare) {
        add_list(&user, s, who, -1);
        add_list(&user, s, who, +1);
    }
    out->constant = rk_buf_take(&task);
    out->user = rk_buf_take(&user);
    out->branches = rk_calloc(each ? ask->n : 1, sizeof(*out->branches));
    ok = out->constant && out->user && out->branches;
    if (out->branches)
        out->n = each ? ask->n : 1;
    for (size_t i = 0; ok && i < out->n; i++) {
        out->branches[i] = branch(s, ask, each ? i : 0, each ? 1 : ask->n);
        ok = out->branches[i] != NULL;
    }
    if (ok)
        return RK_OK;
    rk_prompt_clear(out);
    return rk_no_memory(err);
}

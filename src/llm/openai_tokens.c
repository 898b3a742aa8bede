#include "core/mem.h"
#include "llm/openai.h"
#include "llm/openai_reply.h"

#include <string.h>

#define PATH         "/tokenize"
#define COUNTS       8192 /* texts whose number of tokens is kept */
#define COUNTED_LEN  64   /* bytes of such a text, at most */
#define GUESSED_SIZE 4    /* bytes of a token where nobody counts */


int rk_openai_ids(rk_openai *o, const char *text, bool begins, json_t **ids,
                  rk_error *err)
{
    json_t *reply = NULL;
    rk_error why;
    int rc;

    /* llama-server's names and vLLM's. */
    *ids = NULL;
    rc = rk_openai_ask(o, PATH,
                       json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "model",
                                 o->model, "content", text, "prompt", text,
                                 "add_special", begins, "add_special_tokens",
                                 begins, "parse_special", false, "with_pieces",
                                 o->is_llama),
                       false, &reply, err);
    if (rc)
        return rc;
    rc = rk_reply_ids(ids, reply, o->partial, &why);
    if (rc)
        rc = rk_openai_refuse(o, PATH, rc, &why, err);
    json_decref(reply);
    return rc;
}


/* Takes from the front what stands at the front of `other`, all of it. */
static bool take_off(json_t *ids, const json_t *other)
{
    size_t n = json_array_size(other);

    for (size_t i = 0; i < n; i++)
        if (!json_equal(json_array_get(ids, i), json_array_get(other, i)))
            return false;
    for (size_t i = 0; i < n; i++)
        json_array_remove(ids, 0);
    return true;
}


/* Some tokenisers put a space before every text: so it is given after a
 * newline, as it will stand, whose own tokens are taken off. */
static int after_newline(rk_openai *o, const char *text, json_t **ids,
                         rk_error *err)
{
    json_t *newline = NULL;
    rk_buf line;
    int rc;

    rk_buf_init(&line);
    rk_buf_printf(&line, "\n%s", text);
    rc = line.failed ? rk_no_memory(err)
                     : rk_openai_ids(o, rk_buf_str(&line), false, ids, err);
    if (rc == RK_OK)
        rc = rk_openai_ids(o, "\n", false, &newline, err);
    if (rc == RK_OK && !take_off(*ids, newline)) {
        json_decref(*ids);
        rc = rk_openai_ids(o, text, false, ids, err);
    }
    json_decref(newline);
    rk_buf_clear(&line);
    return rc;
}


int rk_openai_branch_ids(rk_openai *o, const char *text, size_t index,
                         json_t **ids, rk_error *err)
{
    int rc;

    *ids = NULL;
    if (!*text) {
        *ids = json_array();
        return *ids ? RK_OK : rk_no_memory(err);
    }
    rc = o->adds_space ? after_newline(o, text, ids, err)
                       : rk_openai_ids(o, text, false, ids, err);
    if (rc == RK_OK && json_array_size(*ids) > RK_LLM_ROOM)
        rc = rk_fail(err, RK_EINVAL, "branch %zu has %zu tokens, at most %d",
                     index, json_array_size(*ids), RK_LLM_ROOM);
    if (rc) {
        json_decref(*ids);
        *ids = NULL;
    }
    return rc;
}


/* Where `text` goes on when about a part `over` of `total` is left out at its
 * front: at a line's begin, or else at its end. */
static const char *without_front(const char *text, size_t over, size_t total)
{
    size_t len = strlen(text);
    const char *at = text +
                     (size_t)((double)len * (double)over / (double)total);
    const char *line = strchr(at, '\n');

    return line && line[1] ? line + 1 : text + len;
}


int rk_openai_prefix(rk_openai *o, const char *text, rk_error *err)
{
    size_t room = o->n_context > (size_t)2 * RK_LLM_ROOM
                      ? o->n_context - RK_LLM_ROOM
                      : o->n_context / 2;
    const char *kept = text;
    json_t *ids = NULL;
    char *copy;
    int rc;

    if (o->prefix && strcmp(o->prefix, text) == 0)
        return RK_OK;
    copy = rk_strdup(text);
    rc = copy ? rk_openai_ids(o, kept, true, &ids, err) : rk_no_memory(err);
    while (rc == RK_OK && o->n_context && json_array_size(ids) > room &&
           *kept) {
        size_t n = json_array_size(ids);

        json_decref(ids);
        kept = without_front(kept, n - room, n);
        rc = rk_openai_ids(o, kept, true, &ids, err);
    }
    if (rc == RK_OK && json_array_size(ids) == 0 && *text)
        rc = rk_fail(err, RK_EINVAL,
                     "the prompt has no line's begin within its last %zu "
                     "tokens, which is all that there is room for",
                     room);
    if (rc == RK_OK) {
        free(o->prefix);
        json_decref(o->prefix_ids);
        o->prefix = copy;
        o->prefix_ids = ids;
        return RK_OK;
    }
    free(copy);
    json_decref(ids);
    return rc;
}


json_t *rk_openai_after_prefix(const rk_openai *o, const json_t *ids)
{
    json_t *all = json_copy(o->prefix_ids);

    if (all && ids && json_array_extend(all, (json_t *)ids) != 0) {
        json_decref(all);
        return NULL;
    }
    return all;
}


/* Without a tokeniser never just one, so that no text passes for a word. */
static int guess(const char *text)
{
    size_t n = strlen(text) / GUESSED_SIZE + 2;

    return *text ? (int)n : 0;
}


int rk_openai_count_tokens(rk_llm *m, const char *text)
{
    rk_openai *o = m->state;
    const json_t *kept;
    json_t *ids;
    int n;
    int rc;

    if (!o->tokenizes || !*text)
        return guess(text);
    kept = json_object_get(o->counts, text);
    if (kept)
        return (int)json_integer_value(kept);
    rc = rk_openai_branch_ids(o, text, 0, &ids, NULL);
    if (rc == RK_EINVAL) /* longer than a branch may be */
        rc = rk_openai_ids(o, text, false, &ids, NULL);
    if (rc)
        return rc;
    n = (int)json_array_size(ids);
    json_decref(ids);
    if (strlen(text) <= COUNTED_LEN && json_object_size(o->counts) < COUNTS)
        json_object_set_new(o->counts, text, json_integer(n));
    return n;
}

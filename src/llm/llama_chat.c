#include "core/mem.h"
#include "llm/llama_internal.h"

#include <string.h>

/* A template is asked to frame this, and what stands around it is the frame. */
#define CONTENT     "@reckon@"
#define FRAMED_MOST 4096


/* The template's text around one message of a user's, into `room`: *head and
 * *tail are pieces of it. False: libllama does not know the template, or it
 * does not put the message in once and as it is. */
static bool frame(const rk_llama *l, char room[FRAMED_MOST], const char **head,
                  const char **tail)
{
    const char *text = llama_model_chat_template(l->model, NULL);
    struct llama_chat_message message = {"user", CONTENT};
    char *content;
    int32_t n;

    if (!text)
        return false;
    n = llama_chat_apply_template(text, &message, 1, true, room,
                                  FRAMED_MOST - 1);
    if (n <= 0 || n >= FRAMED_MOST)
        return false;
    room[n] = '\0';
    content = strstr(room, CONTENT);
    if (!content || strstr(content + 1, CONTENT))
        return false;
    *content = '\0';
    *head = room;
    *tail = content + strlen(CONTENT);
    return true;
}


/* A template may write the beginning of text that the tokenizer adds too. */
static void drop_second_bos(rk_tokens *t, const rk_llama *l)
{
    llama_token bos = llama_vocab_bos(l->vocab);

    if (rk_tokens_len(t, 0) < 2 || t->ids[0] != bos || t->ids[1] != bos)
        return;
    memmove(t->ids, t->ids + 1, (t->first[1] - 1) * sizeof(*t->ids));
    t->first[1]--;
}


int rk_llama_chat(rk_llm *m, rk_error *err)
{
    rk_llama *l = m->state;
    char room[FRAMED_MOST];
    const char *head, *tail;
    size_t n;
    int rc;

    if (l->chat.n == 2)
        return RK_OK;
    if (!frame(l, room, &head, &tail))
        return rk_llama_fail(m, err, RK_ENOTFOUND,
                             "it has no chat template that libllama knows");
    rk_tokens_reset(&l->chat);
    rc = rk_tokens_add_control(&l->chat, l, head, true, err);
    if (rc == RK_OK)
        drop_second_bos(&l->chat, l);
    if (rc == RK_OK)
        rc = rk_tokens_add_control(&l->chat, l, tail, false, err);
    if (rc)
        goto done;
    n = rk_tokens_len(&l->chat, 0) + rk_tokens_len(&l->chat, 1);
    if (n > (l->n_context - RK_LLM_ROOM) / 2 || n > RK_LLM_ROOM / 2)
        rc = rk_llama_fail(m, err, RK_ENOTFOUND,
                           "its chat template leaves no room for a text");

done:
    if (rc)
        rk_tokens_reset(&l->chat);
    return rc;
}


size_t rk_llama_chat_head(const rk_llm *m)
{
    const rk_llama *l = m->state;

    return m->chat ? rk_tokens_len(&l->chat, 0) : 0;
}


/* Makes piece i of the chat a text of its own behind the others. */
static int add_piece(rk_tokens *t, const rk_llama *l, size_t i, rk_error *err)
{
    return rk_tokens_copy(t, rk_tokens_at(&l->chat, i),
                          rk_tokens_len(&l->chat, i), err);
}


int rk_llama_add(rk_tokens *t, const rk_llm *m, const char *text,
                 enum rk_llama_part part, rk_error *err)
{
    const rk_llama *l = m->state;
    bool head = m->chat && part != RK_LLAMA_END;
    bool tail = m->chat && part != RK_LLAMA_BEGIN;
    int rc;

    if (!m->chat)
        return rk_tokens_add(t, l, text, part != RK_LLAMA_END, err);
    rc = head ? add_piece(t, l, 0, err) : RK_OK;
    if (rc == RK_OK)
        rc = rk_tokens_add(t, l, text, false, err);
    if (rc == RK_OK && head)
        rk_tokens_join(t);
    if (rc == RK_OK && tail) {
        rc = add_piece(t, l, 1, err);
        if (rc == RK_OK)
            rk_tokens_join(t);
    }
    return rc;
}

/* What a server can is found by asking it for each once. */
#include "llm/openai.h"
#include "llm/openai_reply.h"

#include <stdlib.h>

#define TOLD       8192 /* likely tokens asked for at most */
#define TOLD_BYTES 128  /* of a reply for each of them */


/* Whether a failure means that the server cannot do it: not where it said
 * nothing, or that it is busy. */
static bool cannot(const rk_openai *o, int rc)
{
    return rc == RK_EFORMAT || (rc == RK_EBACKEND && o->status >= 400 &&
                                o->status != 429 && o->status != 503);
}


int rk_openai_try_tokenize(rk_openai *o, rk_error *err)
{
    json_t *newline = NULL;
    json_t *plain = NULL;
    json_t *after = NULL;
    json_t *reply = NULL;
    size_t n;
    int rc = rk_openai_ask(o, "/tokenize",
                           json_pack("{s:s, s:s, s:s}", "model", o->model,
                                     "content", "a", "prompt", "a"),
                           true, &reply, err);

    if (rc == RK_OK)
        rc = rk_reply_ids(&after, reply, o->partial, err);
    json_decref(reply);
    json_decref(after);
    after = NULL;
    o->newline = -1;
    if (cannot(o, rc))
        return RK_OK;
    if (rc == RK_OK)
        rc = rk_openai_ids(o, "\n", false, &newline, err);
    if (rc == RK_OK)
        rc = rk_openai_ids(o, "a", false, &plain, err);
    if (rc == RK_OK)
        rc = rk_openai_ids(o, "\na", false, &after, err);
    if (rc == RK_OK) {
        /* A newline is the last of its tokens: some put a space before. */
        n = json_array_size(newline);
        o->tokenizes = true;
        if (n > 0)
            o->newline = json_integer_value(json_array_get(newline, n - 1));
        o->adds_space = json_array_size(after) !=
                        json_array_size(plain) + json_array_size(newline);
        for (size_t i = 0; i < json_array_size(plain) && !o->adds_space; i++)
            o->adds_space = !json_equal(json_array_get(after, n + i),
                                        json_array_get(plain, i));
    }
    json_decref(newline);
    json_decref(plain);
    json_decref(after);
    return rc;
}


/* How many likely next tokens the server tells: as many as a reply has room
 * for, or what others are known to allow. */
static int try_words(rk_openai *o, size_t most, rk_error *err)
{
    const size_t tries[] = {most, 100, 20, 5};
    int rc = RK_OK;

    for (size_t i = 0; i < 4 && rc == RK_OK && o->n_top == 0; i++) {
        json_t *reply = NULL;
        float unused;

        rc = rk_openai_ask(o, "/completions",
                           rk_openai_completion(
                               o, json_string("One, two, three,"), 1, tries[i]),
                           true, &reply, err);
        if (rc == RK_OK) {
            o->completes = true;
            rc = rk_reply_words(reply, NULL, 0, &unused, &o->n_top, err);
        }
        json_decref(reply);
        rc = cannot(o, rc) ? RK_OK : rc;
    }
    return rc;
}


/* Whether the server tells the likelihood of a text it is given, and how. */
static int try_likelihood(rk_openai *o, rk_error *err)
{
    rk_llm asker = {.state = o};
    const char *const branches[] = {"two", "three"};
    float logp[2];
    int rc;

    if (o->is_llama && !o->tokenizes)
        return RK_OK;
    o->forces = o->is_llama;
    o->echoes = !o->is_llama;
    rc = rk_openai_likelihood(&asker, "One\n", branches, 2, logp, NULL, err);
    if (cannot(o, rc))
        o->forces = o->echoes = false;
    return cannot(o, rc) ? RK_OK : rc;
}


static int try_chat(rk_openai *o, rk_error *err)
{
    json_t *reply = NULL;
    char *text = NULL;
    int rc = rk_openai_ask(o, "/chat/completions",
                           json_pack("{s:s, s:[{s:s, s:s}], s:i}", "model",
                                     o->model, "messages", "role", "user",
                                     "content", "Say yes.", "max_tokens", 1),
                           true, &reply, err);

    if (rc == RK_OK)
        rc = rk_reply_text(&text, reply, err);
    o->chats = rc == RK_OK;
    free(text);
    json_decref(reply);
    return cannot(o, rc) ? RK_OK : rc;
}


int rk_openai_try_embed(rk_openai *o, rk_error *err)
{
    json_t *reply = NULL;
    rk_error why;
    int rc = rk_openai_ask(o, "/embeddings",
                           json_pack("{s:s, s:[s], s:s}", "model", o->model,
                                     "input", "a", "encoding_format", "float"),
                           false, &reply, err);

    if (rc)
        return rc;
    rc = rk_reply_width(&o->d, reply, &why);
    if (rc)
        rc = rk_openai_refuse(o, "/embeddings", rc, &why, err);
    json_decref(reply);
    return rc;
}


int rk_openai_try_writer(rk_openai *o, size_t max_bytes, rk_error *err)
{
    int rc;

    /* Likelihoods end with a newline; encoders alone have none. */
    if (o->newline < 0)
        o->tokenizes = false;
    o->n_most = max_bytes / TOLD_BYTES;
    rc = try_words(o, o->n_most < TOLD ? o->n_most : TOLD, err);

    if (rc == RK_OK && o->completes)
        rc = try_likelihood(o, err);
    if (rc == RK_OK && !o->completes)
        rc = try_chat(o, err);
    if (rc == RK_OK && !o->completes && !o->chats)
        rc = rk_fail(err, RK_EBACKEND,
                     "%s: expected a server that writes, found neither "
                     "/completions nor /chat/completions",
                     rk_fetch_host(o->server));
    return rc;
}

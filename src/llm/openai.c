#include "llm/openai.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/text.h"
#include "llm/openai_reply.h"

#include <stdio.h>
#include <string.h>

#define USUAL_CONTEXT 2048 /* tokens, where a server does not say */


void rk_openai_free(rk_openai *o)
{
    if (!o)
        return;
    rk_fetch_close(o->server);
    free(o->model);
    free(o->prefix);
    json_decref(o->prefix_ids);
    json_decref(o->counts);
    json_decref(o->partial);
    free(o);
}


int rk_openai_ask(rk_openai *o, const char *path, json_t *body, bool trial,
                  json_t **reply, rk_error *err)
{
    rk_question q = {.path = path,
                     .beside = strcmp(path, "/tokenize") == 0,
                     .once = trial,
                     .body = body};
    int rc = body ? rk_fetch_json(o->server, &q, reply, &o->status, err)
                  : rk_no_memory(err);

    json_decref(body);
    return rc;
}


int rk_openai_refuse(const rk_openai *o, const char *path, int rc,
                     const rk_error *why, rk_error *err)
{
    return rk_fail(err, rc, "%s%s: %s", rk_fetch_host(o->server), path,
                   why->msg);
}


json_t *rk_openai_completion(const rk_openai *o, json_t *prompt,
                             size_t max_tokens, size_t n_top)
{
    json_t *q = json_pack("{s:s, s:o, s:I, s:i, s:i}", "model", o->model,
                          "prompt", prompt, "max_tokens",
                          (json_int_t)max_tokens, "temperature", 0, "seed", 1);

    if (q && n_top > 0 &&
        json_object_set_new(q, "logprobs", json_integer((json_int_t)n_top)) !=
            0) {
        json_decref(q);
        q = NULL;
    }
    return q;
}


/* Which model, and the key of what it says: of the server's address, the name
 * and what the server says of it. A server without /models is believed. */
static int find_model(rk_openai *o, const char *url, const char *name,
                      char key[33], rk_error *err)
{
    rk_reply_model found = {.id = name};
    rk_question q = {.path = "/models"};
    json_t *reply = NULL;
    rk_error why;
    int status;
    int rc = rk_fetch_json(o->server, &q, &reply, &status, err);

    if (rc == RK_OK) {
        rc = rk_reply_model_find(&found, reply, name, &why);
        if (rc)
            rc = rk_openai_refuse(o, "/models", rc, &why, err);
    } else if ((status == 404 || status == 405) && *name) {
        rc = RK_OK;
    }
    if (rc == RK_OK) {
        rk_key whole = rk_key_of(url, found.id, found.fingerprint, NULL);

        memcpy(key, whole.hex, sizeof(whole.hex));
        o->is_llama = found.owner && strcmp(found.owner, "llamacpp") == 0;
        o->n_context = found.n_context;
        o->model = rk_strdup(found.id);
        rc = o->model ? RK_OK : rk_no_memory(err);
    }
    json_decref(reply);
    return rc;
}


static unsigned abilities(const rk_openai *o, enum rk_llm_role role)
{
    unsigned can = o->tokenizes ? RK_CAN_COUNT : 0;

    if (role == RK_EMBEDDER)
        return can | RK_CAN_EMBED;
    if (o->completes || o->chats)
        can |= RK_CAN_GENERATE;
    if (o->forces || o->echoes)
        can |= RK_CAN_LIKELIHOOD | RK_CAN_CHOOSE;
    if (o->n_top && o->tokenizes)
        can |= RK_CAN_WORDS;
    return can;
}


/* What the server can, for a person. */
static void describe(const rk_openai *o, enum rk_llm_role role, char *out,
                     size_t cap)
{
    char words[64];

    if (role == RK_EMBEDDER) {
        snprintf(out, cap, "at %s: vectors of %zu", rk_fetch_host(o->server),
                 o->d);
        return;
    }
    snprintf(words, sizeof(words), "the %zu likeliest next words", o->n_top);
    snprintf(out, cap, "at %s: %s; %s; writing by %s", rk_fetch_host(o->server),
             o->forces   ? "likelihoods, token by token"
             : o->echoes ? "likelihoods, by echo"
                         : "no likelihoods",
             o->n_top && o->tokenizes ? words : "no next words",
             o->completes ? "completions" : "chat");
}


static void release(rk_llm *m)
{
    rk_openai_free(m->state);
}


/* The server keeps prefixes as it likes. */
static void forget(rk_llm *m)
{
    rk_openai *o = m->state;

    free(o->prefix);
    o->prefix = NULL;
    json_decref(o->prefix_ids);
    o->prefix_ids = NULL;
}


static void until(rk_llm *m)
{
    const rk_openai *o = m->state;

    rk_fetch_until(o->server, m->until_us);
}


const rk_llm_backend rk_openai_backend = {
    .close = release,
    .embed = rk_openai_embed,
    .likelihood = rk_openai_likelihood,
    .next_words = rk_openai_next_words,
    .generate = rk_openai_generate,
    .count_tokens = rk_openai_count_tokens,
    .forget = forget,
    .until = until,
};


/* "http://host/v1#name": the address without its last '/', and the name. */
static int split(const char *url, char **address, const char **name,
                 rk_error *err)
{
    size_t len = strcspn(url, "#");

    *name = url[len] ? url + len + 1 : "";
    while (len && url[len - 1] == '/')
        len--;
    *address = rk_strndup(url, len);
    if (!*address)
        return rk_no_memory(err);
    return rk_text_is_utf8(*name, strlen(*name), NULL)
               ? RK_OK
               : rk_fail(err, RK_EINVAL, "the model's name is not UTF-8");
}


int rk_llm_open_server(rk_llm **out, enum rk_llm_role role, const char *url,
                       const rk_server_opts *opts, rk_error *err)
{
    static const rk_server_opts usual = {0};
    const rk_server_opts *s = opts ? opts : &usual;
    const rk_fetch_opts *fetch = s->fetch ? s->fetch : &rk_fetch_defaults;
    rk_llm_info info = {.path = "", .architecture = "server"};
    rk_openai *o = rk_calloc(1, sizeof(*o));
    char *address = NULL;
    char detail[256];
    char key[33];
    int rc;

    *out = NULL;
    if (!o)
        return rk_no_memory(err);
    o->counts = json_object();
    o->partial = json_object();
    rc = o->counts && o->partial ? split(url, &address, &info.name, err)
                                 : rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_fetch_open(&o->server, address, fetch, err);
    if (rc == RK_OK)
        rc = find_model(o, address, info.name, key, err);
    if (rc == RK_OK)
        rc = rk_openai_try_tokenize(o, err);
    if (rc == RK_OK)
        rc = role == RK_EMBEDDER
                 ? rk_openai_try_embed(o, err)
                 : rk_openai_try_writer(o, fetch->max_reply_bytes, err);
    if (rc)
        goto done;
    describe(o, role, detail, sizeof(detail));
    info.name = o->model;
    info.fingerprint = key;
    info.detail = detail;
    info.d = o->d;
    info.n_context = o->n_context ? o->n_context : USUAL_CONTEXT;
    info.can = abilities(o, role);
    info.price_in = s->price_in;
    info.price_out = s->price_out;
    rc = rk_llm_new(out, &rk_openai_backend, role, &info, err);
    if (rc == RK_OK) {
        (*out)->state = o;
        o = NULL;
    }

done:
    rk_openai_free(o);
    free(address);
    return rc;
}

#include "llm/openai_reply.h"

#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"
#include "llm/openai_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_WIDTH  65536
#define MOST_TOKENS 1000000


/* What a server says of a model, without the time at which it says so. */
static int fingerprint(rk_reply_model *out, const json_t *model, rk_error *err)
{
    static const char *const parts[] = {"id", "owned_by", "root",
                                        "max_model_len", "meta"};
    json_t *said = json_object();
    char *text = NULL;
    int rc = said ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_t *part = json_object_get(model, parts[i]);

        if (rc == RK_OK && part && json_object_set(said, parts[i], part) != 0)
            rc = rk_no_memory(err);
    }
    if (rc == RK_OK) {
        text = rk_json_line(said);
        rc = text ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK) {
        rk_key key = rk_key_of(text, NULL);

        memcpy(out->fingerprint, key.hex, sizeof(out->fingerprint));
    }
    free(text);
    json_decref(said);
    return rc;
}


static bool is_called(const json_t *model, const char *name)
{
    const char *id = json_string_value(json_object_get(model, "id"));
    const json_t *aliases = json_object_get(model, "aliases");

    if (id && strcmp(id, name) == 0)
        return true;
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const char *alias = json_string_value(json_array_get(aliases, i));

        if (alias && strcmp(alias, name) == 0)
            return true;
    }
    return false;
}


/* "it has a, b and 7 more" */
static int no_such_model(const json_t *list, const char *wanted, rk_error *err)
{
    size_t n = json_array_size(list);
    rk_buf names;
    int rc;

    rk_buf_init(&names);
    for (size_t i = 0; i < n && i < 4; i++) {
        const json_t *id = json_object_get(json_array_get(list, i), "id");

        rk_buf_printf(&names, "%s%.40s", i ? ", " : "",
                      json_is_string(id) ? json_string_value(id) : "?");
    }
    if (n > 4)
        rk_buf_printf(&names, " and %zu more", n - 4);
    if (*wanted)
        rc = rk_fail(err, RK_ENOTFOUND, "no model '%.60s'; it has %s", wanted,
                     n ? rk_buf_str(&names) : "none");
    else
        rc = rk_fail(err, RK_ENOTFOUND,
                     "expected one model, found %zu (%s): say which behind a "
                     "'#'",
                     n, rk_buf_str(&names));
    rk_buf_clear(&names);
    return rc;
}


int rk_reply_model_find(rk_reply_model *out, const json_t *reply,
                        const char *wanted, rk_error *err)
{
    const json_t *model = NULL;
    const json_t *list;
    const json_t *n;
    int rc = rk_reply_list(&list, reply, "data", err);

    memset(out, 0, sizeof(*out));
    if (rc)
        return rc;
    for (size_t i = 0; i < json_array_size(list) && !model; i++)
        if (*wanted ? is_called(json_array_get(list, i), wanted)
                    : json_array_size(list) == 1)
            model = json_array_get(list, i);
    if (!model)
        return no_such_model(list, wanted, err);
    out->id = json_string_value(json_object_get(model, "id"));
    out->owner = json_string_value(json_object_get(model, "owned_by"));
    if (!out->id || !*out->id)
        return rk_fail(err, RK_EFORMAT, "expected a text \"id\", found %s",
                       rk_reply_kind(json_object_get(model, "id")));
    n = json_object_get(json_object_get(model, "meta"), "n_ctx");
    if (!n)
        n = json_object_get(model, "max_model_len");
    if (json_is_integer(n) && json_integer_value(n) > 0)
        out->n_context = (size_t)json_integer_value(n);
    return fingerprint(out, model, err);
}


rk_reply_key rk_reply_key_of(const json_t *id)
{
    rk_reply_key key;

    snprintf(key.text, sizeof(key.text), "%lld",
             (long long)json_integer_value(id));
    return key;
}


/* One token, a number or {"id": ..., "piece": ...}. */
static int take_id(json_t *ids, const json_t *entry, size_t at, json_t *partial,
                   rk_error *err)
{
    const json_t *piece = json_object_get(entry, "piece");
    json_t *id = json_is_object(entry) ? json_object_get(entry, "id")
                                       : (json_t *)entry;

    if (!json_is_integer(id) || json_integer_value(id) < 0 ||
        json_integer_value(id) > INT32_MAX)
        return rk_fail(
            err, RK_EFORMAT, "expected a token's number in place %zu, found %s",
            at, json_is_integer(id) ? "one out of range" : rk_reply_kind(id));
    if (piece && (!json_is_string(piece) || json_string_length(piece) == 0) &&
        json_object_set_new(partial, rk_reply_key_of(id).text, json_true()))
        return rk_no_memory(err);
    return json_array_append(ids, id) == 0 ? RK_OK : rk_no_memory(err);
}


int rk_reply_ids(json_t **ids, const json_t *reply, json_t *partial,
                 rk_error *err)
{
    const json_t *list;
    int rc = rk_reply_list(&list, reply, "tokens", err);

    *ids = NULL;
    if (rc == RK_OK && json_array_size(list) > MOST_TOKENS)
        rc = rk_fail(err, RK_EFORMAT, "expected at most %d tokens, found %zu",
                     MOST_TOKENS, json_array_size(list));
    if (rc)
        return rc;
    *ids = json_array();
    rc = *ids ? RK_OK : rk_no_memory(err);
    for (size_t i = 0; rc == RK_OK && i < json_array_size(list); i++)
        rc = take_id(*ids, json_array_get(list, i), i, partial, err);
    if (rc) {
        json_decref(*ids);
        *ids = NULL;
    }
    return rc;
}


/* The list of numbers of an entry of "data". */
static int vector_of(const json_t **out, const json_t *entry, rk_error *err)
{
    size_t d;
    int rc = rk_reply_list(out, entry, "embedding", err);

    d = rc == RK_OK ? json_array_size(*out) : 0;
    if (rc == RK_OK && (d == 0 || d > MOST_WIDTH))
        rc = rk_fail(err, RK_EFORMAT,
                     "expected a vector of 1 to %d numbers, found %zu",
                     MOST_WIDTH, d);
    return rc;
}


int rk_reply_width(size_t *d, const json_t *reply, rk_error *err)
{
    const json_t **entries = NULL;
    const json_t *vector;
    int rc = rk_reply_ordered(&entries, reply, "data", 1, err);

    if (rc == RK_OK)
        rc = vector_of(&vector, entries[0], err);
    if (rc == RK_OK)
        *d = json_array_size(vector);
    free(entries);
    return rc;
}


static int read_vector(const json_t *entry, size_t d, float *out, rk_error *err)
{
    const json_t *vector;
    double square = 0;
    int rc = vector_of(&vector, entry, err);

    if (rc == RK_OK && json_array_size(vector) != d)
        rc = rk_fail(err, RK_EFORMAT, "expected %zu dimensions, found %zu", d,
                     json_array_size(vector));
    for (size_t i = 0; i < d && rc == RK_OK; i++) {
        double x;

        rc = rk_reply_number(&x, json_array_get(vector, i), "a dimension", err);
        out[i] = (float)x;
        square += x * x;
    }
    if (rc)
        return rc;
    if (!(square > 0))
        return rk_fail(err, RK_EFORMAT, "expected a vector, found all zeros");
    for (size_t i = 0; i < d; i++)
        out[i] = (float)(out[i] / sqrt(square));
    return RK_OK;
}


int rk_reply_vectors(const json_t *reply, size_t n, size_t d, float *out,
                     rk_error *err)
{
    const json_t **entries = NULL;
    int rc = rk_reply_ordered(&entries, reply, "data", n, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = read_vector(entries[i], d, out + i * d, err);
    free(entries);
    return rc;
}


int rk_reply_scores(const json_t *reply, size_t n, float *out, rk_error *err)
{
    const json_t **entries = NULL;
    int rc = rk_reply_ordered(&entries, reply, "results", n, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        double x;

        rc = rk_reply_number(&x, json_object_get(entries[i], "relevance_score"),
                             "\"relevance_score\"", err);
        out[i] = (float)x;
    }
    free(entries);
    return rc;
}


int rk_reply_text(char **out, const json_t *reply, rk_error *err)
{
    const json_t *choice;
    const json_t *message;
    const json_t *text;
    int rc = rk_reply_choice(&choice, reply, err);

    *out = NULL;
    if (rc)
        return rc;
    message = json_object_get(choice, "message");
    text = message ? json_object_get(message, "content")
                   : json_object_get(choice, "text");
    if (!json_is_string(text))
        return rk_fail(err, RK_EFORMAT, "expected a text in \"%s\", found %s",
                       message ? "content" : "text", rk_reply_kind(text));
    if (strlen(json_string_value(text)) != json_string_length(text))
        return rk_fail(err, RK_EFORMAT, "expected a text, found one with NUL");
    *out = rk_strdup(json_string_value(text));
    return *out ? RK_OK : rk_no_memory(err);
}


static uint64_t count_of(const json_t *where, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(where, name));

    return n > 0 && n < INT32_MAX ? (uint64_t)n : 0;
}


rk_reply_usage rk_reply_usage_of(const json_t *reply)
{
    const json_t *u = json_object_get(reply, "usage");
    rk_reply_usage out = {
        .prompt = count_of(u, "prompt_tokens"),
        .cached = count_of(json_object_get(u, "prompt_tokens_details"),
                           "cached_tokens"),
        .written = count_of(u, "completion_tokens"),
    };

    if (out.cached > out.prompt)
        out.cached = out.prompt;
    return out;
}

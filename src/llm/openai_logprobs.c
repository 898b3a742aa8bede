#include "llm/openai_parts.h"
#include "llm/openai_reply.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_LOGP (-1000.0) /* what is less is as good as this */


static int logp_of(double *out, const json_t *value, rk_error *err)
{
    int rc = RK_OK;

    /* The lowest double stands for log 0 with some. */
    if (json_is_number(value) && json_number_value(value) < LEAST_LOGP)
        *out = LEAST_LOGP;
    else
        rc = rk_reply_number(out, value, "a log-probability", err);
    if (rc == RK_OK && *out > 0.001)
        return rk_fail(err, RK_EFORMAT,
                       "expected a log-probability of at most 0, found %g",
                       *out);
    *out = *out < 0 ? *out : 0;
    return rc;
}


/* The tokens written with their log-probabilities, one an entry. */
static int written_of(const json_t **content, const json_t *reply,
                      rk_error *err)
{
    const json_t *choice;
    int rc = rk_reply_choice(&choice, reply, err);

    if (rc == RK_OK)
        rc = rk_reply_list(content, json_object_get(choice, "logprobs"),
                           "content", err);
    return rc;
}


/* Tells one of the likeliest tokens to who asks. */
typedef struct asked {
    const char *const *words; /* by name; NULL: by number */
    size_t n;
    json_int_t id;
    float *logp;
    double least; /* of those told */
    size_t n_told;
} asked;


static int tell(asked *a, const char *text, const json_t *id,
                const json_t *value, rk_error *err)
{
    double logp;
    int rc = logp_of(&logp, value, err);

    if (rc)
        return rc;
    a->least = a->n_told++ && a->least < logp ? a->least : logp;
    if (!a->words) {
        if (json_is_integer(id) && json_integer_value(id) == a->id)
            a->logp[0] = (float)logp;
        return RK_OK;
    }
    for (size_t w = 0; text && w < a->n; w++)
        if (strcmp(text, a->words[w]) == 0 &&
            (isnan(a->logp[w]) || (float)logp > a->logp[w]))
            a->logp[w] = (float)logp;
    return RK_OK;
}


/* A token's text; NULL where it holds NUL. */
static const char *whole_text(const json_t *text)
{
    const char *s = json_string_value(text);

    return s && strlen(s) == json_string_length(text) ? s : NULL;
}


/* llama-server: a list of objects. */
static int tell_list(asked *a, const json_t *list, rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < json_array_size(list) && rc == RK_OK; i++) {
        const json_t *e = json_array_get(list, i);

        rc = tell(a, whole_text(json_object_get(e, "token")),
                  json_object_get(e, "id"), json_object_get(e, "logprob"), err);
    }
    return rc;
}


/* OpenAI, vLLM: "top_logprobs": [{" the": -1.5, ...}], one an entry. */
static int tell_map(asked *a, json_t *map, rk_error *err)
{
    const char *text;
    json_t *value;
    int rc = RK_OK;

    json_object_foreach(map, text, value)
    {
        rc = tell(a, text, NULL, value, err);
        if (rc)
            break;
    }
    return rc;
}


/* The likeliest at the first place written. */
static int tell_first(asked *a, const json_t *reply, rk_error *err)
{
    const json_t *logprobs;
    const json_t *choice;
    const json_t *first;
    const json_t *list;
    int rc = rk_reply_choice(&choice, reply, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < a->n; i++)
        a->logp[i] = NAN;
    logprobs = json_object_get(choice, "logprobs");
    first = json_array_get(json_object_get(logprobs, "content"), 0);
    if (first) {
        rc = rk_reply_list(&list, first, "top_logprobs", err);
        if (rc == RK_OK)
            rc = tell_list(a, list, err);
    } else {
        rc = rk_reply_list(&list, logprobs, "top_logprobs", err);
        if (rc == RK_OK)
            rc = tell_map(a, json_array_get(list, 0), err);
    }
    if (rc == RK_OK && a->n_told == 0)
        rc = rk_fail(err, RK_EFORMAT,
                     "expected the likeliest tokens, found none");
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        if (isnan(a->logp[i]))
            a->logp[i] = (float)a->least;
    return rc;
}


int rk_reply_words(const json_t *reply, const char *const *words, size_t n,
                   float *logp, size_t *n_top, rk_error *err)
{
    asked a = {.words = words, .n = n, .logp = logp};
    int rc = tell_first(&a, reply, err);

    if (n_top)
        *n_top = a.n_told;
    return rc;
}


int rk_reply_id(const json_t *reply, json_int_t id, float *logp, rk_error *err)
{
    asked a = {.n = 1, .id = id, .logp = logp};

    return tell_first(&a, reply, err);
}


int rk_reply_forced(const json_t *reply, const json_t *ids, float *logp,
                    rk_error *err)
{
    size_t n = json_array_size(ids);
    const json_t *content;
    int rc = written_of(&content, reply, err);

    if (rc == RK_OK && json_array_size(content) != n)
        rc = rk_fail(err, RK_EFORMAT, "expected %zu tokens, found %zu", n,
                     json_array_size(content));
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        const json_t *e = json_array_get(content, i);
        double x;

        if (!json_equal(json_object_get(e, "id"), json_array_get(ids, i)))
            return rk_fail(err, RK_EFORMAT,
                           "expected the tokens asked for, found another in "
                           "place %zu",
                           i);
        rc = logp_of(&x, json_object_get(e, "logprob"), err);
        logp[i] = (float)x;
    }
    return rc;
}


/* Whether token i, which begins at a character of the text, belongs to the
 * span; a token that begins before it and ends in it is an error. */
static int belongs(bool *out, const rk_reply_span *s, const json_t *offsets,
                   size_t i, rk_error *err)
{
    const json_t *offset = json_array_get(offsets, i);
    json_int_t at = json_integer_value(offset);

    *out = i >= s->begin && i < s->end;
    if (s->in_tokens)
        return RK_OK;
    if (!json_is_integer(offset) || at < 0)
        return rk_fail(err, RK_EFORMAT,
                       "expected a whole number in \"text_offset\", found %s",
                       rk_reply_kind(offset));
    *out = (size_t)at >= s->begin && (size_t)at < s->end;
    if (*out && s->n_tokens == 0 && (size_t)at != s->begin)
        return rk_fail(err, RK_EFORMAT,
                       "expected a token to begin where the branch does, at "
                       "character %zu, found one at %lld",
                       s->begin, (long long)at);
    return RK_OK;
}


static int read_echo(const json_t *choice, rk_reply_span *s, rk_error *err)
{
    const json_t *logprobs = json_object_get(choice, "logprobs");
    const json_t *offsets = json_object_get(logprobs, "text_offset");
    const json_t *values;
    double sum = 0;
    int rc = rk_reply_list(&values, logprobs, "token_logprobs", err);

    s->n_tokens = 0;
    for (size_t i = 0; rc == RK_OK && i < json_array_size(values); i++) {
        bool in;
        double x;

        rc = belongs(&in, s, offsets, i, err);
        if (rc || !in)
            continue;
        rc = logp_of(&x, json_array_get(values, i), err);
        sum += x;
        s->n_tokens++;
    }
    if (rc == RK_OK && (s->n_tokens == 0 ||
                        (s->in_tokens && s->n_tokens != s->end - s->begin)))
        rc = rk_fail(err, RK_EFORMAT,
                     "expected log-probabilities of the repeated prompt, "
                     "found %zu of the branch's",
                     s->n_tokens);
    s->logp = (float)sum;
    return rc;
}


int rk_reply_echoed(const json_t *reply, rk_reply_span *spans, size_t n,
                    rk_error *err)
{
    const json_t **choices = NULL;
    int rc = rk_reply_ordered(&choices, reply, "choices", n, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = read_echo(choices[i], &spans[i], err);
    free(choices);
    return rc;
}

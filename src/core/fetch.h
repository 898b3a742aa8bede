/* JSON questions to a server over HTTP. All questions are reads, so any may be
 * asked again.
 *
 * A question has a deadline that holds for all its tries together. It is tried
 * again when nobody is there and after status 429, 500, 502, 503 and 504, as
 * often as the options say: after a wait drawn evenly from 0 to an
 * exponentially growing bound ("full jitter"), and never before what
 * Retry-After asks for; a wait that would end past the deadline is not begun.
 * A server that fails five times in a row is left alone (core/breaker.h).
 *
 * The bytes are hostile: a reply is at most `max_reply_bytes` long, is not
 * decompressed, and may not trickle. Redirects are not followed; http and https
 * only, certificates verified. A proxy is taken from the environment alone, and
 * never for this machine. Messages name host, path and status, expected and
 * found: never the key, nor what was asked or answered.
 *
 * One thread at a time. */
#ifndef RK_CORE_FETCH_H
#define RK_CORE_FETCH_H

#include "core/json.h"

typedef struct rk_fetch rk_fetch;

typedef struct rk_fetch_opts {
    int64_t connect_ms;
    int64_t timeout_ms; /* of a question with all its tries */
    int64_t trickle_ms; /* that long after a reply's begin it must have come
                           at 64 bytes a second or more */
    size_t max_retries;
    size_t max_reply_bytes;
    const char *key; /* sent as a bearer token; NULL or "": none */
    uint64_t seed;   /* of the waits */
    void (*wait)(void *ctx, int64_t ms); /* tests; NULL: sleeps */
    void *wait_ctx;
} rk_fetch_opts;

/* 2 s, 30 s, 10 s, 3 retries, 8 MiB, no key. */
extern const rk_fetch_opts rk_fetch_defaults;

/* Whether a text is an address of a server: begins with http:// or
 * https://. */
bool rk_fetch_is_url(const char *text);

/* Refuses (RK_EINVAL) what rk_fetch_open() would refuse of an address; from a
 * '#' on, it is left out. No message quotes it, for it may hold a password. */
int rk_fetch_check(const char *url, rk_error *err);

/* A server at `url`, "http://127.0.0.1:8080/v1"; nothing is asked yet. opts
 * NULL: the defaults; the key is copied. RK_EINVAL: no http(s) address, or one
 * with a user, a password, a query or a fragment; a key that cannot stand in a
 * header. */
int rk_fetch_open(rk_fetch **out, const char *url, const rk_fetch_opts *opts,
                  rk_error *err);
void rk_fetch_close(rk_fetch *f);

/* "127.0.0.1:8080", for messages. */
const char *rk_fetch_host(const rk_fetch *f);

/* Questions asked from now on also end at that time of rk_clock_us(), with
 * RK_ECANCELLED and nothing held against the server; 0: at their own deadline
 * alone. */
void rk_fetch_until(rk_fetch *f, int64_t at_us);

typedef struct rk_question {
    const char *path; /* "/models", behind the url */
    bool beside;      /* behind the url without its last "/v1" */
    bool once; /* a trial of what the server can: one try, and a refusal is
                  no failure of the server's */
    const json_t *body; /* NULL: GET, else POST */
} rk_question;

/* Asks. *out is released with json_decref(), its texts may hold NUL; it is NULL
 * after a failure. *status
 * (NULL allowed) is the reply's, 0 where there was none. RK_EBACKEND (no
 * answer, or one whose status is not 200 to 299), RK_EFORMAT (not JSON, or too
 * long), RK_ECANCELLED (see rk_fetch_until()), RK_ENOMEM. */
int rk_fetch_json(rk_fetch *f, const rk_question *q, json_t **out, int *status,
                  rk_error *err);

#endif

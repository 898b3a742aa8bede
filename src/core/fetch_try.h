/* One try of a question to a server, by libcurl: the one place that includes
 * it. Private to fetch.c, which says what is tried when. */
#ifndef RK_CORE_FETCH_TRY_H
#define RK_CORE_FETCH_TRY_H

#include "core/breaker.h"
#include "core/buf.h"
#include "core/fetch.h"
#include "core/rng.h"

#include <curl/curl.h>

struct rk_fetch {
    CURL *curl;
    struct curl_slist *headers;
    char *url;      /* without a '/' at its end */
    char *host;     /* with its port where one is given */
    size_t own_len; /* of url without its last "/v1" */
    rk_fetch_opts opts;
    rk_breaker breaker;
    rk_rng rng;
    int64_t until_us;
};

typedef struct rk_fetch_try {
    rk_fetch *f;
    const char *path;
    bool once;
    rk_buf reply;
    bool too_long;
    bool trickles;
    int64_t begun_us; /* when the reply began; 0: not yet */
    int64_t after_ms; /* Retry-After; -1: none */
    int64_t deadline_us;
    CURLcode code;
    long status;
} rk_fetch_try;

/* What all tries have in common, after the headers are made. */
int rk_fetch_try_set_up(rk_fetch *f, rk_error *err);

/* Tries: GET with `body` NULL, else POST. Only lack of memory is an error
 * here. */
int rk_fetch_try_run(rk_fetch_try *t, const char *url, const char *body,
                     rk_error *err);

/* Whether it makes sense to ask once more. */
bool rk_fetch_try_is_passing(const rk_fetch_try *t);

/* Whether the server did its part: of what it refuses and of what it is too
 * busy for, it knows. */
bool rk_fetch_try_is_answer(const rk_fetch_try *t);

/* What the try came to; RK_OK: a reply with a status from 200 to 299. */
int rk_fetch_try_verdict(const rk_fetch_try *t, rk_error *err);

#endif

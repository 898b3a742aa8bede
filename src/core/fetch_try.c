#include "core/fetch_try.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRICKLE 64 /* bytes a second */


static size_t take_bytes(char *bytes, size_t size, size_t n, void *ctx)
{
    rk_fetch_try *t = ctx;

    if (n * size > t->f->opts.max_reply_bytes - t->reply.len) {
        t->too_long = true;
        return 0;
    }
    rk_buf_add(&t->reply, bytes, n * size);
    return t->reply.failed ? 0 : n * size;
}


/* Retry-After, in seconds or as a date. */
static size_t take_header(char *line, size_t size, size_t n, void *ctx)
{
    static const char name[] = "retry-after:";
    rk_fetch_try *t = ctx;
    char value[64];
    size_t len = n * size;
    char *end;
    double s;

    if (!t->begun_us)
        t->begun_us = rk_clock_us();
    if (len <= strlen(name) || len - strlen(name) >= sizeof(value) ||
        strncasecmp(line, name, strlen(name)) != 0)
        return len;
    line += strlen(name);
    memcpy(value, line, len - strlen(name));
    value[len - strlen(name)] = '\0';
    s = strtod(value, &end);
    if (end == value) {
        time_t at = curl_getdate(value, NULL);

        if (at == (time_t)-1)
            return len;
        s = (double)(at - time(NULL));
    }
    if (s == s) /* not "nan" */
        t->after_ms = s <= 0 ? 0 : s > 1e6 ? 1000000000 : (int64_t)(s * 1000);
    return len;
}


static int watch(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up,
                 curl_off_t up_now)
{
    rk_fetch_try *t = ctx;
    int64_t us = t->begun_us ? rk_clock_us() - t->begun_us : 0;

    (void)total;
    (void)up;
    (void)up_now;
    t->trickles = us > t->f->opts.trickle_ms * 1000 &&
                  (double)now < TRICKLE * 1e-6 * (double)us;
    return t->trickles;
}


int rk_fetch_try_set_up(rk_fetch *f, rk_error *err)
{
    CURL *c = f->curl;
    CURLcode bad = 0;

    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->headers);
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "reckon/" RK_VERSION);
    bad |= curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE,
                            (curl_off_t)f->opts.max_reply_bytes);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)f->opts.connect_ms);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch);
    bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    return bad ? rk_fail(err, RK_EBACKEND, "libcurl lacks what is asked of it")
               : RK_OK;
}


int rk_fetch_try_run(rk_fetch_try *t, const char *url, const char *body,
                     rk_error *err)
{
    CURL *c = t->f->curl;
    int64_t left_ms = (t->deadline_us - rk_clock_us()) / 1000;

    rk_buf_reset(&t->reply);
    t->too_long = t->trickles = false;
    t->begun_us = 0;
    t->after_ms = -1;
    t->status = 0;
    curl_easy_setopt(c, CURLOPT_URL, url);
    if (body) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)strlen(body));
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    } else {
        curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    t->code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &t->status);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL);
    if (t->code == CURLE_OUT_OF_MEMORY || t->reply.failed)
        return rk_no_memory(err);
    return RK_OK;
}


bool rk_fetch_try_is_passing(const rk_fetch_try *t)
{
    switch (t->code) {
    case CURLE_OK:
        return t->status == 429 || t->status == 500 || t->status == 502 ||
               t->status == 503 || t->status == 504;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT: /* of connecting, if there is time left */
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return true;
    default: return false;
    }
}


bool rk_fetch_try_is_answer(const rk_fetch_try *t)
{
    return (t->code == CURLE_OK && (t->status < 500 || t->once)) || t->too_long;
}


int rk_fetch_try_verdict(const rk_fetch_try *t, rk_error *err)
{
    const rk_fetch *f = t->f;
    const char *why = curl_easy_strerror(t->code);

    if (t->too_long || t->code == CURLE_FILESIZE_EXCEEDED)
        return rk_fail(err, RK_EFORMAT,
                       "%s%s: expected a reply of at most %zu bytes "
                       "(servers.max_reply_bytes), found a longer one",
                       f->host, t->path, f->opts.max_reply_bytes);
    if (t->trickles)
        return rk_fail(err, RK_EBACKEND,
                       "%s%s: expected a reply at %d bytes a second or more, "
                       "found one that trickles: %zu bytes so far",
                       f->host, t->path, TRICKLE, t->reply.len);
    if (t->code == CURLE_OK && t->status >= 200 && t->status < 300)
        return RK_OK;
    if (t->code == CURLE_OK)
        return rk_fail(err, RK_EBACKEND,
                       "%s%s: expected status 200, found %ld%s", f->host,
                       t->path, t->status,
                       t->status == 401 || t->status == 403
                           ? ": the key is missing or wrong (models.key_env)"
                       : t->status == 429 ? ": too many requests"
                       : t->status >= 300 && t->status < 400
                           ? ": redirects are not followed"
                           : "");
    if (t->code == CURLE_COULDNT_CONNECT)
        why = "nobody answers there";
    if (t->code == CURLE_OPERATION_TIMEDOUT)
        return rk_fail(err, RK_EBACKEND,
                       "%s%s: no whole reply in time (servers.timeout_ms %lld, "
                       "connect_ms %lld)",
                       f->host, t->path, (long long)f->opts.timeout_ms,
                       (long long)f->opts.connect_ms);
    return rk_fail(err, RK_EBACKEND, "%s%s: %s", f->host, t->path, why);
}

#include "core/fetch.h"

#include "core/clock.h"
#include "core/fetch_try.h"
#include "core/mem.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BACK_OFF_MS      250 /* the bound of the first wait; it doubles */
#define MOST_BACK_OFF_MS 8000
#define CLOCK_STEP_US    2000 /* by which libcurl may end a try early */

const rk_fetch_opts rk_fetch_defaults = {
    .connect_ms = 2000,
    .timeout_ms = 30000,
    .trickle_ms = 10000,
    .max_retries = 3,
    .max_reply_bytes = (size_t)8 << 20,
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static CURLcode library_code;


static void library_init(void)
{
    library_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}


static void sleep_ms(void *ctx, int64_t ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    (void)ctx;
    while (nanosleep(&left, &left) != 0)
        ;
}


bool rk_fetch_is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 ||
           strncasecmp(text, "https://", 8) == 0;
}


static bool url_has(CURLU *u, CURLUPart part)
{
    char *value = NULL;
    bool there = curl_url_get(u, part, &value, 0) == CURLUE_OK;

    curl_free(value);
    return there;
}


/* Says what is wrong without the address, which may hold a password. */
static int check_url(CURLU *u, const char *url, rk_error *err)
{
    if (!rk_fetch_is_url(url) || curl_url_set(u, CURLUPART_URL, url, 0) != 0)
        return rk_fail(err, RK_EINVAL,
                       "expected the address of a server such as "
                       "http://127.0.0.1:8080/v1, found something else");
    if (url_has(u, CURLUPART_USER) || url_has(u, CURLUPART_PASSWORD))
        return rk_fail(err, RK_EINVAL,
                       "a server's address may hold no user or password: name "
                       "the variable that holds the key in models.key_env");
    if (url_has(u, CURLUPART_QUERY) || url_has(u, CURLUPART_FRAGMENT))
        return rk_fail(err, RK_EINVAL,
                       "a server's address may have no '?' and no second '#'");
    return RK_OK;
}


int rk_fetch_check(const char *url, rk_error *err)
{
    char *address = rk_strndup(url, strcspn(url, "#"));
    CURLU *u = curl_url();
    int rc = u && address ? check_url(u, address, err) : rk_no_memory(err);

    curl_url_cleanup(u);
    free(address);
    return rc;
}


static int take_url(rk_fetch *f, const char *url, rk_error *err)
{
    CURLU *u = curl_url();
    char *host = NULL;
    char *port = NULL;
    rk_buf b;
    int rc;

    if (!u)
        return rk_no_memory(err);
    rc = check_url(u, url, err);
    if (rc)
        goto done;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        rc = rk_fail(err, RK_EINVAL, "a server's address has no host");
        goto done;
    }
    curl_url_get(u, CURLUPART_PORT, &port, 0);
    rk_buf_init(&b);
    rk_buf_printf(&b, "%s%s%s", host, port ? ":" : "", port ? port : "");
    f->host = rk_buf_take(&b);
    f->url = rk_strdup(url);
    if (!f->host || !f->url) {
        rc = rk_no_memory(err);
        goto done;
    }
    f->own_len = strlen(f->url);
    while (f->own_len && f->url[f->own_len - 1] == '/')
        f->url[--f->own_len] = '\0';
    if (f->own_len > 3 && strcmp(f->url + f->own_len - 3, "/v1") == 0)
        f->own_len -= 3;
    if (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
        strcmp(host, "[::1]") == 0)
        curl_easy_setopt(f->curl, CURLOPT_NOPROXY, "*");

done:
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return rc;
}


static bool add_header(rk_fetch *f, const char *line)
{
    struct curl_slist *more = line ? curl_slist_append(f->headers, line) : NULL;

    if (more)
        f->headers = more;
    return more != NULL;
}


static int add_headers(rk_fetch *f, const char *key, rk_error *err)
{
    bool ok = add_header(f, "Content-Type: application/json") &&
              add_header(f, "Accept: application/json") &&
              add_header(f, "Expect:");
    rk_buf b;

    for (const char *p = key; p && *p; p++)
        if (*p < 0x21 || *p > 0x7E)
            return rk_fail(err, RK_EINVAL,
                           "the server's key holds a space, a line's end or "
                           "what is not ASCII");
    if (ok && key && *key) {
        char *line;

        rk_buf_init(&b);
        rk_buf_printf(&b, "Authorization: Bearer %s", key);
        line = rk_buf_take(&b);
        ok = add_header(f, line);
        if (line)
            explicit_bzero(line, strlen(line));
        free(line);
    }
    return ok ? RK_OK : rk_no_memory(err);
}


int rk_fetch_open(rk_fetch **out, const char *url, const rk_fetch_opts *opts,
                  rk_error *err)
{
    rk_fetch *f = NULL;
    int rc;

    *out = NULL;
    pthread_once(&library_once, library_init);
    if (library_code)
        return rk_fail(err, RK_EBACKEND, "libcurl does not start: %s",
                       curl_easy_strerror(library_code));
    f = rk_calloc(1, sizeof(*f));
    if (!f)
        return rk_no_memory(err);
    f->opts = opts ? *opts : rk_fetch_defaults;
    f->opts.key = NULL; /* it stands in the headers */
    f->rng.state = f->opts.seed;
    f->curl = curl_easy_init();
    rc = f->curl ? take_url(f, url, err) : rk_no_memory(err);
    if (rc == RK_OK)
        rc = add_headers(f, opts ? opts->key : NULL, err);
    if (rc == RK_OK)
        rc = rk_fetch_try_set_up(f, err);
    if (rc == RK_OK) {
        *out = f;
        f = NULL;
    }
    rk_fetch_close(f);
    return rc;
}


void rk_fetch_close(rk_fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    for (struct curl_slist *h = f->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(f->headers);
    free(f->url);
    free(f->host);
    free(f);
}


const char *rk_fetch_host(const rk_fetch *f)
{
    return f->host;
}


void rk_fetch_until(rk_fetch *f, int64_t at_us)
{
    f->until_us = at_us;
}


static int64_t wait_ms(rk_fetch *f, size_t n_tried, int64_t after_ms)
{
    int64_t bound = n_tried < 6 ? (int64_t)BACK_OFF_MS << n_tried
                                : MOST_BACK_OFF_MS;
    int64_t ms;

    bound = bound < MOST_BACK_OFF_MS ? bound : MOST_BACK_OFF_MS;
    ms = rk_rng_below(&f->rng, (uint32_t)bound + 1);
    return after_ms > ms ? after_ms : ms;
}


static bool is_over(const rk_fetch *f)
{
    return f->until_us && rk_clock_us() + CLOCK_STEP_US >= f->until_us;
}


static int give_up(const rk_fetch_try *t, rk_error *err)
{
    return rk_fail(err, RK_ECANCELLED, "%s%s: the time is over", t->f->host,
                   t->path);
}


/* Tries until there is an answer, or no hope of one. */
static int try_all(rk_fetch_try *t, const char *url, const char *body,
                   rk_error *err)
{
    rk_fetch *f = t->f;

    for (size_t n = 0;; n++) {
        int64_t ms = rk_breaker_wait_us(&f->breaker, rk_clock_us()) / 1000;
        int rc;

        if (ms > 0)
            return rk_fail(err, RK_EBACKEND,
                           "%s%s: not asked for another %lld ms, for it failed "
                           "%d times in a row",
                           f->host, t->path, (long long)ms,
                           RK_BREAKER_FAILURES);
        if (is_over(f))
            return give_up(t, err);
        rc = rk_fetch_try_run(t, url, body, err);
        if (rc)
            return rc;
        if (t->code == CURLE_OPERATION_TIMEDOUT && is_over(f))
            return give_up(t, err);
        rk_breaker_note(&f->breaker, rk_fetch_try_is_answer(t), rk_clock_us());
        rc = rk_fetch_try_verdict(t, err);
        if (rc == RK_OK || !rk_fetch_try_is_passing(t) || t->once ||
            n == f->opts.max_retries)
            return rc;
        ms = wait_ms(f, n, t->after_ms);
        if (rk_clock_us() + ms * 1000 < t->deadline_us)
            f->opts.wait ? f->opts.wait(f->opts.wait_ctx, ms)
                         : sleep_ms(NULL, ms);
        else if (t->code)
            return rc;
        else
            return rk_fail(err, rc,
                           "%s%s: status %ld, and no time to try again: in "
                           "%lld ms, with %lld ms left",
                           f->host, t->path, t->status, (long long)ms,
                           (long long)(t->deadline_us - rk_clock_us()) / 1000);
    }
}


static int read_json(const rk_fetch_try *t, json_t **out, rk_error *err)
{
    const char *type = NULL;
    rk_error why;
    int rc;

    curl_easy_getinfo(t->f->curl, CURLINFO_CONTENT_TYPE, &type);
    rc = rk_json_parse_with_nul(out, rk_buf_str(&t->reply), t->reply.len,
                                "reply", &why);
    if (rc == RK_OK)
        return RK_OK;
    /* What the reply holds is not quoted: it may repeat the question. */
    return rk_fail(err, RK_EFORMAT,
                   "%s%s: expected JSON, found %zu bytes of %.40s that are "
                   "not",
                   t->f->host, t->path, t->reply.len, type ? type : "no type");
}


int rk_fetch_json(rk_fetch *f, const rk_question *q, json_t **out, int *status,
                  rk_error *err)
{
    rk_fetch_try t = {.f = f, .path = q->path, .once = q->once};
    char *body = NULL;
    char *url = NULL;
    rk_buf b;
    int rc = RK_OK;

    *out = NULL;
    rk_buf_init(&t.reply);
    rk_buf_init(&b);
    t.deadline_us = rk_clock_us() + f->opts.timeout_ms * 1000;
    if (f->until_us && f->until_us < t.deadline_us)
        t.deadline_us = f->until_us;
    if (q->beside)
        rk_buf_add(&b, f->url, f->own_len);
    else
        rk_buf_puts(&b, f->url);
    rk_buf_puts(&b, q->path);
    url = rk_buf_take(&b);
    if (q->body)
        body = rk_json_line(q->body);
    if (!url || (q->body && !body))
        rc = rk_no_memory(err);
    if (rc == RK_OK)
        rc = try_all(&t, url, body, err);
    if (rc == RK_OK)
        rc = read_json(&t, out, err);
    if (status)
        *status = (int)t.status;
    free(url);
    free(body);
    rk_buf_clear(&t.reply);
    return rc;
}

/* fetch.c against a server that does all that a server should not. */
#include "child.h"
#include "core/clock.h"
#include "core/fetch.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static child server;
static int port;

/* Waits that were asked for, and not waited. */
typedef struct waits {
    int64_t ms[16];
    size_t n;
} waits;


static int start(void **state)
{
    (void)state;
    port = child_start_fake(&server);
    return port > 0 ? 0 : -1;
}


static int end(void **state)
{
    (void)state;
    child_end(&server);
    return 0;
}


static void note_wait(void *ctx, int64_t ms)
{
    waits *w = ctx;

    if (w->n < 16)
        w->ms[w->n++] = ms;
}


static rk_fetch_opts impatient(waits *w)
{
    rk_fetch_opts o = rk_fetch_defaults;

    memset(w, 0, sizeof(*w));
    o.wait = note_wait;
    o.wait_ctx = w;
    return o;
}


static rk_fetch *open_scenario(const char *scenario, const rk_fetch_opts *o)
{
    char url[128];
    rk_fetch *f;
    rk_error err;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s/v1", port, scenario);
    if (rk_fetch_open(&f, url, o, &err))
        fail_msg("%s", err.msg);
    return f;
}


static int ask(rk_fetch *f, json_t **reply, int *status, rk_error *err)
{
    rk_question q = {.path = "/models"};

    memset(err, 0, sizeof(*err));
    return rk_fetch_json(f, &q, reply, status, err);
}


/* Asks once, and expects the code and words of the message. */
static void assert_fails(const char *scenario, const rk_fetch_opts *o, int rc,
                         const char *words)
{
    rk_fetch *f = open_scenario(scenario, o);
    json_t *reply = (json_t *)o;
    rk_error err;
    char host[32];
    int status;

    assert_int_equal(ask(f, &reply, &status, &err), rc);
    assert_int_equal(err.code, rc);
    assert_null(reply);
    if (!strstr(err.msg, words))
        fail_msg("'%s' does not say '%s'", err.msg, words);
    snprintf(host, sizeof(host), "127.0.0.1:%d/models", port);
    assert_int_equal(strncmp(err.msg, host, strlen(host)), 0);
    assert_null(strstr(err.msg, "secret"));
    rk_fetch_close(f);
}


static void test_fetch_asks_with_a_key_and_a_body(void **state)
{
    rk_fetch_opts o = rk_fetch_defaults;
    json_t *body = json_pack("{s:s}", "prompt", "A \"B\" \xc3\xa9");
    rk_question q = {.path = "/tokenize", .beside = true, .body = body};
    json_t *reply;
    json_t *headers;
    rk_fetch *f;
    int status = 0;

    (void)state;
    o.key = "s3cret";
    f = open_scenario("mirror", &o);
    assert_int_equal(rk_fetch_json(f, &q, &reply, &status, NULL), RK_OK);
    assert_int_equal(status, 200);
    headers = json_object_get(reply, "headers");
    assert_string_equal(json_string_value(json_object_get(reply, "method")),
                        "POST");
    assert_string_equal(json_string_value(json_object_get(reply, "path")),
                        "/mirror/tokenize");
    assert_string_equal(
        json_string_value(json_object_get(headers, "authorization")),
        "Bearer s3cret");
    assert_true(json_equal(json_object_get(reply, "body"), body));
    assert_null(json_object_get(headers, "expect"));
    assert_null(json_object_get(headers, "accept-encoding"));
    json_decref(reply);

    q = (rk_question){.path = "/models"};
    assert_int_equal(rk_fetch_json(f, &q, &reply, &status, NULL), RK_OK);
    assert_string_equal(json_string_value(json_object_get(reply, "method")),
                        "GET");
    assert_string_equal(json_string_value(json_object_get(reply, "path")),
                        "/mirror/v1/models");
    json_decref(reply);
    json_decref(body);
    rk_fetch_close(f);
}


static void assert_recovers(const char *scenario, size_t n_waits,
                            int64_t at_least, int64_t at_most)
{
    waits w;
    rk_fetch_opts o = impatient(&w);
    rk_fetch *f = open_scenario(scenario, &o);
    json_t *reply;
    rk_error err;

    if (ask(f, &reply, NULL, &err))
        fail_msg("%s", err.msg);
    assert_true(json_is_true(json_object_get(reply, "ok")));
    assert_int_equal(w.n, n_waits);
    for (size_t i = 0; i < w.n; i++)
        assert_true(w.ms[i] >= at_least && w.ms[i] <= at_most);
    json_decref(reply);
    rk_fetch_close(f);
}


static void test_fetch_waits_as_long_as_retry_after_asks(void **state)
{
    (void)state;
    assert_recovers("busy-seconds", 1, 7000, 7000);
    assert_recovers("busy-date", 1, 17000, 20000);
    assert_recovers("busy-nonsense", 1, 0, 250);
}


static void test_fetch_tries_again_what_may_pass(void **state)
{
    (void)state;
    assert_recovers("recovers", 3, 0, 1000);
}


static void test_fetch_does_not_wait_past_its_deadline(void **state)
{
    waits w;
    rk_fetch_opts o = impatient(&w);

    (void)state;
    assert_fails("busy-long", &o, RK_EBACKEND,
                 "status 429, and no time to try again: in 3600000 ms");
    assert_int_equal(w.n, 0);
}


static void test_fetch_gives_up_after_its_retries(void **state)
{
    waits w;
    rk_fetch_opts o = impatient(&w);

    (void)state;
    o.max_retries = 2;
    assert_fails("broken", &o, RK_EBACKEND, "expected status 200, found 500");
    assert_int_equal(w.n, 2);
    assert_fails("closes", &o, RK_EBACKEND, ": ");
    assert_int_equal(w.n, 4);
}


static void test_fetch_does_not_repeat_what_is_refused(void **state)
{
    waits w;
    rk_fetch_opts o = impatient(&w);

    (void)state;
    assert_fails("refuses", &o, RK_EBACKEND, "expected status 200, found 400");
    assert_fails("locked", &o, RK_EBACKEND, "the key is missing or wrong");
    assert_fails("redirects", &o, RK_EBACKEND, "redirects are not followed");
    assert_int_equal(w.n, 0);
}


static void test_fetch_leaves_a_server_alone_that_keeps_failing(void **state)
{
    waits w;
    rk_fetch_opts o = impatient(&w);
    rk_fetch *f = open_scenario("broken", &o);
    json_t *reply;
    rk_error err;

    (void)state;
    assert_int_equal(ask(f, &reply, NULL, &err), RK_EBACKEND);
    assert_int_equal(w.n, 3);
    assert_int_equal(ask(f, &reply, NULL, &err), RK_EBACKEND);
    assert_int_equal(w.n, 4); /* the fifth failure; the sixth is not asked */
    assert_non_null(strstr(err.msg, "it failed 5 times in a row"));
    assert_int_equal(ask(f, &reply, NULL, &err), RK_EBACKEND);
    assert_int_equal(w.n, 4);
    rk_fetch_close(f);
}


static void test_fetch_ends_what_hangs_at_its_deadline(void **state)
{
    static const char *const hanging[] = {"hangs", "hangs-after"};
    rk_fetch_opts o = rk_fetch_defaults;

    (void)state;
    o.timeout_ms = 200;
    for (size_t i = 0; i < 2; i++)
        assert_fails(hanging[i], &o, RK_EBACKEND,
                     "no whole reply in time (servers.timeout_ms 200");
}


static void test_fetch_obeys_the_callers_deadline(void **state)
{
    rk_fetch *f = open_scenario("hangs", NULL);
    json_t *reply;
    rk_error err;

    (void)state;
    /* More often than a server may fail: it is not to blame. */
    for (int i = 0; i < 7; i++) {
        rk_fetch_until(f, rk_clock_us() + 50000);
        assert_int_equal(ask(f, &reply, NULL, &err), RK_ECANCELLED);
        assert_null(reply);
        assert_non_null(strstr(err.msg, "/models: the time is over"));
    }
    rk_fetch_close(f);
}


static void test_fetch_does_not_bear_a_trickle(void **state)
{
    rk_fetch_opts o = rk_fetch_defaults;

    (void)state;
    o.trickle_ms = 300;
    assert_fails("drips", &o, RK_EBACKEND, "found one that trickles");
}


static void test_fetch_stops_at_the_most_that_a_reply_may_have(void **state)
{
    (void)state;
    assert_fails("endless", NULL, RK_EFORMAT,
                 "expected a reply of at most 8388608 bytes");
    assert_fails("large", NULL, RK_EFORMAT,
                 "expected a reply of at most 8388608 bytes");
}


static void test_fetch_refuses_what_is_not_json(void **state)
{
    (void)state;
    assert_fails("truncated", NULL, RK_EFORMAT,
                 "expected JSON, found 15 bytes");
    assert_fails("html", NULL, RK_EFORMAT, "of text/html that are not");
    assert_fails("deep", NULL, RK_EFORMAT, "expected JSON, found 100000 bytes");
    assert_fails("short", NULL, RK_EBACKEND, ": ");
}


static void test_fetch_says_when_nobody_is_there(void **state)
{
    waits w;
    rk_fetch_opts o = impatient(&w);
    json_t *reply;
    rk_error err;
    rk_fetch *f;
    int status = 7;

    (void)state;
    /* Port 1 is nobody's. */
    assert_int_equal(rk_fetch_open(&f, "http://127.0.0.1:1/v1/", &o, NULL),
                     RK_OK);
    assert_string_equal(rk_fetch_host(f), "127.0.0.1:1");
    assert_int_equal(ask(f, &reply, &status, &err), RK_EBACKEND);
    assert_string_equal(err.msg, "127.0.0.1:1/models: nobody answers there");
    assert_int_equal(status, 0);
    assert_int_equal(w.n, 3);
    rk_fetch_close(f);
}


static void test_fetch_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        json_t *reply = NULL;
        rk_fetch *f = NULL;
        rk_error err;
        char url[64];
        int rc;

        snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok/v1", port);
        rk_mem_fail_at(++n);
        rc = rk_fetch_open(&f, url, NULL, NULL);
        if (rc == RK_OK)
            rc = ask(f, &reply, NULL, &err);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        json_decref(reply);
        rk_fetch_close(f);
    } while (made >= n);
    assert_true(n > 4);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_asks_with_a_key_and_a_body),
        cmocka_unit_test(test_fetch_waits_as_long_as_retry_after_asks),
        cmocka_unit_test(test_fetch_tries_again_what_may_pass),
        cmocka_unit_test(test_fetch_does_not_wait_past_its_deadline),
        cmocka_unit_test(test_fetch_gives_up_after_its_retries),
        cmocka_unit_test(test_fetch_does_not_repeat_what_is_refused),
        cmocka_unit_test(test_fetch_leaves_a_server_alone_that_keeps_failing),
        cmocka_unit_test(test_fetch_ends_what_hangs_at_its_deadline),
        cmocka_unit_test(test_fetch_obeys_the_callers_deadline),
        cmocka_unit_test(test_fetch_does_not_bear_a_trickle),
        cmocka_unit_test(test_fetch_stops_at_the_most_that_a_reply_may_have),
        cmocka_unit_test(test_fetch_refuses_what_is_not_json),
        cmocka_unit_test(test_fetch_says_when_nobody_is_there),
        cmocka_unit_test(test_fetch_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, start, end);
}

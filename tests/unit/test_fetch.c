/* What fetch.c says before it asks anybody; what it does then is in
 * tests/servers. */
#include "core/fetch.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_refused(const char *url, const rk_fetch_opts *opts,
                           const char *words)
{
    rk_fetch *f = (rk_fetch *)words;
    rk_error err;

    assert_int_equal(rk_fetch_open(&f, url, opts, &err), RK_EINVAL);
    assert_null(f);
    if (!strstr(err.msg, words))
        fail_msg("'%s' does not say '%s'", err.msg, words);
    assert_null(strstr(err.msg, "s3cret"));
}


static void test_fetch_tells_addresses_from_names(void **state)
{
    (void)state;
    assert_true(rk_fetch_is_url("http://127.0.0.1:8080/v1#x"));
    assert_true(rk_fetch_is_url("HTTPS://api.example.org/v1"));
    assert_false(rk_fetch_is_url("smollm2"));
    assert_false(rk_fetch_is_url("https.gguf"));
    assert_false(rk_fetch_is_url("file:///etc/passwd"));
}


static void test_fetch_refuses_addresses_without_quoting_them(void **state)
{
    (void)state;
    assert_refused("file:///s3cret", NULL, "the address of a server");
    assert_refused("ftp://s3cret/", NULL, "the address of a server");
    assert_refused("http://", NULL, "the address of a server");
    assert_refused("http://a b/s3cret", NULL, "the address of a server");
    assert_refused("https://me:s3cret@host/v1", NULL, "no user or password");
    assert_refused("https://s3cret@host/v1", NULL, "no user or password");
    assert_refused("https://host/v1?key=s3cret", NULL, "no '?'");
    assert_refused("https://host/v1#a#s3cret", NULL, "no second '#'");
    assert_int_equal(rk_fetch_check("https://host/v1#a#b", NULL), RK_OK);
    assert_int_equal(rk_fetch_check("https://me:s3cret@host/v1#a", NULL),
                     RK_EINVAL);
}


static void test_fetch_refuses_a_key_that_would_end_its_line(void **state)
{
    rk_fetch_opts o = rk_fetch_defaults;

    (void)state;
    o.key = "s3cret\r\nX-Admin: 1";
    assert_refused("http://host/v1", &o, "the server's key holds");
    o.key = "s3cret\xc3\xa9";
    assert_refused("http://host/v1", &o, "the server's key holds");
}


static void test_fetch_names_its_host(void **state)
{
    rk_fetch *f;

    (void)state;
    assert_int_equal(rk_fetch_open(&f, "http://[::1]:81/v1//", NULL, NULL),
                     RK_OK);
    assert_string_equal(rk_fetch_host(f), "[::1]:81");
    rk_fetch_close(f);
    assert_int_equal(rk_fetch_open(&f, "https://api.example.org", NULL, NULL),
                     RK_OK);
    assert_string_equal(rk_fetch_host(f), "api.example.org");
    rk_fetch_close(f);
    rk_fetch_close(NULL);
}


static void test_fetch_survives_each_allocation_failing(void **state)
{
    rk_fetch_opts o = rk_fetch_defaults;
    size_t n = 0;
    size_t made;

    (void)state;
    o.key = "k";
    do {
        rk_fetch *f = NULL;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_fetch_open(&f, "http://host/v1", &o, NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        rk_fetch_close(f);
    } while (made >= n);
    assert_true(n > 4);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_tells_addresses_from_names),
        cmocka_unit_test(test_fetch_refuses_addresses_without_quoting_them),
        cmocka_unit_test(test_fetch_refuses_a_key_that_would_end_its_line),
        cmocka_unit_test(test_fetch_names_its_host),
        cmocka_unit_test(test_fetch_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

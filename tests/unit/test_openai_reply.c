/* Replies of all shapes; what a server does with them is in tests/servers. */
#include "llm/openai_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *parsed(const char *text)
{
    json_t *reply;
    rk_error err;

    if (rk_json_parse_with_nul(&reply, text, strlen(text), "reply", &err))
        fail_msg("%s", err.msg);
    return reply;
}


static void assert_says(int rc, int expected, const rk_error *err,
                        const char *words)
{
    assert_int_equal(rc, expected);
    if (!strstr(err->msg, words))
        fail_msg("'%s' does not say '%s'", err->msg, words);
}


static int find(const char *text, const char *name, rk_reply_model *m,
                rk_error *err)
{
    json_t *reply = parsed(text);
    int rc = rk_reply_model_find(m, reply, name, err);

    m->id = m->owner = NULL;
    json_decref(reply);
    return rc;
}


static void test_reply_model_is_found_by_name_or_alias(void **state)
{
    static const char two[] =
        "{\"data\": [{\"id\": \"a\", \"created\": 1, \"meta\": {\"n_ctx\": "
        "77}}, {\"id\": \"b\", \"aliases\": [\"c\"], \"max_model_len\": 9}]}";
    static const char later[] =
        "{\"data\": [{\"id\": \"a\", \"created\": 2, \"meta\": {\"n_ctx\": "
        "77}}]}";
    static const char another[] =
        "{\"data\": [{\"id\": \"a\", \"created\": 1, \"meta\": {\"n_ctx\": "
        "78}}]}";
    rk_reply_model m, n;
    rk_error err;

    (void)state;
    assert_int_equal(find(two, "a", &m, NULL), RK_OK);
    assert_int_equal(m.n_context, 77);
    assert_int_equal(find(later, "", &n, NULL), RK_OK);
    assert_string_equal(m.fingerprint, n.fingerprint);
    assert_int_equal(find(another, "", &n, NULL), RK_OK);
    assert_string_not_equal(m.fingerprint, n.fingerprint);
    assert_int_equal(find(two, "c", &m, NULL), RK_OK);
    assert_int_equal(m.n_context, 9);
    assert_says(find(two, "x", &m, &err), RK_ENOTFOUND, &err,
                "no model 'x'; it has a, b");
    assert_says(find("{\"data\": []}", "", &m, &err), RK_ENOTFOUND, &err,
                "found 0");
    assert_says(find("{\"data\": [{\"id\": 7}]}", "", &m, &err), RK_EFORMAT,
                &err, "expected a text \"id\", found whole number");
    assert_says(find("7", "", &m, &err), RK_EFORMAT, &err,
                "expected a list \"data\", found whole number");
}


static void test_reply_ids_tell_which_are_parts_of_characters(void **state)
{
    json_t *reply = parsed("{\"tokens\": [{\"id\": 5, \"piece\": \"a\"}, "
                           "{\"id\": 6, \"piece\": [195]}, 7]}");
    json_t *partial = json_object();
    json_t *ids;
    rk_error err;

    (void)state;
    assert_int_equal(rk_reply_ids(&ids, reply, partial, NULL), RK_OK);
    assert_int_equal(json_array_size(ids), 3);
    assert_int_equal(json_integer_value(json_array_get(ids, 1)), 6);
    assert_int_equal(json_object_size(partial), 1);
    assert_non_null(json_object_get(partial, "6"));
    json_decref(ids);
    json_decref(reply);
    reply = parsed("{\"tokens\": [1, -1]}");
    assert_says(rk_reply_ids(&ids, reply, partial, &err), RK_EFORMAT, &err,
                "in place 1, found one out of range");
    assert_null(ids);
    json_decref(reply);
    reply = parsed("{\"tokens\": [\"a\"]}");
    assert_says(rk_reply_ids(&ids, reply, partial, &err), RK_EFORMAT, &err,
                "in place 0, found a text");
    json_decref(reply);
    json_decref(partial);
}


static int word_logp(const char *top, float *logp, rk_error *err)
{
    static const char *const words[] = {" a", " b"};
    char text[400];
    json_t *reply;
    int rc;

    snprintf(text, sizeof(text), "{\"choices\": [{\"logprobs\": %s}]}", top);
    reply = parsed(text);
    rc = rk_reply_words(reply, words, 2, logp, NULL, err);
    json_decref(reply);
    return rc;
}


static void test_reply_words_are_read_of_lists_and_of_maps(void **state)
{
    float p[2];
    rk_error err;

    (void)state;
    assert_int_equal(
        word_logp("{\"content\": [{\"top_logprobs\": ["
                  "{\"token\": \" b\", \"id\": 4, \"logprob\": -0.5},"
                  "{\"token\": \" a\\u0000\", \"id\": 5, \"logprob\": -1.5},"
                  "{\"token\": \"x\", \"id\": 6, \"logprob\": -2.5}]}]}",
                  p, NULL),
        RK_OK);
    assert_true(p[0] == -2.5f && p[1] == -0.5f);
    assert_int_equal(
        word_logp("{\"top_logprobs\": [{\" a\": -0.25, \"x\": -9999.0}]}", p,
                  NULL),
        RK_OK);
    assert_true(p[0] == -0.25f && p[1] == -1000.0f);
    assert_says(word_logp("{\"top_logprobs\": [{\" a\": 0.25}]}", p, &err),
                RK_EFORMAT, &err, "a log-probability of at most 0, found 0.25");
    assert_says(word_logp("{\"top_logprobs\": [{\" a\": null}]}", p, &err),
                RK_EFORMAT, &err, "found null");
    assert_says(word_logp("{\"top_logprobs\": [{}]}", p, &err), RK_EFORMAT,
                &err, "expected the likeliest tokens, found none");
    assert_says(word_logp("null", p, &err), RK_EFORMAT, &err,
                "a list \"top_logprobs\", found null");
}


static void test_reply_forced_tokens_are_those_asked_for(void **state)
{
    json_t *reply = parsed(
        "{\"choices\": [{\"logprobs\": {\"content\": [{\"id\": 5, \"logprob\": "
        "-1}, {\"id\": 6, \"logprob\": -2.5}]}}]}");
    json_t *ids = json_pack("[i, i]", 5, 6);
    float p[3];
    rk_error err;

    (void)state;
    assert_int_equal(rk_reply_forced(reply, ids, p, NULL), RK_OK);
    assert_true(p[0] == -1 && p[1] == -2.5f);
    json_array_append_new(ids, json_integer(7));
    assert_says(rk_reply_forced(reply, ids, p, &err), RK_EFORMAT, &err,
                "expected 3 tokens, found 2");
    json_decref(ids);
    ids = json_pack("[i, i]", 5, 7);
    assert_says(rk_reply_forced(reply, ids, p, &err), RK_EFORMAT, &err,
                "found another in place 1");
    json_decref(ids);
    json_decref(reply);
}


static int echoed(const char *logprobs, rk_reply_span *s, rk_error *err)
{
    char text[400];
    json_t *reply;
    int rc;

    snprintf(text, sizeof(text), "{\"choices\": [{\"logprobs\": {%s}}]}",
             logprobs);
    reply = parsed(text);
    rc = rk_reply_echoed(reply, s, 1, err);
    json_decref(reply);
    return rc;
}


static void test_reply_echo_is_summed_over_the_branch(void **state)
{
    static const char five[] =
        "\"token_logprobs\": [null, -1, -2, -4, -8], \"text_offset\": [0, 3, "
        "5, 9, 12]";
    rk_reply_span s = {.in_tokens = true, .begin = 2, .end = 4};
    rk_error err;

    (void)state;
    assert_int_equal(echoed(five, &s, NULL), RK_OK);
    assert_true(s.logp == -6 && s.n_tokens == 2);
    s = (rk_reply_span){.begin = 3, .end = 12};
    assert_int_equal(echoed(five, &s, NULL), RK_OK);
    assert_true(s.logp == -7 && s.n_tokens == 3);
    s = (rk_reply_span){.begin = 4, .end = 12}; /* within a token */
    assert_says(echoed(five, &s, &err), RK_EFORMAT, &err,
                "at character 4, found one at 5");
    s = (rk_reply_span){.in_tokens = true, .begin = 2, .end = 9};
    assert_says(echoed(five, &s, &err), RK_EFORMAT, &err,
                "found 3 of the branch's");
    s = (rk_reply_span){.begin = 3, .end = 12};
    assert_says(
        echoed("\"token_logprobs\": [-1], \"text_offset\": [\"a\"]", &s, &err),
        RK_EFORMAT, &err, "in \"text_offset\", found a text");
}


static void test_reply_usage_is_never_less_than_nothing(void **state)
{
    json_t *reply = parsed(
        "{\"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": -4, "
        "\"prompt_tokens_details\": {\"cached_tokens\": 9}}}");
    rk_reply_usage u = rk_reply_usage_of(reply);

    (void)state;
    assert_int_equal(u.prompt, 3);
    assert_int_equal(u.cached, 3);
    assert_int_equal(u.written, 0);
    json_decref(reply);
    u = rk_reply_usage_of(NULL);
    assert_int_equal(u.prompt, 0);
}


static void test_reply_text_refuses_a_nul(void **state)
{
    json_t *reply = parsed("{\"choices\": [{\"text\": \"a\\u0000b\"}]}");
    char *text;
    rk_error err;

    (void)state;
    assert_says(rk_reply_text(&text, reply, &err), RK_EFORMAT, &err,
                "found one with NUL");
    assert_null(text);
    json_decref(reply);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_model_is_found_by_name_or_alias),
        cmocka_unit_test(test_reply_ids_tell_which_are_parts_of_characters),
        cmocka_unit_test(test_reply_words_are_read_of_lists_and_of_maps),
        cmocka_unit_test(test_reply_forced_tokens_are_those_asked_for),
        cmocka_unit_test(test_reply_echo_is_summed_over_the_branch),
        cmocka_unit_test(test_reply_usage_is_never_less_than_nothing),
        cmocka_unit_test(test_reply_text_refuses_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

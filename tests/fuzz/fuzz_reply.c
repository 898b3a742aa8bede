/* Replies of model servers: every reader takes every document. */
#include "fuzz.h"
#include "llm/openai_reply.h"

/* What a reader may say. */
static int check(int rc)
{
    FUZZ_CHECK(rc == RK_OK || rc == RK_EFORMAT || rc == RK_ENOTFOUND);
    return rc;
}


static void read_tokens(const json_t *reply)
{
    json_t *partial = json_object();
    json_t *ids = NULL;
    float *logp;

    FUZZ_CHECK(partial);
    if (check(rk_reply_ids(&ids, reply, partial, NULL)) == RK_OK) {
        logp = calloc(json_array_size(ids) + 1, sizeof(*logp));
        FUZZ_CHECK(logp);
        check(rk_reply_forced(reply, ids, logp, NULL));
        free(logp);
    }
    json_decref(ids);
    json_decref(partial);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {" a", " b"};
    rk_reply_span spans[2] = {{.in_tokens = true, .begin = 1, .end = 3},
                              {.begin = 2, .end = 5}};
    rk_reply_model model;
    json_t *reply;
    float out[8];
    size_t d;
    char *text;

    if (rk_json_parse_with_nul(&reply, (const char *)data, size, "it", NULL))
        return 0;
    check(rk_reply_model_find(&model, reply, "", NULL));
    check(rk_reply_width(&d, reply, NULL));
    check(rk_reply_vectors(reply, 2, 4, out, NULL));
    check(rk_reply_scores(reply, 2, out, NULL));
    if (check(rk_reply_words(reply, words, 2, out, NULL, NULL)) == RK_OK)
        FUZZ_CHECK(out[0] <= 0 && out[1] <= 0);
    check(rk_reply_id(reply, 7, out, NULL));
    check(rk_reply_echoed(reply, spans, 2, NULL));
    if (check(rk_reply_text(&text, reply, NULL)) == RK_OK)
        free(text);
    FUZZ_CHECK(rk_reply_usage_of(reply).prompt >=
               rk_reply_usage_of(reply).cached);
    read_tokens(reply);
    json_decref(reply);
    return 0;
}

/* Requests and their answers, through reckon.h alone. */
#include "../shop.h"
#include "core/mem.h"
#include "tiny_llama.h"

#include <math.h>

#define NOW ((int64_t)1795521600000000)

static const char *const ways[] = {"auto", "tokens", "embeddings", "llm",
                                   "rag"};
static shop prepared; /* made once; tests that change it take a copy */

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))


static int prepare_once(void **state)
{
    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    return 0;
}


static int close_it(void **state)
{
    (void)state;
    shop_close(&prepared);
    return 0;
}


static rk_answer *ask(shop *s, const rk_request *request)
{
    rk_answer *a;
    rk_error err;

    assert_ok(rk_recommend(s->engine, request, &a, &err), err);
    return a;
}


/* The place of an item in an answer; SIZE_MAX when it is not there. */
static size_t place_of(const rk_answer *a, const char *id)
{
    for (size_t i = 0; i < a->n_items; i++)
        if (strcmp(a->items[i].id, id) == 0)
            return i;
    return SIZE_MAX;
}


static void assert_same_items(const rk_answer *a, const rk_answer *b)
{
    assert_int_equal(a->n_items, b->n_items);
    assert_string_equal(a->level, b->level);
    for (size_t i = 0; i < a->n_items; i++) {
        assert_string_equal(a->items[i].id, b->items[i].id);
        assert_true(a->items[i].score == b->items[i].score);
        assert_true(
            a->items[i].probability == b->items[i].probability ||
            (isnan(a->items[i].probability) && isnan(b->items[i].probability)));
        assert_string_equal(a->items[i].why, b->items[i].why);
    }
}


static void refused(shop *s, const rk_request *request, int code,
                    const char *says)
{
    rk_answer *a = (rk_answer *)1;
    rk_error err = {0};

    assert_int_equal(rk_recommend(s->engine, request, &a, &err), code);
    assert_null(a);
    assert_int_equal(err.code, code);
    assert_string_equal(err.msg, says);
    assert_int_equal(rk_recommend(s->engine, request, &a, NULL), code);
}


static void test_wrong_requests_are_refused_in_one_line(void **state)
{
    const char *const strangers[] = {"B78901", "B0"};
    const rk_request nobody = {.n = 5};
    const rk_request none = {.user = "U12345", .n = 0};
    const rk_request many = {.user = "U12345", .n = 1001};
    const rk_request other = {.user = "U0", .n = 5};
    const rk_request odd = {.user = "U12345", .n = 5, .way = "magic"};
    const rk_request item = {
        .user = "U12345", .n = 5, .candidates = strangers, .n_candidates = 2};
    const rk_request crowd = {.user = "U12345",
                              .n = 5,
                              .candidates = strangers,
                              .n_candidates = 1001};
    const rk_request bytes = {.profile = "\xff", .n = 5};
    const rk_request good = {.user = "U12345", .n = 1};

    (void)state;
    refused(&prepared, &nobody, RK_EINVAL,
            "neither a user nor a profile was given");
    refused(&prepared, &none, RK_EINVAL, "n is 0, must be 1 to 1000");
    refused(&prepared, &many, RK_EINVAL, "n is 1001, must be 1 to 1000");
    refused(&prepared, &other, RK_ENOTFOUND, "no such user: U0");
    refused(&prepared, &odd, RK_EINVAL,
            "way is 'magic', must be embeddings, tokens, llm, rag or auto");
    refused(&prepared, &item, RK_ENOTFOUND, "no such item: B0");
    refused(&prepared, &crowd, RK_EINVAL,
            "1001 candidates, at most 1000 are ranked");
    refused(&prepared, &bytes, RK_EINVAL, "the profile is not UTF-8");
    rk_answer_free(ask(&prepared, &good));
}


static void test_nothing_is_answered_before_prepare(void **state)
{
    const rk_request request = {.user = "U12345", .n = 5};
    rk_answer *a = (rk_answer *)1;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_fill(&s);
    refused(&s, &request, RK_ENOTREADY,
            "nothing is prepared yet: run reckon prepare");
    assert_int_equal(rk_predict(s.engine, &request, "B78901", &a, &err),
                     RK_ENOTREADY);
    assert_null(a);
    assert_int_equal(rk_similar(s.engine, "B78901", 5, &a, &err), RK_ENOTREADY);
    shop_close(&s);
}


static void test_predict_and_similar_refuse_what_recommend_does(void **state)
{
    const rk_request good = {.user = "U12345"};
    const rk_request nobody = {0};
    const rk_request other = {.user = "U0"};
    rk_answer *a;
    rk_error err;

    (void)state;
    assert_int_equal(rk_predict(prepared.engine, &good, "B0", &a, &err),
                     RK_ENOTFOUND);
    assert_string_equal(err.msg, "no such item: B0");
    assert_int_equal(rk_predict(prepared.engine, &nobody, "B78901", &a, &err),
                     RK_EINVAL);
    assert_int_equal(rk_predict(prepared.engine, &other, "B78901", &a, &err),
                     RK_ENOTFOUND);
    assert_int_equal(rk_similar(prepared.engine, "B0", 5, &a, &err),
                     RK_ENOTFOUND);
    assert_int_equal(rk_similar(prepared.engine, "B78901", 0, &a, &err),
                     RK_EINVAL);
    assert_int_equal(rk_similar(prepared.engine, "B78901", 1001, &a, &err),
                     RK_EINVAL);
    assert_null(a);
}


static void assert_well_formed(const rk_answer *a, const char *way)
{
    assert_int_equal(strlen(a->request_id), 32);
    assert_string_equal(a->way, way);
    assert_string_equal(a->level, way);
    assert_string_equal(a->user, "U12345");
    assert_true(a->n_stages >= 2);
    for (size_t i = 0; i < a->n_items; i++) {
        const rk_ranked *r = &a->items[i];

        assert_true(isfinite(r->score));
        assert_true(i == 0 || a->items[i - 1].score >= r->score);
        assert_true(r->probability > 0 && r->probability < 1);
        assert_non_null(r->source);
        assert_true(strncmp(r->why, r->title, strlen(r->title)) == 0);
        assert_true(r->n_reasons > 0);
        assert_int_equal(place_of(a, r->id), i);
    }
}


static void test_every_way_answers_what_was_not_had(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_request all = {.user = "U12345", .way = ways[w], .n = 1000};
        const rk_request some = {.user = "U12345", .way = ways[w], .n = 3};
        rk_answer *whole = ask(&prepared, &all);
        rk_answer *top = ask(&prepared, &some);

        assert_well_formed(whole, ways[w]);
        assert_well_formed(top, ways[w]);
        assert_int_equal(top->n_items, 3);
        assert_true(place_of(whole, "B16431") == SIZE_MAX);
        for (size_t i = 0; i < 3 && strcmp(ways[w], "llm") != 0; i++)
            assert_string_equal(top->items[i].id, whole->items[i].id);
        rk_answer_free(whole);
        rk_answer_free(top);
    }
}


static void test_what_was_had_comes_only_when_asked_for(void **state)
{
    rk_request request = {.user = "U12345", .way = "tokens", .n = 1000};
    rk_answer *unseen = ask(&prepared, &request);
    rk_answer *all;

    (void)state;
    request.include_seen = true;
    all = ask(&prepared, &request);
    assert_int_equal(all->n_items, 64);
    assert_true(unseen->n_items < 64);
    assert_true(place_of(all, "B16431") != SIZE_MAX);
    rk_answer_free(unseen);
    rk_answer_free(all);
}


static void test_candidates_are_ranked_alone_and_in_no_order(void **state)
{
    const char *const one[] = {"B78901", "B27381", "B15269"};
    const char *const other[] = {"B15269", "B78901", "B27381", "B15269"};

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_request request = {.user = "U12345",
                              .way = ways[w],
                              .n = 10,
                              .candidates = one,
                              .n_candidates = 3};
        rk_answer *a = ask(&prepared, &request);
        rk_answer *b;

        request.candidates = other;
        request.n_candidates = 4;
        b = ask(&prepared, &request);
        assert_int_equal(a->n_items, 3);
        assert_well_formed(a, ways[w]);
        assert_same_items(a, b);
        rk_answer_free(a);
        rk_answer_free(b);
    }
}


/* The parts that have a weight add up to the score. */
static void assert_adds_up(const rk_ranked *r)
{
    double sum = 0;

    for (size_t i = 0; i < r->n_reasons; i++)
        if (!isnan(r->reasons[i].weight))
            sum += r->reasons[i].weight;
    assert_true(fabs(sum - r->score) < 1e-3);
}


static void test_predict_is_one_item_whose_parts_add_up(void **state)
{
    (void)state;
    for (size_t w = 0; w < 2; w++) { /* auto and tokens */
        const rk_request request = {.user = "U12345", .way = ways[w]};
        rk_answer *a;
        rk_error err;

        assert_ok(rk_predict(prepared.engine, &request, "B78901", &a, &err),
                  err);
        assert_int_equal(a->n_items, 1);
        assert_string_equal(a->items[0].id, "B78901");
        assert_string_equal(a->items[0].title, "The Silent Patient");
        assert_well_formed(a, ways[w]);
        assert_adds_up(&a->items[0]);
        rk_answer_free(a);
    }
}


static void
test_a_profile_alone_is_answered_and_replaces_a_stored_one(void **state)
{
    const rk_request profile = {
        .profile = "romance and humour, no thrillers", .way = "tokens", .n = 5};
    const rk_request both = {.user = "U12345",
                             .profile = "romance and humour, no thrillers",
                             .way = "tokens",
                             .n = 5};
    const rk_request user = {.user = "U12345", .way = "tokens", .n = 5};
    rk_answer *a = ask(&prepared, &profile);
    rk_answer *b = ask(&prepared, &both);
    rk_answer *c = ask(&prepared, &user);

    (void)state;
    assert_null(a->user);
    assert_int_equal(a->n_items, 5);
    for (size_t i = 0; i < 5; i++) {
        rk_card *card;
        rk_error err;
        bool fits = false;

        assert_ok(
            rk_show(prepared.engine, RK_ITEMS, a->items[i].id, &card, &err),
            err);
        for (size_t k = 0; k < card->n_lines; k++) {
            const rk_line *l = &card->lines[k];

            if (strcmp(l->name, "genres") == 0) {
                fits = strstr(l->value, "romance") ||
                       strstr(l->value, "humour");
                assert_null(strstr(l->value, "thriller"));
            }
        }
        assert_true(fits);
        rk_card_free(card);
    }
    assert_true(b->items[0].score != c->items[0].score);
    rk_answer_free(a);
    rk_answer_free(b);
    rk_answer_free(c);
}


static void test_a_new_dislike_counts_in_the_next_answer(void **state)
{
    static const char *const live[] = {"auto", "tokens", "embeddings", "llm"};
    const rk_event no = {"U12345", "B15269", "dislike", 1, NOW};
    shop s;

    (void)state;
    for (size_t w = 0; w < 4; w++) {
        const rk_request request = {.user = "U12345", .way = live[w]};
        rk_answer *before;
        rk_answer *after;
        rk_error err;

        shop_copy(&s, &prepared);
        /* another thriller than the one disliked */
        assert_ok(rk_predict(s.engine, &request, "B78901", &before, &err), err);
        assert_ok(rk_put_events(s.engine, &no, 1, &err), err);
        assert_ok(rk_predict(s.engine, &request, "B78901", &after, &err), err);
        assert_true(after->items[0].score < before->items[0].score);
        rk_answer_free(before);
        rk_answer_free(after);
        shop_close(&s);
    }
}


static void test_a_new_item_is_recommended_without_prepare(void **state)
{
    const rk_field fields[] = {
        {"title", "The Frozen Hive"},
        {"genres", "romance|humour"},
        {"description", "Two beekeepers who loathe each other share a cabin."}};
    const rk_record item = {"NEW", fields, 3};
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    rk_answer_free(ask(&s, &(rk_request){.user = "U12345", .n = 1}));
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_request request = {
            .profile = "beekeepers, romance, humour", .way = ways[w], .n = 20};
        rk_answer *a = ask(&s, &request);

        assert_true(place_of(a, "NEW") != SIZE_MAX);
        rk_answer_free(a);
    }
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_request request = {.user = "U12345", .way = ways[w]};
        rk_answer *a;

        assert_ok(rk_predict(s.engine, &request, "NEW", &a, &err), err);
        assert_string_equal(a->items[0].title, "The Frozen Hive");
        assert_true(isfinite(a->items[0].score));
        rk_answer_free(a);
    }
    shop_close(&s);
}


static void test_similar_items_are_nearest_first_and_not_the_item(void **state)
{
    rk_answer *a;
    rk_error err;

    (void)state;
    assert_ok(rk_similar(prepared.engine, "B78901", 1000, &a, &err), err);
    assert_int_equal(a->n_items, 63);
    assert_true(place_of(a, "B78901") == SIZE_MAX);
    for (size_t i = 0; i < a->n_items; i++) {
        assert_true(fabs(a->items[i].score) <= 1.0001);
        assert_true(i == 0 || a->items[i].score <= a->items[i - 1].score);
        assert_string_equal(a->items[i].reasons[0].evidence, "B78901");
    }
    rk_answer_free(a);
}


static void test_a_way_that_was_not_prepared_is_stood_in_for(void **state)
{
    static const struct {
        const char *models, *way, *level;
    } cases[] = {
        {"embedder: scripted, writer: none", "llm",
         "auto, because llm: no writer when prepared"},
        {"embedder: scripted, writer: none", "rag",
         "auto, because rag: no writer when prepared"},
        {"embedder: none, writer: scripted", "embeddings",
         "auto, because embeddings: no embedder when prepared"},
        {"embedder: none, writer: scripted", "rag",
         "auto, because rag: no embedder when prepared"},
        {"embedder: none, writer: none", "embeddings",
         "auto, because embeddings: no embedder when prepared"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const rk_request request = {
            .user = "U12345", .way = cases[i].way, .n = 5};
        rk_answer *a;
        shop s;

        shop_open_prepared(&s, cases[i].models);
        a = ask(&s, &request);
        assert_string_equal(a->way, cases[i].way);
        assert_string_equal(a->level, cases[i].level);
        assert_int_equal(a->n_items, 5);
        assert_adds_up(&a->items[0]);
        rk_answer_free(a);
        shop_close(&s);
    }
}


/* Prepared with both models, asked with none of them. */
static void test_a_model_that_went_away_is_stood_in_for(void **state)
{
    static const rk_engine_opts none = {.embedder = "none", .writer = "none"};
    static const char *const asked[] = {"B78901", "B27381"};
    static const char level[] = "auto, because llm: the configuration says to "
                                "do without a writer";
    const rk_request all = {.user = "U12345", .way = "llm", .n = 5};
    const rk_request two = {.user = "U12345",
                            .way = "llm",
                            .n = 5,
                            .candidates = asked,
                            .n_candidates = 2};
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    shop_reopen(&s, &none);
    a = ask(&s, &all);
    assert_string_equal(a->level, level);
    assert_int_equal(a->n_items, 5);
    assert_adds_up(&a->items[0]);
    rk_answer_free(a);
    a = ask(&s, &two);
    assert_string_equal(a->level, level);
    assert_int_equal(a->n_items, 2);
    rk_answer_free(a);
    assert_ok(rk_predict(s.engine, &all, "B78901", &a, &err), err);
    assert_string_equal(a->level, level);
    assert_int_equal(a->n_items, 1);
    rk_answer_free(a);
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_request words = {
            .profile = "quiet novels of the sea", .way = ways[w], .n = 5};

        a = ask(&s, &words);
        assert_int_equal(a->n_items, 5);
        if (strcmp(ways[w], "embeddings") == 0)
            assert_string_equal(
                a->level, "auto, because embeddings: it proposes nothing");
        rk_answer_free(a);
    }
    shop_close(&s);
}


/* Another writer's likelihoods must not be held against those kept of the one
 * prepared with. */
static void test_another_model_is_stood_in_for(void **state)
{
    const rk_request request = {.user = "U12345", .way = "llm", .n = 5};
    char path[512];
    rk_engine_opts tiny = {.writer = path};
    rk_card *card;
    size_t n_wrong;
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    snprintf(path, sizeof(path), "%s", scratch_path(&s.files, "tiny.gguf"));
    assert_int_equal(tiny_llama_save(path), 0);
    shop_reopen(&s, &tiny);
    a = ask(&s, &request);
    assert_string_equal(a->level, "auto, because llm: the writer is another "
                                  "model than the one prepared with: run "
                                  "reckon prepare");
    assert_int_equal(a->n_items, 5);
    rk_answer_free(a);
    assert_ok(rk_doctor(s.engine, &card, &n_wrong, &err), err);
    assert_int_equal(n_wrong, 1);
    for (size_t i = 0; i < card->n_lines; i++)
        if (strcmp(card->lines[i].section, "writer") == 0)
            assert_string_equal(card->lines[i].name, "stale");
    rk_card_free(card);
    shop_close(&s);
}


/* A user's request about these books, from an engine opened anew. */
static rk_answer *ask_tiny(shop *s, const char *writer,
                           const char *const *books, size_t n)
{
    const rk_engine_opts opts = {.writer = writer};
    const rk_request request = {.user = "U12345",
                                .way = "llm",
                                .n = n,
                                .candidates = books,
                                .n_candidates = n,
                                .include_seen = true};

    shop_reopen(s, &opts);
    return ask(s, &request);
}


/* What status says of them; "" where it says nothing. */
static const char *kept_prefixes(shop *s)
{
    static char text[600];
    rk_card *card;
    rk_error err;

    text[0] = '\0';
    assert_ok(rk_status(s->engine, &card, &err), err);
    for (size_t i = 0; i < card->n_lines; i++)
        if (strcmp(card->lines[i].name, "kept prefixes") == 0)
            snprintf(text, sizeof(text), "%s", card->lines[i].value);
    rk_card_free(card);
    return text;
}


static void test_another_process_reads_no_history_again(void **state)
{
    static const char *const words = "llm: {mode: likelihood}\n"
                                     "models: {embedder: scripted}\n";
    static const char *const off = "llm: {mode: likelihood, cache_disk_mb: 0}\n"
                                   "models: {embedder: scripted}\n";
    const rk_request any = {.user = "U12345", .n = 6};
    const char *books[6];
    char path[600];
    rk_engine_opts tiny = {.writer = path};
    rk_answer *first;
    rk_answer *second;
    rk_answer *alone;
    rk_answer *list;
    shop other;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    list = ask(&s, &any);
    for (size_t i = 0; i < 6; i++)
        books[i] = list->items[i].id;
    shop_write(&s, "reckon.yaml", words, strlen(words));
    snprintf(path, sizeof(path), "%s", scratch_path(&s.files, "tiny.gguf"));
    assert_int_equal(tiny_llama_save(path), 0);
    shop_reopen(&s, &tiny);
    shop_prepare(&s);
    assert_int_not_equal(
        access(scratch_path(&s.files, "reckon.db.prefixes"), F_OK), 0);
    shop_copy(&other, &s);
    shop_write(&other, "reckon.yaml", off, strlen(off));
    first = ask_tiny(&s, path, books, 3);
    second = ask_tiny(&s, path, books + 3, 3);
    alone = ask_tiny(&other, path, books + 3, 3);
    assert_string_equal(first->level, "llm");
    assert_string_equal(second->level, "llm");
    assert_true(first->usage.prefix_tokens > 0);
    assert_int_equal(second->usage.prefix_tokens, 0);
    assert_true(second->usage.candidate_tokens > 0);
    assert_int_equal(second->usage.reused_tokens, alone->usage.prefix_tokens);
    assert_int_equal(alone->usage.reused_tokens, 0);
    assert_same_items(second, alone);
    for (size_t i = 0; i < 3; i++)
        assert_true(second->items[i].score == alone->items[i].score);
    assert_true(atoi(kept_prefixes(&s)) > 0);
    assert_string_equal(kept_prefixes(&other), "");
    assert_int_not_equal(
        access(scratch_path(&other.files, "reckon.db.prefixes"), F_OK), 0);
    rk_answer_free(first);
    rk_answer_free(second);
    rk_answer_free(alone);
    rk_answer_free(list);
    shop_close(&other);
    shop_close(&s);
}


static void test_what_was_read_before_is_not_asked_again(void **state)
{
    const rk_request request = {
        .profile = "ships, whales and the sea", .way = "embeddings", .n = 3};
    rk_answer *first;
    rk_answer *second;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    first = ask(&s, &request);
    second = ask(&s, &request);
    assert_int_equal(first->usage.embedded_texts, 1);
    assert_int_equal(second->usage.embedded_texts, 0);
    assert_same_items(first, second);
    rk_answer_free(first);
    rk_answer_free(second);
    shop_close(&s);
}


/* Without memory there is an error or, where only the trace is short of it,
 * the same answer; and the engine goes on. */
static void test_recommending_survives_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_request request = {.user = "U12345", .way = ways[w], .n = 2};
        rk_answer *wanted = ask(&prepared, &request);
        size_t n = 1 + w % 3;
        size_t made;

        do {
            rk_answer *a = NULL;
            rk_error err = {0};
            int rc;

            rk_mem_fail_at(n);
            rc = rk_recommend(prepared.engine, &request, &a, &err);
            made = rk_mem_fail_at(0);
            assert_int_equal(!a, rc != RK_OK);
            if (rc == RK_OK)
                assert_same_items(a, wanted);
            else
                assert_int_equal(rc, RK_ENOMEM);
            assert_true(made >= n || rc == RK_OK);
            rk_answer_free(a);
            n += 3;
        } while (made + 3 >= n);
        assert_true(n > 100);
        rk_answer_free(wanted);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_requests_are_refused_in_one_line),
        cmocka_unit_test(test_nothing_is_answered_before_prepare),
        cmocka_unit_test(test_predict_and_similar_refuse_what_recommend_does),
        cmocka_unit_test(test_every_way_answers_what_was_not_had),
        cmocka_unit_test(test_what_was_had_comes_only_when_asked_for),
        cmocka_unit_test(test_candidates_are_ranked_alone_and_in_no_order),
        cmocka_unit_test(test_predict_is_one_item_whose_parts_add_up),
        cmocka_unit_test(
            test_a_profile_alone_is_answered_and_replaces_a_stored_one),
        cmocka_unit_test(test_a_new_dislike_counts_in_the_next_answer),
        cmocka_unit_test(test_a_new_item_is_recommended_without_prepare),
        cmocka_unit_test(test_similar_items_are_nearest_first_and_not_the_item),
        cmocka_unit_test(test_a_way_that_was_not_prepared_is_stood_in_for),
        cmocka_unit_test(test_a_model_that_went_away_is_stood_in_for),
        cmocka_unit_test(test_another_model_is_stood_in_for),
        cmocka_unit_test(test_another_process_reads_no_history_again),
        cmocka_unit_test(test_what_was_read_before_is_not_asked_again),
        cmocka_unit_test(test_recommending_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, prepare_once, close_it);
}

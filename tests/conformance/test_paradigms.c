/* What every way of recommending keeps, one suite run unchanged on each of
 * them and on auto, over the bookstore and models that follow a script. */
#include "../shop.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/record.h"
#include "engine/ask.h"
#include "engine/rank.h"
#include "engine/recall.h"

#include <math.h>

#define N_WAYS   (RK_N_PARADIGMS + 1)
#define N_ASKERS 5
#define MOST     80 /* items that the shop has, or fewer */

/* Who asks: readers of other tastes, words alone, and nobody at all. */
static const rk_request requests[N_ASKERS] = {
    {.user = "U12345"},
    {.user = "U40718"},
    {.user = "U73290", .profile = "no crime, no thrillers; romance"},
    {.profile = "science fiction and fantasy, no romance"},
    {.profile = ""},
};

static const rk_paradigm rk_auto = {.name = "auto",
                                    .recall = rk_recall,
                                    .score = rk_rank,
                                    .explain = rk_rank_explain};

static shop prepared;
static const rk_snapshot *s; /* of it, or a test's own */
static rk_asker askers[N_ASKERS];
static rk_run run; /* of the test that runs */
static rk_error err;


static const rk_paradigm *way_at(size_t w)
{
    return w < RK_N_PARADIGMS ? rk_paradigms[w] : &rk_auto;
}


static int set_up(void **state)
{
    const rk_field fields[] = {{"title", "A Late Book"},
                               {"genres", "fiction|romance"}};
    const rk_record late = {"LATE", fields, 2};
    rk_engine *e;

    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    e = prepared.engine;
    assert_ok(rk_put_items(e, &late, 1, &err), err);
    run = rk_engine_run(e);
    assert_ok(rk_engine_serving(e, &run, &err), err);
    s = &e->serving->snapshot;
    assert_int_equal(s->n_items, s->n_fitted + 1); /* one is newer */
    assert_true(s->n_items <= MOST);
    for (size_t a = 0; a < N_ASKERS; a++)
        assert_ok(rk_asker_init(&askers[a], e, &requests[a], true, &run, &err),
                  err);
    rk_run_clear(&run);
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    for (size_t a = 0; a < N_ASKERS; a++)
        rk_asker_clear(&askers[a]);
    shop_close(&prepared);
    return 0;
}


static const rk_snapshot *shops_own(void)
{
    return &prepared.engine->serving->snapshot;
}


static int run_new(void **state)
{
    (void)state;
    run = rk_engine_run(prepared.engine);
    s = shops_own();
    return 0;
}


static int run_end(void **state)
{
    (void)state;
    rk_run_clear(&run);
    return 0;
}


/* Candidates of these items, not scored yet. */
static rk_candidates candidates_of(const uint32_t *items, size_t n)
{
    rk_candidates c = {0};

    for (size_t i = 0; i < n; i++)
        assert_ok(rk_candidates_add(&c,
                                    (rk_candidate){.item = items[i],
                                                   .probability = NAN,
                                                   .source = "test"},
                                    &err),
                  err);
    assert_int_equal(c.n, n);
    return c;
}


/* The whole shop in an order drawn by `seed`, scored for one asker. */
static rk_candidates all_scored(const rk_paradigm *way, const rk_who *who,
                                uint64_t seed)
{
    uint32_t items[MOST];
    rk_rng rng = {seed};
    rk_candidates c;

    for (uint32_t i = 0; i < s->n_items; i++)
        items[i] = i;
    if (seed)
        rk_rng_shuffle(&rng, items, (uint32_t)s->n_items);
    c = candidates_of(items, s->n_items);
    assert_ok(way->score(s, who, &c, &run, &err), err);
    assert_int_equal(c.n, s->n_items);
    return c;
}


static const rk_candidate *find(const rk_candidates *c, uint32_t item)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].item == item)
            return &c->list[i];
    return NULL;
}


static bool same_number(float a, float b)
{
    return (isnan(a) && isnan(b)) || fabsf(a - b) < 1e-4f * (1 + fabsf(a));
}


static void test_each_way_is_found_by_its_name(void **state)
{
    (void)state;
    for (size_t w = 0; w < RK_N_PARADIGMS; w++) {
        assert_ptr_equal(rk_paradigm_find(rk_paradigms[w]->name),
                         rk_paradigms[w]);
        assert_true(strlen(rk_paradigms[w]->cites) > 0);
        assert_null(rk_paradigms[w]->lacks(s));
    }
    assert_null(rk_paradigm_find("auto"));
    assert_null(rk_paradigm_find(""));
}


static void test_scores_are_finite_and_probabilities_are_such(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (size_t a = 0; a < N_ASKERS; a++) {
            rk_candidates c = all_scored(way_at(w), &askers[a].who, 0);

            for (size_t i = 0; i < c.n; i++) {
                float p = c.list[i].probability;

                assert_true(isfinite(c.list[i].score));
                assert_true(isnan(p) || (p >= 0 && p <= 1));
            }
            rk_candidates_sort(&c);
            for (size_t i = 1; i < c.n; i++)
                assert_true(c.list[i - 1].score >= c.list[i].score);
            rk_candidates_clear(&c);
        }
}


static void test_the_order_of_candidates_changes_no_score(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (size_t a = 0; a < N_ASKERS; a++) {
            rk_candidates one = all_scored(way_at(w), &askers[a].who, 1);
            rk_candidates two = all_scored(way_at(w), &askers[a].who, 2 + a);

            for (size_t i = 0; i < one.n; i++) {
                const rk_candidate *c = find(&two, one.list[i].item);

                assert_true(same_number(one.list[i].score, c->score));
                assert_true(
                    same_number(one.list[i].probability, c->probability));
            }
            rk_candidates_clear(&one);
            rk_candidates_clear(&two);
        }
}


/* Of the ways, not of auto, which measures candidates against each other. */
static void test_no_candidate_touches_the_score_of_another(void **state)
{
    (void)state;
    for (size_t w = 0; w < RK_N_PARADIGMS; w++)
        for (size_t a = 0; a < N_ASKERS; a++) {
            rk_candidates all = all_scored(way_at(w), &askers[a].who, 0);

            for (uint32_t i = 0; i < s->n_items; i += 9) {
                rk_candidates one = candidates_of(&i, 1);

                assert_ok(way_at(w)->score(s, &askers[a].who, &one, &run, &err),
                          err);
                assert_true(same_number(one.list[0].score, all.list[i].score));
                assert_true(same_number(one.list[0].probability,
                                        all.list[i].probability));
                rk_candidates_clear(&one);
            }
            rk_candidates_clear(&all);
        }
}


static bool is_odd(const void *ctx, uint32_t item)
{
    (void)ctx;
    return item % 2;
}


static bool is_any(const void *ctx, uint32_t item)
{
    (void)ctx;
    (void)item;
    return true;
}


static void assert_proposed(const rk_candidates *c,
                            bool (*left_out)(const void *, uint32_t))
{
    for (size_t i = 0; i < c->n; i++) {
        assert_true(c->list[i].item < s->n_items);
        assert_false(left_out && left_out(NULL, c->list[i].item));
        assert_true(isfinite(c->list[i].score));
        assert_non_null(c->list[i].source);
        assert_ptr_equal(find(c, c->list[i].item), &c->list[i]);
    }
}


static void test_recall_proposes_each_item_once_and_none_to_skip(void **state)
{
    static bool (*const skips[])(const void *, uint32_t) = {NULL, is_odd,
                                                            is_any};

    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        for (size_t a = 0; a < N_ASKERS * 3; a++) {
            rk_candidates c = {0};

            if (!way_at(w)->recall)
                continue; /* it ranks what others propose */
            run.skip = skips[a % 3];
            assert_ok(
                way_at(w)->recall(s, &askers[a / 3].who, MOST, &c, &run, &err),
                err);
            assert_proposed(&c, run.skip);
            if (run.skip == is_any)
                assert_int_equal(c.n, 0);
            rk_candidates_clear(&c);
        }
}


static void test_a_way_proposes_as_many_as_asked_or_fewer(void **state)
{
    static const size_t ks[] = {1, 2, 5};

    (void)state;
    for (size_t w = 0; w < RK_N_PARADIGMS; w++)
        for (size_t i = 0; i < N_ASKERS * 3; i++) {
            const rk_paradigm *way = way_at(w);
            rk_candidates c = {0};

            if (!way->recall)
                continue;
            assert_ok(
                way->recall(s, &askers[i / 3].who, ks[i % 3], &c, &run, &err),
                err);
            assert_true(c.n <= ks[i % 3]);
            if (i / 3 < 4) /* there is something to go by */
                assert_int_equal(c.n, ks[i % 3]);
            rk_candidates_clear(&c);
        }
}


static bool is_id(const char *text)
{
    return rk_ids_find(s->ids, text) != RK_NO_ID;
}


static bool is_word(const char *text)
{
    for (size_t k = 0; k < s->vocabulary.n; k++)
        if (strcmp(s->vocabulary.words[k], text) == 0)
            return true;
    return false;
}


/* "WORD CATEGORY book" or "CATEGORY book", as a wish is written. */
static bool is_wish(const char *text)
{
    for (size_t k = 0; k < s->vocabulary.n_categories; k++) {
        char plain[128];
        char word[64] = "";
        const char *at;

        snprintf(plain, sizeof(plain), "%s book", s->vocabulary.words[k]);
        at = strstr(text, plain);
        if (!at || strcmp(at, plain) != 0)
            continue;
        if (at == text)
            return true;
        snprintf(word, sizeof(word), "%.*s", (int)(at - text - 1), text);
        if (is_word(word))
            return true;
    }
    return strcmp(text, "no wish") == 0;
}


static bool is_stage(const char *text)
{
    static const char *const stages[] = {
        "embeddings",       "tokens",  "popularity", "others' histories",
        "read after likes", "vectors", "profile",    "read after dislikes",
    };

    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (strcmp(stages[i], text) == 0)
            return true;
    return false;
}


/* What a reason rests on is there to be looked at. */
static void assert_real(const rk_evidence *e)
{
    bool real = false;

    if (strcmp(e->kind, "token") == 0)
        real = is_word(e->id);
    else if (strcmp(e->kind, "liked") == 0 ||
             strcmp(e->kind, "disliked") == 0 ||
             strcmp(e->kind, "neighbour") == 0 ||
             strcmp(e->kind, "quality") == 0)
        real = is_id(e->id);
    else if (strcmp(e->kind, "wish") == 0)
        real = is_wish(e->id);
    else if (strcmp(e->kind, "profile") == 0 ||
             strcmp(e->kind, "popular") == 0 || strcmp(e->kind, "model") == 0)
        real = is_stage(e->id);
    if (!real)
        fail_msg("%s reason rests on '%s'", e->kind, e->id);
    assert_true(strlen(e->text) > 0);
    assert_null(strstr(e->text, "nan"));
    assert_null(strstr(e->text, "inf "));
    assert_false(isinf(e->weight));
}


/* An item that is named as liked or disliked was so, in this history. */
static void assert_honest(const rk_evidence *e, const rk_who *who)
{
    int label = strcmp(e->kind, "liked") == 0      ? +1
                : strcmp(e->kind, "disliked") == 0 ? -1
                                                   : 0;
    bool there = label == 0;

    for (size_t i = 0; i < who->n_history && !there; i++)
        there = who->history[i].label == label &&
                strcmp(rk_snapshot_id(s, who->history[i].item), e->id) == 0;
    assert_true(there);
}


typedef void (*reasons_check)(const rk_paradigm *way, const rk_who *who,
                              const rk_candidate *c, const rk_reasons *r);


/* Every item explained to every asker, and each explanation looked at. */
static void each_explanation(const rk_paradigm *way, reasons_check check)
{
    for (size_t a = 0; a < N_ASKERS; a++) {
        rk_candidates c = all_scored(way, &askers[a].who, 0);

        for (size_t i = 0; i < c.n; i++) {
            rk_reasons r = {0};

            assert_ok(
                way->explain(s, &askers[a].who, &c.list[i], &r, &run, &err),
                err);
            check(way, &askers[a].who, &c.list[i], &r);
            rk_reasons_clear(&r);
        }
        rk_candidates_clear(&c);
    }
}


static void check_evidence(const rk_paradigm *way, const rk_who *who,
                           const rk_candidate *c, const rk_reasons *r)
{
    const char *title = rk_snapshot_title(s, c->item);

    (void)way;
    assert_true(r->n > 0);
    assert_non_null(r->why);
    assert_int_equal(strncmp(r->why, title, strlen(title)), 0);
    for (size_t i = 0; i < r->n; i++) {
        assert_real(&r->list[i]);
        assert_honest(&r->list[i], who);
    }
}


static void test_every_reason_rests_on_something_real(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        each_explanation(way_at(w), check_evidence);
}


/* tokens and auto: the score; embeddings: the log-odds of a like. */
static void check_sum(const rk_paradigm *way, const rk_who *who,
                      const rk_candidate *c, const rk_reasons *r)
{
    double p = c->probability;
    double wanted = way == &rk_embeddings ? log(p / (1 - p)) : c->score;
    double sum = 0;

    (void)who;
    for (size_t i = 0; i < r->n; i++)
        if (!isnan(r->list[i].weight))
            sum += r->list[i].weight;
    if (!(fabs(sum - wanted) < 1e-3))
        fail_msg("%s: parts are %g, the whole %g", way->name, sum, wanted);
}


static void test_parts_add_up_where_the_model_is_additive(void **state)
{
    (void)state;
    each_explanation(&rk_tokens, check_sum);
    each_explanation(&rk_embeddings, check_sum);
    each_explanation(&rk_auto, check_sum);
}


/* The sentence quotes reasons on the side that it says they are on. */
static void check_sides(const rk_paradigm *way, const rk_who *who,
                        const rk_candidate *c, const rk_reasons *r)
{
    bool pleases = !(c->probability < 0.5f);

    (void)way;
    (void)who;
    assert_true(!strstr(r->why, " should please") == !pleases);
    assert_true(!strstr(r->why, " is likely to disappoint") == pleases);
    for (size_t i = 0; i < r->n; i++) {
        const char *at = strstr(r->why, r->list[i].text);
        bool for_it = r->list[i].weight > 0;

        if (!at || isnan(r->list[i].weight) || r->list[i].weight == 0)
            continue;
        assert_true(strncmp(at - 9, "for it: ", 8) != 0 || for_it);
        assert_true(at - r->why < 12 ||
                    strncmp(at - 12, "against it: ", 12) != 0 || !for_it);
    }
}


static void test_the_sentence_is_on_the_side_of_the_probability(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++)
        each_explanation(way_at(w), check_sides);
}


static void test_what_a_way_lacks_is_named(void **state)
{
    rk_snapshot no_embedder = *s;
    rk_snapshot no_writer = *s;
    rk_snapshot no_tokens = *s;

    (void)state;
    no_embedder.vectors = NULL;
    no_writer.writer_key = "";
    no_tokens.tokens = NULL;
    no_tokens.wish_sd = NULL;
    assert_non_null(strstr(rk_embeddings.lacks(&no_embedder), "embedder"));
    assert_non_null(strstr(rk_rag.lacks(&no_embedder), "embedder"));
    assert_non_null(strstr(rk_llm_ranker.lacks(&no_writer), "writer"));
    assert_non_null(strstr(rk_rag.lacks(&no_writer), "writer"));
    assert_non_null(strstr(rk_tokens.lacks(&no_tokens), "category"));
    assert_non_null(strstr(rk_rag.lacks(&no_tokens), "categories"));
    assert_null(rk_tokens.lacks(&no_embedder));
    assert_null(rk_tokens.lacks(&no_writer));
    assert_null(rk_embeddings.lacks(&no_writer));
    assert_null(rk_llm_ranker.lacks(&no_embedder));
}


/* A model of likes that is sure of itself beyond what a float can say. */
static void test_scores_are_finite_however_sure_a_model_is(void **state)
{
    rk_snapshot sure = *s;

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        sure.embeddings_like.logistic.bias = (float)sign * 500;
        sure.tokens_like.logistic.bias = (float)-sign * 500;
        sure.llm_like.logistic.bias = (float)sign * 500;
        s = &sure;
        test_scores_are_finite_and_probabilities_are_such(NULL);
    }
    s = shops_own();
}


/* Without dislikes nothing is calibrated: ways rank, and say no probability. */
static void test_ways_rank_without_a_model_of_likes(void **state)
{
    rk_snapshot bare = *s;

    (void)state;
    bare.embeddings_like.fitted = false;
    bare.tokens_like.fitted = false;
    bare.llm_like.fitted = false;
    bare.fusion = NULL;
    bare.text_map = NULL;
    s = &bare;
    for (size_t w = 0; w < N_WAYS; w++) {
        rk_candidates c = all_scored(way_at(w), &askers[0].who, 0);

        for (size_t i = 0; i < c.n; i++) {
            assert_true(isfinite(c.list[i].score));
            assert_true(isnan(c.list[i].probability));
        }
        rk_candidates_clear(&c);
        each_explanation(way_at(w), check_evidence);
    }
    each_explanation(&rk_tokens, check_sum);
    each_explanation(&rk_auto, check_sum);
    s = shops_own();
}


static int whole_walk(const rk_paradigm *way, const rk_who *who)
{
    uint32_t items[] = {1, 8, 30};
    rk_candidates c = {0};
    rk_reasons r = {0};
    int rc = RK_OK;

    for (size_t i = 0; i < 3 && rc == RK_OK; i++)
        rc = rk_candidates_add(&c, (rk_candidate){.item = items[i]}, &err);
    if (rc == RK_OK)
        rc = way->score(s, who, &c, &run, &err);
    if (rc == RK_OK)
        rc = way->explain(s, who, &c.list[0], &r, &run, &err);
    c.n = 0;
    if (rc == RK_OK && way->recall)
        rc = way->recall(s, who, 4, &c, &run, &err);
    rk_candidates_clear(&c);
    rk_reasons_clear(&r);
    return rc;
}


static void test_each_way_survives_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t w = 0; w < N_WAYS; w++) {
        const rk_who *who = &askers[w % 4].who;
        size_t n = 0;
        size_t made;

        assert_ok(whole_walk(way_at(w), who), err); /* answers are kept now */
        do {
            int rc;

            run_end(NULL);
            run_new(NULL);
            rk_mem_fail_at(++n);
            rc = whole_walk(way_at(w), who);
            made = rk_mem_fail_at(0);
            assert_true(rc == RK_OK || (rc == RK_ENOMEM && made >= n));
        } while (made >= n);
        assert_true(n > 10);
    }
}


#define in_a_run(f) cmocka_unit_test_setup_teardown(f, run_new, run_end)


int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_run(test_each_way_is_found_by_its_name),
        in_a_run(test_scores_are_finite_and_probabilities_are_such),
        in_a_run(test_the_order_of_candidates_changes_no_score),
        in_a_run(test_no_candidate_touches_the_score_of_another),
        in_a_run(test_recall_proposes_each_item_once_and_none_to_skip),
        in_a_run(test_a_way_proposes_as_many_as_asked_or_fewer),
        in_a_run(test_every_reason_rests_on_something_real),
        in_a_run(test_parts_add_up_where_the_model_is_additive),
        in_a_run(test_the_sentence_is_on_the_side_of_the_probability),
        in_a_run(test_what_a_way_lacks_is_named),
        in_a_run(test_scores_are_finite_however_sure_a_model_is),
        in_a_run(test_ways_rank_without_a_model_of_likes),
        in_a_run(test_each_way_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

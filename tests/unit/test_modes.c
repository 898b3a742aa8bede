/* The ways in which the llm way asks its model, over the bookstore and a model
 * that follows a script. */
#include "../shop.h"
#include "core/mem.h"
#include "core/rng.h"
#include "engine/ask.h"
#include "engine/corpus.h"
#include "engine/engine.h"
#include "engine/workshop.h"
#include "paradigms/mode.h"
#include "paradigms/mode_likelihood.h"
#include "paradigms/mode_lists.h"
#include "paradigms/mode_permutation.h"

#include <math.h>
#include <stdio.h>

#define MOST    70 /* items that the shop has, or fewer */
#define READERS 90 /* of the crowded shop, besides its own */
#define LIKES   8
#define VOLUMES 30 /* of each series */

static shop prepared;
static rk_snapshot with; /* the shop's, with settings of a test's own */
static rk_settings settings;
static rk_asker asker;
static rk_run run;
static rk_error err;


static int set_up(void **state)
{
    const rk_request request = {.user = "U12345"};

    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    run = rk_engine_run(prepared.engine);
    assert_ok(rk_engine_serving(prepared.engine, &run, &err), err);
    assert_ok(
        rk_asker_init(&asker, prepared.engine, &request, true, &run, &err),
        err);
    return 0;
}


static int tear_down(void **state)
{
    (void)state;
    rk_asker_clear(&asker);
    rk_run_clear(&run);
    shop_close(&prepared);
    return 0;
}


static int fresh(void **state)
{
    (void)state;
    with = prepared.engine->serving->snapshot;
    settings = *with.settings;
    with.settings = &settings;
    rk_run_clear(&run);
    run = rk_engine_run(prepared.engine);
    return 0;
}


/* Whether a mode answers without having been trained. */
static bool answers(size_t mode)
{
    return rk_modes[mode] != &rk_mode_probe && !rk_modes[mode]->asks_reranker;
}


/* Whether the writer gives hidden states. */
static bool has_states(void)
{
    rk_llm *writer;

    assert_ok(rk_loaded_get(&prepared.engine->models, RK_WRITER, &writer, &err),
              err);
    return rk_llm_describe(writer)->width > 0;
}


/* The first n items in an order drawn by `seed`. */
static rk_candidates candidates(size_t n, uint64_t seed)
{
    rk_candidates c = {0};
    uint32_t items[MOST];
    rk_rng rng = {seed};

    assert_true(with.n_items <= MOST);
    n = n < with.n_items ? n : with.n_items;
    for (uint32_t i = 0; i < n; i++)
        items[i] = i;
    rk_rng_shuffle(&rng, items, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        assert_ok(
            rk_candidates_add(
                &c, (rk_candidate){.item = items[i], .source = "test"}, &err),
            err);
    return c;
}


static rk_candidates scored(size_t mode, size_t n, uint64_t seed)
{
    rk_candidates c = candidates(n, seed);

    settings.llm_mode = rk_modes[mode]->name;
    assert_ok(rk_llm_ranker.score(&with, &asker.who, &c, &run, &err), err);
    return c;
}


static void test_modes_are_found_by_name(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++) {
        assert_int_equal(rk_mode_find(rk_modes[m]->name), m);
        assert_true(strlen(rk_modes[m]->law) > 0);
        settings.llm_mode = rk_modes[m]->name;
        assert_int_equal(rk_mode_of(&with), m);
        assert_string_equal(rk_mode_reason(&with), "as the configuration says");
    }
    assert_int_equal(rk_mode_find("auto"), RK_N_MODES);
    assert_int_equal(rk_mode_find(""), RK_N_MODES);
    settings.llm_mode = "auto";
    with.llm.mode = 3;
    assert_int_equal(rk_mode_of(&with), 3);
    assert_string_equal(rk_mode_reason(&with),
                        "too few lists to measure modes on");
}


static void test_a_mode_is_asked_only_of_who_can_answer(void **state)
{
    rk_llm *writer;
    rk_llm *embedder;

    (void)state;
    assert_ok(rk_loaded_get(&prepared.engine->models, RK_WRITER, &writer, &err),
              err);
    assert_ok(
        rk_loaded_get(&prepared.engine->models, RK_EMBEDDER, &embedder, &err),
        err);
    for (size_t m = 0; m < RK_N_MODES; m++) {
        const rk_loaded *models = &prepared.engine->models;

        if (answers(m))
            assert_null(rk_mode_lacks(m, models, writer));
        assert_non_null(rk_mode_lacks(m, models, embedder));
    }
}


/* Bit for bit, in every mode. */
static void test_the_order_of_candidates_means_nothing(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++)
        for (uint64_t seed = 2; seed < 6 && answers(m); seed++) {
            rk_candidates one = scored(m, 30, 1);
            rk_candidates two = scored(m, 30, seed);

            for (size_t i = 0; i < one.n; i++)
                for (size_t j = 0; j < two.n; j++)
                    if (one.list[i].item == two.list[j].item) {
                        assert_true(isfinite(one.list[i].score));
                        assert_true(one.list[i].score == two.list[j].score);
                    }
            rk_candidates_clear(&one);
            rk_candidates_clear(&two);
        }
}


static void test_nobody_is_scored_without_a_word(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++) {
        rk_candidates none = {0};

        settings.llm_mode = rk_modes[m]->name;
        if (answers(m))
            assert_ok(rk_llm_ranker.score(&with, &asker.who, &none, &run, &err),
                      err);
    }
    assert_int_equal(run.usage.prefix_tokens, 0);
}


static void test_an_unchanged_request_costs_no_token(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++) {
        rk_candidates one;
        rk_candidates two;

        if (!answers(m))
            continue;
        one = scored(m, 9, 1);
        run.usage = (rk_usage){0};
        two = scored(m, 9, 2);
        assert_int_equal(run.usage.prefix_tokens, 0);
        assert_int_equal(run.usage.candidate_tokens, 0);
        rk_candidates_clear(&one);
        rk_candidates_clear(&two);
    }
}


static void test_every_mode_says_why(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++) {
        rk_candidates c;

        if (!answers(m))
            continue;
        c = scored(m, 5, 1);
        for (size_t i = 0; i < c.n; i++) {
            rk_reasons r = {0};

            assert_ok(rk_llm_ranker.explain(&with, &asker.who, &c.list[i], &r,
                                            &run, &err),
                      err);
            assert_true(r.n > 0);
            assert_true(strlen(r.why) > 0);
            rk_reasons_clear(&r);
        }
        rk_candidates_clear(&c);
    }
}


/* Only readings that are the same in every list have a probability. */
static void test_lists_give_no_probability(void **state)
{
    static const char *const none[] = {"letters", "permutation"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        rk_candidates c = scored(rk_mode_find(none[k]), 5, 1);

        for (size_t i = 0; i < c.n; i++)
            assert_true(isnan(c.list[i].probability));
        rk_candidates_clear(&c);
    }
}


static void test_pure_is_the_gain_alone(void **state)
{
    rk_candidates c = scored(rk_mode_find("pure"), 5, 1);

    (void)state;
    for (size_t i = 0; i < c.n; i++) {
        float left = c.list[i].note[0] - c.list[i].score;

        /* What dislikes take off is half of theirs at most. */
        assert_true(fabsf(left) <= 0.5f * fabsf(c.list[i].note[1]) + 1e-5f);
    }
    rk_candidates_clear(&c);
}


static void test_learnt_weights_are_used(void **state)
{
    size_t mode = rk_mode_find("likelihood");
    rk_candidates usual = scored(mode, 5, 1);
    rk_candidates learnt;
    float doubled[RK_LIKELIHOOD_FEATURES];

    (void)state;
    memcpy(doubled, rk_likelihood_weights(&with), sizeof(doubled));
    for (size_t f = 0; f < RK_LIKELIHOOD_FEATURES; f++)
        with.llm.likelihood[f] = 2 * doubled[f];
    learnt = scored(mode, 5, 1);
    for (size_t i = 0; i < usual.n; i++)
        assert_true(fabsf(learnt.list[i].score - 2 * usual.list[i].score) <
                    1e-4f);
    rk_candidates_clear(&usual);
    rk_candidates_clear(&learnt);
}


/* A place's prior is taken off whoever stands there, and only compared with
 * the other places. */
static void test_slots_are_compared_with_each_other(void **state)
{
    size_t mode = rk_mode_find("letters");
    rk_candidates plain;
    rk_candidates moved;

    (void)state;
    memset(with.llm.slots, 0, sizeof(with.llm.slots));
    plain = scored(mode, 20, 1);
    for (size_t j = 0; j < RK_LLM_LIST; j++)
        with.llm.slots[j] = -7;
    moved = scored(mode, 20, 1);
    for (size_t i = 0; i < plain.n; i++)
        assert_true(fabsf(plain.list[i].score - moved.list[i].score) < 1e-4f);
    rk_candidates_clear(&moved);
    for (size_t j = 0; j < RK_LLM_LIST; j++)
        with.llm.slots[j] = j == 0 ? 0 : -50;
    moved = scored(mode, 20, 1);
    for (size_t i = 0; i < plain.n; i++)
        assert_true(moved.list[i].score > plain.list[i].score + 5);
    rk_candidates_clear(&plain);
    rk_candidates_clear(&moved);
}


static void test_an_untrained_probe_is_stood_in_for(void **state)
{
    const char *why = has_states() ? "run reckon prepare" : "no hidden states";
    rk_candidates c = candidates(5, 1);

    (void)state;
    settings.llm_mode = "probe";
    assert_int_equal(rk_llm_ranker.score(&with, &asker.who, &c, &run, &err),
                     RK_ENOTREADY);
    assert_non_null(strstr(err.msg, why));
    rk_candidates_clear(&c);
}


static void test_scoring_survives_each_allocation_failing(void **state)
{
    (void)state;
    for (size_t m = 0; m < RK_N_MODES; m++) {
        int rc = RK_ENOMEM;

        settings.llm_mode = rk_modes[m]->name;
        for (size_t n = 1; rc != RK_OK && answers(m); n++) {
            rk_candidates c = candidates(3, 1);

            rk_mem_fail_at(n);
            rc = rk_llm_ranker.score(&with, &asker.who, &c, &run, &err);
            rk_mem_fail_at(0);
            rk_candidates_clear(&c);
            assert_true(rc == RK_OK || rc == RK_ENOMEM);
        }
    }
}


/* What a model wrote, read as places of four titles. */
static void assert_written(const char *text, const float *places)
{
    static const char *const names[] = {"Emma", "Emma Goes West", "1984",
                                        "The Sea, the Sea!"};
    char *titles[4];
    float found[4];

    for (size_t i = 0; i < 4; i++)
        titles[i] = rk_written_plain(names[i], strlen(names[i]));
    assert_ok(rk_written_places(text, titles, 4, found, &err), err);
    for (size_t i = 0; i < 4; i++)
        assert_true(found[i] == places[i]);
    for (size_t i = 0; i < 4; i++)
        free(titles[i]);
}


static void test_what_is_written_is_read_leniently(void **state)
{
    (void)state;
    assert_written("1. The sea, the sea\n2. 1984\n3. Emma\n",
                   (float[]){2, 0, 3, 4});
    assert_written("\"Emma goes west\" (a novel)\n- emma\n",
                   (float[]){3, 4, 0, 0});
    assert_written("4\n2\n2\n9\n", (float[]){0, 3, 0, 4});
    assert_written("1984", (float[]){0, 0, 4, 0});
    assert_written("Emmanuel\nsomething else\n99999999999999999999\n\n\n",
                   (float[]){0, 0, 0, 0});
    assert_written("", (float[]){0, 0, 0, 0});
    assert_written("\xff\xfe 1. Emma\n", (float[]){0, 0, 0, 0});
    assert_written("Emma\nEmma\nEmma Goes West\nEmma", (float[]){4, 3, 0, 0});
}


/* A shop with readers enough to tell modes apart. */
static void crowd(shop *s)
{
    const rk_snapshot *known = &prepared.engine->serving->snapshot;
    static rk_event events[READERS * LIKES];
    static char ids[READERS][16];

    shop_open(s, SCRIPTED);
    shop_fill(s);
    for (uint32_t u = 0; u < READERS; u++) {
        rk_rng rng = {u + 1};

        snprintf(ids[u], sizeof(ids[u]), "R%02u", u);
        for (int64_t k = 0; k < LIKES; k++)
            events[u * LIKES + k] = (rk_event){
                .user = ids[u],
                .item = rk_snapshot_id(
                    known, rk_rng_below(&rng, (uint32_t)known->n_items)),
                .type = "like",
                .at_us = (k + 1) * 1000000};
    }
    assert_ok(rk_put_events(s->engine, events, READERS * LIKES, &err), err);
}


/* The crowded shop's workshop. */
typedef struct class
{
    shop shop;
    rk_corpus *corpus;
    rk_readings readings;
    rk_settings settings;
    rk_run run;
} class;


/* Three series of books, and readers who each like one of them: the likeliest
 * line is nearly always the right one. */
static void fans(shop *s)
{
    static const char *const series[] = {"dragon tales", "robot wars",
                                         "garden days"};
    static rk_event events[READERS * LIKES];
    static char ids[READERS][16];
    static char titles[3 * VOLUMES][32];
    static char volumes[3 * VOLUMES][8];

    shop_open(s, SCRIPTED);
    for (size_t i = 0; i < 3 * VOLUMES; i++) {
        const rk_field title = {"title", titles[i]};

        snprintf(volumes[i], sizeof(volumes[i]), "V%zu", i);
        snprintf(titles[i], sizeof(titles[i]), "%s %zu", series[i % 3], i / 3);
        assert_ok(rk_put_items(s->engine, &(rk_record){volumes[i], &title, 1},
                               1, &err),
                  err);
    }
    for (uint32_t u = 0; u < READERS; u++) {
        snprintf(ids[u], sizeof(ids[u]), "R%02u", u);
        for (uint32_t k = 0; k < LIKES; k++)
            events[u * LIKES + k] = (rk_event){
                .user = ids[u],
                .item = volumes[u % 3 + 3 * ((u + k) % VOLUMES)],
                .type = "like",
                .at_us = (k + 1) * 1000000};
    }
    assert_ok(rk_put_events(s->engine, events, READERS * LIKES, &err), err);
}


static void class_open(class *c, void (*fill)(shop *s))
{
    fill(&c->shop);
    c->settings = c->shop.engine->settings;
    c->run = rk_engine_run(c->shop.engine);
    assert_ok(rk_engine_corpus(&c->corpus, c->shop.engine->store,
                               &c->shop.engine->config->events, &err),
              err);
    assert_ok(rk_readings_make(&c->readings, c->corpus, &c->settings, &c->run,
                               NULL, &err),
              err);
}


static void class_close(class *c)
{
    rk_readings_clear(&c->readings);
    rk_corpus_free(c->corpus);
    rk_run_clear(&c->run);
    shop_close(&c->shop);
}


static void assert_list(const class *c, const rk_mode_lists *l, size_t i)
{
    const rk_corpus *k = c->corpus;
    const rk_seen *seen = k->seen + k->start[l->user[i]];
    const uint32_t *items = l->items + i * RK_LLM_LIST;
    uint32_t like = seen[l->n_history[i]].item;

    assert_int_equal(items[l->truth[i]], like);
    assert_true(seen[l->n_history[i]].label > 0);
    for (size_t j = 0; j < RK_LLM_LIST; j++) {
        if (j)
            assert_true(
                strcmp(k->items[items[j - 1]]->id, k->items[items[j]]->id) < 0);
        for (size_t e = 0; e < k->start[l->user[i] + 1] - k->start[l->user[i]];
             e++)
            assert_true(items[j] != seen[e].item || items[j] == like);
    }
    for (size_t e = 0; e < l->n_history[i]; e++)
        assert_int_not_equal(seen[e].item, like);
}


static void test_lists_ask_for_what_comes_next(void **state)
{
    rk_mode_lists l;
    class c;

    (void)state;
    class_open(&c, crowd);
    assert_ok(rk_mode_lists_make(&l, &c.readings.workshop, &err), err);
    assert_true(l.n >= 40);
    for (size_t i = 0; i < l.n; i++)
        assert_list(&c, &l, i);
    rk_mode_lists_clear(&l);
    class_close(&c);
}


static void test_who_is_left_out_teaches_nothing(void **state)
{
    bool *left_out;
    rk_llm_learnt learnt = {0};
    rk_mode_lists l;
    class c;

    (void)state;
    class_open(&c, crowd);
    left_out = rk_calloc(c.corpus->n_users, sizeof(*left_out));
    for (size_t u = 0; u < c.corpus->n_users; u += 2)
        left_out[u] = true;
    c.readings.workshop.left_out = left_out;
    assert_ok(rk_mode_lists_make(&l, &c.readings.workshop, &err), err);
    assert_true(l.n > 20);
    for (size_t i = 0; i < l.n; i++)
        assert_int_equal(l.user[i] % 2, 1);
    rk_mode_lists_clear(&l);
    /* With everybody left out nothing is asked at all. */
    memset(left_out, 1, c.corpus->n_users);
    c.run.usage = (rk_usage){0};
    assert_ok(rk_modes_fit(&learnt, &c.readings.workshop, &err), err);
    assert_int_equal(c.run.usage.prefix_tokens, 0);
    assert_int_equal(learnt.mode, 0);
    for (size_t m = 0; m < RK_N_MODES; m++)
        assert_true(learnt.trials[m].lists == 0);
    rk_llm_learnt_clear(&learnt);
    free(left_out);
    class_close(&c);
}


static void test_modes_are_tried_and_the_best_is_chosen(void **state)
{
    rk_llm_learnt learnt = {0};
    rk_llm_learnt again = {0};
    class c;

    (void)state;
    class_open(&c, crowd);
    assert_ok(rk_modes_fit(&learnt, &c.readings.workshop, &err), err);
    assert_true(c.run.usage.candidate_tokens > 0);
    for (size_t m = 0; m < RK_N_MODES; m++) {
        const rk_llm_trial *t = &learnt.trials[m];

        assert_true(t->ndcg >= 0 && t->ndcg <= 1);
        if (rk_modes[m]->by_name_only)
            assert_true(t->lists == 0);
    }
    assert_true(learnt.trials[rk_mode_find("likelihood")].lists >= 40);
    assert_true(learnt.trials[rk_mode_find("letters")].lists >= 40);
    assert_true(learnt.trials[learnt.mode].lists >= 40);
    assert_false(rk_modes[learnt.mode]->by_name_only);
    /* The same again costs nothing and is the same. */
    c.run.usage = (rk_usage){0};
    assert_ok(rk_modes_fit(&again, &c.readings.workshop, &err), err);
    assert_int_equal(c.run.usage.prefix_tokens, 0);
    assert_int_equal(c.run.usage.candidate_tokens, 0);
    assert_memory_equal(learnt.trials, again.trials, sizeof(again.trials));
    assert_memory_equal(learnt.likelihood, again.likelihood,
                        sizeof(again.likelihood));
    rk_llm_learnt_clear(&learnt);
    rk_llm_learnt_clear(&again);
    class_close(&c);
}


static void test_a_mode_far_behind_is_not_tried_on_all_lists(void **state)
{
    rk_llm_learnt learnt = {0};
    const rk_llm_trial *best;
    size_t out = 0;
    class c;

    (void)state;
    class_open(&c, fans);
    assert_ok(rk_modes_fit(&learnt, &c.readings.workshop, &err), err);
    best = &learnt.trials[learnt.mode];
    assert_true(best->lists >= 40);
    for (size_t m = 0; m < RK_N_MODES; m++) {
        const rk_llm_trial *t = &learnt.trials[m];

        assert_true(t->lists == 0 || t->lists == 12 || t->lists >= 40);
        if (t->lists == 12) {
            assert_true(t->ndcg < best->ndcg);
            out++;
        }
    }
    assert_true(out > 0);
    rk_llm_learnt_clear(&learnt);
    class_close(&c);
}


/* On users whom no list asks; what it read is kept. */
static void test_a_probe_is_trained_and_tried(void **state)
{
    size_t probe = rk_mode_find("probe");
    rk_llm_learnt learnt = {0};
    rk_llm_learnt again = {0};
    class c;

    (void)state;
    if (!has_states())
        skip();
    class_open(&c, crowd);
    c.settings.llm_mode = "probe";
    assert_ok(rk_modes_fit(&learnt, &c.readings.workshop, &err), err);
    assert_true(learnt.trials[probe].lists >= 40);
    assert_true(learnt.probe.n_user > 0);
    /* A user is the mean of the likes and the newest of them; an item its state
     * and its vector. */
    assert_int_equal(learnt.probe.n_user, 2 * learnt.probe.n_item);
    assert_true(learnt.probe.n_item > c.readings.snapshot.d);
    assert_true(learnt.trials[rk_mode_find("letters")].lists == 0);
    c.run.usage = (rk_usage){0};
    assert_ok(rk_modes_fit(&again, &c.readings.workshop, &err), err);
    assert_int_equal(c.run.usage.prefix_tokens, 0);
    assert_int_equal(c.run.usage.candidate_tokens, 0);
    assert_memory_equal(learnt.trials, again.trials, sizeof(again.trials));
    assert_memory_equal(learnt.probe_weights, again.probe_weights,
                        sizeof(again.probe_weights));
    rk_llm_learnt_clear(&again);
    /* It ranks, and the order of candidates means nothing to it either. */
    with.llm = learnt;
    for (uint64_t seed = 2; seed < 5; seed++) {
        rk_candidates one = scored(probe, 30, 1);
        rk_candidates two = scored(probe, 30, seed);

        rk_candidates_sort(&one);
        rk_candidates_sort(&two);
        for (size_t i = 0; i < one.n; i++)
            assert_true(one.list[i].score == two.list[i].score);
        rk_candidates_clear(&one);
        rk_candidates_clear(&two);
    }
    rk_llm_learnt_clear(&learnt);
    class_close(&c);
}


static void test_a_bundle_brings_back_what_was_learnt(void **state)
{
    rk_llm_learnt l = {.mode = 2, .slots = {-1, -2}, .likelihood = {3, 4}};
    rk_llm_learnt back = {0};
    uint32_t beyond = RK_N_MODES;
    rk_bundle_writer *w;
    rk_bundle *b;

    (void)state;
    l.trials[2] = (rk_llm_trial){0.5f, 0.1f, 300, 40};
    for (int odd = 0; odd < 2; odd++) {
        const char *path = scratch_path(&prepared.files, "learnt");

        assert_ok(rk_bundle_writer_new(&w, &err), err);
        if (odd)
            assert_ok(rk_bundle_put(w, "llm.mode", RK_U32, 1, 1, &beyond, &err),
                      err);
        else
            assert_ok(rk_llm_learnt_put(&l, w, &err), err);
        assert_ok(rk_bundle_save(w, path, &err), err);
        assert_ok(rk_bundle_open(&b, path, &err), err);
        assert_int_equal(rk_llm_learnt_get(&back, b, 1, &err),
                         odd ? RK_EFORMAT : RK_OK);
        if (!odd)
            assert_memory_equal(&l, &back, sizeof(l));
        rk_bundle_close(b);
        rk_bundle_writer_free(w);
    }
}


static void test_a_bundle_may_be_older_than_the_last_mode(void **state)
{
    static const rk_llm_trial trials[RK_N_MODES + 1] = {{0.5f, 0.1f, 300, 40},
                                                        {0.4f, 0.1f, 300, 40}};

    (void)state;
    for (size_t rows = RK_N_MODES - 1; rows <= RK_N_MODES + 1; rows++) {
        const char *path = scratch_path(&prepared.files, "older");
        rk_llm_learnt back = {0};
        rk_bundle_writer *w;
        rk_bundle *b;

        assert_ok(rk_bundle_writer_new(&w, &err), err);
        assert_ok(rk_bundle_put(w, "llm.trials", RK_F32, rows, 4, trials, &err),
                  err);
        assert_ok(rk_bundle_save(w, path, &err), err);
        assert_ok(rk_bundle_open(&b, path, &err), err);
        assert_int_equal(rk_llm_learnt_get(&back, b, 1, &err),
                         rows > RK_N_MODES ? RK_EFORMAT : RK_OK);
        if (rows <= RK_N_MODES)
            assert_memory_equal(back.trials, trials, sizeof(back.trials));
        rk_bundle_close(b);
        rk_bundle_writer_free(w);
    }
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_modes_are_found_by_name, fresh),
        cmocka_unit_test_setup(test_a_mode_is_asked_only_of_who_can_answer,
                               fresh),
        cmocka_unit_test_setup(test_the_order_of_candidates_means_nothing,
                               fresh),
        cmocka_unit_test_setup(test_nobody_is_scored_without_a_word, fresh),
        cmocka_unit_test_setup(test_an_unchanged_request_costs_no_token, fresh),
        cmocka_unit_test_setup(test_every_mode_says_why, fresh),
        cmocka_unit_test_setup(test_lists_give_no_probability, fresh),
        cmocka_unit_test_setup(test_pure_is_the_gain_alone, fresh),
        cmocka_unit_test_setup(test_learnt_weights_are_used, fresh),
        cmocka_unit_test_setup(test_slots_are_compared_with_each_other, fresh),
        cmocka_unit_test_setup(test_an_untrained_probe_is_stood_in_for, fresh),
        cmocka_unit_test_setup(test_scoring_survives_each_allocation_failing,
                               fresh),
        cmocka_unit_test(test_what_is_written_is_read_leniently),
        cmocka_unit_test(test_lists_ask_for_what_comes_next),
        cmocka_unit_test(test_who_is_left_out_teaches_nothing),
        cmocka_unit_test(test_modes_are_tried_and_the_best_is_chosen),
        cmocka_unit_test_setup(test_a_mode_far_behind_is_not_tried_on_all_lists,
                               fresh),
        cmocka_unit_test_setup(test_a_probe_is_trained_and_tried, fresh),
        cmocka_unit_test(test_a_bundle_brings_back_what_was_learnt),
        cmocka_unit_test_setup(test_a_bundle_may_be_older_than_the_last_mode,
                               fresh),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

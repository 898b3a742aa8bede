#include "engine/config.h"

#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static rk_config *parsed(const char *text)
{
    rk_config *c = NULL;
    rk_error err = {0};

    if (rk_config_parse(&c, text, strlen(text), "reckon.yaml", &err))
        fail_msg("%s", err.msg);
    return c;
}


/* The text must be refused, with exactly this message. */
static void assert_refused(const char *text, const char *message)
{
    rk_config *c = (rk_config *)&text;
    rk_error err = {0};
    int rc = rk_config_parse(&c, text, strlen(text), "reckon.yaml", &err);

    assert_string_equal(err.msg, message);
    assert_int_equal(rc, RK_EFORMAT);
    assert_int_equal(err.code, RK_EFORMAT);
    assert_null(c);
}


static void assert_rule(const rk_rule *r, const char *type, int when, double v)
{
    assert_string_equal(r->type, type);
    assert_int_equal(r->when, when);
    if (when != RK_ALWAYS)
        assert_true(r->value == v);
}


static void assert_defaults(const rk_config *c)
{
    assert_string_equal(c->store, "reckon.db");
    assert_string_equal(c->models.embedder, "minilm");
    assert_string_equal(c->models.writer, "smollm2");
    assert_string_equal(c->models.reranker, "none");
    assert_string_equal(c->models.folder, "");
    assert_string_equal(c->models.key_env, "");
    assert_int_equal(c->servers.connect_ms, 2000);
    assert_int_equal(c->servers.timeout_ms, 30000);
    assert_int_equal(c->servers.max_retries, 3);
    assert_int_equal(c->servers.max_reply_bytes, 8388608);
    assert_true(c->servers.price_in == 0 && c->servers.price_out == 0);
    assert_true(c->servers.price_embed == 0);
    assert_string_equal(
        c->profiles.item,
        "{{title}}{{#author}} by {{author}}{{/author}}"
        "{{#year}} ({{year}}){{/year}}.{{#genres}} {{genres}}.{{/genres}}"
        "{{#director}} Directed by {{director}}.{{/director}}"
        "{{#cast}} With {{cast}}.{{/cast}}"
        "{{#description}} {{description}}{{/description}}");
    assert_string_equal(
        c->profiles.user,
        "{{#age}}{{age}} years old. {{/age}}{{#gender}}{{gender}}. {{/gender}}"
        "{{#occupation}}{{occupation}}. {{/occupation}}"
        "{{#location}}{{location}}. {{/location}}"
        "{{#membership}}{{membership}} member. {{/membership}}"
        "{{#preferences}}Likes {{preferences}}.{{/preferences}}");
    assert_string_equal(c->catalogue.noun, "item");
    assert_string_equal(c->catalogue.noun_plural, "items");
    assert_string_equal(c->catalogue.categories, "genres");
    assert_int_equal(c->catalogue.n_tags, 0);
    assert_int_equal(c->prompts.chat, RK_CHAT_AUTO);
    for (size_t i = 0; i < RK_N_PROMPT_TEXTS; i++)
        assert_null(c->prompts.texts[i]);
    assert_int_equal(c->events.n_positive, 3);
    assert_rule(&c->events.positive[0], "rating", RK_AT_LEAST, 4);
    assert_rule(&c->events.positive[1], "purchase", RK_ALWAYS, 0);
    assert_rule(&c->events.positive[2], "like", RK_ALWAYS, 0);
    assert_int_equal(c->events.n_negative, 2);
    assert_rule(&c->events.negative[0], "rating", RK_AT_MOST, 2);
    assert_rule(&c->events.negative[1], "dislike", RK_ALWAYS, 0);
    assert_int_equal(c->llm.history, 15);
    assert_int_equal(c->llm.candidates, 20);
    assert_int_equal(c->llm.seed, 1);
    assert_int_equal(c->learn.effort, RK_FAST);
    assert_true(c->learn.half_life_days == 0);
}


static void test_config_without_a_file_has_the_defaults(void **state)
{
    static const char *const empty[] = {
        "", "\n", "# nothing\n", "---\n", "models:\nllm:\n", "learn: ~\n"};
    rk_config *c = NULL;

    (void)state;
    assert_int_equal(rk_config_load(&c, NULL, NULL), RK_OK);
    assert_defaults(c);
    rk_config_free(c);
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        c = parsed(empty[i]);
        assert_defaults(c);
        rk_config_free(c);
    }
}


static void test_config_default_text_says_exactly_the_defaults(void **state)
{
    rk_config *c = parsed(rk_config_default);

    (void)state;
    assert_defaults(c);
    rk_config_free(c);
}


static void test_config_takes_what_is_said_and_keeps_the_rest(void **state)
{
    rk_config *c = parsed("store: 'sqlite:books.db'\n"
                          "catalogue:\n"
                          "  noun: book\n"
                          "  tags: [cosy, bleak]\n"
                          "profiles: {item: '{{title}}'}\n"
                          "events:\n"
                          "  positive:\n"
                          "    - rating > 3.5\n"
                          "  negative: []\n"
                          "llm: {seed: 4294967295}\n"
                          "budget:\n"
                          "  deadline_ms: 300\n"
                          "  tokens_per_day: 50000\n"
                          "  request_cost: 0.0025\n"
                          "auto: {llm: on, llm_moves: 5}\n"
                          "learn:\n"
                          "  effort: full\n"
                          "  half_life_days: 2.5e1\n");

    (void)state;
    assert_string_equal(c->store, "sqlite:books.db");
    assert_string_equal(c->catalogue.noun, "book");
    assert_string_equal(c->catalogue.noun_plural, "books");
    assert_int_equal(c->catalogue.n_tags, 2);
    assert_string_equal(c->catalogue.tags[1], "bleak");
    assert_string_equal(c->profiles.item, "{{title}}");
    assert_int_equal(c->events.n_positive, 1);
    assert_rule(&c->events.positive[0], "rating", RK_ABOVE, 3.5);
    assert_int_equal(c->events.n_negative, 0);
    assert_int_equal(c->learn.effort, RK_FULL);
    assert_int_equal(c->llm.seed, 4294967295u);
    assert_int_equal(c->llm.history, 15);
    assert_true(c->learn.half_life_days == 25);
    assert_int_equal(c->budget.deadline_us, 300000);
    assert_int_equal(c->budget.day.tokens, 50000);
    assert_int_equal(c->budget.request.micros, 2500);
    assert_int_equal(c->budget.user_day.tokens, 0);
    assert_true(c->fused.llm);
    assert_int_equal(c->fused.llm_moves, 5);
    assert_int_equal(c->fused.llm_candidates, 20);
    rk_config_free(c);
}


static void test_config_names_an_unknown_key_and_the_known(void **state)
{
    (void)state;
    assert_refused("# one\nstore: a.db\nstor: b.db\n",
                   "reckon.yaml:3: unknown key 'stor', expected one of store, "
                   "models, servers, profiles, catalogue, prompts, events, "
                   "llm, budget, auto, learn");
    assert_refused("llm:\n  seed: 5\n\n  # why\n  limit: 7\n",
                   "reckon.yaml:5: unknown key 'llm.limit', expected one "
                   "of history, candidates, mode, seed, why, "
                   "cache_memory_mb, cache_disk_mb");
}


static void test_config_says_what_kind_it_expected_and_found(void **state)
{
    (void)state;
    assert_refused("- a\n- b\n", "reckon.yaml:1: expected lines of `key: "
                                 "value`, found a list");
    assert_refused("\nhello\n", "reckon.yaml:2: expected lines of `key: "
                                "value`, found one value");
    assert_refused("models: minilm\n",
                   "reckon.yaml:1: models: expected keys, found one value");
    assert_refused("llm:\n  seed: 1\n  history: [1, 2]\n",
                   "reckon.yaml:3: llm.history: expected one value (in quotes "
                   "where it begins with {, [, * or &), found a list");
    assert_refused(
        "profiles:\n  item: {{title}}\n",
        "reckon.yaml:2: profiles.item: expected one value (in quotes "
        "where it begins with {, [, * or &), found keys");
    assert_refused("events:\n  negative: [a]\n  positive: rating>=4\n",
                   "reckon.yaml:3: events.positive: expected a list, found one "
                   "value");
    assert_refused("events:\n  positive:\n",
                   "reckon.yaml:2: events.positive: expected a list, found "
                   "nothing");
    assert_refused("catalogue:\n  tags: [a, [b]]\n",
                   "reckon.yaml:2: catalogue.tags: expected single values in "
                   "the list, found a list");
    assert_refused("catalogue:\n  tags: [a, '']\n",
                   "reckon.yaml:2: catalogue.tags: expected words, found "
                   "nothing");
    assert_refused("store: \"\"\n",
                   "reckon.yaml:1: store: expected a text, found nothing");
}


static void test_config_takes_prompts_and_checks_their_names(void **state)
{
    rk_config *c = parsed("prompts:\n"
                          "  chat: yes\n"
                          "  likes: \"{{#liked}}{{mood}}\\n{{/liked}}\"\n"
                          "  why_user: ''\n"
                          "  yes_no_item: '{{anything}}'\n");

    (void)state;
    assert_int_equal(c->prompts.chat, RK_CHAT_YES);
    assert_string_equal(c->prompts.texts[RK_TEXT_LIKES],
                        "{{#liked}}{{mood}}\n{{/liked}}");
    assert_string_equal(c->prompts.texts[RK_TEXT_WHY_USER], "");
    assert_null(c->prompts.texts[RK_TEXT_USER]);
    rk_config_free(c);
    assert_refused("prompts: {chat: maybe}\n",
                   "reckon.yaml:1: prompts.chat: expected auto, yes or no, "
                   "found 'maybe'");
    assert_refused("prompts:\n  user: '{{#like}}{{line}}{{/like}}'\n",
                   "reckon.yaml:2: prompts.user: template, byte 1: unknown "
                   "name 'like', expected one of noun, noun_plural, Noun, "
                   "Noun_plural, profile, liked, disliked");
    assert_refused("prompts:\n  why_task: '{{profile}}'\n",
                   "reckon.yaml:2: prompts.why_task: template, byte 1: unknown "
                   "name 'profile', expected one of noun, noun_plural, Noun, "
                   "Noun_plural");
}


static void test_config_reads_numbers_strictly(void **state)
{
    static const char *const bad[] = {"0",   "1001", "-1",  "10abc", "1.5",
                                      "1e2", "0x10", "ten", "''",    "' 7'"};
    char text[64];
    char message[128];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bool quoted = bad[i][0] == '\'';
        int len = (int)strlen(bad[i]) - 2 * quoted;

        snprintf(text, sizeof(text), "llm:\n  candidates: %s\n", bad[i]);
        snprintf(message, sizeof(message),
                 "reckon.yaml:2: llm.candidates: expected a whole number, 1 to "
                 "1000, found '%.*s'",
                 len, bad[i] + quoted);
        assert_refused(text, message);
    }
    assert_refused(
        "learn:\n  half_life_days: -1.5\n",
        "reckon.yaml:2: learn.half_life_days: expected a number, 0 to "
        "1000000, found '-1.5'");
    assert_refused(
        "llm: {mode: prose}\n",
        "reckon.yaml:1: llm.mode: expected auto, likelihood, pure, "
        "nearness, yes_no, letters, probe, permutation or rerank, found "
        "'prose'");
    assert_refused("learn: {effort: most}\n",
                   "reckon.yaml:1: learn.effort: expected fast or full, found "
                   "'most'");
    assert_refused("auto: {llm: yes}\n", "reckon.yaml:1: auto.llm: expected on "
                                         "or off, found 'yes'");
    assert_refused("budget: {deadline_ms: 1.5}\n",
                   "reckon.yaml:1: budget.deadline_ms: expected a whole "
                   "number, 0 to 1000000000, found '1.5'");
    assert_refused("budget: {request_cost: -1}\n",
                   "reckon.yaml:1: budget.request_cost: expected a number, 0 "
                   "to 1000000000, found '-1'");
    assert_refused("learn: {half_life_days: nan}\n",
                   "reckon.yaml:1: learn.half_life_days: expected a number, 0 "
                   "to 1000000, found 'nan'");
}


/* The text must be refused as no YAML, in this line. */
static void assert_broken(const char *text, size_t line)
{
    rk_config *c;
    rk_error err;
    char message[64];

    assert_int_equal(rk_config_parse(&c, text, strlen(text), "a.yaml", &err),
                     RK_EFORMAT);
    snprintf(message, sizeof(message), "a.yaml:%zu: not YAML: ", line);
    assert_ptr_equal(strstr(err.msg, message), err.msg);
}


static void test_config_gives_the_line_where_yaml_breaks(void **state)
{
    (void)state;
    assert_broken("store: a.db\nmodels:\n  writer: x\n\tfolder: y\n", 4);
    assert_broken("store: a.db\n\nmodels: {writer: x\n", 4);
    assert_broken("store: a.db\nllm:\n  # \xff\n", 3);
    assert_broken("store: \"a.db\nmodels:\n", 3);
}


static void test_config_refuses_what_could_be_read_two_ways(void **state)
{
    const char *list_key = "? [store]\n: a.db\n";
    rk_config *c;

    (void)state;
    assert_refused("llm:\n  seed: 1\n  seed: 2\n",
                   "reckon.yaml:3: seed stands twice");
    assert_refused("store: a.db\n---\nstore: b.db\n",
                   "reckon.yaml: expected one document, found more");
    assert_refused("models: {writer: &w x, embedder: *w}\n",
                   "reckon.yaml:1: aliases (*name) are not read");
    assert_int_equal(
        rk_config_parse(&c, list_key, strlen(list_key), "a.yaml", NULL),
        RK_EFORMAT);
}


static void test_config_checks_rules_and_templates(void **state)
{
    rk_config *c;
    rk_error err;
    const char *rule = "events:\n  positive:\n    - like\n    - rating=>4\n";
    const char *tmpl = "profiles:\n  user: x\n  item: '{{title'\n";

    (void)state;
    assert_int_equal(rk_config_parse(&c, rule, strlen(rule), "r.yaml", &err),
                     RK_EFORMAT);
    assert_ptr_equal(strstr(err.msg, "r.yaml:2: events.positive: "), err.msg);
    assert_non_null(strstr(err.msg, "rating=>4"));
    assert_int_equal(rk_config_parse(&c, tmpl, strlen(tmpl), "r.yaml", &err),
                     RK_EFORMAT);
    assert_ptr_equal(strstr(err.msg, "r.yaml:3: profiles.item: "), err.msg);
}


static void test_config_bounds_the_rules(void **state)
{
    (void)state;
    assert_refused("events:\n  positive: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]\n",
                   "reckon.yaml:2: events.positive: expected at most 16 rules, "
                   "found 17");
}


/* Cut anywhere, or with any byte replaced, the file is either read or refused
 * with its name; nothing else happens. */
static void test_config_survives_every_damage(void **state)
{
    size_t len = strlen(rk_config_default);
    char *text = rk_strdup(rk_config_default);
    rk_config *c;
    rk_error err;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < len; i += 5) {
        char kept = text[i];
        size_t length = i % 2 ? len : i;

        text[i] = "\0{[:*\"\xff\n"[i % 8];
        if (rk_config_parse(&c, text, length, "reckon.yaml", &err))
            assert_ptr_equal(strstr(err.msg, "reckon.yaml:"), err.msg);
        rk_config_free(c);
        text[i] = kept;
    }
    free(text);
}


static void test_config_survives_each_allocation_failing(void **state)
{
    static const char text[] = "store: x.db\n"
                               "catalogue: {noun: book, tags: [a, b]}\n"
                               "events: {positive: [like]}\n";
    rk_config *c;
    int rc = RK_ENOMEM;

    (void)state;
    for (size_t n = 1; rc == RK_ENOMEM; n++) {
        rk_mem_fail_at(n);
        rc = rk_config_parse(&c, text, strlen(text), "reckon.yaml", NULL);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && !c));
        assert_true(n < 1000);
    }
    rk_mem_fail_at(0);
    assert_int_equal(rc, RK_OK);
    rk_config_free(c);
}


static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}


static void test_config_paths_start_at_the_files_folder(void **state)
{
    static const char *const stores[][2] = {
        {"x.db", "+x.db"},
        {"sqlite:x.db", "sqlite:+x.db"},
        {"/v/x.db", "/v/x.db"},
        {"sqlite:/v/x.db", "sqlite:/v/x.db"},
        {"postgres://h/d", "postgres://h/d"},
    };
    char folder[] = "/tmp/reckon-config-XXXXXX";
    char path[64], text[256], expected[128];
    rk_config *c;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/reckon.yaml", folder);
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        const char *mark = strchr(stores[i][1], '+');
        int before = mark ? (int)(mark - stores[i][1]) : 0;

        snprintf(text, sizeof(text),
                 "store: %s\nmodels: {folder: m, writer: w, embedder: e/f}\n",
                 stores[i][0]);
        write_file(path, text);
        assert_int_equal(rk_config_load(&c, path, NULL), RK_OK);
        snprintf(expected, sizeof(expected), "%.*s%s%s%s", before, stores[i][1],
                 mark ? folder : "", mark ? "/" : "",
                 mark ? mark + 1 : stores[i][1]);
        assert_string_equal(c->store, expected);
        assert_string_equal(c->models.writer, "w");
        snprintf(expected, sizeof(expected), "%s/m", folder);
        assert_string_equal(c->models.folder, expected);
        snprintf(expected, sizeof(expected), "%s/e/f", folder);
        assert_string_equal(c->models.embedder, expected);
        rk_config_free(c);
    }
    unlink(path);
    rmdir(folder);
}


static void test_config_default_file_is_written_once(void **state)
{
    char folder[] = "/tmp/reckon-config-XXXXXX";
    char path[64];
    rk_config *c;
    rk_error err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/reckon.yaml", folder);
    assert_int_equal(rk_config_load(&c, path, NULL), RK_ENOTFOUND);
    assert_int_equal(rk_config_write_default(path, &err), RK_OK);
    assert_int_equal(rk_config_load(&c, path, NULL), RK_OK);
    assert_int_equal(c->llm.history, 15);
    rk_config_free(c);

    write_file(path, "llm: {seed: 7}\n");
    assert_int_equal(rk_config_write_default(path, &err), RK_EIO);
    assert_non_null(strstr(err.msg, "exists, and is not overwritten"));
    assert_int_equal(rk_config_load(&c, path, NULL), RK_OK);
    assert_int_equal(c->llm.seed, 7);
    rk_config_free(c);
    unlink(path);
    rmdir(folder);
    assert_int_equal(rk_config_write_default(path, &err), RK_ENOTFOUND);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_without_a_file_has_the_defaults),
        cmocka_unit_test(test_config_default_text_says_exactly_the_defaults),
        cmocka_unit_test(test_config_takes_what_is_said_and_keeps_the_rest),
        cmocka_unit_test(test_config_names_an_unknown_key_and_the_known),
        cmocka_unit_test(test_config_says_what_kind_it_expected_and_found),
        cmocka_unit_test(test_config_takes_prompts_and_checks_their_names),
        cmocka_unit_test(test_config_reads_numbers_strictly),
        cmocka_unit_test(test_config_gives_the_line_where_yaml_breaks),
        cmocka_unit_test(test_config_refuses_what_could_be_read_two_ways),
        cmocka_unit_test(test_config_checks_rules_and_templates),
        cmocka_unit_test(test_config_bounds_the_rules),
        cmocka_unit_test(test_config_survives_every_damage),
        cmocka_unit_test(test_config_survives_each_allocation_failing),
        cmocka_unit_test(test_config_paths_start_at_the_files_folder),
        cmocka_unit_test(test_config_default_file_is_written_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* LLMRank (Hou et al. 2024): the next item among 20 given candidates, the
 * first 19 of the published random ones that are not the truth and have a
 * title, and the truth at a drawn place. Trained on: the whole history, which
 * ends before the truth. Tuning, of the same users: the last of the history
 * from the rest, among those of the published candidates that the test does
 * not use, trained on histories without their last. */
#include "core/mem.h"
#include "eval/ml1m.h"
#include "eval/protocols.h"

#include <string.h>

#define CANDIDATES 20
#define STORED     100
#define SUBSET     200 /* users with candidates of their own */

static const char *const ml1m_notes[] = {
    "items of one time are ordered differently from the publisher's file: a "
    "few truths differ",
    "20 candidates, 19 of them random: figures are not comparable with full "
    "ranking, chance is ndcg@10 .227",
    NULL,
};

static const char *const games_notes[] = {
    "20 candidates, 19 of them random: figures are not comparable with full "
    "ranking, chance is ndcg@10 .227",
    NULL,
};

typedef struct listing {
    const rk_sequences *s;
    rk_fill test;
    rk_fill validation;
    rk_rng rng;
} listing;


/* Fills `others` with n of the stored items that are not `truth`, from the one
 * number *from on, and moves *from behind them. */
static size_t pick(uint32_t *others, const uint32_t *stored, size_t n_stored,
                   size_t *from, uint32_t truth)
{
    size_t n = 0;

    for (; *from < n_stored && n < CANDIDATES - 1; ++*from)
        if (stored[*from] != truth)
            others[n++] = stored[*from];
    return n;
}


static int ask(listing *l, rk_fill *f, uint32_t user, size_t n, uint32_t truth,
               const uint32_t *others, size_t n_others, rk_error *err)
{
    int rc = rk_sequences_fill(l->s, user, n, f, err);

    if (rc == RK_OK)
        rc = rk_fill_truth(f, truth, err);
    if (rc == RK_OK)
        rc = rk_fill_candidates(f, others, n_others, &l->rng, err);
    return rc;
}


/* A row of the stored candidates: both questions of its user. */
static int row_ask(listing *l, rk_table *t, rk_error *err)
{
    const rk_corpus *shelf = l->s->shelf;
    uint32_t user = rk_ids_find(shelf->user_ids, t->cells[0]);
    char *list = t->cells[1];
    uint32_t stored[STORED];
    uint32_t others[CANDIDATES];
    uint32_t truth;
    size_t n_stored = 0;
    size_t from = 0;
    size_t n;
    char *word;
    int rc;

    if (user == RK_NO_ID || l->s->test[user] == RK_NO_ID)
        return rk_table_fail(t, err, "no sequence of user '%.32s'",
                             t->cells[0]);
    if (rk_ids_find(l->test.q.asked->user_ids, t->cells[0]) != RK_NO_ID)
        return rk_table_fail(t, err, "user '%.32s' again", t->cells[0]);
    while ((word = rk_table_word(&list, ' ')) && n_stored < STORED) {
        uint32_t item = rk_ids_find(shelf->item_ids, word);

        if (item != RK_NO_ID)
            stored[n_stored++] = item;
    }
    truth = l->s->test[user];
    n = pick(others, stored, n_stored, &from, truth);
    rc = ask(l, &l->test, user, rk_sequences_length(l->s, user), truth, others,
             n, err);
    if (rc || rk_sequences_length(l->s, user) == 0)
        return rc;
    truth = rk_sequences_event(l->s, user, rk_sequences_length(l->s, user) - 1)
                .item;
    n = pick(others, stored, n_stored, &from, truth);
    return ask(l, &l->validation, user, rk_sequences_length(l->s, user) - 1,
               truth, others, n, err);
}


static size_t lines_of(const rk_table *t)
{
    size_t n = 0;

    for (const char *p = t->bytes; p < t->end; p++)
        n += *p == '\n' || p + 1 == t->end;
    return n;
}


typedef struct lists {
    const char *folder;
    const char *all;
    const char *subset;
} lists;


static int lists_read(listing *l, const lists *files, const rk_task_opts *opts,
                      rk_error *err)
{
    bool few = opts->n_users > 0 && opts->n_users <= SUBSET;
    bool *asked = NULL;
    size_t n = 0;
    rk_table t = {0};
    int rc = rk_table_open(&t, opts->data, files->folder,
                           few ? files->subset : files->all, err);

    if (rc)
        return rc;
    n = lines_of(&t);
    asked = rk_fill_draw(n, opts->n_users, opts->seed);
    if (!asked)
        rc = rk_no_memory(err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rc = rk_table_next(&t, '\t', 2, err);
        if (rc != 1)
            break;
        rc = asked[i] ? row_ask(l, &t, err) : RK_OK;
    }
    free(asked);
    rk_table_close(&t);
    return rc;
}


static int task_fill(rk_task *t, rk_sequences *s, const lists *files,
                     const rk_task_opts *opts, rk_error *err)
{
    listing l = {.s = s, .rng = {opts->seed}};
    int rc = rk_sequences_train(s, 0, false, &t->train, err);

    if (rc == RK_OK)
        rc = rk_sequences_train(s, 1, false, &t->tune, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&l.test, s->shelf, CANDIDATES, err);
    if (rc == RK_OK)
        rc = rk_fill_begin(&l.validation, s->shelf, CANDIDATES, err);
    if (rc == RK_OK)
        rc = lists_read(&l, files, opts, err);
    if (rc)
        goto done;
    rk_fill_take_questions(&l.test, &t->test);
    rk_fill_take_questions(&l.validation, &t->validation);
    t->catalogue = s->shelf;
    s->shelf = NULL;

done:
    rk_fill_clear(&l.test);
    rk_fill_clear(&l.validation);
    return rc;
}


static int title_decode(rk_buf *out, const char *s)
{
    static const char *const entities[][2] = {
        {"&amp;", "&"}, {"&quot;", "\""}, {"&lt;", "<"},
        {"&gt;", ">"},  {"&nbsp;", " "},  {"&apos;", "'"},
    };

    rk_buf_reset(out);
    while (*s) {
        size_t i = 0;
        size_t n = sizeof(entities) / sizeof(entities[0]);
        char *end = NULL;
        long code = s[0] == '&' && s[1] == '#' ? strtol(s + 2, &end, 10) : 0;

        while (i < n && strncmp(s, entities[i][0], strlen(entities[i][0])) != 0)
            i++;
        if (i < n) {
            rk_buf_puts(out, entities[i][1]);
            s += strlen(entities[i][0]);
        } else if (end && *end == ';' && code >= ' ' && code < 127) {
            rk_buf_putc(out, (char)code);
            s = end + 1;
        } else {
            rk_buf_putc(out, *s++);
        }
    }
    return out->failed ? RK_ENOMEM : RK_OK;
}


static int games_items(rk_corpus_builder *b, const char *dir, rk_error *err)
{
    rk_table t = {0};
    rk_buf title;
    int rc = rk_table_open(&t, dir, "llmrank-games", "Games-6k.item", err);

    rk_buf_init(&title);
    if (rc == RK_OK)
        rc = rk_table_header(&t, "item_id:token\ttitle:token_seq", err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 2, err)) == 1) {
        if (title_decode(&title, t.cells[1])) {
            rc = rk_no_memory(err);
            break;
        }
        rc = rk_corpus_add_item(
            b,
            &(rk_record){t.cells[0], &(rk_field){"title", rk_buf_str(&title)},
                         1},
            err);
    }
    rk_buf_clear(&title);
    rk_table_close(&t);
    return rc;
}


/* The table of sequences, read once for its users and once for its rows,
 * because rows spoil it. */
static int games_rows(rk_sequences *s, rk_corpus_builder *b, const char *dir,
                      rk_error *err)
{
    rk_table t = {0};
    int rc = rk_table_open(&t, dir, "llmrank-games", "Games-6k.test.inter",
                           err);

    if (rc == RK_OK)
        rc = rk_table_header(
            &t, "user_id:token\titem_id_list:token_seq\titem_id:token", err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 3, err)) == 1) {
        if (b)
            rc = rk_corpus_add_user(b, &(rk_record){.id = t.cells[0]}, err);
        else
            rc = rk_sequences_add(
                s, &t,
                (rk_sequence_row){t.cells[0], t.cells[1], t.cells[2], false},
                err);
    }
    rk_table_close(&t);
    return rc;
}


static int games_load(rk_sequences *s, const char *dir, rk_error *err)
{
    static const rk_rules none = {0};
    rk_corpus_builder *b = NULL;
    int rc = rk_corpus_builder_new(&b, &none, err);

    if (rc == RK_OK)
        rc = games_items(b, dir, err);
    if (rc == RK_OK)
        rc = games_rows(s, b, dir, err);
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, &s->shelf, err);
    if (rc == RK_OK)
        rc = rk_sequences_begin(s, err);
    if (rc == RK_OK)
        rc = games_rows(s, NULL, dir, err);
    if (rc == RK_OK)
        rc = rk_sequences_finish(s, err);
    rk_corpus_builder_free(b);
    return rc;
}


static int load(rk_task **out, const rk_protocol *p, const rk_task_opts *opts,
                rk_error *err)
{
    static const lists ml1m_lists = {"llmrank-ml-1m", "ml-1m-full.random",
                                     "ml-1m.random"};
    static const lists games_lists = {"llmrank-games", "Games-6k.random",
                                      "Games-200.random"};
    bool games = p == &rk_protocol_llmrank_games;
    rk_sequences s = {0};
    rk_task *t = NULL;
    int rc = rk_task_needs(p, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    rc = games ? games_load(&s, opts->data, err)
               : rk_ml1m_load(&s, opts->data, err);
    if (rc)
        goto done;
    t = rk_task_new(p, RK_TASK_RANK, RK_M_NDCG_10,
                    games ? games_notes : ml1m_notes);
    rc = t ? task_fill(t, &s, games ? &games_lists : &ml1m_lists, opts, err)
           : rk_no_memory(err);
    if (rc)
        goto done;
    *out = t;
    t = NULL;

done:
    rk_task_free(t);
    rk_sequences_clear(&s);
    return rc;
}


static int load_ml1m(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    return load(out, &rk_protocol_llmrank_ml1m, opts, err);
}


static int load_games(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    return load(out, &rk_protocol_llmrank_games, opts, err);
}


static const rk_published ml1m_published[] = {
    {"Pop", "ndcg@10", 0.5233},
    {"BPRMF", "ndcg@10", 0.6429},
    {"SASRec", "ndcg@10", 0.7889},
    {"BM25", "ndcg@10", 0.1788},
    {"UniSRec", "ndcg@10", 0.2667},
    {"GPT-3.5", "ndcg@10", 0.4583},
    {"GPT-4 (200 users)", "ndcg@10", 0.4674},
    {"LLaMA-2-70B-Chat (200 users)", "ndcg@10", 0.3119},
    {NULL, NULL, 0},
};

static const rk_published games_published[] = {
    {"Pop", "ndcg@10", 0.5296},
    {"BPRMF", "ndcg@10", 0.6627},
    {"SASRec", "ndcg@10", 0.7592},
    {"BM25", "ndcg@10", 0.3461},
    {"UniSRec", "ndcg@10", 0.4071},
    {"GPT-3.5", "ndcg@10", 0.5310},
    {"GPT-4 (200 users)", "ndcg@10", 0.6288},
    {"LLaMA-2-70B-Chat (200 users)", "ndcg@10", 0.3783},
    {NULL, NULL, 0},
};

static const rk_item_words games_wording = {"video game", "video games",
                                            "{{title}}"};

const rk_protocol rk_protocol_llmrank_ml1m = {
    .name = "llmrank-ml-1m",
    .summary = "MovieLens 1M, the next item among 20 published candidates; "
               "200 users or fewer: those used for language models",
    .needs = "ml-1m-loo/ and llmrank-ml-1m/ml-1m-full.random or ml-1m.random",
    .load = load_ml1m,
    .wording = &rk_words_for_movies,
    .published = ml1m_published,
};

const rk_protocol rk_protocol_llmrank_games = {
    .name = "llmrank-games",
    .summary = "Amazon games, the next item among 20 published candidates; "
               "200 users or fewer: those used for language models",
    .needs = "llmrank-games/Games-6k.item, Games-6k.test.inter and "
             "Games-6k.random or Games-200.random",
    .load = load_games,
    .wording = &games_wording,
    .published = games_published,
};

/* TALLRec (Bao et al. 2023), films: will somebody like this film, after their
 * ten last ratings? AUC of 1,000 rows by 16 users, who are resampled whole.
 * Trained on: what the 8,000 rows for training show; of users who are asked,
 * only what is older than their first question. */
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/fill.h"
#include "eval/ml1m.h"
#include "eval/protocols.h"
#include "eval/table.h"

#include <stdio.h>
#include <string.h>

#define FOLDER   "tallrec-movie"
#define HISTORY  10
#define MOST_ID  100000
#define JSON_MAX ((size_t)1 << 26)

static const char *const notes[] = {
    "1,000 rows by 16 users: intervals resample users, and are wide",
    "histories hold earlier targets of the same user",
    "a film that only training rows name has its number for a title",
    "the share of likes in the history, with no training, has .726",
    NULL,
};

enum split { TRAIN, VALID, TEST };

static const char *const split_names[] = {"train", "valid", "test"};

typedef struct window {
    enum split split;
    uint32_t user;              /* its number in the file */
    uint32_t item[HISTORY + 1]; /* numbers, then positions; the target last */
    int8_t label[HISTORY + 1];  /* 1 or 0 */
    int64_t at_us;              /* of the target */
} window;

typedef struct windows {
    window *rows;
    size_t n;
    size_t cap;
    char **titles;     /* (MOST_ID) by number; NULL: not known */
    int64_t *first_us; /* (MOST_ID) of a user's first question */
} windows;


static void windows_clear(windows *w)
{
    for (size_t i = 0; w->titles && i < MOST_ID; i++)
        free(w->titles[i]);
    free(w->titles);
    free(w->first_us);
    free(w->rows);
}


/* A number below `limit`; false when it is none. */
static bool number(const char *s, uint64_t limit, uint64_t *out)
{
    char *end = NULL;

    if (*s < '0' || *s > '9')
        return false;
    *out = strtoull(s, &end, 10);
    return *end == '\0' && *out < limit;
}


static int list_read(rk_table *t, char *list, uint64_t limit, uint64_t *values,
                     rk_error *err)
{
    size_t n = 0;
    char *word;

    while ((word = rk_table_word(&list, ','))) {
        if (n == HISTORY || !number(word, limit, &values[n]))
            return rk_table_fail(t, err,
                                 "expected %d numbers below %llu, found "
                                 "'%.20s'",
                                 HISTORY, (unsigned long long)limit, word);
        n++;
    }
    if (n != HISTORY)
        return rk_table_fail(t, err, "expected %d numbers, found %zu", HISTORY,
                             n);
    return RK_OK;
}


static int row_read(window *w, rk_table *t, rk_error *err)
{
    uint64_t items[HISTORY] = {0};
    uint64_t labels[HISTORY] = {0};
    uint64_t value[4];
    int rc;

    for (w->split = TRAIN;
         w->split <= TEST && strcmp(t->cells[0], split_names[w->split]) != 0;)
        w->split++;
    if (w->split > TEST || !number(t->cells[1], MOST_ID, &value[0]) ||
        !number(t->cells[4], MOST_ID, &value[1]) ||
        !number(t->cells[5], 2, &value[2]) ||
        !number(t->cells[6], UINT32_MAX, &value[3]))
        return rk_table_fail(t, err,
                             "expected a split, a user, an item, 0 or 1 and a "
                             "time, found '%.20s'",
                             t->cells[0]);
    rc = list_read(t, t->cells[2], MOST_ID, items, err);
    if (rc == RK_OK)
        rc = list_read(t, t->cells[3], 2, labels, err);
    for (size_t i = 0; i < HISTORY && rc == RK_OK; i++) {
        w->item[i] = (uint32_t)items[i];
        w->label[i] = (int8_t)labels[i];
    }
    w->user = (uint32_t)value[0];
    w->item[HISTORY] = (uint32_t)value[1];
    w->label[HISTORY] = (int8_t)value[2];
    w->at_us = (int64_t)value[3] * 1000000;
    return rc;
}


static int windows_read(windows *w, const char *dir, rk_error *err)
{
    rk_table t = {0};
    int rc = rk_table_open(&t, dir, FOLDER, "windows.tsv", err);

    w->titles = rk_calloc(MOST_ID, sizeof(*w->titles));
    w->first_us = rk_calloc(MOST_ID, sizeof(*w->first_us));
    if (rc == RK_OK && (!w->titles || !w->first_us))
        rc = rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_table_header(&t,
                             "split\tuser_id\thistory_item_ids\t"
                             "history_labels\titem_id\tlabel\ttimestamp",
                             err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 7, err)) == 1) {
        window *grown = rk_grow(w->rows, w->n, &w->cap, sizeof(*grown));

        if (!grown) {
            rc = rk_no_memory(err);
            break;
        }
        w->rows = grown;
        rc = row_read(&w->rows[w->n++], &t, err);
    }
    for (size_t i = 0; i < w->n && rc == RK_OK; i++) {
        int64_t *first = &w->first_us[w->rows[i].user];

        if (w->rows[i].split != TRAIN &&
            (*first == 0 || w->rows[i].at_us < *first))
            *first = w->rows[i].at_us;
    }
    rk_table_close(&t);
    return rc;
}


/* The liked films are named first, then the others, then the target. */
static int titles_take(windows *w, const window *row, const char *prompt,
                       rk_error *err)
{
    uint32_t order[HISTORY + 1];
    size_t n = 0;

    for (int label = 1; label >= 0; label--)
        for (size_t i = 0; i < HISTORY; i++)
            if (row->label[i] == label)
                order[n++] = row->item[i];
    order[n++] = row->item[HISTORY];
    for (size_t i = 0; i < n && (prompt = strchr(prompt, '"')); i++) {
        const char *end = strchr(++prompt, '"');

        if (!end)
            break;
        if (!w->titles[order[i]]) {
            w->titles[order[i]] = rk_strndup(prompt, (size_t)(end - prompt));
            if (!w->titles[order[i]])
                return rk_no_memory(err);
        }
        prompt = end + 1;
    }
    return RK_OK;
}


/* Prompt number i is that of row number i of its split. */
static int titles_read(windows *w, const char *dir, const char *name,
                       enum split split, rk_error *err)
{
    char *path = rk_table_path(dir, FOLDER, name);
    char *bytes = NULL;
    json_t *prompts = NULL;
    size_t len = 0;
    size_t at = 0;
    int rc = path ? rk_file_read(path, JSON_MAX, &bytes, &len, err)
                  : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_json_parse(&prompts, bytes, len, path, err);
    for (size_t i = 0; i < w->n && rc == RK_OK; i++) {
        const char *prompt;

        if (w->rows[i].split != split)
            continue;
        prompt = json_string_value(
            json_object_get(json_array_get(prompts, at++), "input"));
        rc = prompt ? titles_take(w, &w->rows[i], prompt, err)
                    : rk_fail(err, RK_EFORMAT,
                              "%s: expected the text \"input\" of row %zu",
                              path, at);
    }
    json_decref(prompts);
    free(bytes);
    free(path);
    return rc;
}


static int item_add(rk_corpus_builder *b, uint32_t number, const char *listed,
                    rk_error *err)
{
    char id[16];
    char nameless[24];
    char *title = NULL;
    char *year = NULL;
    int rc;

    snprintf(id, sizeof(id), "%u", number);
    snprintf(nameless, sizeof(nameless), "film %s", id);
    rc = rk_ml1m_title(listed ? listed : nameless, &title, &year, err);
    if (rc == RK_OK) {
        const rk_field fields[] = {{"title", title}, {"year", year}};

        rc = rk_corpus_add_item(b, &(rk_record){id, fields, year ? 2 : 1}, err);
    }
    free(title);
    free(year);
    return rc;
}


/* The items, in the order in which they come; numbers become positions. */
static int shelf_make(windows *w, rk_corpus **out, rk_error *err)
{
    static const rk_rules none = {0};
    rk_corpus_builder *b = NULL;
    int rc = rk_corpus_builder_new(&b, &none, err);

    for (size_t i = 0; i < w->n && rc == RK_OK; i++)
        for (size_t j = 0; j <= HISTORY && rc == RK_OK; j++)
            rc = item_add(b, w->rows[i].item[j], w->titles[w->rows[i].item[j]],
                          err);
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, out, err);
    for (size_t i = 0; i < w->n && rc == RK_OK; i++) {
        for (size_t j = 0; j <= HISTORY; j++) {
            char id[16];

            snprintf(id, sizeof(id), "%u", w->rows[i].item[j]);
            w->rows[i].item[j] = rk_ids_find((*out)->item_ids, id);
        }
    }
    rk_corpus_builder_free(b);
    return rc;
}


/* Event j of a row. Of a history's times no more is known than that they are
 * before the target's; its order is kept. */
static rk_seen event_of(const window *w, size_t j)
{
    return (rk_seen){w->item[j], w->label[j] ? 1 : -1, w->label[j],
                     w->at_us - (int64_t)(HISTORY - j)};
}


static bool knows(const rk_corpus *c, uint32_t item)
{
    for (size_t i = c->start[c->n_users - 1]; i < c->start[c->n_users]; i++)
        if (c->seen[i].item == item)
            return true;
    return false;
}


/* Rows of one user follow one another. */
static int train_fill(rk_task *t, const windows *w, rk_error *err)
{
    uint32_t user = UINT32_MAX;
    rk_fill f;
    int rc = rk_fill_begin(&f, t->catalogue, 0, err);

    for (size_t i = 0; i < w->n && rc == RK_OK; i++) {
        const window *row = &w->rows[i];
        int64_t first = w->first_us[row->user];
        char id[16];

        if (row->split != TRAIN || (first && row->at_us >= first))
            continue;
        snprintf(id, sizeof(id), "%u", row->user);
        if (row->user != user)
            rc = rk_fill_user(&f, id, &(rk_record){.id = id}, RK_NO_ID, err);
        user = row->user;
        for (size_t j = 0; j <= HISTORY && rc == RK_OK; j++)
            if (!knows(f.q.asked, row->item[j]))
                rc = rk_fill_event(&f, event_of(row, j), err);
    }
    if (rc == RK_OK)
        t->train = rk_fill_take_corpus(&f);
    rk_fill_clear(&f);
    return rc;
}


static int row_ask(rk_fill *f, const rk_task *t, const window *row, size_t i,
                   rk_error *err)
{
    rk_rng any = {0};
    char user[16];
    char id[40];
    int rc;

    snprintf(user, sizeof(user), "%u", row->user);
    snprintf(id, sizeof(id), "%u#%zu", row->user, i);
    rc = rk_fill_user(f, id, &(rk_record){.id = user},
                      rk_ids_find(t->train->user_ids, user), err);
    for (size_t j = 0; j < HISTORY && rc == RK_OK; j++)
        rc = rk_fill_event(f, event_of(row, j), err);
    if (rc == RK_OK)
        rc = rk_fill_truth(f, row->item[HISTORY], err);
    if (rc == RK_OK)
        rc = rk_fill_candidates(f, NULL, 0, &any, err);
    if (rc == RK_OK)
        rc = rk_fill_label(f, row->label[HISTORY], row->user, err);
    return rc;
}


static int questions_fill(rk_task *t, const windows *w, enum split split,
                          const rk_task_opts *opts, rk_error *err)
{
    bool *asked = NULL;
    size_t n = 0;
    rk_fill f;
    int rc = rk_fill_begin(&f, t->catalogue, 1, err);

    for (size_t i = 0; i < w->n; i++)
        n += w->rows[i].split == split;
    asked = rk_fill_draw(n, split == TEST ? opts->n_users : 0, opts->seed);
    if (rc == RK_OK && !asked)
        rc = rk_no_memory(err);
    n = 0;
    for (size_t i = 0; i < w->n && rc == RK_OK; i++)
        if (w->rows[i].split == split && asked[n++])
            rc = row_ask(&f, t, &w->rows[i], i, err);
    if (rc == RK_OK)
        rk_fill_take_questions(&f, split == TEST ? &t->test : &t->validation);
    rk_fill_clear(&f);
    free(asked);
    return rc;
}


static int load(rk_task **out, const rk_task_opts *opts, rk_error *err)
{
    windows w = {0};
    rk_task *t = NULL;
    int rc = rk_task_needs(&rk_protocol_tallrec, opts, err);

    *out = NULL;
    if (rc)
        return rc;
    t = rk_task_new(&rk_protocol_tallrec, RK_TASK_LIKE, RK_M_AUC, notes);
    rc = t ? windows_read(&w, opts->data, err) : rk_no_memory(err);
    if (rc == RK_OK)
        rc = titles_read(&w, opts->data, "test.json", TEST, err);
    if (rc == RK_OK)
        rc = titles_read(&w, opts->data, "valid.json", VALID, err);
    if (rc == RK_OK)
        rc = shelf_make(&w, &t->catalogue, err);
    if (rc == RK_OK)
        rc = train_fill(t, &w, err);
    if (rc == RK_OK)
        rc = questions_fill(t, &w, VALID, opts, err);
    if (rc == RK_OK)
        rc = questions_fill(t, &w, TEST, opts, err);
    if (rc == RK_OK) {
        *out = t;
        t = NULL;
    }
    rk_task_free(t);
    windows_clear(&w);
    return rc;
}


static const rk_published published[] = {
    {"TALLRec-7B, 16 samples", "auc", 0.6724},
    {"TALLRec-7B, 64 samples", "auc", 0.6748},
    {"TALLRec-7B, 256 samples", "auc", 0.7198},
    {"SASRec, 256 samples", "auc", 0.5225},
    {NULL, NULL, 0},
};

const rk_protocol rk_protocol_tallrec = {
    .name = "tallrec-movie",
    .summary = "MovieLens 100K, whether a film pleases after ten ratings",
    .needs = "tallrec-movie/windows.tsv, test.json and valid.json",
    .load = load,
    .wording = &rk_words_for_movies,
    .published = published,
};

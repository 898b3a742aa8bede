#include "eval/ml1m.h"

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FOLDER   "ml-1m-loo"
#define JSON_MAX ((size_t)1 << 26)

static const char *const ages[][2] = {
    {"1", "under 18"}, {"18", "18-24"}, {"25", "25-34"},       {"35", "35-44"},
    {"45", "45-49"},   {"50", "50-55"}, {"56", "56 and over"},
};

static const char *const occupations[] = {
    "other",
    "academic or educator",
    "artist",
    "clerical worker",
    "college student",
    "customer service",
    "doctor",
    "executive",
    "farmer",
    "homemaker",
    "pupil",
    "lawyer",
    "programmer",
    "retired",
    "sales and marketing",
    "scientist",
    "self-employed",
    "technician or engineer",
    "craftsman",
    "unemployed",
    "writer",
};

#define N_OCCUPATIONS (sizeof(occupations) / sizeof(occupations[0]))

static const char *const articles[] = {
    "The", "A", "An", "La",  "Le",  "Les", "L'",  "Un",  "Une", "Il",
    "Lo",  "O", "El", "Los", "Las", "Das", "Der", "Die", "Det",
};


/* How long a listed title is without " (1999)" behind it. */
static size_t without_year(const char *s, size_t len)
{
    const char *p = s + len;

    if (len < 7 || p[-1] != ')' || p[-6] != '(' || p[-7] != ' ')
        return len;
    for (int i = 2; i <= 5; i++)
        if (!isdigit((unsigned char)p[-i]))
            return len;
    return len - 7;
}


/* The article behind the last ", " of a name, or NULL. */
static const char *article_of(const char *name, size_t len, size_t *before)
{
    for (size_t i = 0; i < sizeof(articles) / sizeof(articles[0]); i++) {
        size_t n = strlen(articles[i]);

        if (len < n + 3)
            continue;
        *before = len - n - 2;
        if (memcmp(name + *before, ", ", 2) == 0 &&
            memcmp(name + *before + 2, articles[i], n) == 0)
            return articles[i];
    }
    return NULL;
}


int rk_ml1m_title(const char *listed, char **title, char **year, rk_error *err)
{
    size_t whole = strlen(listed);
    size_t len = without_year(listed, whole);
    size_t before = 0;
    const char *article = article_of(listed, len, &before);
    rk_buf name;

    rk_buf_init(&name);
    if (article) {
        rk_buf_puts(&name, article);
        if (article[strlen(article) - 1] != '\'')
            rk_buf_putc(&name, ' ');
        len = before;
    }
    rk_buf_add(&name, listed, len);
    *title = rk_buf_take(&name);
    *year = len < whole && without_year(listed, whole) < whole
                ? rk_strndup(listed + whole - 5, 4)
                : NULL;
    if (*title && (*year || without_year(listed, whole) == whole))
        return RK_OK;
    free(*title);
    free(*year);
    *title = NULL;
    *year = NULL;
    return rk_no_memory(err);
}


/* The paragraphs, or NULL where the file is not there. */
static int descriptions_load(json_t **out, const char *dir, rk_error *err)
{
    char *path = rk_table_path(dir, FOLDER, "llm_descriptions.json");
    char *bytes = NULL;
    size_t len = 0;
    int rc = path ? rk_file_read(path, JSON_MAX, &bytes, &len, err)
                  : rk_no_memory(err);

    *out = NULL;
    if (rc == RK_ENOTFOUND)
        rc = RK_OK;
    else if (rc == RK_OK)
        rc = rk_json_parse(out, bytes, len, path, err);
    free(bytes);
    free(path);
    return rc;
}


static int item_add(rk_corpus_builder *b, rk_table *t, const json_t *texts,
                    rk_error *err)
{
    const char *text = json_string_value(json_object_get(texts, t->cells[0]));
    rk_field fields[4];
    rk_record r = {t->cells[0], fields, 0};
    char *title = NULL;
    char *year = NULL;
    int rc;

    if (!t->cells[0][0] || !t->cells[1][0])
        return rk_table_fail(t, err, "expected an id and a title, found '%s'",
                             t->cells[0]);
    rc = rk_ml1m_title(t->cells[1], &title, &year, err);
    if (rc)
        return rc;
    fields[r.n_fields++] = (rk_field){"title", title};
    if (year)
        fields[r.n_fields++] = (rk_field){"year", year};
    if (t->cells[2][0])
        fields[r.n_fields++] = (rk_field){"genres", t->cells[2]};
    if (text)
        fields[r.n_fields++] = (rk_field){"llm_description", text};
    rc = rk_corpus_add_item(b, &r, err);
    free(title);
    free(year);
    return rc;
}


static int items_load(rk_corpus_builder *b, const char *dir, rk_error *err)
{
    rk_table t = {0};
    json_t *texts = NULL;
    int rc = rk_table_open(&t, dir, FOLDER, "items.tsv", err);

    if (rc == RK_OK)
        rc = descriptions_load(&texts, dir, err);
    if (rc == RK_OK)
        rc = rk_table_header(&t, "item_id\ttitle\tgenres", err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 3, err)) == 1)
        rc = item_add(b, &t, texts, err);
    json_decref(texts);
    rk_table_close(&t);
    return rc;
}


static int user_add(rk_corpus_builder *b, rk_table *t, rk_error *err)
{
    const char *age = NULL;
    char *end;
    unsigned long work = strtoul(t->cells[3], &end, 10);

    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
        if (strcmp(t->cells[2], ages[i][0]) == 0)
            age = ages[i][1];
    if (!age)
        return rk_table_fail(t, err, "expected an age band, found '%.20s'",
                             t->cells[2]);
    if (!t->cells[3][0] || *end || work >= N_OCCUPATIONS)
        return rk_table_fail(t, err,
                             "expected an occupation 0 to 20, found '%.20s'",
                             t->cells[3]);
    const rk_field fields[] = {
        {"gender", strcmp(t->cells[1], "F") == 0 ? "woman" : "man"},
        {"age", age},
        {"occupation", occupations[work]},
    };
    return rk_corpus_add_user(b, &(rk_record){t->cells[0], fields, 3}, err);
}


static int users_load(rk_corpus_builder *b, const char *dir, rk_error *err)
{
    rk_table t = {0};
    int rc = rk_table_open(&t, dir, FOLDER, "users.tsv", err);

    if (rc == RK_OK)
        rc = rk_table_header(&t, "user_id\tgender\tage_band\toccupation\tzip",
                             err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 5, err)) == 1)
        rc = user_add(b, &t, err);
    rk_table_close(&t);
    return rc;
}


static int sequences_load(rk_sequences *s, const char *dir, rk_error *err)
{
    rk_table t = {0};
    int rc = rk_sequences_begin(s, err);

    if (rc == RK_OK)
        rc = rk_table_open(&t, dir, FOLDER, "sequences.tsv", err);
    if (rc == RK_OK)
        rc = rk_table_header(
            &t, "user_id\tis_validation_user\thistory\ttest_item", err);
    while (rc == RK_OK && (rc = rk_table_next(&t, '\t', 4, err)) == 1) {
        bool tunes = strcmp(t.cells[1], "1") == 0;

        if (!tunes && strcmp(t.cells[1], "0") != 0)
            rc = rk_table_fail(&t, err, "expected 0 or 1, found '%.20s'",
                               t.cells[1]);
        else
            rc = rk_sequences_add(
                s, &t,
                (rk_sequence_row){t.cells[0], t.cells[2], t.cells[3], tunes},
                err);
    }
    if (rc == RK_OK)
        rc = rk_sequences_finish(s, err);
    rk_table_close(&t);
    return rc;
}


int rk_ml1m_load(rk_sequences *out, const char *dir, rk_error *err)
{
    static const rk_rules none = {0};
    rk_corpus_builder *b = NULL;
    int rc;

    memset(out, 0, sizeof(*out));
    rc = rk_corpus_builder_new(&b, &none, err);
    if (rc == RK_OK)
        rc = items_load(b, dir, err);
    if (rc == RK_OK)
        rc = users_load(b, dir, err);
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, &out->shelf, err);
    if (rc == RK_OK)
        rc = sequences_load(out, dir, err);
    rk_corpus_builder_free(b);
    if (rc)
        rk_sequences_clear(out);
    return rc;
}

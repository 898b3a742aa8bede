/* Reading items and profiles by the vocabulary. */
#include "paradigms/vocabulary.h"

#include "core/mem.h"
#include "core/text.h"
#include "core/topk.h"
#include "paradigms/cached.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define MAX_ITEM_WORDS    6
#define MAX_PROFILE_WORDS 4
#define STANDS_OUT        1.0f /* spreads above a word's mean */

/* Log-probabilities among the words alone: what else the model might have
 * said does not count. */
static void normalise(float *logp, size_t n, size_t n_words)
{
    for (size_t i = 0; i < n; i++) {
        float *row = logp + i * n_words;
        float top = row[0];
        double sum = 0;

        for (size_t k = 1; k < n_words; k++)
            top = row[k] > top ? row[k] : top;
        for (size_t k = 0; k < n_words; k++)
            sum += exp((double)row[k] - top);
        for (size_t k = 0; k < n_words; k++)
            row[k] -= top + (float)log(sum);
    }
}


static int read_texts(const rk_asking *a, const rk_snapshot *s, char **texts,
                      size_t n, float *logp, rk_error *err)
{
    size_t n_words = s->vocabulary.n - s->vocabulary.n_categories;
    char **words = rk_texts_around(
        " ", s->vocabulary.words + s->vocabulary.n_categories, n_words, "");
    rk_words_question q = {"", (const char *const *)words, n_words};
    int rc;

    if (!words)
        return rk_no_memory(err);
    rc = rk_cached_words(a, &q, (const char *const *)texts, n, logp, err);
    if (rc == RK_OK)
        normalise(logp, n, n_words);
    rk_texts_free(words, n_words);
    return rc;
}


int rk_read_items(rk_run *run, const rk_snapshot *s, size_t begin, size_t end,
                  float *logp, const rk_progress *p, rk_error *err)
{
    size_t n = end - begin;
    char **texts = rk_calloc(n, sizeof(*texts));
    int rc = texts ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        char *profile = rk_snapshot_text(s, (uint32_t)(begin + i),
                                         s->settings->item_profile);
        rk_buf b;

        rk_buf_init(&b);
        rk_buf_printf(&b, "A %s: %s\nKeyword:", s->settings->noun,
                      profile ? profile : "");
        texts[i] = rk_buf_take(&b);
        if (!profile || !texts[i])
            rc = rk_no_memory(err);
        free(profile);
    }
    if (rc == RK_OK)
        rc = read_texts(&(rk_asking){run, s->writer_key, "reading items", p, 0},
                        s, texts, n, logp, err);
    rk_texts_free(texts, n);
    return rc;
}


int rk_read_profiles(rk_run *run, const rk_snapshot *s,
                     const char *const *profiles, size_t n, float *logp,
                     const rk_progress *p, rk_error *err)
{
    char **texts = rk_calloc(n, sizeof(*texts));
    int rc = texts ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_buf b;

        rk_buf_init(&b);
        rk_buf_printf(&b,
                      "A person: %s\nKeyword of the %s they like:", profiles[i],
                      s->settings->noun_plural);
        texts[i] = rk_buf_take(&b);
        rc = texts[i] ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK)
        rc = read_texts(&(rk_asking){run, s->writer_key, "reading users", p, 0},
                        s, texts, n, logp, err);
    rk_texts_free(texts, n);
    return rc;
}


void rk_reading_moments(const float *logp, size_t n, size_t n_words,
                        float *mean, float *sd)
{
    for (size_t k = 0; k < n_words; k++) {
        double sum = 0;
        double squares = 0;

        for (size_t i = 0; i < n; i++)
            sum += logp[i * n_words + k];
        sum /= n ? (double)n : 1;
        for (size_t i = 0; i < n; i++) {
            double off = logp[i * n_words + k] - sum;
            squares += off * off;
        }
        mean[k] = (float)sum;
        sd[k] = (float)sqrt(squares / (n ? (double)n : 1));
        if (!(sd[k] > 1e-3f)) /* says nothing: never stands out */
            sd[k] = 1e6f;
    }
}


static int by_token(const void *a, const void *b)
{
    const rk_token_weight *x = a;
    const rk_token_weight *y = b;

    return x->token < y->token ? -1 : x->token > y->token;
}


/* A reading, and what it is measured against. */
typedef struct reading {
    const float *logp;
    const float *mean;
    const float *sd;
} reading;


/* Appends the words that stand out most in a reading. */
static size_t add_read(const rk_vocabulary *v, const reading *r, size_t most,
                       float highest, rk_token_weight *out, size_t n)
{
    rk_hit room[MAX_ITEM_WORDS];
    rk_topk top;

    rk_topk_init(&top, room, most);
    for (size_t k = 0; k + v->n_categories < v->n; k++) {
        float z = (r->logp[k] - r->mean[k]) / r->sd[k];

        if (z >= STANDS_OUT)
            rk_topk_add(&top, (uint32_t)(v->n_categories + k), z);
    }
    most = rk_topk_finish(&top);
    for (size_t i = 0; i < most && n < RK_TOKENS_MAX; i++) {
        bool there = false;

        for (size_t j = 0; j < n && !there; j++)
            there = out[j].token == room[i].index;
        if (!there) {
            float z = room[i].score < 3 ? room[i].score : 3;
            out[n++] = (rk_token_weight){room[i].index, highest * z / 3};
        }
    }
    return n;
}


size_t rk_item_tokens(const rk_snapshot *s, uint32_t item, const float *logp,
                      rk_token_weight out[RK_TOKENS_MAX])
{
    const rk_vocabulary *v = &s->vocabulary;
    size_t n = 0;

    for (uint32_t k = 0; k < v->n_categories; k++)
        if (n < RK_TOKENS_MAX - MAX_ITEM_WORDS &&
            rk_snapshot_has_category(s, item, v->words[k]))
            out[n++] = (rk_token_weight){k, 1};
    if (logp && v->item_mean)
        n = add_read(v, &(reading){logp, v->item_mean, v->item_sd},
                     MAX_ITEM_WORDS, 0.6f, out, n);
    qsort(out, n, sizeof(*out), by_token);
    return n;
}


/* Whether a clause turns down what it names. */
static bool turns_down(const char *clause)
{
    static const char *const cues[] = {
        "no",      "not",    "never",  "nothing", "without",
        "dislike", "hate",   "avoid",  "except",  "cannot",
        "can't",   "don't",  "tired",  "bored",   "disliked",
        "hated",   "detest", "loathe", "doesn't", "neither",
    };

    for (size_t i = 0; i < sizeof(cues) / sizeof(cues[0]); i++)
        if (rk_text_find_word(clause, cues[i]))
            return true;
    return false;
}


/* Marks the words standing in one clause, longest first, so that "science
 * fiction" is not also "fiction". */
static size_t add_clause(const rk_vocabulary *v, char *clause,
                         rk_token_weight *out, size_t n)
{
    float weight = turns_down(clause) ? -1 : +1;

    for (size_t len = 64; len > 0; len--) {
        for (uint32_t k = 0; k < v->n && n < RK_TOKENS_MAX; k++) {
            const char *at;
            bool there = false;

            if (strlen(v->words[k]) != len)
                continue;
            at = rk_text_find_word(clause, v->words[k]);
            for (size_t j = 0; j < n && !there; j++)
                there = out[j].token == k;
            if (!at)
                continue;
            memset(clause + (at - clause), ' ', len);
            if (!there)
                out[n++] = (rk_token_weight){k, weight};
        }
    }
    return n;
}


/* Where a clause ends, NULL at the end of the text: at a mark or "but", or
 * before a word that turns down only what follows it. */
static char *clause_end(char *clause, char **next)
{
    static const struct {
        const char *text;
        size_t gone;
    } breaks[] = {{" but ", 5}, {" except ", 1}, {" without ", 1}};
    char *end = strpbrk(clause, ",;.!?\n");

    *next = end ? end + 1 : NULL;
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        char *at = strcasestr(clause, breaks[i].text);

        if (at && (!end || at < end)) {
            end = at;
            *next = at + breaks[i].gone;
        }
    }
    return end;
}


int rk_profile_tokens(const rk_snapshot *s, const char *profile,
                      const float *logp, rk_token_weight out[RK_TOKENS_MAX],
                      size_t *n, rk_error *err)
{
    const rk_vocabulary *v = &s->vocabulary;
    char *text = rk_strdup(profile);
    char *clause = text;

    *n = 0;
    if (!text)
        return rk_no_memory(err);
    while (clause && *clause) {
        char *next;
        char *end = clause_end(clause, &next);

        if (end)
            *end = '\0';
        *n = add_clause(v, clause, out, *n);
        clause = next;
    }
    if (logp && v->user_mean && *n < RK_TOKENS_MAX)
        *n = add_read(v, &(reading){logp, v->user_mean, v->user_sd},
                      MAX_PROFILE_WORDS, 0.3f, out, *n);
    qsort(out, *n, sizeof(*out), by_token);
    free(text);
    return RK_OK;
}

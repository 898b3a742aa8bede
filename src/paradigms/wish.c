#include "paradigms/wish.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/cached.h"
#include "paradigms/liking.h"
#include "paradigms/prompt.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

#define WISHED    0.5f /* spreads; below, it is not wished for */
#define FIT_USERS 24   /* over whom a wish's mean is taken */
#define WISH_PART 0.7f /* of a wish's query, beside the likes' centroid */


static size_t n_words_of(const rk_snapshot *s)
{
    return s->vocabulary.n - s->vocabulary.n_categories;
}


/* Branches " CATEGORY NOUN" and what follows. */
static char **category_branches(const rk_snapshot *s, const char *tail)
{
    char **branches = NULL;
    rk_buf after;

    rk_buf_init(&after);
    rk_buf_printf(&after, " %s%s", s->settings->noun, tail);
    if (!after.failed)
        branches = rk_texts_around(" ", s->vocabulary.words,
                                   s->vocabulary.n_categories,
                                   rk_buf_str(&after));
    rk_buf_clear(&after);
    return branches;
}


/* The prompt of step 4: products of interest, then the question. */
static char *wish_prompt(const rk_snapshot *s, const rk_who *who)
{
    size_t n_items;
    char *liked = rk_prompt_user(s, who, +1, &n_items);
    rk_buf b;

    rk_buf_init(&b);
    if (liked)
        rk_buf_printf(&b, "%s\nWhat I want next is a", liked);
    else
        b.failed = true;
    free(liked);
    return rk_buf_take(&b);
}


/* What the writer says after a user's prompt: category (n_categories), the
 * log-likelihood of each for a token; word (n_categories, n_words). */
static int read_wishes(const rk_snapshot *s, const rk_who *who, rk_run *run,
                       float *category, float *word, rk_error *err)
{
    size_t n = s->vocabulary.n_categories;
    char *prompt = wish_prompt(s, who);
    char **plain = category_branches(s, "");
    char **asking = category_branches(s, ". Keyword:");
    char **words = rk_texts_around(" ", s->vocabulary.words + n, n_words_of(s),
                                   "");
    float *rows = rk_calloc(n, 2 * sizeof(*rows));
    rk_asking a = {run, s->writer_key, "reading wishes", NULL, RK_ASK_PASSING};
    int rc = prompt && plain && asking && rows && words ? RK_OK
                                                        : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_cached_likelihood(&a, prompt, (const char *const *)plain, n,
                                  rows, err);
    for (size_t k = 0; k < n && rc == RK_OK; k++)
        category[k] = rows[2 * k] / (rows[2 * k + 1] + 1);
    if (rc == RK_OK && n_words_of(s)) {
        rk_words_question q = {prompt, (const char *const *)words,
                               n_words_of(s)};

        rc = rk_cached_words(&a, &q, (const char *const *)asking, n, word, err);
    }
    rk_texts_free(words, n_words_of(s));
    rk_texts_free(plain, n);
    rk_texts_free(asking, n);
    free(prompt);
    free(rows);
    return rc;
}


static void add_to(float *sum, const float *x, size_t n, float weight)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += weight * x[i];
}


/* Turns sums and sums of squares over `users` into means and spreads. */
static void moments_of(float *mean, float *sd, size_t n, size_t users)
{
    for (size_t i = 0; i < n; i++) {
        double m = (double)mean[i] / (double)users;
        double v = (double)sd[i] / (double)users - m * m;

        mean[i] = (float)m;
        sd[i] = v > 1e-4 ? (float)sqrt(v) : 1e-2f;
    }
}


static int put_moments(const rk_workshop *w, const float *mean, const float *sd,
                       size_t n, size_t n_words, rk_error *err)
{
    int rc = rk_bundle_put(w->out, "wish.mean", RK_F32, 1, n, mean, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "wish.sd", RK_F32, 1, n, sd, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "wish.word_mean", RK_F32, n, n_words,
                           mean + n, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "wish.word_sd", RK_F32, n, n_words, sd + n,
                           err);
    return rc;
}


int rk_wishes_fit(const rk_workshop *w, rk_error *err)
{
    const rk_snapshot *s = w->snapshot;
    const rk_corpus *c = w->corpus;
    size_t n = s->vocabulary.n_categories;
    size_t n_all = n * (1 + n_words_of(s)); /* categories, then their words */
    size_t step = c->n_users / FIT_USERS + 1;
    size_t users = 0;
    float *mean;
    float *sd;
    float *one;
    int rc = RK_OK;

    if (w->quick || !s->writer_key[0] || n == 0 || !s->vectors ||
        c->n_users == 0)
        return RK_OK;
    mean = rk_calloc(3 * n_all, sizeof(*mean));
    if (!mean)
        return rk_no_memory(err);
    sd = mean + n_all;
    one = sd + n_all;
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u += step) {
        rk_token_weight tokens[RK_TOKENS_MAX];
        rk_who who;

        rk_liking_who(w, u, c->seen + c->start[u],
                      c->start[u + 1] - c->start[u], tokens, &who);
        rc = rk_progress_report(w->progress, "learning to wish", u, c->n_users,
                                err);
        if (rc == RK_OK)
            rc = read_wishes(s, &who, w->run, one, one + n, err);
        for (size_t i = 0; i < n_all && rc == RK_OK; i++) {
            mean[i] += one[i];
            sd[i] += one[i] * one[i];
        }
        users++;
    }
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, "learning to wish", c->n_users,
                                c->n_users, err);
    moments_of(mean, sd, n_all, users);
    if (rc == RK_OK)
        rc = put_moments(w, mean, sd, n, n_words_of(s), err);
    free(mean);
    return rc;
}


bool rk_has_token(const rk_snapshot *s, uint32_t item, uint32_t token)
{
    const rk_csr *t = &s->item_tokens;

    for (uint64_t e = t->start[item]; e < t->start[item + 1]; e++)
        if (t->col[e] == token)
            return true;
    return false;
}


/* How many items that may be proposed carry a category and a word. */
static size_t granted(const rk_snapshot *s, const rk_run *run,
                      uint32_t category, uint32_t word)
{
    size_t n = 0;

    for (uint32_t i = 0; i < s->n_items; i++)
        n += rk_has_token(s, i, category) &&
             (word == RK_NO_ID || rk_has_token(s, i, word)) &&
             (!run->skip || !run->skip(run->skip_ctx, i));
    return n;
}


/* The likeliest word of a category that no wish has yet and some item can
 * grant. */
static uint32_t best_word(const rk_snapshot *s, const rk_run *run,
                          const rk_wishes *w, uint32_t category,
                          const float *word)
{
    size_t n_words = n_words_of(s);
    uint32_t best = RK_NO_ID;
    float best_score = 0; /* a word that others would get too adds nothing */

    for (size_t k = 0; k < n_words; k++) {
        uint32_t token = (uint32_t)(s->vocabulary.n_categories + k);
        size_t at = category * n_words + k;
        float score = (word[at] - s->wish_word_mean[at]) / s->wish_word_sd[at];
        bool used = false;

        for (size_t i = 0; i < w->n && !used; i++)
            used = w->list[i].word == token;
        if (score > best_score && !used &&
            granted(s, run, category, token) > 0) {
            best_score = score;
            best = token;
        }
    }
    return best;
}


static int add_wish(const rk_snapshot *s, rk_run *run, rk_wishes *w,
                    uint32_t category, const float *word, float score,
                    rk_error *err)
{
    rk_wish *one = &w->list[w->n];
    rk_buf plain;
    rk_buf full;

    one->category = category;
    one->word = best_word(s, run, w, category, word);
    one->score = score;
    rk_buf_init(&plain);
    rk_buf_init(&full);
    rk_buf_printf(&plain, "%s %s", s->vocabulary.words[category],
                  s->settings->noun);
    rk_buf_printf(&full, "%s%s%s",
                  one->word == RK_NO_ID ? "" : s->vocabulary.words[one->word],
                  one->word == RK_NO_ID ? "" : " ", rk_buf_str(&plain));
    one->plain = rk_run_keep(run, rk_buf_take(&plain));
    one->text = rk_run_keep(run, rk_buf_take(&full));
    if (!one->plain || !one->text)
        return rk_no_memory(err);
    one->query = w->queries + w->n * s->d;
    w->n++;
    return RK_OK;
}


/* The mean vector of what the user liked lately, or their profile's. */
static void centre_of(const rk_snapshot *s, const rk_who *who, float *centre)
{
    uint32_t items[16];
    size_t n = rk_who_latest(who, +1, 16, items);

    memset(centre, 0, s->d * sizeof(*centre));
    for (size_t i = 0; i < n; i++)
        add_to(centre, rk_snapshot_vector(s, items[i]), s->d, 1 / (float)n);
    if (n == 0 && who->vector)
        add_to(centre, who->vector, s->d, 1);
}


/* Step 4: the writer's wishes, best first, and their queries. */
int rk_wishes_make(const rk_snapshot *s, const rk_who *who, rk_run *run,
                   rk_wishes *w, rk_error *err)
{
    size_t n = s->vocabulary.n_categories;
    float *said = rk_calloc(n * (1 + n_words_of(s)), sizeof(*said));
    float *centre = rk_calloc(s->d, sizeof(*centre));
    rk_hit *best = rk_alloc_array(n, sizeof(*best));
    int rc;

    memset(w, 0, sizeof(*w));
    w->queries = rk_calloc(RK_N_WISHES * s->d, sizeof(*w->queries));
    rc = said && centre && best && w->queries ? RK_OK : rk_no_memory(err);
    if (rc == RK_OK)
        rc = read_wishes(s, who, run, said, said + n, err);
    if (rc)
        goto done;
    for (uint32_t k = 0; k < n; k++)
        best[k] = (rk_hit){k, (said[k] - s->wish_mean[k]) / s->wish_sd[k]};
    rk_hits_sort(best, n);
    for (size_t i = 0; i < n && w->n < RK_N_WISHES && rc == RK_OK; i++)
        if ((w->n == 0 || best[i].score >= WISHED) &&
            granted(s, run, best[i].index, RK_NO_ID) > 0)
            rc = add_wish(s, run, w, best[i].index, said + n, best[i].score,
                          err);
    centre_of(s, who, centre);
    for (size_t i = 0; i < w->n && rc == RK_OK; i++) {
        rc = rk_cached_vectors(
            &(rk_asking){run, s->embedder_key, NULL, NULL, 0}, s->d,
            &w->list[i].text, 1, w->list[i].query, err);
        for (size_t k = 0; k < s->d; k++)
            w->list[i].query[k] = WISH_PART * w->list[i].query[k] +
                                  (1 - WISH_PART) * centre[k];
    }

done:
    free(said);
    free(centre);
    free(best);
    return rc;
}

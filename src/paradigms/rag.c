/* RAG in five open steps:
 *
 *   1. descriptions and metadata, as texts        (prepare)
 *   2. the embedding model makes them vectors     (prepare)
 *   3. the vectors stand in the vector store      (snapshot)
 *   4. products of interest and the profile go into the language model, which
 *      says what it would recommend in general: wishes (wish.h)
 *   5. the store refines each wish to specific products
 *
 *   score = 10 cos(wish, item) + 0.5 if it carries the wish's word
 *           + the wish's own score + log-odds of a like from the vectors
 */
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"
#include "paradigms/sentence.h"
#include "paradigms/wish.h"

#include <math.h>
#include <string.h>

#define COSINE_UNIT 10.0f /* a tenth of a cosine weighs like one log-odds */
#define WORD_PART   0.5f  /* for carrying the wish's word */


static const char *rag_lacks(const rk_snapshot *s)
{
    if (!s->vectors)
        return "no embedder when prepared";
    if (!s->writer_key[0])
        return "no writer when prepared";
    return s->wish_sd && s->wish_word_sd ? NULL : "no categories to wish for";
}


/* Items outside a wish's category do not answer it. */
typedef struct within {
    const rk_snapshot *s;
    const rk_run *run;
    uint32_t category;
} within;


static bool outside(const void *ctx, uint32_t item)
{
    const within *w = ctx;

    return !rk_has_token(w->s, item, w->category) ||
           (w->run->skip && w->run->skip(w->run->skip_ctx, item));
}


static bool has_word(const rk_snapshot *s, const rk_wish *w, uint32_t item)
{
    return w->word != RK_NO_ID && rk_has_token(s, item, w->word);
}


/* What of a wish an item answers: all of it, or the category alone. */
static const char *heading_of(const rk_snapshot *s, const rk_wish *w,
                              uint32_t item)
{
    return has_word(s, w, item) ? w->text : w->plain;
}


/* How well an item answers a wish. */
static float fit_of(const rk_snapshot *s, const rk_wish *w, uint32_t item)
{
    float word = has_word(s, w, item) ? WORD_PART : 0;

    return COSINE_UNIT *
               rk_dot_f32(w->query, rk_snapshot_vector(s, item), s->d) +
           word;
}


/* Step 5 for one wish. */
static int refine(const rk_snapshot *s, const rk_wish *w, size_t k,
                  rk_candidates *out, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    within where = {s, run, w->category};
    rk_hit *hits = rk_alloc_array(k, sizeof(*hits));
    size_t n = 0;
    int rc = hits ? rk_index_search(s->vectors, w->query, k, RK_SEARCH_BEST,
                                    outside, &where, hits, &n, err)
                  : rk_no_memory(err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_candidate c = {.item = hits[i].index,
                          .score = fit_of(s, w, hits[i].index) + w->score,
                          .probability = NAN,
                          .source = "wish",
                          .heading = heading_of(s, w, hits[i].index),
                          .note = {w->score, 0}};

        rc = rk_candidates_add(out, c, err);
    }
    rk_run_trace(run, "5 refined by the store", s->n_items, n, start,
                 "wish \"%s\" (%+.1f spreads above other users)", w->text,
                 (double)w->score);
    free(hits);
    return rc;
}


/* Likes and dislikes have the last word: what the vectors say of each. */
static int judge(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
                 rk_run *run, rk_error *err)
{
    rk_candidates copy = {0};
    int rc = RK_OK;

    if (!s->embeddings_like.fitted || io->n == 0)
        return RK_OK;
    for (size_t i = 0; i < io->n && rc == RK_OK; i++)
        rc = rk_candidates_add(&copy, io->list[i], err);
    if (rc == RK_OK)
        rc = rk_embeddings.score(s, who, &copy, run, err);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        io->list[i].probability = copy.list[i].probability;
        io->list[i].score += rk_log_odds(copy.list[i].probability);
    }
    rk_candidates_clear(&copy);
    return rc;
}


static void trace_steps(const rk_snapshot *s, const rk_who *who, rk_run *run,
                        int64_t start, const rk_wishes *w)
{
    uint32_t liked[3];
    size_t n_liked = rk_who_latest(who, +1, 3, liked);
    rk_buf said;

    rk_buf_init(&said);
    for (size_t i = 0; i < w->n; i++)
        rk_buf_printf(&said, "%s%s", i ? "; " : "", w->list[i].text);
    for (size_t i = n_liked; i-- > 0;)
        rk_buf_printf(&said, "%s%s",
                      i + 1 == n_liked ? "; after liking " : ", ",
                      rk_snapshot_title(s, liked[i]));
    rk_run_trace(run, "1 descriptions and metadata", s->n_items, s->n_items,
                 rk_clock_us(), "as texts, when prepared");
    rk_run_trace(run, "2 embedding model", s->n_items, s->n_items,
                 rk_clock_us(), "%zu dimensions, when prepared", s->d);
    rk_run_trace(run, "3 vector store", s->n_items, s->n_items, rk_clock_us(),
                 "exact search, %s kernels", rk_kernels_name());
    rk_run_trace(run, "4 wishes of the language model", rk_who_count(who, +1),
                 w->n, start, "%s", rk_buf_str(&said));
    rk_buf_clear(&said);
}


static int rag_recall(const rk_snapshot *s, const rk_who *who, size_t k,
                      rk_candidates *out, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_wishes w;
    int rc = rk_wishes_make(s, who, run, &w, err);

    if (rc == RK_OK) {
        trace_steps(s, who, run, start, &w);
        for (size_t i = 0; i < w.n && rc == RK_OK; i++)
            rc = refine(s, &w.list[i], k, out, run, err);
    }
    if (rc == RK_OK)
        rc = judge(s, who, out, run, err);
    if (rc == RK_OK && out->n > k) { /* k for each wish */
        rk_candidates_sort(out);
        out->n = k;
    }
    free(w.queries);
    return rc;
}


/* Items that come from elsewhere are held against every wish. */
static int rag_score(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
                     rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_wishes w;
    int rc;

    if (io->n == 0 || io->list[0].heading)
        return RK_OK; /* recall scored them */
    rc = rk_wishes_make(s, who, run, &w, err);
    if (rc == RK_OK)
        trace_steps(s, who, run, start, &w);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        rk_candidate *c = &io->list[i];

        c->score = -INFINITY;
        for (size_t k = 0; k < w.n; k++) {
            const rk_wish *one = &w.list[k];
            bool answers = rk_has_token(s, c->item, one->category);
            float score = fit_of(s, one, c->item) + one->score -
                          (answers ? 0 : COSINE_UNIT / 5);

            if (score > c->score) {
                c->score = score;
                c->heading = answers ? heading_of(s, one, c->item) : NULL;
                c->note[0] = one->score;
            }
        }
        if (w.n == 0)
            c->score = 0;
    }
    if (rc == RK_OK)
        rc = judge(s, who, io, run, err);
    free(w.queries);
    return rc;
}


static int rag_explain(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, rk_reasons *out, rk_run *run,
                       rk_error *err)
{
    int rc;

    if (c->heading)
        rc = rk_reasons_add(out, "wish", c->heading, NAN, err,
                            "it answers the wish \"%s\" (%+.1f spreads above "
                            "other users)",
                            c->heading, (double)c->note[0]);
    else
        rc = rk_reasons_add(out, "wish", "no wish", -COSINE_UNIT / 5, err,
                            "it answers none of the wishes");
    /* The rest of the evidence is the vectors'. */
    if (rc == RK_OK)
        rc = rk_embeddings.explain(s, who, c, out, run, err);
    free(out->why);
    out->why = NULL;
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability,
                               "the writer's wishes and the "
                               "vector store",
                               err);
    return rc;
}


const rk_paradigm rk_rag = {
    .name = "rag",
    .cites = "Lewis et al. 2020; Hou et al. 2025 (query to recommendation)",
    .asks_model = true,
    .fit = rk_wishes_fit,
    .lacks = rag_lacks,
    .recall = rag_recall,
    .score = rag_score,
    .explain = rag_explain,
};

#include "engine/others.h"

#include "core/clock.h"
#include "core/mem.h"
#include "engine/learn.h"
#include "paradigms/next.h"

#include <math.h>
#include <string.h>

#define WATCHED 512 /* users whose next item long training is watched by */

/* A user's likes as a history, each item once. */
static int likes_of(const rk_snapshot *s, const rk_who *who, uint32_t **items,
                    size_t *n, rk_error *err)
{
    bool *had = rk_calloc(s->n_items, sizeof(*had));

    *n = 0;
    *items = rk_alloc_array(who->n_history, sizeof(**items));
    if (!had || !*items) {
        free(had);
        return rk_no_memory(err);
    }
    for (size_t i = 0; i < who->n_history; i++) {
        uint32_t item = who->history[i].item;

        if (who->history[i].label <= 0 || had[item])
            continue;
        had[item] = true;
        (*items)[(*n)++] = item;
    }
    free(had);
    return RK_OK;
}


/* What people with such a profile like, where nothing else is known. */
static int by_profile(const rk_snapshot *s, const rk_who *who, rk_run *run,
                      const float **scores, rk_error *err)
{
    int64_t begin = rk_clock_us();
    float *out;

    if (!s->user_map || !who->vector)
        return RK_OK;
    out = rk_run_keep(run, rk_alloc_array(s->user_map->n_items, sizeof(*out)));
    if (!out)
        return rk_no_memory(err);
    rk_user_map_score(s->user_map, who->vector, out);
    run->others = out;
    *scores = out;
    rk_run_trace(run, "others' histories", 1, s->n_fitted, begin,
                 "of people with such a profile");
    return RK_OK;
}


static bool was_had(const rk_snapshot *s, uint32_t item)
{
    return item < s->n_fitted && (!s->popularity || s->popularity[item] > 0);
}


/* An item that nobody had yet, newer ones among them: the models know nothing
 * of it. It gets what they say on the whole of items that their texts make as
 * likely: a regression, over what was had, of the models' scores on the text
 * map's. */
static int guess_unheard(const rk_snapshot *s, const rk_who *who, rk_run *run,
                         float *scores, rk_error *err)
{
    const float *next;
    double n = 0;
    double x = 0; /* sums, then means */
    double y = 0;
    double xx = 0;
    double xy = 0;
    int rc = rk_next_scores(s, who, run, &next, err);

    for (uint32_t i = 0; i < s->n_fitted && rc == RK_OK; i++) {
        double at = next ? (double)next[i] : 0;

        if (!was_had(s, i))
            continue;
        n++;
        x += at;
        y += (double)scores[i];
        xx += at * at;
        xy += at * (double)scores[i];
    }
    x /= n > 0 ? n : 1;
    y /= n > 0 ? n : 1;
    xx = xx / fmax(n, 1) - x * x;
    xy = xy / fmax(n, 1) - x * y;
    for (uint32_t i = 0; i < s->n_items && rc == RK_OK; i++)
        if (!was_had(s, i))
            scores[i] = (float)(y + (next && xx > 0
                                         ? xy / xx * ((double)next[i] - x)
                                         : 0));
    return rc;
}


int rk_others_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                     const float **scores, rk_error *err)
{
    int64_t begin = rk_clock_us();
    uint32_t *items = NULL;
    float *out = NULL;
    size_t n = 0;
    int rc = RK_OK;

    *scores = run->others;
    if (run->others)
        return RK_OK;
    if (rk_who_count(who, +1) == 0)
        return by_profile(s, who, run, scores, err);
    if (!s->blend)
        return RK_OK;
    rc = likes_of(s, who, &items, &n, err);
    if (rc)
        goto done;
    out = rk_run_keep(run, rk_alloc_array(s->n_items, sizeof(*out)));
    rc = out ? rk_blend_score(
                   s->blend,
                   &(rk_histories){1, s->n_items, (size_t[]){0, n}, items}, out,
                   NULL, err)
             : rk_no_memory(err);
    if (rc == RK_OK)
        rc = guess_unheard(s, who, run, out, err);
    if (rc == RK_OK) {
        run->others = out;
        *scores = out;
        rk_run_trace(run, "others' histories", n, s->n_fitted, begin,
                     "%zu models", s->blend->n_models);
    }

done:
    free(items);
    return rc;
}


/* What a like of one item adds to the score of another; 0 for an item newer
 * than the model. */
static float part_of(const rk_csr *b, uint32_t from, uint32_t to)
{
    if (from >= b->n_rows)
        return 0;
    for (uint64_t k = b->start[from]; k < b->start[from + 1]; k++)
        if (b->col[k] == to)
            return b->value[k];
    return 0;
}


uint32_t rk_others_witness(const rk_snapshot *s, const rk_who *who,
                           uint32_t item)
{
    uint32_t best = RK_NO_ID;
    float best_part = 0;
    float weight = 1;

    for (size_t i = who->n_history; i-- > 0 && item < s->n_fitted;) {
        const rk_seen *e = &who->history[i];
        float part;

        if (e->label <= 0)
            continue;
        part = weight * part_of(&s->ease, e->item, item);
        if (part > best_part) {
            best_part = part;
            best = e->item;
        }
        weight *= RK_WITNESS_DECAY;
    }
    return best;
}


/* Everything that training is given, as the workshop has it. */
typedef struct course {
    rk_histories *h;
    rk_side side;
    rk_blend_opts opts;
} course;


static int course_init(course *c, const rk_workshop *w, rk_error *err)
{
    const rk_snapshot *s = w->snapshot;

    c->side = (rk_side){
        .vectors = s->vectors ? rk_index_vector(s->vectors, 0) : NULL,
        .d = s->d,
        .tokens = s->item_tokens.n_rows ? &s->item_tokens : NULL,
    };
    c->opts = (rk_blend_opts){
        .train = {
            .effort = s->settings->effort,
            .seed = s->settings->seed,
            .max_bytes = RK_LEARN_MAX_BYTES,
            .side = &c->side,
            .progress = w->progress ? *w->progress : (rk_progress){0},
        }};
    return rk_histories_new(&c->h, w->corpus, err);
}


int rk_others_fit(rk_blend **out, const rk_workshop *w, const rk_seen *held,
                  const rk_learner *const *only, rk_error *err)
{
    course c;
    rk_histories watch;
    uint32_t *truth = NULL;
    int rc = course_init(&c, w, err);

    *out = NULL;
    if (rc)
        return rc;
    truth = rk_alloc_array(c.h->n_users, sizeof(*truth));
    if (!truth) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t u = 0; u < c.h->n_users; u++)
        truth[u] = c.h->start[u + 1] > c.h->start[u] ? held[u].item : RK_NO_ID;
    watch = rk_histories_part(c.h, 0,
                              c.h->n_users < WATCHED ? c.h->n_users : WATCHED);
    c.opts.learners = only;
    c.opts.train.watch = &watch;
    c.opts.train.watch_truth = truth;
    rc = rk_blend_train(out, c.h, truth, &c.opts, err);

done:
    free(truth);
    rk_histories_free(c.h);
    return rc;
}


int rk_others_refit(rk_blend **out, const rk_workshop *w, const rk_blend *like,
                    rk_error *err)
{
    course c;
    int rc = course_init(&c, w, err);

    *out = NULL;
    if (rc == RK_OK)
        rc = rk_blend_retrain(out, like, c.h, &c.opts, err);
    rk_histories_free(c.h);
    return rc;
}

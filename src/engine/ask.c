#include "engine/ask.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"
#include "data/template.h"
#include "paradigms/cached.h"

#include <string.h>

/* While a history is being read. */
typedef struct reading {
    rk_asker *asker;
    const rk_engine *engine;
} reading;


static int take_event(void *ctx, const rk_event *event, rk_error *err)
{
    reading *r = ctx;
    rk_asker *a = r->asker;
    uint32_t item = rk_ids_find(r->engine->serving->ids, event->item);
    rk_seen *seen;

    if (item == RK_NO_ID)
        return RK_OK; /* not in the catalogue any more */
    seen = rk_grow(a->history, a->who.n_history, &a->cap_history,
                   sizeof(*seen));
    if (!seen)
        return rk_no_memory(err);
    a->history = seen;
    seen[a->who.n_history++] = (rk_seen){
        item, rk_rules_label(&r->engine->config->events, event),
        (float)event->value, event->at_us};
    return RK_OK;
}


static int read_user(rk_asker *a, rk_engine *e, const char *id, rk_error *err)
{
    reading r = {a, e};
    rk_record *record = NULL;
    rk_buf text;
    int rc = rk_store_get_record(e->store, RK_USERS, id, &record, err);

    if (rc == RK_ENOTFOUND)
        return rk_fail(err, RK_ENOTFOUND, "no such user: %s", id);
    if (rc)
        return rc;
    a->who.id = id;
    rk_buf_init(&text);
    rk_template_expand(&text, e->settings.user_profile, record);
    a->profile = rk_buf_take(&text);
    rc = a->profile ? RK_OK : rk_no_memory(err);
    if (rc == RK_OK)
        rc = rk_store_each_event(e->store, id, take_event, &r, err);
    a->who.history = a->history;
    rk_record_free(record);
    return rc;
}


static int clean_profile(rk_asker *a, const char *text, rk_error *err)
{
    rk_buf clean;

    rk_buf_init(&clean);
    rk_text_clean(&clean, text);
    free(a->profile);
    a->profile = rk_buf_take(&clean);
    return a->profile ? RK_OK : rk_no_memory(err);
}


/* A profile is read as far as there is a model to read it. */
static int read_profile(rk_asker *a, rk_engine *e, bool read_tokens,
                        rk_run *run, rk_error *err)
{
    const rk_snapshot *s = &e->serving->snapshot;
    size_t n_words = s->vocabulary.n - s->vocabulary.n_categories;
    const char *text = a->profile;
    float *logp = NULL;
    bool read = false;
    int rc = RK_OK;

    if (!text[0])
        return RK_OK;
    if (s->vectors) {
        a->vector = rk_alloc_array(s->d, sizeof(*a->vector));
        if (!a->vector)
            return rk_no_memory(err);
        rc = rk_cached_vectors(
            &(rk_asking){run, s->embedder_key, NULL, NULL, 0}, s->d, &text, 1,
            a->vector, err);
        if (rc == RK_OK)
            a->who.vector = a->vector;
        else if (!rk_loaded_is_away(run->models, rc) && rc != RK_ECANCELLED)
            return rc;
    }
    logp = rk_calloc(n_words, sizeof(*logp));
    if (!logp)
        return rk_no_memory(err);
    rc = RK_OK;
    if (read_tokens && n_words && s->vocabulary.user_mean) {
        rc = rk_read_profiles(run, s, &text, 1, logp, NULL, err);
        read = rc == RK_OK;
    }
    if (rc != RK_ENOMEM)
        rc = rk_profile_tokens(s, text, read ? logp : NULL, a->tokens,
                               &a->who.n_tokens, err);
    a->who.tokens = a->tokens;
    free(logp);
    return rc;
}


int rk_asker_init(rk_asker *a, rk_engine *e, const rk_request *request,
                  bool read_tokens, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    int rc = RK_OK;

    memset(a, 0, sizeof(*a));
    if (!request->user && !request->profile)
        return rk_fail(err, RK_EINVAL,
                       "neither a user nor a profile was given");
    if (request->profile &&
        !rk_text_is_utf8(request->profile, strlen(request->profile), NULL))
        return rk_fail(err, RK_EINVAL, "the profile is not UTF-8");
    if (request->user)
        rc = read_user(a, e, request->user, err);
    if (rc == RK_OK)
        rc = clean_profile(a, request->profile ? request->profile : a->profile,
                           err);
    if (rc)
        return rc;
    a->who.profile = a->profile;
    rc = read_profile(a, e, read_tokens, run, err);
    if (rc == RK_OK)
        rk_run_trace(run, "who", 1, a->who.n_history, start,
                     "%zu liked, %zu disliked, profile of %zu characters and "
                     "%zu tokens",
                     rk_who_count(&a->who, +1), rk_who_count(&a->who, -1),
                     strlen(a->profile), a->who.n_tokens);
    return rc;
}


void rk_asker_clear(rk_asker *a)
{
    free(a->profile);
    free(a->vector);
    free(a->history);
    free(a->seen);
    memset(a, 0, sizeof(*a));
}


static bool is_seen(const void *ctx, uint32_t item)
{
    const bool *seen = ctx;

    return seen[item];
}


int rk_asker_skip_seen(rk_asker *a, size_t n_items, rk_run *run, rk_error *err)
{
    a->seen = rk_calloc(n_items, sizeof(*a->seen));
    if (!a->seen)
        return rk_no_memory(err);
    for (size_t i = 0; i < a->who.n_history; i++)
        a->seen[a->who.history[i].item] = true;
    run->skip = is_seen;
    run->skip_ctx = a->seen;
    return RK_OK;
}

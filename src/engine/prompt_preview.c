/* What a language model would be given, part by part. */
#include "core/mem.h"
#include "engine/ask.h"
#include "engine/card.h"
#include "engine/propose.h"
#include "engine/rank.h"
#include "paradigms/prompt.h"
#include "paradigms/prompt_texts.h"
#include "paradigms/why.h"

#include <string.h>

/* A preview while it is being made; owns every text of a part. */
typedef struct preview_box {
    rk_preview preview; /* first: what the caller holds */
    rk_preview_part *parts;
    size_t n;
    size_t cap;
    char *model;
} preview_box;

/* A request on its way. */
typedef struct walk {
    const rk_snapshot *s;
    const rk_request *request;
    enum rk_prompt_kind kind;
    rk_run run;
    rk_asker asker;
    rk_candidates candidates;
    rk_llm *writer; /* NULL: not there */
    preview_box *box;
} walk;


void rk_preview_free(rk_preview *preview)
{
    preview_box *box = (preview_box *)preview;

    if (!box)
        return;
    for (size_t i = 0; i < box->n; i++) {
        free((char *)box->parts[i].id);
        free((char *)box->parts[i].text);
    }
    free(box->parts);
    free(box->model);
    free(box);
}


/* `n_tokens`: where they are known already, else -1. */
static int add(walk *w, const char *part, const char *id, const char *text,
               int64_t n_tokens, rk_error *err)
{
    preview_box *box = w->box;
    rk_preview_part *parts = rk_grow(box->parts, box->n, &box->cap,
                                     sizeof(*parts));
    rk_preview_part *p;

    if (!parts)
        return rk_no_memory(err);
    box->parts = parts;
    p = &parts[box->n++];
    *p = (rk_preview_part){part, rk_strdup(id), rk_strdup(text), n_tokens};
    if (!p->id || !p->text)
        return rk_no_memory(err);
    if (w->writer && n_tokens < 0) {
        int n = rk_llm_count_tokens(w->writer, text);

        p->n_tokens = n < 0 ? -1 : n;
    }
    return RK_OK;
}


static int take_given(walk *w, rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < w->request->n_candidates && rc == RK_OK; i++)
        rc = rk_propose_given(w->s, w->request->candidates[i], &w->candidates,
                              err);
    return rc;
}


/* What a way that only ranks is given: the best of the fused order. */
static int take_proposed(walk *w, rk_error *err)
{
    size_t most = w->request->n ? w->request->n
                                : w->s->settings->llm_candidates;
    int rc = RK_OK;

    if (!w->request->include_seen)
        rc = rk_asker_skip_seen(&w->asker, w->s->n_items, &w->run, err);
    if (rc)
        return rc;
    rc = rk_propose(w->s, NULL, &w->asker.who, most, &w->candidates, &w->run,
                    err);
    if (w->candidates.n > most)
        w->candidates.n = most;
    return rc;
}


static int add_prompt(walk *w, const rk_prompt_ask *ask, const rk_prompt *p,
                      bool both, rk_error *err)
{
    bool each = p->n == ask->n && ask->kind != RK_PROMPT_LETTERS &&
                ask->kind != RK_PROMPT_PERMUTATION;
    const char *side = ask->label > 0 ? "liked" : "disliked";
    rk_llm_frame frame;
    int rc = RK_OK;

    if (p->chat)
        rc = rk_llm_chat_frame(w->writer, &frame, err);
    if (rc == RK_OK && p->chat)
        rc = add(w, "head", "", frame.head, (int64_t)frame.head_tokens, err);
    if (rc == RK_OK)
        rc = add(w, "constant", "", p->constant, -1, err);
    if (rc == RK_OK)
        rc = add(w, "user", both ? side : "", p->user, -1, err);
    for (size_t i = 0; i < p->n && rc == RK_OK; i++)
        rc = add(w, each ? "candidate" : "candidates",
                 each ? rk_snapshot_id(w->s, ask->candidates[i]) : "",
                 p->branches[i], -1, err);
    if (rc == RK_OK && p->chat)
        rc = add(w, "tail", "", frame.tail, (int64_t)frame.tail_tokens, err);
    return rc;
}


static int add_prompts(walk *w, rk_prompt_ask *ask, rk_error *err)
{
    bool both = w->kind == RK_PROMPT_LIKELIHOOD &&
                rk_who_count(&w->asker.who, -1) > 0;
    int rc = RK_OK;

    for (int label = +1; label >= (both ? -1 : +1) && rc == RK_OK; label -= 2) {
        rk_prompt p;

        ask->label = label;
        rc = rk_prompt_make(&p, w->s, &w->asker.who, ask, err);
        if (rc == RK_OK)
            rc = add_prompt(w, ask, &p, both, err);
        w->box->preview.chat = p.chat;
        rk_prompt_clear(&p);
    }
    return rc;
}


/* The best candidate's sentence, from the evidence of the fused order. */
static int show_why(walk *w, rk_prompt_ask *ask, rk_error *err)
{
    const rk_candidate *best;
    rk_reasons reasons = {0};
    rk_prompt p = {.n = 0};
    int rc = rk_rank(w->s, &w->asker.who, &w->candidates, &w->run, err);

    if (rc)
        return rc;
    best = &w->candidates.list[0]; /* ranking may move the list */
    ask->candidates = &best->item;
    rc = rk_rank_explain(w->s, &w->asker.who, best, &reasons, &w->run, err);
    if (rc == RK_OK)
        rc = rk_why_prompt(&p, w->s, &w->asker.who, best, &reasons,
                           ask->has_chat, err);
    if (rc == RK_OK)
        rc = add_prompt(w, ask, &p, false, err);
    w->box->preview.chat = p.chat;
    rk_prompt_clear(&p);
    rk_reasons_clear(&reasons);
    return rc;
}


static int show(walk *w, rk_error *err)
{
    rk_prompt_ask ask = {.kind = w->kind,
                         .has_chat = w->writer && rk_llm_has_chat(w->writer)};
    uint32_t *items;
    int rc;

    if (w->kind == RK_PROMPT_LETTERS && w->candidates.n > RK_PROMPT_LETTERED)
        w->candidates.n = RK_PROMPT_LETTERED;
    if (w->kind == RK_PROMPT_WHY && w->candidates.n > 1)
        w->candidates.n = 1;
    ask.n = w->candidates.n;
    if (w->kind == RK_PROMPT_WHY && ask.n == 1)
        return show_why(w, &ask, err);
    items = rk_alloc_array(ask.n, sizeof(*items));
    if (!items)
        return rk_no_memory(err);
    for (size_t i = 0; i < ask.n; i++)
        items[i] = w->candidates.list[i].item;
    ask.candidates = items;
    rc = add_prompts(w, &ask, err);
    free(items);
    return rc;
}


static int request_check(const rk_request *r, rk_error *err)
{
    if (r->way && strcmp(r->way, "llm") != 0)
        return rk_fail(err, RK_EINVAL, "way is '%s', must be llm", r->way);
    if (r->n > RK_MOST_ITEMS)
        return rk_fail(err, RK_EINVAL, "n is %zu, must be at most %d", r->n,
                       RK_MOST_ITEMS);
    return RK_OK;
}


/* The box, and the writer where it can be had. */
static int begin(walk *w, rk_engine *e, rk_error *err)
{
    w->box = rk_calloc(1, sizeof(*w->box));
    if (!w->box)
        return rk_no_memory(err);
    w->box->model = rk_strdup(e->writer);
    if (!w->box->model ||
        rk_loaded_get(&e->models, RK_WRITER, &w->writer, NULL) == RK_ENOMEM)
        return rk_no_memory(err);
    return RK_OK;
}


int rk_prompt_preview(rk_engine *e, const rk_request *request, const char *mode,
                      rk_preview **out, rk_error *err)
{
    walk w = {.request = request, .run = rk_engine_run(e)};
    int rc = request_check(request, err);

    *out = NULL;
    if (rc == RK_OK && mode)
        rc = rk_prompt_kind_parse(&w.kind, mode, err);
    if (rc == RK_OK)
        rc = rk_engine_serving(e, &w.run, err);
    if (rc == RK_OK)
        rc = rk_asker_init(&w.asker, e, request, false, &w.run, err);
    if (rc)
        goto done;
    w.s = &e->serving->snapshot;
    rc = request->n_candidates ? take_given(&w, err) : take_proposed(&w, err);
    if (rc == RK_OK)
        rc = begin(&w, e, err);
    if (rc == RK_OK)
        rc = show(&w, err);
    if (rc)
        goto done;
    w.box->preview.mode = rk_prompt_kind_name(w.kind);
    w.box->preview.model = w.box->model;
    w.box->preview.parts = w.box->parts;
    w.box->preview.n_parts = w.box->n;
    *out = &w.box->preview;
    w.box = NULL;

done:
    rk_preview_free((rk_preview *)w.box);
    rk_candidates_clear(&w.candidates);
    rk_asker_clear(&w.asker);
    rk_run_clear(&w.run);
    return rc;
}


int rk_prompt_templates(rk_engine *e, rk_card **out, rk_error *err)
{
    rk_card_box *box;
    int rc = rk_card_box_new(&box, err);

    *out = NULL;
    if (rc)
        return rc;
    for (size_t i = 0; i < RK_N_PROMPT_TEXTS; i++)
        rk_card_add(box, "prompts", rk_prompt_text_name((enum rk_prompt_text)i),
                    "%s", rk_prompt_text(&e->settings, (enum rk_prompt_text)i));
    return rk_card_finish(box, out, err);
}

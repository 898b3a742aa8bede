/* How the engine stands: counts and models, and what is missing, with what
 * answers in its place. */
#include "core/buf.h"
#include "core/mem.h"
#include "engine/card.h"
#include "engine/engine.h"
#include "llm/prefix_folder.h"
#include "paradigms/mode.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Serving, or NULL with the reason in *why. */
static const rk_serving *serving_of(rk_engine *e, rk_run *run, rk_error *why)
{
    return rk_engine_serving(e, run, why) == RK_OK ? e->serving : NULL;
}


/* What the folder beside the store holds. */
static void show_prefixes(rk_card_box *box, const rk_engine *e)
{
    size_t n;
    size_t bytes;

    if (!e->prefix_folder || e->config->llm.cache_disk_mb == 0)
        return;
    bytes = rk_prefix_folder_size(e->prefix_folder, &n);
    rk_card_add(box, "store", "kept prefixes",
                "%zu in %s, %.1f MB of %zu at most", n, e->prefix_folder,
                (double)bytes / (1 << 20), e->config->llm.cache_disk_mb);
}


/* What a server says that it can. */
static void show_server(rk_card_box *box, rk_engine *e, enum rk_llm_role role,
                        const char *name)
{
    rk_llm *m = NULL;
    rk_error why;

    if (!rk_fetch_is_url(role == RK_WRITER ? e->models.writer_name
                                           : e->models.embedder_name))
        return;
    rk_card_add(box, "models", name, "%s",
                rk_loaded_get(&e->models, role, &m, &why) == RK_OK
                    ? rk_llm_describe(m)->detail
                    : why.msg);
}


int rk_status(rk_engine *e, rk_card **out, rk_error *err)
{
    rk_run run = rk_engine_run(e);
    rk_card_box *box = NULL;
    const rk_serving *v;
    rk_store_counts n;
    rk_error why;
    int rc;

    *out = NULL;
    rc = rk_store_counts_get(e->store, &n, err);
    if (rc == RK_OK)
        rc = rk_card_box_new(&box, err);
    if (rc)
        goto done;
    rk_card_add(box, "store", "path", "%s", e->store_path);
    rk_card_add(box, "store", "items", "%llu", (unsigned long long)n.n_items);
    rk_card_add(box, "store", "users", "%llu", (unsigned long long)n.n_users);
    rk_card_add(box, "store", "events", "%llu", (unsigned long long)n.n_events);
    rk_card_add(box, "store", "kept outputs of models", "%llu",
                (unsigned long long)n.n_outputs);
    show_prefixes(box, e);
    rk_card_add(box, "models", "embedder", "%s", e->models.embedder_name);
    rk_card_add(box, "models", "writer", "%s", e->models.writer_name);
    if (strcmp(e->models.reranker_name, "none") != 0)
        rk_card_add(box, "models", "reranker", "%s", e->models.reranker_name);
    show_server(box, e, RK_EMBEDDER, "embedder's server");
    show_server(box, e, RK_WRITER, "writer's server");
    v = serving_of(e, &run, &why);
    if (v) {
        const rk_snapshot *s = &v->snapshot;

        rk_card_add(box, "snapshot", "items", "%zu, and %zu newer", s->n_fitted,
                    s->n_items - s->n_fitted);
        rk_card_add(box, "snapshot", "vectors", "%zu dimensions", s->d);
        rk_card_add(box, "snapshot", "tokens",
                    "%zu categories and %zu words read by the writer",
                    s->vocabulary.n_categories,
                    s->vocabulary.n - s->vocabulary.n_categories);
        if (s->writer_key[0])
            rk_card_add(box, "snapshot", "llm mode", "%s: %s",
                        rk_modes[rk_mode_of(s)]->name, rk_mode_reason(s));
        rk_card_add(box, "snapshot", "kernels", "%s", rk_kernels_name());
    } else {
        rk_card_add(box, "snapshot", "none", "%s", why.msg);
    }
    rc = rk_card_finish(box, out, err);

done:
    rk_run_clear(&run);
    return rc;
}


/* One finding: "ok" or what is wrong. */
static void find(rk_card_box *box, size_t *n_wrong, const char *part, bool ok,
                 const char *message)
{
    rk_card_add(box, part, ok ? "ok" : "missing", "%s", message);
    *n_wrong += !ok;
}


/* `key` is the fingerprint that the snapshot was made with, "" for none. */
static void check_model(rk_card_box *box, size_t *n_wrong, rk_engine *e,
                        enum rk_llm_role role, const char *key)
{
    const char *part = role == RK_WRITER ? "writer" : "embedder";
    const char *instead =
        role == RK_WRITER
            ? "llm and rag are answered by auto; tokens are the catalogue's "
              "own categories"
            : "embeddings and rag are answered by auto; similar does not "
              "answer";
    rk_llm *m = NULL;
    rk_error why;
    rk_buf text;

    if (rk_loaded_get(&e->models, role, &m, &why) == RK_OK && key[0] &&
        strcmp(rk_llm_describe(m)->fingerprint, key) != 0) {
        rk_card_add(box, part, "stale",
                    "%s is another model than the one prepared with; until "
                    "reckon prepare it is asked nothing",
                    rk_llm_describe(m)->name);
        ++*n_wrong;
        return;
    }
    rk_buf_init(&text);
    if (m)
        rk_buf_printf(&text, "%s, %s%s%s", rk_llm_describe(m)->name,
                      rk_llm_describe(m)->architecture,
                      *rk_llm_describe(m)->detail ? " " : "",
                      rk_llm_describe(m)->detail);
    else
        rk_buf_printf(&text, "%s; meanwhile %s", why.msg, instead);
    find(box, n_wrong, part, m != NULL, rk_buf_str(&text));
    rk_buf_clear(&text);
}


/* A reranker is asked one small question. */
static void check_reranker(rk_card_box *box, size_t *n_wrong, rk_engine *e)
{
    static const char *const document[] = {"a"};
    rk_reranker *r = NULL;
    rk_error why;
    float score;

    if (strcmp(e->models.reranker_name, "none") == 0)
        return;
    if (rk_loaded_reranker(&e->models, &r, &why) == RK_OK &&
        rk_reranker_scores(r, "a", document, 1, &score, &why) == RK_OK)
        find(box, n_wrong, "reranker", true, e->models.reranker_name);
    else
        find(box, n_wrong, "reranker", false, why.msg);
}


static void check_ways(rk_card_box *box, size_t *n_wrong, const rk_snapshot *s)
{
    for (size_t i = 0; i < RK_N_PARADIGMS; i++) {
        const char *lacks = rk_paradigms[i]->lacks(s);
        rk_buf text;

        rk_buf_init(&text);
        if (lacks)
            rk_buf_printf(&text, "%s; auto answers in its place", lacks);
        else
            rk_buf_puts(&text, "answers");
        find(box, n_wrong, rk_paradigms[i]->name, !lacks, rk_buf_str(&text));
        rk_buf_clear(&text);
    }
    find(box, n_wrong, "others' histories", s->blend != NULL,
         s->blend ? "others' histories are learnt from"
                  : "too many items for an item-to-item model in the memory it "
                    "may take, or nobody liked two things; vectors, tokens and "
                    "popularity propose in its place");
    find(box, n_wrong, "like and dislike", s->tokens_like.fitted,
         s->tokens_like.fitted
             ? "probabilities are calibrated"
             : "too few likes or dislikes among the events (10 of each are "
               "needed): answers carry no probability");
}


/* A catalogue whose categories field is nowhere set has no first tokens. */
static void check_store(rk_card_box *box, size_t *n_wrong,
                        const rk_store_counts *n)
{
    find(box, n_wrong, "items", n->n_items > 0,
         n->n_items ? "there are items"
                    : "none; nothing can be recommended: reckon import items");
    find(box, n_wrong, "events", n->n_events > 0,
         n->n_events ? "there are events"
                     : "none; only texts can be gone by: reckon import events");
}


static void check_snapshot(rk_card_box *box, size_t *n_wrong,
                           const rk_serving *v, const rk_error *why)
{
    const rk_snapshot *s;

    if (!v) {
        find(box, n_wrong, "snapshot", false, why->msg);
        return;
    }
    s = &v->snapshot;
    if (v->change == v->made_at) {
        find(box, n_wrong, "snapshot", true, "made from all there is");
    } else {
        /* Not wrong: history is read live, newer items by their text. */
        rk_card_add(box, "snapshot", "stale",
                    "%llu changes and %zu items since it was made; they are "
                    "seen, but not learnt from: reckon prepare",
                    (unsigned long long)(v->change - v->made_at),
                    s->n_items - s->n_fitted);
    }
    find(box, n_wrong, "categories", s->vocabulary.n_categories > 0,
         s->vocabulary.n_categories
             ? s->settings->categories
             : "no item carries the field that catalogue.categories names; "
               "tokens and rag have no categories to go by");
    check_ways(box, n_wrong, s);
}


int rk_doctor(rk_engine *e, rk_card **out, size_t *n_wrong, rk_error *err)
{
    rk_run run = rk_engine_run(e);
    rk_card_box *box = NULL;
    rk_store_counts n;
    const rk_serving *v;
    rk_error why;
    int rc;

    *out = NULL;
    *n_wrong = 0;
    rc = rk_store_counts_get(e->store, &n, err);
    if (rc == RK_OK)
        rc = rk_card_box_new(&box, err);
    if (rc)
        goto done;
    find(box, n_wrong, "store", true, e->store_path);
    check_store(box, n_wrong, &n);
    v = serving_of(e, &run, &why);
    check_model(box, n_wrong, e, RK_EMBEDDER,
                v ? v->snapshot.embedder_key : "");
    check_model(box, n_wrong, e, RK_WRITER, v ? v->snapshot.writer_key : "");
    check_reranker(box, n_wrong, e);
    check_snapshot(box, n_wrong, v, &why);
    rc = rk_card_finish(box, out, err);

done:
    rk_run_clear(&run);
    return rc;
}

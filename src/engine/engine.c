#include "engine/engine.h"

#include "core/buf.h"
#include "core/mem.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "reckon.yaml"

/* Lines read at prepare with effort fast: some minutes of a small writer. */
#define READ_AHEAD 4096


static void settings_from(rk_settings *s, const rk_config *c)
{
    s->item_profile = c->profiles.item;
    s->user_profile = c->profiles.user;
    s->item_line = c->profiles.line;
    for (size_t i = 0; i < RK_N_PROMPT_TEXTS; i++)
        s->prompts[i] = c->prompts.texts[i];
    s->chat = c->prompts.chat;
    s->noun = c->catalogue.noun;
    s->noun_plural = c->catalogue.noun_plural;
    s->categories = c->catalogue.categories;
    s->tags = (const char *const *)c->catalogue.tags;
    s->n_tags = c->catalogue.n_tags;
    s->llm_history = c->llm.history;
    s->llm_candidates = c->llm.candidates;
    s->llm_mode = c->llm.mode;
    s->llm_read_ahead = READ_AHEAD;
    s->auto_llm = c->fused.llm;
    s->auto_llm_candidates = c->fused.llm_candidates;
    s->auto_llm_moves = c->fused.llm_moves;
    s->seed = c->llm.seed;
    s->effort = c->learn.effort;
    s->half_life_days = c->learn.half_life_days;
}


static char *beside(const char *path, const char *end)
{
    rk_buf b;

    rk_buf_init(&b);
    rk_buf_printf(&b, "%s.%s", path, end);
    return rk_buf_take(&b);
}


/* "reckon.db" -> "reckon.db.snapshot", "reckon.db.prefixes" */
static int paths_from(rk_engine *e, const char *url, rk_error *err)
{
    const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url;
    bool is_file = strcmp(path, ":memory:") != 0;

    e->store_path = rk_strdup(path);
    e->snapshot_path = beside(path, "snapshot");
    e->prefix_folder = is_file ? beside(path, "prefixes") : NULL;
    return e->store_path && e->snapshot_path && (e->prefix_folder || !is_file)
               ? RK_OK
               : rk_no_memory(err);
}


rk_prefix_opts rk_engine_keep(const rk_engine *e, bool preparing)
{
    return (rk_prefix_opts){.memory_bytes = e->config->llm.cache_memory_mb
                                            << 20,
                            .folder = preparing ? NULL : e->prefix_folder,
                            .disk_bytes = e->config->llm.cache_disk_mb << 20};
}


rk_servers rk_engine_servers(const rk_engine *e)
{
    const rk_config *c = e->config;
    rk_servers s = {.fetch = rk_fetch_defaults,
                    .key_env = c->models.key_env,
                    .price_in = c->servers.price_in,
                    .price_out = c->servers.price_out,
                    .price_embed = c->servers.price_embed};

    s.fetch.connect_ms = (int64_t)c->servers.connect_ms;
    s.fetch.timeout_ms = (int64_t)c->servers.timeout_ms;
    s.fetch.max_retries = c->servers.max_retries;
    s.fetch.max_reply_bytes = c->servers.max_reply_bytes;
    s.fetch.seed = c->llm.seed;
    return s;
}


int rk_engine_open(rk_engine **out, const char *config,
                   const rk_engine_opts *opts, rk_error *err)
{
    static const rk_engine_opts none = {0};
    const char *store;
    rk_prefix_opts keep;
    rk_servers servers;
    rk_engine *e;
    int rc;

    *out = NULL;
    opts = opts ? opts : &none;
    e = rk_calloc(1, sizeof(*e));
    if (!e)
        return rk_no_memory(err);
    if (!config && access(DEFAULT_CONFIG, F_OK) == 0)
        config = DEFAULT_CONFIG;
    rc = rk_config_load(&e->config, config, err);
    if (rc)
        goto done;
    settings_from(&e->settings, e->config);
    e->embedder = rk_strdup(opts->embedder ? opts->embedder
                                           : e->config->models.embedder);
    e->writer = rk_strdup(opts->writer ? opts->writer
                                       : e->config->models.writer);
    if (!e->embedder || !e->writer) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_loaded_init(&e->models, e->embedder, e->writer,
                   e->config->models.folder);
    servers = rk_engine_servers(e);
    rk_loaded_set_servers(&e->models, e->config->models.reranker, &servers);
    rc = rk_loaded_check(&e->models, err);
    if (rc)
        goto done;
    store = opts->store ? opts->store : e->config->store;
    rc = paths_from(e, store, err);
    if (rc == RK_OK)
        rc = rk_store_open(&e->store, store, err);
    if (rc == RK_OK) {
        keep = rk_engine_keep(e, false);
        rk_loaded_set_keep(&e->models, &keep);
        *out = e;
        e = NULL;
    }

done:
    rk_engine_close(e);
    return rc;
}


void rk_engine_close(rk_engine *e)
{
    if (!e)
        return;
    rk_engine_forget(e);
    rk_loaded_clear(&e->models);
    rk_store_close(e->store);
    rk_config_free(e->config);
    free(e->embedder);
    free(e->writer);
    free(e->store_path);
    free(e->snapshot_path);
    free(e->prefix_folder);
    free(e);
}


rk_run rk_engine_run(rk_engine *e)
{
    return (rk_run){.store = e->store, .models = &e->models};
}


int rk_engine_serving(rk_engine *e, rk_run *run, rk_error *err)
{
    rk_store_counts counts;
    int rc = rk_store_counts_get(e->store, &counts, err);

    if (rc)
        return rc;
    if (e->serving && e->serving->change != counts.change)
        rk_engine_forget(e);
    if (!e->serving)
        rc = rk_serving_open(&e->serving, e->snapshot_path, &e->settings, run,
                             err);
    return rc;
}


void rk_engine_forget(rk_engine *e)
{
    rk_serving_close(e->serving);
    e->serving = NULL;
}

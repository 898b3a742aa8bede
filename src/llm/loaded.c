#include "llm/loaded.h"

#include "core/clock.h"
#include "llm/models.h"

#include <stdlib.h>
#include <string.h>

#define ABSENT_US 10000000 /* a server that did not open is left alone */


void rk_loaded_init(rk_loaded *m, const char *embedder, const char *writer,
                    const char *folder)
{
    memset(m, 0, sizeof(*m));
    m->embedder_name = embedder;
    m->writer_name = writer;
    m->folder = folder;
    m->reranker_name = "none";
    m->servers.fetch = rk_fetch_defaults;
    m->keep.memory_bytes = RK_PREFIX_MEMORY;
}


void rk_loaded_clear(rk_loaded *m)
{
    rk_llm_close(m->embedder);
    rk_llm_close(m->writer);
    rk_reranker_close(m->reranker);
    m->embedder = NULL;
    m->writer = NULL;
    m->reranker = NULL;
}


void rk_loaded_set_servers(rk_loaded *m, const char *reranker,
                           const rk_servers *servers)
{
    m->reranker_name = reranker;
    m->servers = *servers;
}


void rk_loaded_set_keep(rk_loaded *m, const rk_prefix_opts *keep)
{
    m->keep = *keep;
    if (m->writer)
        (void)rk_llm_keep_prefixes(m->writer, keep, NULL);
}


int rk_loaded_check(const rk_loaded *m, rk_error *err)
{
    int rc = RK_OK;

    if (rk_fetch_is_url(m->embedder_name))
        rc = rk_fetch_check(m->embedder_name, err);
    if (rc == RK_OK && rk_fetch_is_url(m->writer_name))
        rc = rk_fetch_check(m->writer_name, err);
    if (rc == RK_OK && strcmp(m->reranker_name, "none") != 0)
        rc = rk_fetch_check(m->reranker_name, err);
    return rc;
}


bool rk_loaded_is_away(const rk_loaded *m, int rc)
{
    bool remote = rk_fetch_is_url(m->embedder_name) ||
                  rk_fetch_is_url(m->writer_name) ||
                  rk_fetch_is_url(m->reranker_name);

    return rc == RK_ENOTFOUND || rc == RK_ENOTREADY ||
           (remote && (rc == RK_EBACKEND || rc == RK_EFORMAT));
}


/* The key of the environment into `fetch`, borrowed. */
static int key_get(const rk_loaded *m, rk_fetch_opts *fetch, rk_error *err)
{
    const char *name = m->servers.key_env;

    *fetch = m->servers.fetch;
    fetch->key = name && *name ? getenv(name) : NULL;
    if (name && *name && (!fetch->key || !*fetch->key))
        return rk_fail(err, RK_ENOTFOUND,
                       "models.key_env names the variable %.60s, which is not "
                       "set",
                       name);
    return RK_OK;
}


static int open_server(rk_loaded *m, enum rk_llm_role role, const char *url,
                       rk_llm **slot, rk_error *err)
{
    bool writes = role == RK_WRITER;
    rk_absent *absent = &m->absent[role];
    rk_fetch_opts fetch;
    rk_server_opts opts = {.fetch = &fetch,
                           .price_in = writes ? m->servers.price_in
                                              : m->servers.price_embed,
                           .price_out = writes ? m->servers.price_out : 0};
    int rc;

    if (rk_clock_us() < absent->until_us)
        return rk_fail(err, absent->why.code, "%s", absent->why.msg);
    rc = key_get(m, &fetch, &absent->why);
    if (rc == RK_OK)
        rc = rk_llm_open_server(slot, role, url, &opts, &absent->why);
    if (rk_loaded_is_away(m, rc))
        absent->until_us = rk_clock_us() + ABSENT_US;
    return rc ? rk_fail(err, rc, "%s", absent->why.msg) : RK_OK;
}


static int open_model(rk_loaded *m, enum rk_llm_role role, const char *name,
                      rk_llm **slot, rk_error *err)
{
    int64_t start = rk_clock_us();
    char *path = NULL;
    int rc;

    if (strcmp(name, "scripted") == 0)
        return rk_llm_open_scripted(slot, role, err);
    if (strcmp(name, "none") == 0)
        return rk_fail(err, RK_ENOTFOUND,
                       "the configuration says to do "
                       "without a%s",
                       role == RK_WRITER ? " writer" : "n embedder");
    if (rk_fetch_is_url(name)) {
        rc = open_server(m, role, name, slot, err);
    } else {
        rc = rk_model_find(&path, name, m->folder, err);
        if (rc == RK_OK)
            rc = rk_llm_open(slot, role, name, path, err);
    }

    /* For speed only: a writer that cannot keep them is as good a one. */
    if (rc == RK_OK && role == RK_WRITER)
        (void)rk_llm_keep_prefixes(*slot, &m->keep, NULL);
    free(path);
    m->load_us += rk_clock_us() - start;
    return rc;
}


int rk_loaded_get(rk_loaded *m, enum rk_llm_role role, rk_llm **out,
                  rk_error *err)
{
    rk_llm **slot = role == RK_WRITER ? &m->writer : &m->embedder;
    const char *name = role == RK_WRITER ? m->writer_name : m->embedder_name;
    int rc = RK_OK;

    if (!*slot)
        rc = open_model(m, role, name, slot, err);
    *out = *slot;
    return rc;
}


int rk_loaded_reranker(rk_loaded *m, rk_reranker **out, rk_error *err)
{
    rk_fetch_opts fetch;
    rk_server_opts opts = {.fetch = &fetch};
    int rc = RK_OK;

    *out = m->reranker;
    if (*out)
        return RK_OK;
    if (strcmp(m->reranker_name, "none") == 0)
        return rk_fail(err, RK_ENOTFOUND,
                       "the configuration says to do without a reranker");
    rc = key_get(m, &fetch, err);
    if (rc == RK_OK)
        rc = rk_reranker_open(&m->reranker, m->reranker_name, &opts, err);
    *out = m->reranker;
    return rc;
}

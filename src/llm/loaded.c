#include "llm/loaded.h"

#include "core/clock.h"
#include "llm/models.h"

#include <stdlib.h>
#include <string.h>

void rk_loaded_init(rk_loaded *m, const char *embedder, const char *writer,
                    const char *folder)
{
    memset(m, 0, sizeof(*m));
    m->embedder_name = embedder;
    m->writer_name = writer;
    m->folder = folder;
}


void rk_loaded_clear(rk_loaded *m)
{
    rk_llm_close(m->embedder);
    rk_llm_close(m->writer);
    m->embedder = NULL;
    m->writer = NULL;
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
    rc = rk_model_find(&path, name, m->folder, err);
    if (rc == RK_OK)
        rc = rk_llm_open(slot, role, name, path, err);

    /* For speed only: a writer that cannot keep them is as good a one. */
    if (rc == RK_OK && role == RK_WRITER)
        (void)rk_llm_keep_prefixes(
            *slot, m->keep.memory_bytes ? &m->keep : NULL, NULL);
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

#include "llm/llm.h"

#include "core/clock.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "llm/backend.h"
#include "llm/gguf.h"

#include <stdio.h>
#include <string.h>

/* What a fingerprint reads of a file besides its length: the header with the
 * vocabulary, and the last tensors. */
#define HEAD_BYTES ((size_t)4 << 20)
#define TAIL_BYTES ((size_t)1 << 20)


const char *rk_llm_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}


int rk_llm_new(rk_llm **out, const rk_llm_backend *backend,
               enum rk_llm_role role, const rk_llm_info *info, rk_error *err)
{
    rk_llm *m = rk_calloc(1, sizeof(*m));

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->backend = backend;
    m->role = role;
    m->info = (rk_llm_info){
        .name = rk_strdup(info->name),
        .path = rk_strdup(info->path),
        .fingerprint = rk_strdup(info->fingerprint),
        .architecture = rk_strdup(info->architecture),
        .detail = rk_strdup(info->detail ? info->detail : ""),
        .d = info->d,
        .width = info->width,
        .n_context = info->n_context,
        .can = info->can,
        .price_in = info->price_in,
        .price_out = info->price_out,
    };
    if (!m->info.name || !m->info.path || !m->info.fingerprint ||
        !m->info.architecture || !m->info.detail) {
        rk_llm_close(m);
        return rk_no_memory(err);
    }
    *out = m;
    return RK_OK;
}


void rk_llm_close(rk_llm *m)
{
    if (!m)
        return;
    if (m->state)
        m->backend->close(m);
    free((char *)m->info.name);
    free((char *)m->info.path);
    free((char *)m->info.fingerprint);
    free((char *)m->info.architecture);
    free((char *)m->info.detail);
    free(m);
}


static void fingerprint(char hex[17], const rk_mapping *file)
{
    size_t head = file->len < HEAD_BYTES ? file->len : HEAD_BYTES;
    size_t tail = file->len < TAIL_BYTES ? file->len : TAIL_BYTES;
    uint64_t parts[3] = {file->len, rk_hash64(file->bytes, head),
                         rk_hash64(file->bytes + file->len - tail, tail)};

    snprintf(hex, 17, "%016llx",
             (unsigned long long)rk_hash64(parts, sizeof(parts)));
}


int rk_llm_open(rk_llm **out, enum rk_llm_role role, const char *name,
                const char *path, rk_error *err)
{
    rk_mapping file = {0};
    rk_llm *m = NULL;
    rk_gguf gguf;
    rk_error why;
    char hex[17];
    int rc;

    *out = NULL;
    if (role != RK_WRITER && role != RK_EMBEDDER)
        return rk_fail(err, RK_EINVAL, "model role %d, expected 0 or 1",
                       (int)role);
    rc = rk_file_map(&file, path, err);
    if (rc)
        goto done;
    rc = rk_gguf_parse(&gguf, file.bytes, file.len, file.len, &why);
    if (rc) {
        rk_fail(err, rc, "%s: %s", rk_llm_file_name(path), why.msg);
        goto done;
    }
    fingerprint(hex, &file);
    rc = rk_llm_new(&m, &rk_llama_backend, role,
                    &(rk_llm_info){.name = name,
                                   .path = path,
                                   .fingerprint = hex,
                                   .architecture = gguf.architecture,
                                   .can = role == RK_WRITER ? RK_WRITER_CAN
                                                            : RK_EMBEDDER_CAN},
                    err);
    if (rc)
        goto done;
    rc = rk_llama_open(m, err);
    if (rc)
        goto done;
    *out = m;
    m = NULL;

done:
    rk_llm_close(m);
    rk_file_unmap(&file);
    return rc;
}


const rk_llm_info *rk_llm_describe(const rk_llm *m)
{
    return &m->info;
}


bool rk_llm_cut_at_stop(rk_buf *text, const rk_generate_opts *opts)
{
    const char *whole = rk_buf_str(text);
    const char *first = NULL;

    for (size_t i = 0; i < opts->n_stop; i++) {
        const char *found = strstr(whole, opts->stop[i]);

        if (found && (!first || found < first))
            first = found;
    }
    if (first) {
        text->len = (size_t)(first - whole);
        text->data[text->len] = '\0';
    }
    return first != NULL;
}


int rk_llm_check_role(const rk_llm *m, enum rk_llm_role role, rk_error *err)
{
    static const char *const names[] = {"a writer", "an embedder"};

    if (m->role == role)
        return RK_OK;
    return rk_fail(err, RK_EINVAL, "%s was opened as %s, expected %s",
                   m->info.name, names[m->role], names[role]);
}


int rk_llm_chat_frame(rk_llm *m, rk_llm_frame *out, rk_error *err)
{
    int rc = rk_llm_check_role(m, RK_WRITER, err);

    if (rc)
        return rc;
    return m->backend->chat ? m->backend->chat(m, out, err)
                            : rk_fail(err, RK_ENOTFOUND,
                                      "%s has no chat template", m->info.name);
}


bool rk_llm_has_chat(rk_llm *m)
{
    rk_llm_frame frame;

    return rk_llm_chat_frame(m, &frame, NULL) == RK_OK;
}


int rk_llm_set_chat(rk_llm *m, bool on, rk_error *err)
{
    rk_llm_frame frame;
    int rc = on ? rk_llm_chat_frame(m, &frame, err) : RK_OK;

    m->chat = on && rc == RK_OK;
    return rc;
}


void rk_llm_set_constant(rk_llm *m, const char *text)
{
    m->constant = text && *text ? text : NULL;
}


int rk_llm_keep_prefixes(rk_llm *m, const rk_prefix_opts *opts, rk_error *err)
{
    static const rk_prefix_opts usual = {.memory_bytes = RK_PREFIX_MEMORY};
    int rc = rk_llm_check_role(m, RK_WRITER, err);

    if (rc || !m->backend->keep_prefixes)
        return rc;
    return m->backend->keep_prefixes(m, opts ? opts : &usual, err);
}


void rk_llm_forget(rk_llm *m)
{
    m->backend->forget(m);
}


void rk_llm_until(rk_llm *m, int64_t until_us)
{
    m->until_us = until_us;
    if (m->backend->until)
        m->backend->until(m);
}


int rk_llm_on_time(const rk_llm *m, rk_error *err)
{
    return m->until_us && rk_clock_us() >= m->until_us
               ? rk_fail(err, RK_ECANCELLED, "the time is over")
               : RK_OK;
}


double rk_llm_us_per_token(const rk_llm *m)
{
    return m->us_per_token;
}


void rk_llm_guess_us_per_token(rk_llm *m, double us)
{
    if (m->us_per_token == 0)
        m->us_per_token = us;
}


rk_llm_usage *rk_llm_usage_of(rk_llm *m)
{
    return &m->usage;
}

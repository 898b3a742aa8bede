#include "core/mem.h"
#include "core/threads.h"
#include "llm/llama_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WRITER_CONTEXT 4096
#define LEAST_CONTEXT  1024
#define MOST_SEQUENCES 64

/* The libllama this was compiled against, as the build found it by running a
 * program. Its structures go by value: another version's header would lie. */
#ifndef RK_LLAMA_VERSION
#define RK_LLAMA_VERSION ""
#endif

/* libllama logs through one function for the whole process. The first error
 * it tells of is kept, because its functions return no reason and what it
 * tells later only follows from it. */
static pthread_mutex_t complaint_lock = PTHREAD_MUTEX_INITIALIZER;
static char complaint[160];


static void hear(enum ggml_log_level level, const char *text, void *ctx)
{
    (void)ctx;
    if (level != GGML_LOG_LEVEL_ERROR)
        return;
    pthread_mutex_lock(&complaint_lock);
    if (!complaint[0])
        snprintf(complaint, sizeof(complaint), "%.*s", (int)strcspn(text, "\n"),
                 text);
    pthread_mutex_unlock(&complaint_lock);
}


void rk_llama_hush(void)
{
    pthread_mutex_lock(&complaint_lock);
    complaint[0] = '\0';
    pthread_mutex_unlock(&complaint_lock);
}


int rk_llama_fail(const rk_llm *m, rk_error *err, int code, const char *what)
{
    pthread_mutex_lock(&complaint_lock);
    rk_fail(err, code, "%s: %s%s%s", rk_llm_file_name(m->info.path), what,
            complaint[0] ? ": " : "", complaint);
    pthread_mutex_unlock(&complaint_lock);
    return code;
}


static void start(void)
{
    llama_log_set(hear, NULL);
    if (ggml_backend_dev_count() == 0)
        ggml_backend_load_all(); /* built with a library for each processor */
    llama_backend_init();
}


static int check_version(rk_error *err)
{
    char version[64];

    snprintf(version, sizeof(version), "%s, ggml %s", llama_version(),
             ggml_version());
    if (!*RK_LLAMA_VERSION || strcmp(version, RK_LLAMA_VERSION) == 0)
        return RK_OK;
    return rk_fail(err, RK_ENOTBUILT,
                   "libllama is %s, this build needs %s: build it again",
                   version, RK_LLAMA_VERSION);
}


/* A value of the model's file, "" when it has none. */
static void meta(const rk_llm *m, const char *key, char out[32])
{
    const rk_llama *l = m->state;
    char full[128];

    snprintf(full, sizeof(full), "%s.%s", m->info.architecture, key);
    if (llama_model_meta_val_str(l->model, full, out, 32) < 0)
        out[0] = '\0';
}


static int load(rk_llm *m, rk_error *err)
{
    struct llama_model_params params = llama_model_default_params();
    rk_llama *l = m->state;

    params.load_mode = LLAMA_LOAD_MODE_MMAP;
    params.check_tensors = true;
    rk_llama_hush();
    l->model = llama_model_load_from_file(m->info.path, params);
    if (!l->model)
        return rk_llama_fail(m, err, RK_EBACKEND, "libllama cannot load it");
    l->vocab = llama_model_get_vocab(l->model);
    l->n_vocab = (size_t)llama_vocab_n_tokens(l->vocab);
    l->d = (size_t)llama_model_n_embd_out(l->model);
    if (llama_vocab_type(l->vocab) == LLAMA_VOCAB_TYPE_NONE || !l->n_vocab)
        return rk_llama_fail(m, err, RK_EFORMAT, "it has no vocabulary");
    return RK_OK;
}


/* Branches need a memory that can be copied and cut at any token, and
 * likelihoods an attention that does not see what comes. */
static int check_writer(const rk_llm *m, rk_error *err)
{
    const rk_llama *l = m->state;
    const char *kind = NULL;
    char causal[32];

    meta(m, "attention.causal", causal);
    if (strcmp(causal, "false") == 0 || llama_model_has_encoder(l->model))
        kind = "an encoder";
    else if (llama_model_is_recurrent(l->model) ||
             llama_model_is_hybrid(l->model))
        kind = "recurrent";
    else if (llama_model_is_diffusion(l->model))
        kind = "a diffusion model";
    if (kind)
        return rk_fail(err, RK_EFORMAT,
                       "%s: architecture '%s' is %s, a writer must be a causal "
                       "model such as 'llama'",
                       rk_llm_file_name(m->info.path), m->info.architecture,
                       kind);
    if (llama_model_n_ctx_train(l->model) < LEAST_CONTEXT)
        return rk_fail(err, RK_EFORMAT,
                       "%s: a context of %d tokens, a writer needs %d",
                       rk_llm_file_name(m->info.path),
                       (int)llama_model_n_ctx_train(l->model), LEAST_CONTEXT);
    return RK_OK;
}


static int start_context(rk_llm *m, struct llama_context_params params,
                         rk_error *err)
{
    rk_llama *l = m->state;

    params.n_seq_max = MOST_SEQUENCES;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    params.kv_unified = true;
    params.no_perf = true;
    rk_pace_init(&l->pace, rk_threads());
    rk_llama_hush();
    l->context = llama_init_from_model(l->model, params);
    if (!l->context || llama_n_seq_max(l->context) < 3)
        return rk_llama_fail(m, err, RK_EBACKEND,
                             "libllama cannot make a context");
    l->memory = llama_get_memory(l->context);
    l->n_context = llama_n_ctx(l->context);
    l->n_sequences = llama_n_seq_max(l->context);
    l->batch = llama_batch_init(RK_LLAMA_BATCH, 0, 1);
    l->rows = rk_alloc_array(RK_LLAMA_PACK, sizeof(*l->rows));
    if (!l->batch.token || !l->rows)
        return rk_no_memory(err);
    return RK_OK;
}


static int open_writer(rk_llm *m, rk_error *err)
{
    struct llama_context_params params = llama_context_default_params();
    rk_llama *l = m->state;
    int32_t trained = llama_model_n_ctx_train(l->model);
    int rc = check_writer(m, err);

    if (rc)
        return rc;
    params.n_ctx = WRITER_CONTEXT;
    if (trained < WRITER_CONTEXT)
        params.n_ctx = (uint32_t)trained;
    params.n_batch = RK_LLAMA_BATCH;
    params.n_ubatch = RK_LLAMA_PACK;
    rc = start_context(m, params, err);
    if (rc)
        return rc;
    l->prefix = rk_alloc_array(l->n_context, sizeof(*l->prefix));
    l->logits = rk_calloc(l->n_vocab, sizeof(*l->logits));
    if (!l->prefix || !l->logits)
        return rk_no_memory(err);
    m->info.width = l->d;
    l->newline = llama_vocab_nl(l->vocab);
    if (!l->memory || l->newline < 0 || !rk_llama_ends_line(l, l->newline))
        return rk_fail(err, RK_EFORMAT, "%s: its vocabulary has no newline",
                       rk_llm_file_name(m->info.path));
    return RK_OK;
}


static int open_embedder(rk_llm *m, rk_error *err)
{
    struct llama_context_params params = llama_context_default_params();
    rk_llama *l = m->state;
    char pooling[32];
    int rc;

    if (llama_model_has_encoder(l->model) && llama_model_has_decoder(l->model))
        return rk_fail(err, RK_EFORMAT,
                       "%s: architecture '%s' translates, an embedder must be "
                       "an encoder or a causal model",
                       rk_llm_file_name(m->info.path), m->info.architecture);

    /* A model that was not made for embedding has no way of pooling. */
    meta(m, "pooling_type", pooling);
    if (!*pooling || strcmp(pooling, "0") == 0)
        params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    params.embeddings = true;
    params.n_ctx = RK_LLAMA_EMBED_PACK;
    params.n_batch = RK_LLAMA_EMBED_PACK;
    params.n_ubatch = RK_LLAMA_EMBED_PACK;
    m->info.d = l->d;
    rc = start_context(m, params, err);
    if (rc == RK_OK &&
        llama_pooling_type(l->context) == LLAMA_POOLING_TYPE_RANK)
        rc = rk_fail(err, RK_EFORMAT,
                     "%s: it ranks pairs of texts, an embedder must give a "
                     "vector a text",
                     rk_llm_file_name(m->info.path));
    return rc;
}


static void release(rk_llm *m)
{
    rk_llama *l = m->state;

    if (l->batch.token)
        llama_batch_free(l->batch);
    llama_free(l->context);
    llama_model_free(l->model);
    free(l->prefix);
    free(l->logits);
    free(l->rows);
    rk_llama_chat_clear(l);
    rk_prefix_cache_free(l->kept);
    free(l);
    m->state = NULL;
}


int rk_llama_open(rk_llm *m, rk_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc = check_version(err);

    if (rc)
        return rc;
    pthread_once(&once, start);
    m->state = rk_calloc(1, sizeof(rk_llama));
    if (!m->state)
        return rk_no_memory(err);
    rc = load(m, err);
    if (rc == RK_OK)
        rc = m->role == RK_WRITER ? open_writer(m, err) : open_embedder(m, err);
    if (rc == RK_OK)
        m->info.n_context = ((rk_llama *)m->state)->n_context;
    else
        release(m);
    return rc;
}


static int count_tokens(rk_llm *m, const char *text)
{
    rk_tokens t = {0};
    int rc = rk_tokens_add(&t, m->state, text, false, NULL);

    if (rc == RK_OK)
        rc = (int)rk_tokens_len(&t, 0);
    rk_tokens_clear(&t);
    return rc;
}


const rk_llm_backend rk_llama_backend = {
    .close = release,
    .embed = rk_llama_embed,
    .likelihood = rk_llama_likelihood,
    .next_words = rk_llama_next_words,
    .states = rk_llama_states,
    .beams = rk_llama_beams,
    .generate = rk_llama_generate,
    .count_tokens = count_tokens,
    .keep_prefixes = rk_llama_keep_prefixes,
    .forget = rk_llama_forget,
    .chat = rk_llama_chat,
};

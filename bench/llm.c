/* llm MODEL WAY [RUNS]: likelihoods of 20 titles after a history of some 300
 * tokens, by rk_llm_likelihood() ("ours") or by a bare loop over libllama that
 * does the same decodes and reads the same rows ("raw"), the history kept from
 * the run before; or "cold" and "warm": ours, the history read anew and kept.
 * One JSON line: CPU seconds a run (cold and warm: wall seconds), the sum of
 * the likelihoods, and the tokens read. */
#include "llm/llm.h"
#include "core/buf.h"
#include "llm/models.h"
#include "llm/softmax.h"

#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TITLES 20
#define PACK   63 /* as RK_LLAMA_BRANCH_PACK */
#define MOST   1024

static const char *const titles[TITLES] = {
    " The Silent Patient",
    " The Three-Body Problem",
    " Dune",
    " A Farewell to Arms",
    " The Name of the Rose",
    " War and Peace",
    " Gone with the Wind",
    " The Lord of the Rings",
    " The Catcher in the Rye",
    " Brave New World",
    " Crime and Punishment",
    " The Great Gatsby",
    " One Hundred Years of Solitude",
    " The Old Man and the Sea",
    " To Kill a Mockingbird",
    " Pride and Prejudice",
    " The Shadow of the Wind",
    " Life of Pi",
    " The Kite Runner",
    " Wolf Hall",
};

static rk_buf history;


static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}


static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}


static void write_history(void)
{
    rk_buf_init(&history);
    rk_buf_puts(&history, "A reader likes fiction. The books read so far:\n");
    for (int i = 1; i <= 30; i++)
        rk_buf_printf(&history, "%d.%s\n", i, titles[i * 7 % TITLES]);
    rk_buf_puts(&history, "31.");
}


/* A sum of log-likelihoods; seconds a run to *took. */
static double ours(const char *path, const char *way, int runs, double *took,
                   uint64_t *tokens)
{
    bool cold = strcmp(way, "cold") == 0;
    bool wall = cold || strcmp(way, "warm") == 0;
    clockid_t clock = wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    float logp[TITLES];
    double sum = 0;
    rk_error err;
    rk_llm *m;

    if (rk_llm_open(&m, RK_WRITER, path, path, &err) != RK_OK)
        die(err.msg);
    *took = 0;
    for (int run = -1; run < runs; run++) {
        double start;

        if (cold)
            rk_llm_forget(m);
        *rk_llm_usage_of(m) = (rk_llm_usage){0};
        start = seconds(clock);
        if (rk_llm_likelihood(m, rk_buf_str(&history), titles, TITLES, logp,
                              NULL, &err) != RK_OK)
            die(err.msg);
        if (run >= 0)
            *took += (seconds(clock) - start) / runs;
    }
    *tokens = rk_llm_usage_of(m)->prefix_tokens +
              rk_llm_usage_of(m)->branch_tokens;
    for (int i = 0; i < TITLES; i++)
        sum += logp[i];
    rk_llm_close(m);
    return sum;
}


typedef struct raw {
    struct llama_context *context;
    struct llama_batch batch;
    size_t n_vocab;
    int32_t newline;
    int32_t n_prefix;
    float *last; /* logits after the prefix */
    llama_token ids[TITLES][64];
    int32_t len[TITLES];
} raw;


static void push(raw *r, llama_token token, int32_t at, int sequence, bool read)
{
    int32_t i = r->batch.n_tokens++;

    r->batch.token[i] = token;
    r->batch.pos[i] = at;
    r->batch.n_seq_id[i] = 1;
    r->batch.seq_id[i][0] = sequence;
    r->batch.logits[i] = read;
}


/* Titles begin to end - 1 in one batch. */
static double raw_pack(raw *r, int begin, int end)
{
    llama_memory_t memory = llama_get_memory(r->context);
    double sum = 0;
    int32_t row = 0;

    r->batch.n_tokens = 0;
    for (int i = begin; i < end; i++) {
        llama_memory_seq_cp(memory, 0, 1 + i - begin, -1, -1);
        for (int32_t j = 0; j < r->len[i]; j++)
            push(r, r->ids[i][j], r->n_prefix + j, 1 + i - begin, true);
    }
    if (llama_decode(r->context, r->batch) != 0)
        die("llama_decode");
    for (int i = begin; i < end; i++) {
        const float *logits = r->last;

        for (int32_t j = 0; j <= r->len[i]; j++) {
            int32_t next = j < r->len[i] ? r->ids[i][j] : r->newline;

            sum += logits[next] - rk_softmax_total(logits, r->n_vocab);
            if (j < r->len[i])
                logits = llama_get_logits_ith(r->context, row++);
        }
        llama_memory_seq_rm(memory, 1 + i - begin, -1, -1);
    }
    return sum;
}


static double raw_run(raw *r)
{
    double sum = 0;
    int begin = 0;

    while (begin < TITLES) {
        int32_t used = r->len[begin];
        int end = begin + 1;

        while (end < TITLES && used + r->len[end] <= PACK)
            used += r->len[end++];
        sum += raw_pack(r, begin, end);
        begin = end;
    }
    return sum;
}


static void raw_open(raw *r, const struct llama_model *model)
{
    const struct llama_vocab *vocab = llama_model_get_vocab(model);
    llama_token ids[MOST];

    r->n_vocab = (size_t)llama_vocab_n_tokens(vocab);
    r->newline = llama_vocab_nl(vocab);
    r->last = malloc(r->n_vocab * sizeof(float));
    r->batch = llama_batch_init(MOST, 0, 1);
    r->n_prefix = llama_tokenize(vocab, rk_buf_str(&history),
                                 (int32_t)history.len, ids, MOST, true, false);
    for (int i = 0; i < TITLES; i++)
        r->len[i] = llama_tokenize(vocab, titles[i], (int32_t)strlen(titles[i]),
                                   r->ids[i], 64, false, false);
    if (r->n_prefix < 1 || !r->last)
        die("cannot start");
    for (int32_t i = 0; i < r->n_prefix; i++)
        push(r, ids[i], i, 0, i + 1 == r->n_prefix);
    if (llama_decode(r->context, r->batch) != 0)
        die("llama_decode");
    memcpy(r->last, llama_get_logits_ith(r->context, -1),
           r->n_vocab * sizeof(float));
}


static void hush(enum ggml_log_level level, const char *text, void *ctx)
{
    (void)level;
    (void)text;
    (void)ctx;
}


/* The settings are those of src/llm/llama.c. */
static double bare(const char *path, int runs, double *took, uint64_t *tokens)
{
    struct llama_context_params params = llama_context_default_params();
    struct llama_model *model;
    double sum = 0;
    double start = 0;
    raw r = {0};

    llama_log_set(hush, NULL);
    llama_backend_init();
    model = llama_model_load_from_file(path, llama_model_default_params());
    if (!model)
        die("cannot load the model");
    params.n_ctx = 4096;
    params.n_batch = 2048;
    params.n_ubatch = 512;
    params.n_seq_max = 64;
    params.kv_unified = true;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    params.n_threads = 1;
    params.n_threads_batch = 1;
    r.context = llama_init_from_model(model, params);
    if (!r.context)
        die("cannot make a context");
    raw_open(&r, model);
    for (int run = -1; run < runs; run++) {
        if (run == 0)
            start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        sum = raw_run(&r);
    }
    *took = (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / runs;
    for (int i = 0; i < TITLES; i++)
        *tokens += (uint64_t)r.len[i];
    llama_batch_free(r.batch);
    llama_free(r.context);
    llama_model_free(model);
    free(r.last);
    return sum;
}


int main(int argc, char **argv)
{
    int runs = argc > 3 ? atoi(argv[3]) : 3;
    uint64_t tokens = 0;
    char *path = NULL;
    double took, sum;
    rk_error err;

    if (argc < 3 || runs < 1) {
        fprintf(stderr, "usage: llm MODEL ours|raw|cold|warm [RUNS]\n");
        return 2;
    }
    if (rk_model_find(&path, argv[1], NULL, &err) != RK_OK)
        die(err.msg);
    write_history();
    sum = strcmp(argv[2], "raw") == 0
              ? bare(path, runs, &took, &tokens)
              : ours(path, argv[2], runs, &took, &tokens);
    printf("{\"seconds\": %.4f, \"sum\": %.3f, \"tokens\": %llu}\n", took, sum,
           (unsigned long long)tokens);
    rk_buf_clear(&history);
    free(path);
    return 0;
}

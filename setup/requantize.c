/* requantize IN.gguf OUT.gguf FORMAT THREADS: write the model as F16, Q8_0 or
 * Q4_0.
 *
 * For models that are published only in a format without fast kernels. F16 and
 * Q8_0 are finer than 4 bits a weight: the weights lose nothing that matters.
 * Q4_0 loses a little once more. Its progress, one line, goes to stderr when
 * that is a terminal. */
#include <llama.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    enum llama_ftype type;
} formats[] = {
    {"f16", LLAMA_FTYPE_MOSTLY_F16},
    {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
};

/* llama.cpp says "[ 12/ 272] name ..." for each tensor. */
static void log_line(enum ggml_log_level level, const char *text, void *data)
{
    int done, total;

    (void)data;
    if (level == GGML_LOG_LEVEL_ERROR)
        fputs(text, stderr);
    else if (isatty(STDERR_FILENO) &&
             sscanf(text, "[%d/%d]", &done, &total) == 2)
        fprintf(stderr, "\r[%d/%d]%s", done, total, done == total ? "\n" : "");
}

static bool find_format(const char *name, enum llama_ftype *type)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (strcmp(name, formats[i].name) == 0) {
            *type = formats[i].type;
            return true;
        }
    return false;
}


int main(int argc, char **argv)
{
    llama_model_quantize_params params = llama_model_quantize_default_params();

    if (argc != 5 || !find_format(argv[3], &params.ftype)) {
        fprintf(stderr,
                "usage: requantize IN.gguf OUT.gguf f16|q8_0|q4_0 THREADS\n");
        return 2;
    }
    llama_log_set(log_line, NULL);
    llama_backend_init();

    params.allow_requantize = true;
    params.nthread = atoi(argv[4]);
    if (llama_model_quantize(argv[1], argv[2], &params) != 0) {
        fprintf(stderr, "could not requantize %s\n", argv[1]);
        return 1;
    }
    llama_backend_free();
    return 0;
}

/* requantize IN.gguf OUT.gguf THREADS: write the model as Q8_0.
 *
 * For models that are published only in a format without fast kernels. The
 * weights lose nothing more that matters: Q8_0 is finer than what they come
 * in. Its progress, one line, goes to stderr when that is a terminal. */
#include <llama.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
    llama_model_quantize_params params = llama_model_quantize_default_params();

    if (argc != 4) {
        fprintf(stderr, "usage: requantize IN.gguf OUT.gguf THREADS\n");
        return 2;
    }
    llama_log_set(log_line, NULL);
    llama_backend_init();

    params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
    params.allow_requantize = true;
    params.nthread = atoi(argv[3]);
    if (llama_model_quantize(argv[1], argv[2], &params) != 0) {
        fprintf(stderr, "could not requantize %s\n", argv[1]);
        return 1;
    }
    llama_backend_free();
    return 0;
}

/* Runs a fuzz target on every file of a folder and on every truncation of
 * each. A failing target aborts; a folder without files fails as well. */
#include "core/file.h"
#include "core/mem.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_BYTES = 1 << 20 };


/* A copy of just this length, so that a sanitizer sees the byte behind. */
static void feed(const char *bytes, size_t len)
{
    uint8_t *copy = rk_alloc_array(len, 1);

    FUZZ_CHECK(copy);
    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}


static void feed_file(const char *path, size_t *n_truncations)
{
    rk_error err;
    char *bytes;
    size_t len;

    if (rk_file_read(path, INPUT_BYTES, &bytes, &len, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    feed(bytes, len);
    for (size_t n = 0; n < len; n++, (*n_truncations)++)
        feed(bytes, n);
    free(bytes);
}


int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    size_t n_inputs = 0, n_truncations = 0;
    char path[4096];
    int n;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    n = scandir(argv[1], &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
            feed_file(path, &n_truncations);
            n_inputs++;
        }
        free(names[i]);
    }
    free(names);
    printf("%zu inputs, %zu truncations\n", n_inputs, n_truncations);
    return n_inputs ? 0 : 1;
}

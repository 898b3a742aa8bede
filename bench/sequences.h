/* The histories of ml-1m-loo's sequences.tsv, all but each one's last item, for
 * benches. Ids become positions in order of appearance. */
#ifndef RK_BENCH_SEQUENCES_H
#define RK_BENCH_SEQUENCES_H

#include "core/mem.h"
#include "data/histories.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SEQUENCES_IDS 65536


static inline double bench_seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}


static inline int bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}


static inline double bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), bench_by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}


/* Exits with a message when the file is not there. */
static inline rk_histories sequences_load(const char *folder)
{
    static uint32_t position[SEQUENCES_IDS]; /* plus one */
    size_t *start = rk_calloc(10000, sizeof(*start));
    uint32_t *item = rk_calloc(2000000, sizeof(*item));
    rk_histories h = {0, 0, start, item};
    char path[4096];
    char *line = NULL;
    size_t cap = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/sequences.tsv", folder);
    f = fopen(path, "r");
    if (!f || getline(&line, &cap, f) < 0) {
        fprintf(stderr, "%s: not there; give the folder of ml-1m-loo\n", path);
        exit(1);
    }
    while (getline(&line, &cap, f) > 0) {
        char *rest = line;
        char *field = NULL;
        size_t n = start[h.n_users];

        for (int i = 0; i < 3; i++)
            field = strsep(&rest, "\t");
        for (char *id = field ? strsep(&field, " ,") : NULL; id;
             id = strsep(&field, " ,")) {
            size_t at = strtoul(id, NULL, 10) % SEQUENCES_IDS;

            if (!position[at])
                position[at] = (uint32_t)++h.n_items;
            item[n++] = position[at] - 1;
        }
        start[++h.n_users] = n - 1;
    }
    free(line);
    fclose(f);
    return h;
}

#endif

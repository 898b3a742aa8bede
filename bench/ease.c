/* ease FOLDER: EASE on ml-1m-loo from histories to B, beside
 * bench/ease_peer.py: CPU seconds, the memory taken meanwhile, and B's norm,
 * which both must agree on. */
#include "learn/ease.h"

#include "sequences.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#define LAMBDA 600.0f
#define RUNS   3
#define MIB    (1024.0 * 1024.0)


static double resident_mib(void)
{
    char line[256] = "";
    char *pages = line;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f && fgets(line, sizeof(line), f))
        (void)strsep(&pages, " "); /* the second number is what is resident */
    if (f)
        fclose(f);
    return (double)strtoul(pages ? pages : "", NULL, 10) *
           (double)sysconf(_SC_PAGESIZE) / MIB;
}


static double peak_mib(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss / 1024.0;
}


int main(int argc, char **argv)
{
    double cpu[RUNS];
    double norm = 0;
    double before;
    rk_histories h;
    rk_error err;

    if (argc != 2) {
        fprintf(stderr, "usage: ease FOLDER\n");
        return 2;
    }
    h = sequences_load(argv[1]);
    before = resident_mib();
    for (size_t run = 0; run < RUNS; run++) {
        double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
        float *b;

        if (rk_ease_matrix(&b, &h, LAMBDA, NULL, &err) != RK_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        cpu[run] = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
        norm = 0;
        for (size_t i = 0; i < h.n_items * h.n_items; i++)
            norm += (double)b[i] * (double)b[i];
        free(b);
    }
    printf("{\"seconds\": %.4f, \"mib\": %.1f, \"norm\": %.5f}\n",
           bench_median(cpu, RUNS), peak_mib() - before, sqrt(norm));
    free((void *)h.start);
    free((void *)h.item);
    return 0;
}

/* vector FOLDER WAY: the time and recall of the ten nearest, on one core.
 *
 * FOLDER is what vector_peer.py makes: vectors.f32 (n, d), queries.f32
 * (n_queries, d), nearest.u32 (n_queries, 10). WAY is f32, i8, bits, many or
 * graph. One JSON line: CPU seconds for all the queries (median of five
 * rounds; for the graph with ef 50), recall, queries per CPU second, CPU
 * seconds of the build. */
#include "core/file.h"
#include "core/mem.h"
#include "vector/index.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define K        10
#define N_ROUNDS 5
#define MAX_FILE (8ull << 30)

typedef struct data {
    char *vectors;
    char *queries;
    char *nearest;
    size_t n;
    size_t n_queries;
    size_t d;
} data;

typedef struct outcome {
    double seconds;
    double recall;
} outcome;


static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}


static void one_core(void)
{
    cpu_set_t cores;
    int first = 0;

    sched_getaffinity(0, sizeof(cores), &cores);
    while (!CPU_ISSET(first, &cores))
        first++;
    CPU_ZERO(&cores);
    CPU_SET(first, &cores);
    sched_setaffinity(0, sizeof(cores), &cores);
}


static int part_read(const char *folder, const char *name, char **bytes,
                     size_t *len, rk_error *err)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return rk_file_read(path, MAX_FILE, bytes, len, err);
}


static int data_read(data *in, const char *folder, rk_error *err)
{
    size_t len[3];
    int rc = part_read(folder, "vectors.f32", &in->vectors, &len[0], err);

    if (rc == RK_OK)
        rc = part_read(folder, "queries.f32", &in->queries, &len[1], err);
    if (rc == RK_OK)
        rc = part_read(folder, "nearest.u32", &in->nearest, &len[2], err);
    if (rc != RK_OK)
        return rc;
    in->n_queries = len[2] / K / sizeof(uint32_t);
    in->d = in->n_queries ? len[1] / in->n_queries / sizeof(float) : 0;
    in->n = in->d ? len[0] / in->d / sizeof(float) : 0;
    return in->n ? RK_OK : rk_fail(err, RK_EFORMAT, "%s is empty", folder);
}


static size_t found(const rk_hit *hits, size_t n, const uint32_t *nearest)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < K; j++)
            count += hits[i].index == nearest[j];
    return count;
}


static int round_run(const rk_index *x, const data *in, const char *way,
                     rk_hit *hits, size_t *n, rk_error *err)
{
    enum rk_search how = strcmp(way, "f32") == 0     ? RK_SEARCH_F32
                         : strcmp(way, "bits") == 0  ? RK_SEARCH_BITS
                         : strcmp(way, "graph") == 0 ? RK_SEARCH_GRAPH
                                                     : RK_SEARCH_I8;
    const float *queries = (const float *)(const void *)in->queries;
    int rc = RK_OK;

    if (strcmp(way, "many") == 0)
        return rk_index_search_many(x, queries, in->n_queries, K, hits, n, err);
    for (size_t q = 0; q < in->n_queries && rc == RK_OK; q++)
        rc = rk_index_search(x, queries + q * in->d, K, how, NULL, NULL,
                             hits + q * K, &n[q], err);
    return rc;
}


static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}


static int measure(outcome *out, const rk_index *x, const data *in,
                   const char *way, rk_error *err)
{
    rk_hit *hits = rk_calloc(in->n_queries * K, sizeof(*hits));
    size_t *n = rk_calloc(in->n_queries, sizeof(*n));
    double seconds[N_ROUNDS];
    size_t hit = 0;
    int rc = hits && n ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < N_ROUNDS && rc == RK_OK; i++) {
        double start = cpu_seconds();

        rc = round_run(x, in, way, hits, n, err);
        seconds[i] = cpu_seconds() - start;
    }
    if (rc == RK_OK) {
        qsort(seconds, N_ROUNDS, sizeof(*seconds), by_size);
        for (size_t q = 0; q < in->n_queries; q++)
            hit += found(hits + q * K, n[q],
                         (const uint32_t *)(const void *)in->nearest + q * K);
        out->seconds = seconds[N_ROUNDS / 2];
        out->recall = (double)hit / (double)(K * in->n_queries);
    }
    free(hits);
    free(n);
    return rc;
}


static int report(rk_index *x, const data *in, const char *way, double built,
                  rk_error *err)
{
    static const size_t efs[] = {20, 50, 100};
    outcome o;
    double seconds = 0;
    int rc = RK_OK;

    printf("{\"kernels\": \"%s\", \"build_seconds\": %.3f", rk_kernels_name(),
           built);
    if (strcmp(way, "graph") != 0) {
        rc = measure(&o, x, in, way, err);
        seconds = o.seconds;
        printf(", \"recall\": %.4f, \"qps\": %.0f", o.recall,
               (double)in->n_queries / o.seconds);
    }
    for (size_t i = 0; strcmp(way, "graph") == 0 && i < 3 && rc == RK_OK; i++) {
        x->ef = efs[i];
        rc = measure(&o, x, in, way, err);
        printf(", \"recall_ef%zu\": %.4f, \"qps_ef%zu\": %.0f", efs[i],
               o.recall, efs[i], (double)in->n_queries / o.seconds);
        seconds = efs[i] == 50 ? o.seconds : seconds;
    }
    printf(", \"seconds\": %.5f}\n", seconds);
    return rc;
}


int main(int argc, char **argv)
{
    data in = {0};
    rk_index *x = NULL;
    rk_error err;
    double start;
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_vector FOLDER f32|i8|bits|many|graph\n");
        return 2;
    }
    one_core();
    rc = data_read(&in, argv[1], &err);
    start = cpu_seconds();
    if (rc == RK_OK)
        rc = rk_index_new(&x, in.d, &err);
    if (rc == RK_OK)
        rc = rk_index_add(x, (const float *)(const void *)in.vectors, in.n,
                          &err);
    if (rc == RK_OK && argv[2][0] != 'f' && argv[2][0] != 'i')
        rc = rk_index_prepare(x, strcmp(argv[2], "graph") == 0, &err);
    if (rc == RK_OK)
        rc = report(x, &in, argv[2], cpu_seconds() - start, &err);
    if (rc != RK_OK)
        fprintf(stderr, "bench_vector: %s\n", err.msg);
    rk_index_free(x);
    free(in.vectors);
    free(in.queries);
    free(in.nearest);
    return rc == RK_OK ? 0 : 1;
}

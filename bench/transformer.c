/* transformer FOLDER [EPOCHS [OF [KEEP [RATE]]]]: trains the transformer for
 * EPOCHS (2) of a schedule of OF (EPOCHS) on ml-1m-loo, all but each user's
 * last item (two for validation users), and prints one line of JSON. Each epoch
 * is reported on stderr. KEEP: where to leave the model, as a bundle; RATE: of
 * learning. */
#include "learn/transformer.h"
#include "core/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LINE 65536

typedef struct watched {
    size_t *start;
    uint32_t *item;
    size_t n_users;
} watched;

typedef struct data {
    size_t n_items;
    uint32_t of_id[1 << 16]; /* position + 1 */
    watched train;
    watched asked;
    uint32_t *truth;
} data;

typedef struct log {
    double wall_s;
    double cpu_s;
    double begun_s;
    double begun_cpu_s;
    rk_transformer_epoch last;
    size_t stop;
} log;


static double wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}


static double cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}


static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "r");
    if (!f)
        (void)fprintf(stderr, "%s is missing: the folder is ml-1m-loo's\n",
                      path);
    return f;
}


static bool items_read(data *d, const char *folder)
{
    static char line[LINE];
    FILE *f = open_in(folder, "items.tsv");

    if (!f)
        return false;
    for (bool first = true; fgets(line, sizeof(line), f); first = false)
        if (!first)
            d->of_id[strtoul(line, NULL, 10) & 0xffff] = (uint32_t)++d->n_items;
    (void)fclose(f);
    return true;
}


static void history_add(watched *w, const uint32_t *item, size_t n)
{
    size_t at = w->start[w->n_users++];

    memcpy(w->item + at, item, n * sizeof(*item));
    w->start[w->n_users] = at + n;
}


static bool sequences_read(data *d, const char *folder)
{
    static char line[LINE];
    static uint32_t item[LINE / 2];
    FILE *f = open_in(folder, "sequences.tsv");

    if (!f)
        return false;
    for (bool first = true; fgets(line, sizeof(line), f); first = false) {
        char *at = strchr(line, '\t');
        bool validation;
        size_t n = 0;

        if (first || !at)
            continue;
        validation = at[1] == '1' || at[1] == 'T' || at[1] == 't';
        at = strchr(at + 1, '\t');
        while (at && *at != '\0' && (n == 0 || *at == ' '))
            item[n++] = d->of_id[strtoul(at + 1, &at, 10) & 0xffff] - 1;
        if (n < 2)
            continue;
        history_add(&d->train, item, n - (validation ? 2 : 1));
        if (validation) {
            d->truth[d->asked.n_users] = item[n - 1];
            history_add(&d->asked, item, n - 1);
        }
    }
    (void)fclose(f);
    return true;
}


static void on_epoch(void *ctx, const rk_transformer_epoch *e)
{
    log *l = ctx;

    l->wall_s = wall() - l->begun_s;
    l->cpu_s = cpu() - l->begun_cpu_s;
    l->last = *e;
    (void)fprintf(stderr,
                  "epoch %zu loss %.4f ndcg@10 %.4f %.1f s cpu %.1f s\n",
                  e->epoch, e->loss, e->ndcg, l->wall_s, l->cpu_s);
}


static int on_progress(void *ctx, const char *stage, uint64_t done,
                       uint64_t total)
{
    const log *l = ctx;

    (void)stage;
    (void)done;
    (void)total;
    return l->last.epoch >= l->stop;
}


static void keep(const rk_model *m, const char *path)
{
    rk_bundle_writer *w = NULL;
    rk_error err = {0};

    if (rk_bundle_writer_new(&w, &err) != RK_OK ||
        m->learner->put(m, w, &err) != RK_OK ||
        rk_bundle_save(w, path, &err) != RK_OK)
        (void)fprintf(stderr, "%s\n", err.msg);
    rk_bundle_writer_free(w);
}


static int measure(const data *d, rk_transformer_opts *o, log *l,
                   const char *path)
{
    rk_histories h = {d->train.n_users, d->n_items, d->train.start,
                      d->train.item};
    rk_histories watch = {d->asked.n_users, d->n_items, d->asked.start,
                          d->asked.item};
    rk_train_opts opts = {.effort = RK_FULL,
                          .watch = &watch,
                          .watch_truth = d->truth,
                          .progress = {on_progress, l}};
    rk_model *m = NULL;
    rk_error err = {0};
    int rc;

    o->each_epoch = on_epoch;
    o->ctx = l;
    l->begun_s = wall();
    l->begun_cpu_s = cpu();
    rc = rk_transformer_train(&m, &h, &opts, o, &err);
    if (rc != RK_OK && l->last.epoch < l->stop) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    (void)printf("{\"seconds\": %.3f, \"cpu_seconds\": %.3f, \"epochs\": %zu, "
                 "\"loss\": %.4f, \"ndcg@10\": %.4f}\n",
                 l->wall_s / (double)l->last.epoch,
                 l->cpu_s / (double)l->last.epoch, l->last.epoch, l->last.loss,
                 l->last.ndcg);
    if (m && path)
        keep(m, path);
    rk_learner_transformer.free(m);
    return 0;
}


int main(int argc, char **argv)
{
    static data d;
    enum { USERS = 1 << 14, EVENTS = 1 << 21 };
    rk_transformer_opts o = rk_transformer_defaults(RK_FULL);
    log l = {.stop = 2};
    int status = 1;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: transformer FOLDER [EPOCHS [OF [KEEP "
                              "[RATE]]]]\n");
        return 2;
    }
    if (argc > 2)
        l.stop = strtoul(argv[2], NULL, 10);
    o.epochs = argc > 3 ? strtoul(argv[3], NULL, 10) : l.stop;
    if (argc > 5)
        o.rate = strtof(argv[5], NULL);
    d.train.start = rk_calloc(USERS, sizeof(size_t));
    d.train.item = rk_calloc(EVENTS, sizeof(uint32_t));
    d.asked.start = rk_calloc(USERS, sizeof(size_t));
    d.asked.item = rk_calloc(EVENTS, sizeof(uint32_t));
    d.truth = rk_calloc(USERS, sizeof(uint32_t));
    if (d.train.start && d.train.item && d.asked.start && d.asked.item &&
        d.truth && items_read(&d, argv[1]) && sequences_read(&d, argv[1]))
        status = measure(&d, &o, &l, argc > 4 ? argv[4] : NULL);
    free(d.train.start);
    free(d.train.item);
    free(d.asked.start);
    free(d.asked.item);
    free(d.truth);
    return status;
}

#include "cli/args.h"
#include "cli/out.h"
#include "cli/progress.h"

#include <string.h>
#include <strings.h>

#define MAX_SHOWN 20 /* bad rows that are shown one by one */

const char help_import[] =
    "Synopsis\n"
    "  reckon import items|users|events FILE... [--strict]\n"
    "  reckon import FILE... [--strict]\n"
    "\n"
    "Description\n"
    "  Reads .csv files (a header line first) or .jsonl files (one object a\n"
    "  line) into the store. Without a kind it is told by each file's name:\n"
    "  items.csv, my-users.jsonl, events-2026.csv; items are read first, then\n"
    "  users, then events.\n"
    "\n"
    "  Items have the columns id and title, users the column id; all others\n"
    "  are fields under their own names, several values in one separated by\n"
    "  |. Events have user and item, and may have type, value and at (Unix\n"
    "  seconds or 2026-03-14T19:20:00Z).\n"
    "\n"
    "  A bad row is reported on stderr with its line and reason (the first\n"
    "  20, then their number), the others go in. Reading a file twice leaves\n"
    "  the same store; an interrupted import is simply run again.\n"
    "\n"
    "Options\n"
    "      --strict       one bad row, and nothing of its file goes in\n"
    "                     (exit code 5)\n"
    "\n"
    "Examples\n"
    "  reckon import items.csv users.csv events.csv\n"
    "  reckon import events clicks.jsonl --strict\n";

struct bad_rows {
    progress *progress;
    uint64_t n;
};


static void on_bad_row(void *ctx, const char *where_and_why)
{
    struct bad_rows *bad = ctx;

    if (bad->n++ >= MAX_SHOWN)
        return;
    progress_end(bad->progress);
    out_text(stderr, where_and_why);
    fputc('\n', stderr);
}


/* The kind that stands in the file's name, its folder left aside. */
static bool kind_of(const char *path, enum rk_kind *kind)
{
    static const char *const words[] = {"item", "user", "event"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int n_found = 0;

    for (int i = RK_ITEMS; i <= RK_EVENTS; i++)
        if (strcasestr(name, words[i])) {
            *kind = (enum rk_kind)i;
            n_found++;
        }
    return n_found == 1;
}


static void write_json(enum rk_kind kind, const char *path, bool is_first,
                       const rk_import_report *report)
{
    printf("%s{\"kind\":\"%s\",\"file\":", is_first ? "" : ",",
           args_kind_name(kind));
    out_json_string(stdout, path);
    printf(",\"rows\":%llu,\"refused\":%llu,\"took_us\":%lld}",
           (unsigned long long)report->n_rows,
           (unsigned long long)report->n_bad, (long long)report->took_us);
}


static void write_summary(enum rk_kind kind, const char *path,
                          const rk_import_report *report)
{
    double seconds = (double)report->took_us / 1e6;
    double rate = seconds > 0 ? (double)report->n_rows / seconds : 0;
    char rows[32], per_second[32];

    printf("%s: %s rows from ", args_kind_name(kind),
           out_count(report->n_rows, rows));
    out_text(stdout, path);
    printf(" in %.2f s (%s rows/s)", seconds,
           out_count((uint64_t)rate, per_second));
    if (report->n_bad)
        printf(", %s REFUSED", out_count(report->n_bad, rows));
    putchar('\n');
}


/* One run of the command. */
struct job {
    rk_engine *engine;
    bool strict;
    size_t n_done; /* files */
};


static int import_one(const cli *c, struct job *job, enum rk_kind kind,
                      const char *path)
{
    progress p;
    struct bad_rows bad = {.progress = &p};
    rk_import_opts opts = {.strict = job->strict,
                           .on_bad_row = on_bad_row,
                           .bad_row_ctx = &bad,
                           .progress = progress_begin(&p, c)};
    rk_import_report report = {0};
    rk_error err = {0};
    char more[32];
    int rc = rk_import_file(job->engine, kind, path, &opts, &report, &err);

    progress_end(&p);
    if (bad.n > MAX_SHOWN)
        fprintf(stderr, "and %s more rows refused\n",
                out_count(bad.n - MAX_SHOWN, more));
    if (rc != RK_OK)
        return cli_fail(c, &err);
    if (c->json)
        write_json(kind, path, job->n_done == 0, &report);
    else
        write_summary(kind, path, &report);
    job->n_done++;
    return EXIT_OK;
}


/* Items before the events that name them, whatever the order of the line. */
static int import_all(const cli *c, struct job *job, char **paths, int n,
                      const enum rk_kind *given)
{
    int rc = EXIT_OK;

    if (c->json)
        fputs("{\"imports\":[", stdout);
    for (int k = RK_ITEMS; k <= RK_EVENTS; k++)
        for (int i = 0; rc == EXIT_OK && i < n; i++) {
            enum rk_kind kind = given ? *given : RK_ITEMS;

            if (!given)
                kind_of(paths[i], &kind);
            if ((int)kind == k)
                rc = import_one(c, job, kind, paths[i]);
        }
    if (c->json)
        puts("]}");
    return rc;
}


int cmd_import(cli *c, int argc, char **argv)
{
    struct job job = {.strict = false};
    const arg_option options[] = {{"strict", 0, ARG_FLAG, &job.strict, 0, 0}};
    enum rk_kind kind = RK_ITEMS;
    bool given;
    bool done;
    int rc = args_read(c, &argc, &argv, options, 1, &done);

    if (rc != EXIT_OK || done)
        return rc;
    given = argc > 0 && args_kind(argv[0], &kind);
    argc -= given;
    argv += given;
    if (argc == 0)
        return cli_usage(c, "no file given");
    for (int i = 0; !given && i < argc; i++)
        if (!kind_of(argv[i], &kind))
            return cli_usage(c,
                             "items, users or events? the name %s does not "
                             "say; say reckon import items %s",
                             argv[i], argv[i]);
    rc = cli_open(c, &job.engine);
    if (rc == EXIT_OK)
        rc = import_all(c, &job, argv, argc, given ? &kind : NULL);
    rk_engine_close(job.engine);
    return rc;
}

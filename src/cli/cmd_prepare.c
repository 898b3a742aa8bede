#include "cli/args.h"
#include "cli/out.h"
#include "cli/progress.h"

const char help_prepare[] =
    "Synopsis\n"
    "  reckon prepare [--effort fast|full]\n"
    "\n"
    "Description\n"
    "  Makes what serving needs: vectors of all profiles, tokens of items and\n"
    "  users, the trained models, and the snapshot that holds them. Only what\n"
    "  changed since the last time is done again. It can be stopped at any\n"
    "  time (Ctrl-C) and goes on where it stopped; what was prepared before\n"
    "  answers until it is through.\n"
    "\n"
    "  A missing model leaves out what needs it: reckon doctor says what.\n"
    "  Progress is shown on stderr: a bar on a terminal, else a line about\n"
    "  every tenth.\n"
    "\n"
    "Options\n"
    "      --effort HOW   fast trains for minutes, full adds what takes tens "
    "of\n"
    "                     minutes (default: the configuration's)\n"
    "\n"
    "Examples\n"
    "  reckon prepare\n"
    "  reckon prepare --effort full\n"
    "  reckon --no-progress prepare\n";


int cmd_prepare(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    rk_prepare_opts opts = {0};
    rk_error err = {0};
    progress p;
    double began;
    double seconds;
    bool done;
    const arg_option options[] = {
        {"effort", 0, ARG_TEXT, &opts.effort, 0, 0},
    };
    int rc = args_read(c, &argc, &argv, options, 1, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    opts.progress = progress_begin(&p, c);
    began = progress_now();
    rc = rk_prepare(engine, &opts, &err);
    seconds = progress_now() - began;
    progress_end(&p);
    rk_engine_close(engine);
    if (rc != RK_OK)
        return cli_fail(c, &err);
    if (c->json)
        printf("{\"prepared\":true,\"took_us\":%.0f}\n", seconds * 1e6);
    else
        printf("prepared in %.1f s\n", seconds);
    return EXIT_OK;
}

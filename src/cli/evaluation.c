#include "cli/evaluation.h"

#include "cli/progress.h"

#include <string.h>

#define MOST_OWN 8 /* options that a command has besides these */


int evaluation_read(evaluation *e, cli *c, int argc, char **argv,
                    const arg_option *own, size_t n_own, bool *done)
{
    const arg_option shared[] = {
        {"data", 0, ARG_TEXT, &e->data, 0, 0},
        {"way", 'w', ARG_WORDS, &e->ways, 0, 0},
        {"effort", 0, ARG_TEXT, &e->effort, 0, 0},
        {"users", 0, ARG_COUNT, &e->n_users, 1, 1000000000},
        {"seed", 0, ARG_COUNT, &e->seed, 0, 4294967295},
        {"shuffle-texts", 0, ARG_FLAG, &e->shuffle_texts, 0, 0},
    };
    const size_t n_shared = sizeof(shared) / sizeof(shared[0]);
    arg_option all[sizeof(shared) / sizeof(shared[0]) + MOST_OWN];
    int rc;

    memcpy(all, shared, sizeof(shared));
    for (size_t i = 0; i < n_own; i++)
        all[n_shared + i] = own[i];
    e->seed = 1;
    rc = args_read(c, &argc, &argv, all, n_shared + n_own, done);
    if (rc != EXIT_OK || *done)
        return rc;
    if (argc > 1)
        return cli_usage(c, "unexpected argument '%s'", argv[1]);
    e->protocol = argc == 1 ? argv[0] : NULL;
    return EXIT_OK;
}


int evaluation_run(const evaluation *e, const cli *c, rk_report **out)
{
    rk_evaluate_opts opts = {
        .data = e->data,
        .ways = e->ways.n ? e->ways.words : NULL,
        .n_ways = e->ways.n,
        .effort = e->effort,
        .n_users = e->n_users,
        .seed = e->seed,
        .shuffle_texts = e->shuffle_texts,
    };
    rk_engine *engine = NULL;
    rk_error err = {0};
    progress p;
    int rc = cli_open(c, &engine);

    *out = NULL;
    if (rc != EXIT_OK)
        return rc;
    opts.progress = progress_begin(&p, c);
    rc = rk_evaluate(engine, e->protocol, &opts, out, &err);
    progress_end(&p);
    rk_engine_close(engine);
    return rc == RK_OK ? EXIT_OK : cli_fail(c, &err);
}


const rk_figure *evaluation_figure(const rk_contender *row, const char *metric)
{
    for (size_t i = 0; i < row->n_figures; i++)
        if (strcmp(row->figures[i].metric, metric) == 0)
            return &row->figures[i];
    return NULL;
}

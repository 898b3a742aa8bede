#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

#include <stdio.h>

const char help_usage[] =
    "Synopsis\n"
    "  reckon usage [--days N] [--forget]\n"
    "\n"
    "Description\n"
    "  Shows what language models were asked for: for each day, model and\n"
    "  purpose (a way of recommending, a stage of reckon prepare) the calls,\n"
    "  the tokens that were evaluated and those that were kept from before,\n"
    "  the time, and the money where a model has a price. Limits on them are\n"
    "  set in the configuration under budget.\n"
    "\n"
    "Options\n"
    "  -d, --days N   so many days, today is one (default: 7)\n"
    "      --forget   show nothing, but forget what is older than that\n"
    "\n"
    "Examples\n"
    "  reckon usage\n"
    "  reckon usage --days 30 --json\n"
    "  reckon usage --days 365 --forget\n";


static int show(const cli *c, rk_engine *engine, size_t n_days)
{
    rk_card *card = NULL;
    rk_error err = {0};
    int rc = EXIT_OK;

    if (rk_usage_list(engine, n_days, &card, &err) != RK_OK)
        return cli_fail(c, &err);
    if (c->json)
        rc = out_json(c, rk_card_json(card));
    else
        answer_card(c, card);
    rk_card_free(card);
    return rc;
}


static int forget(const cli *c, rk_engine *engine, size_t n_days)
{
    rk_error err = {0};
    uint64_t n;

    if (rk_usage_prune(engine, n_days, &n, &err) != RK_OK)
        return cli_fail(c, &err);
    if (c->json)
        printf("{\"forgotten\":%llu}\n", (unsigned long long)n);
    else if (!c->quiet)
        printf("%llu entries forgotten\n", (unsigned long long)n);
    return EXIT_OK;
}


int cmd_usage(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    size_t n_days = 7;
    bool forgets = false;
    const arg_option options[] = {
        {"days", 'd', ARG_COUNT, &n_days, 1, 36500},
        {"forget", 0, ARG_FLAG, &forgets, 0, 0},
    };
    bool done;
    int rc = args_read(c, &argc, &argv, options,
                       sizeof(options) / sizeof(options[0]), &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    rc = forgets ? forget(c, engine, n_days) : show(c, engine, n_days);
    rk_engine_close(engine);
    return rc;
}

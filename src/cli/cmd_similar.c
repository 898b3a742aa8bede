#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

const char help_similar[] =
    "Synopsis\n"
    "  reckon similar --item ID [-n N] [--trace]\n"
    "\n"
    "Description\n"
    "  Lists the items whose profiles are nearest in meaning, nearest first.\n"
    "  Works for items that came after the last reckon prepare.\n"
    "\n"
    "Options\n"
    "  -i, --item ID      the item\n"
    "  -n, --number N     how many, 1 to 1000 (default: 10)\n"
    "      --trace        at the end, what each stage did\n"
    "\n"
    "Examples\n"
    "  reckon similar --item B27381 -n 5\n";


static int answer(const cli *c, const char *item, size_t n,
                  const answer_opts *opts)
{
    rk_engine *engine = NULL;
    rk_answer *a = NULL;
    rk_error err = {0};
    int rc = cli_open(c, &engine);

    if (rc != EXIT_OK)
        return rc;
    if (rk_similar(engine, item, n, &a, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else if (c->json)
        rc = out_json(c, rk_answer_json(a));
    else
        answer_list(c, a, opts);
    rk_answer_free(a);
    rk_engine_close(engine);
    return rc;
}


int cmd_similar(cli *c, int argc, char **argv)
{
    const char *item = NULL;
    size_t n = 10;
    answer_opts opts = {.reasons = false};
    const arg_option options[] = {
        {"item", 'i', ARG_TEXT, &item, 0, 0},
        {"number", 'n', ARG_COUNT, &n, 1, 1000},
        {"trace", 0, ARG_FLAG, &opts.trace, 0, 0},
    };
    bool done;
    int rc = args_read(c, &argc, &argv, options, 3, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    if (!item)
        return cli_usage(c, "which item? --item ID");
    return answer(c, item, n, &opts);
}

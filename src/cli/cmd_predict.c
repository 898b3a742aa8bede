#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

#include <stdint.h>

#define MAX_REASONS 5 /* of predict; explain gives all */

const char help_predict[] =
    "Synopsis\n"
    "  reckon predict --user ID --item ID [OPTION...]\n"
    "  reckon predict --profile TEXT --item ID [OPTION...]\n"
    "\n"
    "Description\n"
    "  Says whether the user will like the item: like or dislike, the\n"
    "  calibrated probability of a like, and the strongest parts of the score\n"
    "  with what each rests on. reckon explain gives all of them.\n"
    "\n"
    "Options\n"
    "  -u, --user ID      a stored user\n"
    "      --profile TEXT the user in words; together with --user, instead of\n"
    "                     the stored profile\n"
    "  -i, --item ID      the item\n"
    "  -w, --way WAY      how: see reckon help recommend (default: auto)\n"
    "      --why WHOSE    whose sentence the writer writes: off, first\n"
    "                     (default: the configuration's)\n"
    "\n"
    "Examples\n"
    "  reckon predict --user U12345 --item B78901\n"
    "  reckon predict -u U12345 -i B78901 --way tokens\n";

const char help_explain[] =
    "Synopsis\n"
    "  reckon explain --user ID --item ID [OPTION...]\n"
    "  reckon explain --profile TEXT --item ID [OPTION...]\n"
    "\n"
    "Description\n"
    "  Like reckon predict, with every reason, strongest first, and what each\n"
    "  stage did to come to it. Where the model is a sum, the weights add up\n"
    "  to the score.\n"
    "\n"
    "Options\n"
    "  -u, --user ID      a stored user\n"
    "      --profile TEXT the user in words; together with --user, instead of\n"
    "                     the stored profile\n"
    "  -i, --item ID      the item\n"
    "  -w, --way WAY      how: see reckon help recommend (default: auto)\n"
    "      --why WHOSE    whose sentence the writer writes: off, first\n"
    "                     (default: the configuration's)\n"
    "\n"
    "Examples\n"
    "  reckon explain --user U12345 --item B78901 --way tokens\n";


static int judge(const cli *c, const rk_request *ask, const char *item,
                 bool everything)
{
    rk_engine *engine = NULL;
    rk_answer *a = NULL;
    rk_error err = {0};
    int rc = cli_open(c, &engine);

    if (rc != EXIT_OK)
        return rc;
    if (rk_predict(engine, ask, item, &a, &err) != RK_OK) {
        rc = cli_fail(c, &err);
    } else if (c->json) {
        rc = out_json(c, rk_answer_json(a));
    } else {
        answer_verdict(c, a, everything ? SIZE_MAX : MAX_REASONS);
        if (everything)
            answer_trace(c, a);
    }
    rk_answer_free(a);
    rk_engine_close(engine);
    return rc;
}


static int predict(cli *c, int argc, char **argv, bool everything)
{
    rk_request ask = {.n = 1};
    const char *item = NULL;
    const arg_option options[] = {
        {"user", 'u', ARG_TEXT, &ask.user, 0, 0},
        {"profile", 0, ARG_TEXT, &ask.profile, 0, 0},
        {"item", 'i', ARG_TEXT, &item, 0, 0},
        {"way", 'w', ARG_TEXT, &ask.way, 0, 0},
        {"why", 0, ARG_TEXT, &ask.why, 0, 0},
    };
    bool done;
    int rc = args_read(c, &argc, &argv, options,
                       sizeof(options) / sizeof(options[0]), &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    if (!ask.user && !ask.profile)
        return cli_usage(c, "for whom? --user ID or --profile TEXT");
    if (!item)
        return cli_usage(c, "which item? --item ID");
    return judge(c, &ask, item, everything);
}


int cmd_predict(cli *c, int argc, char **argv)
{
    return predict(c, argc, argv, false);
}


int cmd_explain(cli *c, int argc, char **argv)
{
    return predict(c, argc, argv, true);
}

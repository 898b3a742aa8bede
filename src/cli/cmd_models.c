#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

const char help_models[] =
    "Synopsis\n"
    "  reckon models\n"
    "\n"
    "Description\n"
    "  Lists the models that can learn from events: what each is and needs,\n"
    "  from which effort on it is trained, about how much memory and work it\n"
    "  would take with what is stored, and whether the last reckon prepare\n"
    "  trained it.\n"
    "\n"
    "Examples\n"
    "  reckon models\n"
    "  reckon models --json\n";


int cmd_models(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    rk_card *card = NULL;
    rk_error err = {0};
    bool done;
    int rc = args_read(c, &argc, &argv, NULL, 0, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    if (rk_models_list(engine, &card, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else if (c->json)
        rc = out_json(c, rk_card_json(card));
    else
        answer_card(c, card);
    rk_card_free(card);
    rk_engine_close(engine);
    return rc;
}

/* show, status, models and doctor: each asks the engine for one card. */
#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

#include <string.h>

const char help_show[] =
    "Synopsis\n"
    "  reckon show item|user ID\n"
    "\n"
    "Description\n"
    "  Shows one item or user: its fields, the tokens that the language model\n"
    "  gave it, and what was done with it or by them.\n"
    "\n"
    "Examples\n"
    "  reckon show item B78901\n"
    "  reckon show user U12345 --json\n";

const char help_status[] =
    "Synopsis\n"
    "  reckon status\n"
    "\n"
    "Description\n"
    "  Counts items, users and events, names the models, and says what is\n"
    "  prepared and how old it is.\n"
    "\n"
    "Examples\n"
    "  reckon status\n";

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

const char help_doctor[] =
    "Synopsis\n"
    "  reckon doctor\n"
    "\n"
    "Description\n"
    "  Checks each part and gives its state: ok, missing, stale or half-set,\n"
    "  what answers in its place, and how to mend it. Exits with 1 when a\n"
    "  part is not ok.\n"
    "\n"
    "Examples\n"
    "  reckon doctor\n";


/* Writes and frees the card. */
static int write_card(const cli *c, rk_card *card)
{
    int rc = EXIT_OK;

    if (c->json)
        rc = out_json(c, rk_card_json(card));
    else
        answer_card(c, card);
    rk_card_free(card);
    return rc;
}


int cmd_show(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    rk_card *card = NULL;
    rk_error err = {0};
    enum rk_kind kind;
    bool done;
    int rc = args_read(c, &argc, &argv, NULL, 0, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc != 2)
        return cli_usage(c, "expected item ID or user ID");
    if (strcmp(argv[0], "item") != 0 && strcmp(argv[0], "user") != 0)
        return cli_usage(c, "expected item or user, found '%s'", argv[0]);
    kind = argv[0][0] == 'i' ? RK_ITEMS : RK_USERS;
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    if (rk_show(engine, kind, argv[1], &card, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else
        rc = write_card(c, card);
    rk_engine_close(engine);
    return rc;
}


/* A command without arguments, whose answer is one card. */
static int show_card(cli *c, int argc, char **argv,
                     int (*ask)(rk_engine *, rk_card **, rk_error *))
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
    if (ask(engine, &card, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else
        rc = write_card(c, card);
    rk_engine_close(engine);
    return rc;
}


int cmd_status(cli *c, int argc, char **argv)
{
    return show_card(c, argc, argv, rk_status);
}


int cmd_models(cli *c, int argc, char **argv)
{
    return show_card(c, argc, argv, rk_models_list);
}


int cmd_doctor(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    rk_card *card = NULL;
    rk_error err = {0};
    size_t n_wrong = 0;
    bool done;
    int rc = args_read(c, &argc, &argv, NULL, 0, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    if (rk_doctor(engine, &card, &n_wrong, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else
        rc = write_card(c, card);
    rk_engine_close(engine);
    return rc == EXIT_OK && n_wrong > 0 ? EXIT_FAILED : rc;
}

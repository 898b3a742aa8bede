#include "cli/args.h"
#include "cli/out.h"

const char help_export[] =
    "Synopsis\n"
    "  reckon export items|users|events FILE\n"
    "\n"
    "Description\n"
    "  Writes all items, users or events to FILE, in the format of its ending\n"
    "  (.csv or .jsonl). reckon import reads it back unchanged.\n"
    "\n"
    "Examples\n"
    "  reckon export items items.csv\n"
    "  reckon export events events.jsonl\n";


int cmd_export(cli *c, int argc, char **argv)
{
    rk_engine *engine = NULL;
    rk_error err = {0};
    enum rk_kind kind;
    bool done;
    int rc = args_read(c, &argc, &argv, NULL, 0, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc != 2)
        return cli_usage(c, "expected items, users or events, and a file");
    if (!args_kind(argv[0], &kind))
        return cli_usage(c, "expected items, users or events, found '%s'",
                         argv[0]);
    rc = cli_open(c, &engine);
    if (rc != EXIT_OK)
        return rc;
    if (rk_export_file(engine, kind, argv[1], &err) != RK_OK)
        rc = cli_fail(c, &err);
    rk_engine_close(engine);
    if (rc != EXIT_OK)
        return rc;
    if (c->json) {
        printf("{\"kind\":\"%s\",\"file\":", args_kind_name(kind));
        out_json_string(stdout, argv[1]);
        puts("}");
    } else {
        printf("%s: written to ", args_kind_name(kind));
        out_text(stdout, argv[1]);
        putchar('\n');
    }
    return EXIT_OK;
}

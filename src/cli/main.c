#include "cli/args.h"
#include "cli/out.h"

#include <stdarg.h>
#include <string.h>

const cli_command cli_commands[] = {
    {"init", "write a configuration to start from", help_init, cmd_init},
    {"import", "read items, users and events from files", help_import,
     cmd_import},
    {"prepare", "make vectors, tokens and models from what was imported",
     help_prepare, cmd_prepare},
    {"recommend", "recommend items to a user", help_recommend, cmd_recommend},
    {"predict", "say whether a user will like an item", help_predict,
     cmd_predict},
    {"explain", "say why, with every reason and stage", help_explain,
     cmd_explain},
    {"similar", "list items near to an item in meaning", help_similar,
     cmd_similar},
    {"prompt", "show what the language model would be given to read",
     help_prompt, cmd_prompt},
    {"show", "show one item or user", help_show, cmd_show},
    {"status", "count what is stored and prepared", help_status, cmd_status},
    {"doctor", "check each part and say how to mend it", help_doctor,
     cmd_doctor},
    {"export", "write items, users or events to a file", help_export,
     cmd_export},
    {"eval", "measure ways of recommending by a protocol", help_eval, cmd_eval},
    {"compare", "write that measurement as a page for people", help_compare,
     cmd_compare},
    {"models", "list what can learn from events, and its cost", help_models,
     cmd_models},
    {"usage", "show what models were asked for, and what it cost", help_usage,
     cmd_usage},
    {NULL, NULL, NULL, NULL},
};


const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *k = cli_commands; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}


static const struct failure {
    int code; /* of the library; 0: a wrong command line */
    int exit_code;
    const char *name; /* in JSON */
} failures[] = {
    {0, EXIT_USAGE, "usage"},
    {RK_EINVAL, EXIT_USAGE, "invalid"},
    {RK_ENOMEM, EXIT_FAILED, "no_memory"},
    {RK_ENOTFOUND, EXIT_NOT_FOUND, "not_found"},
    {RK_EIO, EXIT_FAILED, "io"},
    {RK_EFORMAT, EXIT_BAD_FORMAT, "bad_format"},
    {RK_EBACKEND, EXIT_FAILED, "backend"},
    {RK_ENOTBUILT, EXIT_FAILED, "not_built"},
    {RK_ENOTREADY, EXIT_NOT_PREPARED, "not_prepared"},
    {RK_ECANCELLED, EXIT_FAILED, "cancelled"},
};


int cli_fail(const cli *c, const rk_error *err)
{
    static const struct failure unknown = {1, EXIT_FAILED, "failed"};
    const struct failure *f = &unknown;

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].code == err->code)
            f = &failures[i];
    fflush(stdout);
    if (c->json) {
        fprintf(stderr, "{\"error\":{\"code\":\"%s\",\"message\":", f->name);
        out_json_string(stderr, err->msg);
        fputs("}}\n", stderr);
        return f->exit_code;
    }
    fprintf(stderr, "reckon%s%s: ", c->command ? " " : "",
            c->command ? c->command : "");
    out_text(stderr, err->msg);
    fputc('\n', stderr);
    return f->exit_code;
}


int cli_usage(const cli *c, const char *fmt, ...)
{
    rk_error err = {.code = 0};
    va_list ap;
    int code;

    va_start(ap, fmt);
    vsnprintf(err.msg, sizeof(err.msg), fmt, ap);
    va_end(ap);
    code = cli_fail(c, &err);
    if (!c->json)
        fprintf(stderr, "see: reckon help%s%s\n", c->command ? " " : "",
                c->command ? c->command : "");
    return code;
}


int cli_open(const cli *c, rk_engine **out)
{
    rk_engine_opts opts = {
        .store = c->store, .embedder = c->embedder, .writer = c->writer};
    rk_error err = {0};

    if (rk_engine_open(out, c->config, &opts, &err) == RK_OK)
        return EXIT_OK;
    return cli_fail(c, &err);
}


static int help(cli *c, int argc, char **argv)
{
    const cli_command *command;

    if (argc > 2)
        return cli_usage(c, "help is for one command");
    if (argc < 2) {
        help_all();
        return EXIT_OK;
    }
    command = cli_command_find(argv[1]);
    if (!command)
        return cli_usage(c, "unknown command '%s'", argv[1]);
    help_command(command);
    return EXIT_OK;
}


static int run(cli *c, int argc, char **argv)
{
    const cli_command *command;
    bool asks_help = false;
    bool asks_version = false;
    int rc = args_read_global(c, &argc, &argv, &asks_help, &asks_version);

    if (rc != EXIT_OK)
        return rc;
    if (asks_version) {
        puts("reckon " RK_VERSION);
        return EXIT_OK;
    }
    if (asks_help) {
        help_all();
        return EXIT_OK;
    }
    if (argc == 0)
        return cli_usage(c, "no command given");
    if (strcmp(argv[0], "help") == 0)
        return help(c, argc, argv);
    command = cli_command_find(argv[0]);
    if (!command)
        return cli_usage(c, "unknown command '%s'", argv[0]);
    c->command = command->name;
    return command->run(c, argc, argv);
}


int main(int argc, char **argv)
{
    cli c = {0};

    /* A mistake before --json in the line is reported as JSON too. */
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        c.json = c.json || strcmp(argv[i], "--json") == 0;
    out_begin(&c);
    return out_end(&c, run(&c, argc, argv));
}

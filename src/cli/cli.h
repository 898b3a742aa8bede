/* The command line: one table of commands over reckon.h, and nothing else of
 * the library. A command reads its arguments (args.h), asks the engine, and
 * writes its answer (out.h, answer.h). It returns an exit code. */
#ifndef RK_CLI_CLI_H
#define RK_CLI_CLI_H

#include "reckon.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_NOT_PREPARED = 4,
    EXIT_BAD_FORMAT = 5
};

/* The global options, which stand before or after the command's name. */
typedef struct cli {
    const char *command; /* the name of the one that runs; NULL: none yet */
    const char *config;
    const char *store;
    const char *embedder;
    const char *writer;
    bool json;
    bool quiet;
    bool no_progress;
    bool colour; /* stdout is a terminal that may be coloured */
} cli;

typedef struct cli_command {
    const char *name;
    const char *summary; /* one line, for the list of commands */
    const char *help;    /* synopsis to examples */
    int (*run)(cli *c, int argc, char **argv); /* argv[0] is its name */
} cli_command;

/* In the order of the list of commands; ends with an empty one. */
extern const cli_command cli_commands[];

/* NULL when there is none of this name. */
const cli_command *cli_command_find(const char *name);

int cmd_init(cli *c, int argc, char **argv);
int cmd_import(cli *c, int argc, char **argv);
int cmd_prepare(cli *c, int argc, char **argv);
int cmd_recommend(cli *c, int argc, char **argv);
int cmd_predict(cli *c, int argc, char **argv);
int cmd_explain(cli *c, int argc, char **argv);
int cmd_prompt(cli *c, int argc, char **argv);
int cmd_similar(cli *c, int argc, char **argv);
int cmd_show(cli *c, int argc, char **argv);
int cmd_status(cli *c, int argc, char **argv);
int cmd_doctor(cli *c, int argc, char **argv);
int cmd_export(cli *c, int argc, char **argv);
int cmd_eval(cli *c, int argc, char **argv);
int cmd_compare(cli *c, int argc, char **argv);
int cmd_models(cli *c, int argc, char **argv);
int cmd_usage(cli *c, int argc, char **argv);

extern const char help_init[];
extern const char help_import[];
extern const char help_prepare[];
extern const char help_recommend[];
extern const char help_predict[];
extern const char help_explain[];
extern const char help_prompt[];
extern const char help_similar[];
extern const char help_show[];
extern const char help_status[];
extern const char help_doctor[];
extern const char help_export[];
extern const char help_eval[];
extern const char help_compare[];
extern const char help_models[];
extern const char help_usage[];

/* The list of commands, or one command's page, on stdout. */
void help_all(void);
void help_command(const cli_command *command);

/* Opens the engine that the global options name. An exit code; a failure was
 * reported. */
int cli_open(const cli *c, rk_engine **out);

/* Reports a failure of the library and returns its exit code. */
int cli_fail(const cli *c, const rk_error *err);

/* Reports a wrong command line and returns EXIT_USAGE. */
int cli_usage(const cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

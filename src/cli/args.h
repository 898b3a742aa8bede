/* Options by table: a command lists its own, and the global ones are read
 * everywhere. Strict: a number is wholly a number and within its bounds. */
#ifndef RK_CLI_ARGS_H
#define RK_CLI_ARGS_H

#include "cli/cli.h"

enum arg_kind { ARG_FLAG, ARG_TEXT, ARG_COUNT, ARG_WORDS };

/* The values of an option that may be given several times. */
typedef struct arg_words {
    const char *words[32];
    size_t n;
} arg_words;


typedef struct arg_option {
    const char *name; /* long, without the dashes */
    char letter;      /* 0: none */
    enum arg_kind kind;
    void *value;     /* bool *, const char **, size_t *, arg_words * */
    size_t min, max; /* of ARG_COUNT */
} arg_option;

/* Reads a command's options into their values and the global ones into `c`;
 * `argv[0]` is the command's name. On EXIT_OK the arguments that are no
 * options are (*argv)[0 .. *argc), and `*done` says that --help was asked and
 * answered. Otherwise the mistake was reported. */
int args_read(cli *c, int *argc, char ***argv, const arg_option *options,
              size_t n_options, bool *done);

/* The same for what stands before the command: stops at the first argument
 * that is no option. `*version` says that --version was asked. */
int args_read_global(cli *c, int *argc, char ***argv, bool *help,
                     bool *version);

/* Splits the "a,b,c" of --candidates into ids, which point into a copy at
 * `*copy`. An exit code; both are the caller's to free. */
int args_ids(const cli *c, const char *text, char **copy, const char ***ids,
             size_t *n);

/* "items", "users", "events". */
bool args_kind(const char *text, enum rk_kind *kind);
const char *args_kind_name(enum rk_kind kind);

#endif

/* What eval and compare have in common: the options, and the run. */
#ifndef RK_CLI_EVALUATION_H
#define RK_CLI_EVALUATION_H

#include "cli/args.h"

typedef struct evaluation {
    const char *protocol; /* NULL: none was given */
    const char *data;
    const char *effort;
    arg_words ways;
    size_t n_users;
    size_t seed;
    bool shuffle_texts;
} evaluation;

#define EVALUATION_HELP                                                        \
    "      --data DIR     the folder of the protocol's files\n"                \
    "  -w, --way NAME     only this way or learner; may be given several\n"    \
    "                     times (default: all that can be asked)\n"            \
    "      --effort HOW   fast trains for minutes, full adds what takes\n"     \
    "                     tens of minutes (default: the configuration's)\n"    \
    "      --users N      how many are asked at most, drawn with the seed\n"   \
    "                     (default: all)\n"                                    \
    "      --seed N       of all that is drawn by chance (default: 1)\n"       \
    "      --shuffle-texts\n"                                                  \
    "                     a control: give every item another's text\n"

/* Reads these options, a command's own, and the protocol's name. An exit code;
 * `*done` as in args_read(). */
int evaluation_read(evaluation *e, cli *c, int argc, char **argv,
                    const arg_option *own, size_t n_own, bool *done);

/* Runs it; *out is freed with rk_report_free(). An exit code; a failure was
 * reported. */
int evaluation_run(const evaluation *e, const cli *c, rk_report **out);

/* A row's figure by metric; NULL when it has none. */
const rk_figure *evaluation_figure(const rk_contender *row, const char *metric);

#endif

/* Progress of long work on stderr. A terminal gets one bar, redrawn in place;
 * anything else gets a plain line about every tenth, no sooner than a second
 * after another. Work that is over before that is not shown. Ctrl-C asks the
 * work to stop at a place where it can go on later; a second one ends it. */
#ifndef RK_CLI_PROGRESS_H
#define RK_CLI_PROGRESS_H

#include "cli/cli.h"

typedef struct progress {
    bool silent;
    bool live; /* stderr is a terminal */
    char stage[48];
    double began;   /* of the stage, in seconds */
    uint64_t first; /* what was done when it began: it may go on */
    double drawn;   /* when it was last shown */
    uint64_t tenth; /* that the last line told of */
    bool bar_open;  /* the cursor stands behind a bar */
} progress;

/* What to hand to the library; `p` must outlive the work. */
rk_progress progress_begin(progress *p, const cli *c);

/* Leaves the terminal tidy. Call it before anything else is written. */
void progress_end(progress *p);

/* Seconds of a clock that never goes back. */
double progress_now(void);

#endif

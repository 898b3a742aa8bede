/* Candidates as lines, and what the writer makes of each: its likelihood after
 * a stranger's list (paradigms/strangers.h), and after the lists of what one
 * user liked and disliked. Each line is a branch of its own behind a shared
 * prefix.
 *
 * Cost of a reading: prefix + the sum of the lines' tokens. Readings are kept
 * (paradigms/cached.h): those without a user for good, those of a user while
 * they are among the newest. */
#ifndef RK_PARADIGMS_LINES_H
#define RK_PARADIGMS_LINES_H

#include "core/progress.h"
#include "paradigms/run.h"
#include "paradigms/snapshot.h"
#include "paradigms/who.h"

typedef struct rk_lines {
    size_t n;
    uint32_t *items; /* (n) */
    char **text;     /* (n) */
    float *prior;    /* (n, 2): mean log-likelihood after strangers' lists that
                        do not name it; tokens */
    float *liked;    /* (n) log-likelihoods after the user's lists */
    float *disliked; /* (n) */
    bool has_disliked;
} rk_lines;

/* The texts of n items. Clear it in any case. */
int rk_lines_init(rk_lines *l, const rk_snapshot *s, const uint32_t *items,
                  size_t n, rk_error *err);
void rk_lines_clear(rk_lines *l);

/* Fills `prior`; and with the readings after one user's lists the rest. */
int rk_lines_prior(rk_lines *l, const rk_snapshot *s, rk_run *run,
                   const rk_progress *p, rk_error *err);
int rk_lines_read(rk_lines *l, const rk_snapshot *s, const rk_who *who,
                  rk_run *run, rk_error *err);

/* Tokens of a line and the newline that closes it. */
float rk_lines_tokens(const rk_lines *l, size_t i);

/* How much likelier, a token, a line is after what the user liked (+1) or
 * disliked (-1) than after a stranger's: nats; 0 without such a list. */
float rk_lines_gain(const rk_lines *l, size_t i, int label);

#endif

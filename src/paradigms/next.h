/* What comes next for somebody by the texts of items alone, for the whole
 * catalogue, items without a single event included.
 *
 * To who liked something: what the text map (learn/text_map.h) has learnt to
 * follow the history, remembered whole and with decay .9. To who did not: what
 * the user map (learn/user_map.h) has learnt that such a profile likes, which
 * says nothing of items newer than it; both columns are then the same. */
#ifndef RK_PARADIGMS_NEXT_H
#define RK_PARADIGMS_NEXT_H

#include "paradigms/run.h"
#include "paradigms/snapshot.h"
#include "paradigms/who.h"

#define RK_NEXT_COLUMNS 2

/* scores float32 (RK_NEXT_COLUMNS, n_items), each column z-scored over the
 * catalogue; NULL when nothing was learnt that fits this asker. Borrowed from
 * the run, which answers the same question again at no cost. RK_ENOMEM. */
int rk_next_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                   const float **scores, rk_error *err);

#endif

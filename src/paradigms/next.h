/* What comes next for somebody by the texts of items alone, for the whole
 * catalogue, items without a single event included.
 *
 * To who liked something: what the text map (learn/text_map.h) has learnt to
 * go with the history. Nothing of it is forgotten: that the newest likes say
 * more holds for items that others had next, which is what the blend is for;
 * of items that nobody had, the whole history finds more (cold-items, recall@20
 * .43 against .33 with decay .9). To who liked nothing: what the user map
 * (learn/user_map.h) has learnt that such a profile likes. */
#ifndef RK_PARADIGMS_NEXT_H
#define RK_PARADIGMS_NEXT_H

#include "paradigms/run.h"
#include "paradigms/snapshot.h"
#include "paradigms/who.h"

/* scores float32 (n_items), z-scored over the catalogue; NULL when nothing was
 * learnt that fits this asker. Borrowed from the run, which answers the same
 * question again at no cost. RK_ENOMEM. */
int rk_next_scores(const rk_snapshot *s, const rk_who *who, rk_run *run,
                   const float **scores, rk_error *err);

#endif

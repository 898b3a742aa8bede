/* `auto`: the ways that need no language model at request time, fused with
 * collaborative models. Each candidate's features are z-scored over the
 * candidates; their weights are learnt on each user's last like by models
 * that had not seen it (learn/fuse.h). */
#ifndef RK_ENGINE_RANK_H
#define RK_ENGINE_RANK_H

#include "paradigms/paradigm.h"

enum rk_fusion_feature {
    RK_BY_POPULARITY,
    RK_BY_OTHERS,
    RK_BY_VECTORS,
    RK_BY_TOKENS,
    RK_FUSION_FEATURES
};

/* Sets score and, as the mean of the ways' log-odds, probability. With fewer
 * than 50 candidates, recall's are added while scoring, so that one item alone
 * is still held against the catalogue. */
int rk_rank(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
            rk_run *run, rk_error *err);

/* The parts that rk_rank() noted, which add up to the score, and the
 * sentence. */
int rk_rank_explain(const rk_snapshot *s, const rk_who *who,
                    const rk_candidate *c, rk_reasons *out, rk_run *run,
                    rk_error *err);

/* The weights (RK_FUSION_FEATURES) before anything is learnt: of those with a
 * history, or of newcomers, who are known by a profile alone. */
void rk_rank_prior(float *weights, bool newcomers);

/* Learns them with a snapshot that has not seen `held` (n_users), likes that
 * the workshop's corpus ends before; from users who still have a history in
 * it, or from those who have none. */
int rk_rank_fit(float *weights, const rk_workshop *w, const rk_snapshot *s,
                const rk_seen *held, bool newcomers, rk_error *err);

#endif

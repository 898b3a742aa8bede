/* What somebody's profile says before there is a like: which items such
 * people like (learn/user_map.h), and what that is worth beside the other
 * sources. Both are learnt on users whose likes are known, asked as if they
 * were not, by models that have not seen them. */
#ifndef RK_ENGINE_NEWCOMERS_H
#define RK_ENGINE_NEWCOMERS_H

#include "paradigms/paradigm.h"

/* Fits the user map of the workshop's corpus into its bundle, and learns the
 * weights of the fusion for newcomers, float32 (RK_FUSION_FEATURES). `s` is
 * what a trial has learnt, its rank weights and log-odds among them. A tenth of
 * the users with profile and likes, at least 100 of them or half, is taken out
 * by the settings' seed; the map's lambda is what does best for them. There is
 * no map with fewer than 50 users apart, or where it does not do better for
 * those users than popularity does, by two standard errors: what a profile says
 * is then left to its nearness to items. */
int rk_newcomers_fit(float *fusion, float *embeddings, const rk_workshop *w,
                     const rk_snapshot *s, rk_error *err);

#endif

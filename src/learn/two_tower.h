/* Two towers: a user's and an item's features, brought to one scale, meet in
 * `rank` dimensions (Huang et al., "Learning Deep Structured Semantic Models",
 * CIKM 2013, with linear towers):
 *
 *   p_u = U' z(h_u) + c,  q_i = V' z(f_i),  score(u, i) = p_u . q_i
 *   loss = -mean over pairs (u, i) of log softmax over all items of score
 *          + l2/2 (|U|^2 + |V|^2)
 *
 * z takes the mean off each feature and divides by its spread times the square
 * root of their number. By Adam over all pairs at once, from small weights
 * drawn by a seed; every fifth user is held back, and the weights that rank
 * the held users' items best are kept. Immutable once made; any thread. */
#ifndef RK_LEARN_TWO_TOWER_H
#define RK_LEARN_TWO_TOWER_H

#include "data/bundle.h"

#define RK_TWO_TOWER_RANK 32 /* at most */

typedef struct rk_two_tower {
    size_t n_user; /* features; 0: not fitted */
    size_t n_item;
    size_t rank;
    const float *user;       /* U and c below it: (n_user + 1, rank) */
    const float *item;       /* V (n_item, rank) */
    const float *user_scale; /* (2, n_user): mean, factor */
    const float *item_scale; /* (2, n_item) */
    float *room;             /* these four; NULL: borrowed from a bundle */
} rk_two_tower;

typedef struct rk_pairs {
    const float *users; /* float32 (n_users, n_user) */
    size_t n_users;
    size_t n_user;
    const float *items; /* float32 (n_items, n_item) */
    size_t n_items;
    size_t n_item;
    const uint32_t *of_user; /* (n) */
    const uint32_t *of_item; /* (n) what this user liked */
    size_t n;
} rk_pairs;

typedef struct rk_two_tower_opts {
    size_t rank;   /* 1 to RK_TWO_TOWER_RANK */
    size_t epochs; /* at most */
    float rate;    /* of Adam */
    float l2;
    uint64_t seed;
} rk_two_tower_opts;

/* RK_EINVAL (no pairs, a rank out of its bounds, a feature that is not
 * finite), RK_ENOMEM; there is nothing to clear after a failure. An epoch is
 * O(rank (n_users n_user + n_items n_item + n_users n_items)). */
int rk_two_tower_fit(rk_two_tower *out, const rk_pairs *pairs,
                     const rk_two_tower_opts *opts, rk_error *err);
void rk_two_tower_clear(rk_two_tower *t);

/* The loss over these pairs and, if not NULL, its gradient by `user` and
 * `item`, overwritten: what fitting goes down, without bringing features to
 * scale (that of `t` is applied). NaN: no memory. */
double rk_two_tower_loss(const rk_two_tower *t, const rk_pairs *pairs, float l2,
                         float *d_user, float *d_item);

/* Where one user's features (n_user) lie among the items: float32 (rank). */
void rk_two_tower_user(const rk_two_tower *t, const float *h, float *p);
float rk_two_tower_score(const rk_two_tower *t, const float *p, const float *f);

/* As "<name>.user", ".item", ".user_scale" and ".item_scale". The getter
 * borrows; RK_ENOTFOUND, RK_EFORMAT. */
int rk_two_tower_put(const rk_two_tower *t, rk_bundle_writer *w,
                     const char *name, rk_error *err);
int rk_two_tower_get(rk_two_tower *out, const rk_bundle *b, const char *name,
                     rk_error *err);

#endif

/* Rows of "section, name, value" while they are collected. */
#ifndef RK_ENGINE_CARD_H
#define RK_ENGINE_CARD_H

#include "core/error.h"

/* A card owns its texts; rk_card is its first member. */
typedef struct rk_card_box rk_card_box;

int rk_card_box_new(rk_card_box **out, rk_error *err);
void rk_card_add(rk_card_box *box, const char *section, const char *name,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Hands the finished card over; RK_ENOMEM (and the box freed) when a line
 * could not be kept. */
int rk_card_finish(rk_card_box *box, rk_card **out, rk_error *err);

#endif

/* The keys that a configuration has: how the text of each is checked and where
 * it is kept. Private to config.c. */
#ifndef RK_ENGINE_CONFIG_KEYS_H
#define RK_ENGINE_CONFIG_KEYS_H

#include "engine/config.h"

/* Writes all that the text says over what the configuration holds. Bytes and
 * failures as of rk_config_parse(). */
int rk_config_keys_read(rk_config *c, const char *bytes, size_t len,
                        const char *name, rk_error *err);

/* Frees what the keys hold. */
void rk_config_keys_clear(rk_config *c);

#endif

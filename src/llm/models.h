/* From a model's name to its file: "smollm2", "smollm2-q4_1", "minilm", or
 * any path. Names are looked for in $RECKON_MODELS and in reckon's folder
 * of the user's cache, where set-up puts them. */
#ifndef RK_LLM_MODELS_H
#define RK_LLM_MODELS_H

#include "core/error.h"

/* *path is yours (free). RK_ENOTFOUND names every place that was looked at
 * and how to get the model (`make models`). `folder` is the configuration's
 * `models.folder`, NULL or "" for the default places. */
int rk_model_find(char **path, const char *name, const char *folder,
                  rk_error *err);

/* The folder set-up uses: $RECKON_MODELS, $XDG_CACHE_HOME/reckon/models or
 * ~/.cache/reckon/models. *path is yours. */
int rk_model_folder(char **path, rk_error *err);

#endif

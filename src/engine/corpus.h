/* The store's content as a corpus. */
#ifndef RK_ENGINE_CORPUS_H
#define RK_ENGINE_CORPUS_H

#include "data/corpus.h"
#include "store/store.h"

int rk_engine_corpus(rk_corpus **out, rk_store *store, const rk_rules *rules,
                     rk_error *err);

#endif

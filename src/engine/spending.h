/* What a run may spend, and the books on what it did: the configuration's
 * limits, the request's own, and the store's ledger. */
#ifndef RK_ENGINE_SPENDING_H
#define RK_ENGINE_SPENDING_H

#include "engine/engine.h"

/* Gives a run its budget, which must live as long: the tighter of the limits of
 * configuration and request, and what its user and everybody have spent today.
 * Without limits the run stays without a budget. Fails as the store does;
 * RK_EINVAL (a limit below 0). */
int rk_spending_begin(rk_budget *b, rk_engine *e, const rk_request *request,
                      rk_run *run, rk_error *err);

/* Writes what the run's models were asked for into the ledger: one entry for
 * each model, under `purpose`; with `by_stage`, one for each stage of it too,
 * under "purpose: stage"; and takes the budget from the run. A ledger that
 * cannot be written fails nothing: the trace says it. `user` NULL: nobody's. */
void rk_spending_end(rk_engine *e, rk_run *run, const char *purpose,
                     bool by_stage, const char *user);

#endif

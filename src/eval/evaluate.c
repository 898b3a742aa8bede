#include "eval/task.h"

#include "core/error.h"

int rk_evaluate(rk_engine *engine, const char *protocol,
                const rk_evaluate_opts *opts, rk_report **out, rk_error *err)
{
    (void)engine;
    (void)opts;
    *out = NULL;
    if (!rk_protocol_find(protocol))
        return rk_fail(err, RK_EINVAL, "no protocol is called '%s'", protocol);
    return rk_fail(err, RK_ENOTBUILT, "evaluation is not part of this build");
}

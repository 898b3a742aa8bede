/* Prints the version, and of each struct that bindings/python fills its size
 * and where its members begin, as the compiler lays them out. */
#include <reckon.h>
#include <stdio.h>

#define SIZE(type)       printf("\n%s %zu", #type, sizeof(type))
#define AT(type, member) printf(" %s %zu", #member, offsetof(type, member))

int main(void)
{
    printf("%s", RK_VERSION);
    SIZE(rk_error), AT(rk_error, code), AT(rk_error, msg);
    SIZE(rk_progress), AT(rk_progress, report), AT(rk_progress, ctx);
    SIZE(rk_field), AT(rk_field, name), AT(rk_field, value);
    SIZE(rk_record), AT(rk_record, id), AT(rk_record, fields);
    AT(rk_record, n_fields);
    SIZE(rk_event), AT(rk_event, user), AT(rk_event, item), AT(rk_event, type);
    AT(rk_event, value), AT(rk_event, at_us);
    SIZE(rk_engine_opts), AT(rk_engine_opts, store);
    AT(rk_engine_opts, embedder), AT(rk_engine_opts, writer);
    SIZE(rk_import_report), AT(rk_import_report, n_rows);
    AT(rk_import_report, n_bad), AT(rk_import_report, took_us);
    SIZE(rk_import_opts), AT(rk_import_opts, strict);
    AT(rk_import_opts, on_bad_row), AT(rk_import_opts, bad_row_ctx);
    AT(rk_import_opts, progress);
    SIZE(rk_prepare_opts), AT(rk_prepare_opts, effort);
    AT(rk_prepare_opts, progress);
    SIZE(rk_request), AT(rk_request, user), AT(rk_request, profile);
    AT(rk_request, way), AT(rk_request, n), AT(rk_request, candidates);
    AT(rk_request, n_candidates), AT(rk_request, include_seen),
        AT(rk_request, why), AT(rk_request, deadline_ms),
        AT(rk_request, max_tokens), AT(rk_request, max_cost);
    SIZE(rk_evaluate_opts), AT(rk_evaluate_opts, data);
    AT(rk_evaluate_opts, ways), AT(rk_evaluate_opts, n_ways);
    AT(rk_evaluate_opts, effort), AT(rk_evaluate_opts, n_users);
    AT(rk_evaluate_opts, seed), AT(rk_evaluate_opts, shuffle_texts);
    AT(rk_evaluate_opts, progress);
    printf("\n");
    return 0;
}

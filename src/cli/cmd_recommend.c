#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

#include <stdlib.h>

const char help_recommend[] =
    "Synopsis\n"
    "  reckon recommend --user ID [OPTION...]\n"
    "  reckon recommend --profile TEXT [OPTION...]\n"
    "\n"
    "Description\n"
    "  Recommends items, best first, each with a sentence why. The score has\n"
    "  no unit and is comparable within one answer only; `likes` is the\n"
    "  calibrated chance that the user likes the item, where there is one.\n"
    "\n"
    "  WAY is one of\n"
    "    auto        all that is prepared, fused (default)\n"
    "    embeddings  profiles as vectors; a trained recommender on them\n"
    "    tokens      profiles as readable tokens; a score is their sum\n"
    "    llm         the language model ranks the candidates\n"
    "    rag         the language model writes wishes, the vectors find the\n"
    "                items that answer them; they stand under their wish\n"
    "  When a way cannot answer (a model is missing, no time is left),\n"
    "  another stands in, and the first line says which and why.\n"
    "\n"
    "Options\n"
    "  -u, --user ID          a stored user\n"
    "      --profile TEXT     the user in words; together with --user, "
    "instead\n"
    "                         of the stored profile\n"
    "  -w, --way WAY          how (default: auto)\n"
    "  -n, --number N         how many, 1 to 1000 (default: 10)\n"
    "      --candidates ID,ID rank only these items\n"
    "      --include-seen     also what the user has already had\n"
    "      --why WHOSE        whose sentence the writer writes: off, first, "
    "all\n"
    "                         or a number (default: the configuration's)\n"
    "      --deadline MS      answer in so many milliseconds, or so; where a\n"
    "                         model would take longer, a lesser answer comes\n"
    "      --max-tokens N     tokens that models may evaluate for it\n"
    "      --explain          under each item, the parts of its score\n"
    "      --trace            at the end, what each stage did\n"
    "\n"
    "Examples\n"
    "  reckon recommend --user U12345\n"
    "  reckon recommend --user U12345 --way tokens --explain\n"
    "  reckon recommend --profile '29, New York, likes historical novels'\n"
    "  reckon recommend -u U12345 -w llm --candidates B78901,B27381\n"
    "  reckon recommend -u U12345 -w llm --deadline 300\n";


static int answer(const cli *c, const rk_request *request,
                  const answer_opts *opts)
{
    rk_engine *engine = NULL;
    rk_answer *a = NULL;
    rk_error err = {0};
    int rc = cli_open(c, &engine);

    if (rc != EXIT_OK)
        return rc;
    if (rk_recommend(engine, request, &a, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else if (c->json)
        rc = out_json(c, rk_answer_json(a));
    else
        answer_list(c, a, opts);
    rk_answer_free(a);
    rk_engine_close(engine);
    return rc;
}


int cmd_recommend(cli *c, int argc, char **argv)
{
    rk_request ask = {.n = 10};
    answer_opts opts = {.reasons = false};
    const char *candidates = NULL;
    size_t deadline_ms = 0;
    size_t max_tokens = 0;
    const char **ids = NULL;
    char *copy = NULL;
    const arg_option options[] = {
        {"user", 'u', ARG_TEXT, &ask.user, 0, 0},
        {"profile", 0, ARG_TEXT, &ask.profile, 0, 0},
        {"way", 'w', ARG_TEXT, &ask.way, 0, 0},
        {"number", 'n', ARG_COUNT, &ask.n, 1, 1000},
        {"candidates", 0, ARG_TEXT, &candidates, 0, 0},
        {"include-seen", 0, ARG_FLAG, &ask.include_seen, 0, 0},
        {"why", 0, ARG_TEXT, &ask.why, 0, 0},
        {"deadline", 0, ARG_COUNT, &deadline_ms, 0, 1000000000},
        {"max-tokens", 0, ARG_COUNT, &max_tokens, 0, 1000000000},
        {"explain", 0, ARG_FLAG, &opts.reasons, 0, 0},
        {"trace", 0, ARG_FLAG, &opts.trace, 0, 0},
    };
    bool done;
    int rc = args_read(c, &argc, &argv, options,
                       sizeof(options) / sizeof(options[0]), &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    if (!ask.user && !ask.profile)
        return cli_usage(c, "for whom? --user ID or --profile TEXT");
    ask.deadline_ms = (int64_t)deadline_ms;
    ask.max_tokens = max_tokens;
    if (candidates) {
        rc = args_ids(c, candidates, &copy, &ids, &ask.n_candidates);
        ask.candidates = ids;
    }
    if (rc == EXIT_OK)
        rc = answer(c, &ask, &opts);
    free(ids);
    free(copy);
    return rc;
}

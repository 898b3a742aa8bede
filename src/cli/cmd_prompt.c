#include "cli/answer.h"
#include "cli/args.h"
#include "cli/out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char help_prompt[] =
    "Synopsis\n"
    "  reckon prompt --user ID [OPTION...]\n"
    "  reckon prompt --profile TEXT [OPTION...]\n"
    "  reckon prompt --templates\n"
    "\n"
    "Description\n"
    "  Shows the text that the language model would be given to read, part by\n"
    "  part and in its order, each with its tokens where the model is there.\n"
    "  The model is asked nothing.\n"
    "\n"
    "  MODE is one of\n"
    "    likelihood   each candidate's line after the user's (default)\n"
    "    yes_no       a question about each candidate\n"
    "    letters      a choice from at most 26 candidates\n"
    "    permutation  all candidates, to be put in order\n"
    "    why          one candidate and its evidence, for a sentence\n"
    "\n"
    "Options\n"
    "  -u, --user ID          a stored user\n"
    "      --profile TEXT     the user in words; together with --user, "
    "instead\n"
    "                         of the stored profile\n"
    "  -w, --way WAY          llm, the way that has prompts (default)\n"
    "  -m, --mode MODE        how the model is read\n"
    "  -n, --number N         how many candidates, 1 to 1000 (default: as\n"
    "                         many as are ranked)\n"
    "      --candidates ID,ID these candidates, in this order\n"
    "      --include-seen     also what the user has already had\n"
    "      --templates        the templates instead, as they stand in the\n"
    "                         configuration\n"
    "\n"
    "Examples\n"
    "  reckon prompt --user U12345\n"
    "  reckon prompt -u U12345 --mode yes_no --candidates B78901,B27381\n"
    "  reckon prompt --templates\n";


/* The text's lines, set in. */
static void write_text(const char *text)
{
    const char *line = text;

    while (*line) {
        size_t len = strcspn(line, "\n");
        char *copy = strndup(line, len);

        fputs("  ", stdout);
        out_text(stdout, copy ? copy : "");
        free(copy);
        putchar('\n');
        line += len + (line[len] == '\n');
    }
}


static void write_part(const cli *c, const rk_preview_part *p)
{
    char title[320];

    snprintf(title, sizeof(title), "%s%s%s", p->part, p->id[0] ? " " : "",
             p->id);
    out_cell(c, OUT_BOLD, 0, title);
    if (p->n_tokens == 1)
        fputs("  1 token", stdout);
    else if (p->n_tokens >= 0)
        printf("  %" PRId64 " tokens", p->n_tokens);
    putchar('\n');
    write_text(p->text);
}


static void write_preview(const cli *c, const rk_preview *p)
{
    int64_t total = 0;
    char room[32];

    printf("mode %s, model ", p->mode);
    out_text(stdout, p->model);
    puts(p->chat ? ", in its chat template" : "");
    for (size_t i = 0; i < p->n_parts; i++) {
        putchar('\n');
        write_part(c, &p->parts[i]);
        if (p->parts[i].n_tokens < 0)
            total = -1;
        else if (total >= 0)
            total += p->parts[i].n_tokens;
    }
    if (total >= 0)
        printf("\n%s tokens in all\n", out_count((uint64_t)total, room));
}


static int preview(const cli *c, const rk_request *request, const char *mode)
{
    rk_engine *engine = NULL;
    rk_preview *p = NULL;
    rk_error err = {0};
    int rc = cli_open(c, &engine);

    if (rc != EXIT_OK)
        return rc;
    if (rk_prompt_preview(engine, request, mode, &p, &err) != RK_OK)
        rc = cli_fail(c, &err);
    else if (c->json)
        rc = out_json(c, rk_preview_json(p));
    else
        write_preview(c, p);
    rk_preview_free(p);
    rk_engine_close(engine);
    return rc;
}


/* As the configuration's section; a JSON string is one of YAML too. */
static int templates(const cli *c)
{
    rk_engine *engine = NULL;
    rk_card *card = NULL;
    rk_error err = {0};
    int rc = cli_open(c, &engine);

    if (rc != EXIT_OK)
        return rc;
    if (rk_prompt_templates(engine, &card, &err) != RK_OK) {
        rc = cli_fail(c, &err);
    } else if (c->json) {
        rc = out_json(c, rk_card_json(card));
    } else {
        puts("prompts:");
        for (size_t i = 0; i < card->n_lines; i++) {
            printf("  %s: ", card->lines[i].name);
            out_json_string(stdout, card->lines[i].value);
            putchar('\n');
        }
    }
    rk_card_free(card);
    rk_engine_close(engine);
    return rc;
}


int cmd_prompt(cli *c, int argc, char **argv)
{
    rk_request ask = {.way = "llm"};
    const char *mode = NULL;
    const char *candidates = NULL;
    const char **ids = NULL;
    char *copy = NULL;
    bool list = false;
    const arg_option options[] = {
        {"user", 'u', ARG_TEXT, &ask.user, 0, 0},
        {"profile", 0, ARG_TEXT, &ask.profile, 0, 0},
        {"way", 'w', ARG_TEXT, &ask.way, 0, 0},
        {"mode", 'm', ARG_TEXT, &mode, 0, 0},
        {"number", 'n', ARG_COUNT, &ask.n, 1, 1000},
        {"candidates", 0, ARG_TEXT, &candidates, 0, 0},
        {"include-seen", 0, ARG_FLAG, &ask.include_seen, 0, 0},
        {"templates", 0, ARG_FLAG, &list, 0, 0},
    };
    bool done;
    int rc = args_read(c, &argc, &argv, options,
                       sizeof(options) / sizeof(options[0]), &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 0)
        return cli_usage(c, "unexpected argument '%s'", argv[0]);
    if (list)
        return templates(c);
    if (!ask.user && !ask.profile)
        return cli_usage(c, "for whom? --user ID or --profile TEXT");
    if (candidates) {
        rc = args_ids(c, candidates, &copy, &ids, &ask.n_candidates);
        ask.candidates = ids;
    }
    if (rc == EXIT_OK)
        rc = preview(c, &ask, mode);
    free(ids);
    free(copy);
    return rc;
}

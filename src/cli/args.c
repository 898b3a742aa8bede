#include "cli/args.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 24

/* getopt's tables, made of ours. A long option's value is FIRST + its place,
 * so that options without a letter are told apart too. */
#define FIRST 1000

struct tables {
    arg_option all[MAX_OPTIONS];
    size_t n;
    struct option longs[MAX_OPTIONS + 1];
    char shorts[2 * MAX_OPTIONS + 3];
};


/* `prefix`: "+:" to stop at the first argument, ":" to look through all. */
static void tables_make(struct tables *t, const char *prefix)
{
    char *p = t->shorts;

    memset(t->longs, 0, sizeof(t->longs));
    p = stpcpy(p, prefix);
    for (size_t i = 0; i < t->n; i++) {
        const arg_option *o = &t->all[i];
        bool takes_value = o->kind != ARG_FLAG;

        t->longs[i].name = o->name;
        t->longs[i].has_arg = takes_value ? required_argument : no_argument;
        t->longs[i].val = FIRST + (int)i;
        if (o->letter) {
            *p++ = o->letter;
            if (takes_value)
                *p++ = ':';
        }
    }
    *p = '\0';
}


static void tables_add(struct tables *t, const arg_option *options, size_t n)
{
    for (size_t i = 0; i < n && t->n < MAX_OPTIONS; i++)
        t->all[t->n++] = options[i];
}


static void tables_add_global(struct tables *t, cli *c, bool *help)
{
    const arg_option global[] = {
        {"config", 'c', ARG_TEXT, &c->config, 0, 0},
        {"store", 0, ARG_TEXT, &c->store, 0, 0},
        {"embedder", 0, ARG_TEXT, &c->embedder, 0, 0},
        {"writer", 0, ARG_TEXT, &c->writer, 0, 0},
        {"json", 0, ARG_FLAG, &c->json, 0, 0},
        {"quiet", 'q', ARG_FLAG, &c->quiet, 0, 0},
        {"no-progress", 0, ARG_FLAG, &c->no_progress, 0, 0},
        {"help", 'h', ARG_FLAG, help, 0, 0},
    };

    tables_add(t, global, sizeof(global) / sizeof(global[0]));
}


static const arg_option *option_of(const struct tables *t, int found)
{
    if (found >= FIRST)
        return &t->all[found - FIRST];
    for (size_t i = 0; i < t->n; i++)
        if (t->all[i].letter == found)
            return &t->all[i];
    return NULL;
}


static bool parse_count(const char *text, size_t *out)
{
    char *end = NULL;
    unsigned long long v;

    if (!text[0] || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    v = strtoull(text, &end, 10);
    *out = (size_t)v;
    return errno == 0 && *end == '\0';
}


static int set(const cli *c, const arg_option *o, const char *value)
{
    size_t count = 0;

    if (o->kind == ARG_FLAG) {
        *(bool *)o->value = true;
        return EXIT_OK;
    }
    if (o->kind == ARG_WORDS) {
        arg_words *w = o->value;

        if (!value[0])
            return cli_usage(c, "--%s is empty", o->name);
        if (w->n == sizeof(w->words) / sizeof(w->words[0]))
            return cli_usage(c, "--%s is given more than %zu times", o->name,
                             w->n);
        w->words[w->n++] = value;
        return EXIT_OK;
    }
    if (o->kind == ARG_TEXT) {
        if (!value[0])
            return cli_usage(c, "--%s is empty", o->name);
        *(const char **)o->value = value;
        return EXIT_OK;
    }
    if (!parse_count(value, &count) || count < o->min || count > o->max)
        return cli_usage(
            c, "%s%.*s is %s, must be %zu to %zu", o->letter ? "-" : "--",
            o->letter ? 1 : (int)strlen(o->name),
            o->letter ? &o->letter : o->name, value, o->min, o->max);
    *(size_t *)o->value = count;
    return EXIT_OK;
}


/* What getopt could not read. It leaves a letter in optopt, or 0 and the
 * whole word behind itself. */
static int refuse(const cli *c, const struct tables *t, char **argv, int found)
{
    const char *word = argv[optind - 1];

    if (found == ':')
        return cli_usage(c, "%s needs a value", word);
    if (optopt && !option_of(t, optopt))
        return cli_usage(c, "unknown option -%c", optopt);
    if (optopt)
        return cli_usage(c, "%s takes no value", word);
    return cli_usage(c, "unknown option %s", word);
}


static int read_options(cli *c, struct tables *t, const char *prefix, int *argc,
                        char ***argv)
{
    int found;

    tables_make(t, prefix);
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    while ((found = getopt_long(*argc, *argv, t->shorts, t->longs, NULL)) !=
           -1) {
        const arg_option *o = option_of(t, found);
        int rc = o ? set(c, o, optarg) : refuse(c, t, *argv, found);

        if (rc != EXIT_OK)
            return rc;
    }
    *argc -= optind;
    *argv += optind;
    return EXIT_OK;
}


int args_read(cli *c, int *argc, char ***argv, const arg_option *options,
              size_t n_options, bool *done)
{
    struct tables t = {.n = 0};
    int rc;

    *done = false;
    tables_add(&t, options, n_options);
    tables_add_global(&t, c, done);
    rc = read_options(c, &t, ":", argc, argv);
    if (rc == EXIT_OK && *done)
        help_command(cli_command_find(c->command));
    return rc;
}


int args_read_global(cli *c, int *argc, char ***argv, bool *help, bool *version)
{
    const arg_option own[] = {
        {"version", 'V', ARG_FLAG, version, 0, 0},
    };
    struct tables t = {.n = 0};

    tables_add(&t, own, 1);
    tables_add_global(&t, c, help);
    return read_options(c, &t, "+:", argc, argv);
}


static const char *const kinds[] = {"items", "users", "events"};


bool args_kind(const char *text, enum rk_kind *kind)
{
    for (int i = RK_ITEMS; i <= RK_EVENTS; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum rk_kind)i;
            return true;
        }
    return false;
}


const char *args_kind_name(enum rk_kind kind)
{
    return kinds[kind];
}


int args_ids(const cli *c, const char *text, char **copy, const char ***ids,
             size_t *n)
{
    rk_error no_memory = {.code = RK_ENOMEM, .msg = "out of memory"};
    size_t room = 1;
    char *rest;
    char *id;

    for (const char *p = text; *p; p++)
        room += *p == ',';
    *copy = rest = strdup(text);
    *ids = calloc(room, sizeof(**ids));
    if (!*copy || !*ids)
        return cli_fail(c, &no_memory);
    while ((id = strsep(&rest, ","))) {
        if (!id[0])
            return cli_usage(c, "--candidates has an empty id");
        (*ids)[(*n)++] = id;
    }
    return EXIT_OK;
}

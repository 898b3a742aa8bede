#include "cli/answer.h"
#include "cli/evaluation.h"
#include "cli/out.h"

#include <math.h>
#include <string.h>

#define NAME_WIDTH  16
#define MOST_OTHERS 2 /* metrics in the table besides the headline's */

const char help_eval[] =
    "Synopsis\n"
    "  reckon eval [PROTOCOL] [--data DIR] [-w NAME]... [--slices]\n"
    "\n"
    "Description\n"
    "  Measures ways of recommending, and learners alone, by a protocol: each\n"
    "  is trained on what came before and asked what came next. Figures are\n"
    "  means over users with 95% intervals; differences are paired by user.\n"
    "  The protocol mine asks your own store. Without a protocol, lists those\n"
    "  there are and the files they need.\n"
    "\n"
    "Options\n" EVALUATION_HELP
    "      --slices       the headline figure by history and by popularity\n"
    "\n"
    "Examples\n"
    "  reckon eval\n"
    "  reckon eval mine\n"
    "  reckon eval ml-1m-loo --data ml-1m -w auto -w ease --users 1000\n";


static int list_protocols(const cli *c)
{
    rk_card *card = NULL;
    rk_error err = {0};
    int rc = EXIT_OK;

    if (rk_protocols_list(&card, &err) != RK_OK)
        return cli_fail(c, &err);
    if (c->json)
        rc = out_json(c, rk_card_json(card));
    else
        answer_card(c, card);
    rk_card_free(card);
    return rc;
}


/* ".1834"; a number of one or more keeps its first digit. */
static const char *short_number(double v, char room[32])
{
    if (!isfinite(v))
        return "-";
    snprintf(room, 32, fabs(v) < 10 ? "%.4f" : "%.2f", v);
    if (fabs(v) < 1) {
        char *zero = strchr(room, '0');

        memmove(zero, zero + 1, strlen(zero));
    }
    return room;
}


/* "[.1795, .1850]"; nothing where there is no interval. */
static const char *interval(const rk_figure *f, char room[80])
{
    char low[32];
    char high[32];

    if (!isfinite(f->low) || !isfinite(f->high))
        return "";
    snprintf(room, 80, "[%s, %s]", short_number(f->low, low),
             short_number(f->high, high));
    return room;
}


/* A length of time; "-" where there is none. */
static const char *amount(double v, int decimals, char room[32])
{
    if (!isfinite(v))
        return "-";
    snprintf(room, 32, "%.*f", decimals, v);
    return room;
}


/* The first metrics of the best row that can stand beside the headline's. */
static size_t pick_others(const rk_report *r, const char **others)
{
    static const char *const wanted[] = {"recall@10", "mrr@10",   "ndcg@10",
                                         "recall@20", "coverage", "gauc"};
    size_t n = 0;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (r->n_rows > 0 && n < MOST_OTHERS &&
            strcmp(wanted[i], r->headline) != 0 &&
            evaluation_figure(&r->rows[0], wanted[i]))
            others[n++] = wanted[i];
    return n;
}


static void write_row(const cli *c, const rk_report *r, size_t i,
                      const char *const *others, size_t n_others)
{
    const rk_contender *row = &r->rows[i];
    const rk_figure *f = evaluation_figure(row, r->headline);
    char room[80];

    out_cell(c, i == 0 ? OUT_BOLD : OUT_PLAIN, NAME_WIDTH, row->name);
    out_cell(c, i == 0 ? OUT_BOLD : OUT_PLAIN, -8,
             short_number(f ? f->value : NAN, room));
    putchar(' ');
    out_cell(c, OUT_DIM, 17, f ? interval(f, room) : "");
    for (size_t j = 0; j < n_others; j++) {
        f = evaluation_figure(row, others[j]);
        out_cell(c, OUT_PLAIN, -10, short_number(f ? f->value : NAN, room));
    }
    out_cell(c, OUT_PLAIN, -9, amount(row->train_s, 1, room));
    out_cell(c, OUT_PLAIN, -9, amount(row->p50_us, 0, room));
    putchar('\n');
}


static void write_table(const cli *c, const rk_report *r)
{
    const char *others[MOST_OTHERS];
    size_t n_others = pick_others(r, others);

    out_cell(c, OUT_DIM, NAME_WIDTH, "way");
    out_cell(c, OUT_DIM, -8, r->headline);
    putchar(' ');
    out_cell(c, OUT_DIM, 17, "95% interval");
    for (size_t j = 0; j < n_others; j++)
        out_cell(c, OUT_DIM, -10, others[j]);
    out_cell(c, OUT_DIM, -9, "train s");
    out_cell(c, OUT_DIM, -9, "us/user");
    putchar('\n');
    for (size_t i = 0; i < r->n_rows; i++)
        if (r->rows[i].n_users > 0)
            write_row(c, r, i, others, n_others);
    for (size_t i = 0; i < r->n_published; i++) {
        const rk_published_figure *p = &r->published[i];
        char room[32];

        if (strcmp(p->metric, r->headline) != 0)
            continue;
        out_cell(c, OUT_DIM, NAME_WIDTH, p->name);
        out_cell(c, OUT_DIM, -8, short_number(p->value, room));
        puts(" as published");
    }
}


/* "auto - ease  +.0121 [.0081, .0160]" */
static void write_contrasts(const cli *c, const rk_report *r)
{
    if (r->n_contrasts > 0) {
        putchar('\n');
        out_cell(c, OUT_BOLD, 0, "Differences, paired by user");
        putchar('\n');
    }
    for (size_t i = 0; i < r->n_contrasts; i++) {
        const rk_contrast *d = &r->contrasts[i];
        const rk_figure *f = &d->difference;
        bool level = f->low <= 0 && f->high >= 0;
        char name[80];
        char room[80];

        snprintf(name, sizeof(name), "%.36s - %.36s", d->b, d->a);
        out_cell(c, OUT_PLAIN, 2 * NAME_WIDTH, name);
        putchar(f->value >= 0 ? '+' : ' ');
        out_cell(c, OUT_PLAIN, 0, short_number(f->value, room));
        putchar(' ');
        out_cell(c, OUT_DIM, 0, interval(f, room));
        puts(level ? " level" : "");
    }
}


static void write_slices(const cli *c, const rk_report *r)
{
    for (size_t i = 0; i < r->n_rows; i++) {
        const rk_contender *row = &r->rows[i];

        if (row->n_parts > 0) {
            putchar('\n');
            out_cell(c, OUT_BOLD, 0, row->name);
            putchar('\n');
        }
        for (size_t j = 0; j < row->n_parts; j++) {
            const rk_part *p = &row->parts[j];
            char room[80];

            out_cell(c, OUT_PLAIN, 12, p->by);
            out_cell(c, OUT_PLAIN, 24, p->name);
            out_cell(c, OUT_DIM, -9, out_count(p->n_users, room));
            out_cell(c, OUT_PLAIN, -9, short_number(p->figure.value, room));
            putchar(' ');
            out_cell(c, OUT_DIM, 0, interval(&p->figure, room));
            putchar('\n');
        }
    }
}


static void write_notes(const cli *c, const rk_report *r)
{
    bool begun = false;

    for (size_t i = 0; i < r->n_rows; i++) {
        const rk_contender *row = &r->rows[i];

        if (!row->note[0])
            continue;
        if (!begun)
            putchar('\n');
        begun = true;
        out_text(stdout, row->name);
        fputs(row->n_users > 0 ? ": " : ": left out: ", stdout);
        out_text(stdout, row->note);
        putchar('\n');
    }
    if (r->n_notes > 0)
        putchar('\n');
    for (size_t i = 0; i < r->n_notes; i++) {
        out_cell(c, OUT_DIM, 0, r->notes[i]);
        putchar('\n');
    }
}


static void write_report(const cli *c, const rk_report *r, bool slices)
{
    char items[32];
    char users[32];

    out_cell(c, OUT_BOLD, 0, r->protocol);
    fputs(": ", stdout);
    out_text(stdout, r->summary);
    printf("\n%s items, %s users asked, seed %llu, %.1f s\n\n",
           out_count(r->n_items, items), out_count(r->n_users, users),
           (unsigned long long)r->seed, (double)r->took_us / 1e6);
    write_table(c, r);
    write_contrasts(c, r);
    if (slices)
        write_slices(c, r);
    write_notes(c, r);
}


int cmd_eval(cli *c, int argc, char **argv)
{
    evaluation e = {0};
    rk_report *report = NULL;
    bool slices = false;
    bool done;
    const arg_option own[] = {
        {"slices", 0, ARG_FLAG, &slices, 0, 0},
    };
    int rc = evaluation_read(&e, c, argc, argv, own, 1, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (!e.protocol)
        return list_protocols(c);
    rc = evaluation_run(&e, c, &report);
    if (rc != EXIT_OK)
        return rc;
    if (c->json)
        rc = out_json(c, rk_report_json(report));
    else
        write_report(c, report, slices);
    rk_report_free(report);
    return rc;
}

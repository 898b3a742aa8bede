#include "cli/evaluation.h"
#include "cli/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char help_compare[] =
    "Synopsis\n"
    "  reckon compare [PROTOCOL] [-o FILE] [--force] [--data DIR] [-w "
    "NAME]...\n"
    "\n"
    "Description\n"
    "  Measures as reckon eval does and writes one HTML page that a browser\n"
    "  opens without a network: which way is best and by how much, charts,\n"
    "  every figure with its interval, what it cost, who gains. The protocol\n"
    "  is mine, your own store, unless another is given.\n"
    "\n"
    "Options\n"
    "  -o, --output FILE  where the page goes (default: reckon-report.html)\n"
    "      --force        also where something is already\n" EVALUATION_HELP
    "\n"
    "Examples\n"
    "  reckon compare\n"
    "  reckon compare ml-1m-loo --data ml-1m -o ml-1m.html\n";


static int cannot_write(const cli *c, const char *path, int why)
{
    rk_error err = {.code = why == ENOENT ? RK_ENOTFOUND : RK_EIO};

    snprintf(err.msg, sizeof(err.msg), "%s: %s", path,
             why == EEXIST ? "exists: --force overwrites it" : strerror(why));
    return cli_fail(c, &err);
}


static int write_page(const cli *c, const char *path, bool force,
                      const char *html)
{
    FILE *file = fopen(path, force ? "w" : "wx"); /* x: where nothing is */
    bool ok;

    if (!file)
        return cannot_write(c, path, errno);
    ok = fputs(html, file) >= 0;
    ok = fclose(file) == 0 && ok;
    return ok ? EXIT_OK : cannot_write(c, path, errno);
}


static int write_where(const cli *c, const char *path, const rk_report *r)
{
    if (c->json)
        return out_json(c, rk_report_json(r));
    fputs("report: written to ", stdout);
    out_text(stdout, path);
    putchar('\n');
    return EXIT_OK;
}


int cmd_compare(cli *c, int argc, char **argv)
{
    evaluation e = {0};
    rk_error err = {.code = RK_ENOMEM, .msg = "out of memory"};
    rk_report *report = NULL;
    const char *path = "reckon-report.html";
    char *html = NULL;
    bool force = false;
    bool done;
    const arg_option own[] = {
        {"output", 'o', ARG_TEXT, &path, 0, 0},
        {"force", 0, ARG_FLAG, &force, 0, 0},
    };
    int rc = evaluation_read(&e, c, argc, argv, own, 2, &done);

    if (rc != EXIT_OK || done)
        return rc;
    /* Asked before the work, which may take an hour, not only after it. */
    if (!force && access(path, F_OK) == 0)
        return cannot_write(c, path, EEXIST);
    if (!e.protocol)
        e.protocol = "mine";
    rc = evaluation_run(&e, c, &report);
    if (rc != EXIT_OK)
        return rc;
    html = rk_report_html(report);
    rc = html ? write_page(c, path, force, html) : cli_fail(c, &err);
    if (rc == EXIT_OK)
        rc = write_where(c, path, report);
    free(html);
    rk_report_free(report);
    return rc;
}

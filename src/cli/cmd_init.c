#include "cli/args.h"
#include "cli/out.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char help_init[] =
    "Synopsis\n"
    "  reckon init [DIR]\n"
    "\n"
    "Description\n"
    "  Writes DIR/reckon.yaml (DIR: this folder unless given, made if it is\n"
    "  not there) with every key, its default and a comment. A reckon.yaml\n"
    "  that exists is not overwritten. reckon works without one, too.\n"
    "\n"
    "Examples\n"
    "  reckon init\n"
    "  reckon init shop && cd shop\n";


static int make_folder(const cli *c, const char *dir)
{
    rk_error err = {.code = RK_EIO};

    if (mkdir(dir, 0777) == 0 || errno == EEXIST)
        return EXIT_OK;
    snprintf(err.msg, sizeof(err.msg), "%s: cannot make the folder: %s", dir,
             strerror(errno));
    return cli_fail(c, &err);
}


int cmd_init(cli *c, int argc, char **argv)
{
    char path[4096];
    const char *dir;
    bool done;
    rk_error err = {0};
    int rc = args_read(c, &argc, &argv, NULL, 0, &done);

    if (rc != EXIT_OK || done)
        return rc;
    if (argc > 1)
        return cli_usage(c, "one folder at most, found %d", argc);
    dir = argc ? argv[0] : ".";
    if (strlen(dir) + sizeof("/reckon.yaml") > sizeof(path))
        return cli_usage(c, "the folder's name is too long");
    if (argc) {
        rc = make_folder(c, dir);
        if (rc != EXIT_OK)
            return rc;
    }
    snprintf(path, sizeof(path), "%s%sreckon.yaml", argc ? dir : "",
             argc ? "/" : "");
    if (rk_config_write_default(path, &err) != RK_OK)
        return cli_fail(c, &err);
    if (c->json) {
        fputs("{\"config\":", stdout);
        out_json_string(stdout, path);
        puts("}");
        return EXIT_OK;
    }
    printf("wrote %s\n", path);
    out_note(c, "next: reckon import items.csv users.csv events.csv, then "
                "reckon prepare");
    return EXIT_OK;
}

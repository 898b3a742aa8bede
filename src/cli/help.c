#include "cli/cli.h"

#include <stdio.h>

static const char global_options[] =
    "Options of every command\n"
    "  -c, --config FILE  the configuration (default: reckon.yaml here, if\n"
    "                     there is one; else the built-in defaults)\n"
    "      --store PATH   the store, instead of the configuration's\n"
    "      --embedder NAME, --writer NAME\n"
    "                     another model: a name, a .gguf file, a server's\n"
    "                     address, or none\n"
    "      --json         one JSON document on stdout, no progress; an error\n"
    "                     is {\"error\":{\"code\":..,\"message\":..}} on "
    "stderr\n"
    "  -q, --quiet        nothing but the answer and errors\n"
    "      --no-progress  no progress bar and no progress lines\n"
    "  -h, --help         this page\n";

static const char exit_codes[] =
    "Exit codes\n"
    "  0  done\n"
    "  1  it failed: disk, memory, database, model, stopped by Ctrl-C\n"
    "  2  the command line is wrong\n"
    "  3  no such user, item or file\n"
    "  4  nothing is prepared yet: run reckon prepare\n"
    "  5  a file is not in the format that it should be\n";


void help_all(void)
{
    puts("reckon - recommends from a catalogue, a log of events and a language "
         "model\n"
         "\n"
         "Synopsis\n"
         "  reckon [OPTION...] COMMAND [ARGUMENT...]\n"
         "  reckon help COMMAND\n"
         "  reckon --version\n"
         "\n"
         "Commands");
    for (const cli_command *k = cli_commands; k->name; k++)
        printf("  %-10s %s\n", k->name, k->summary);
    puts("\n"
         "From nothing to a recommendation\n"
         "  reckon init\n"
         "  reckon import items.csv users.csv events.csv\n"
         "  reckon prepare\n"
         "  reckon recommend --user U12345\n");
    puts(global_options);
    fputs(exit_codes, stdout);
}


void help_command(const cli_command *command)
{
    printf("reckon %s - %s\n\n%s\n%s\n%s", command->name, command->summary,
           command->help, global_options, exit_codes);
}

/* Prints a sample report: "html" or "json", with the given name among its
 * rows. */
#include "../unit/sample_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    rk_report *report = NULL;
    char *text = NULL;

    if (argc == 3 && sample_report(&report, argv[2], NULL) == RK_OK)
        text = strcmp(argv[1], "html") == 0 ? rk_report_html(report)
                                            : rk_report_json(report);
    if (text)
        fputs(text, stdout);
    free(text);
    rk_report_free(report);
    return text ? 0 : 1;
}

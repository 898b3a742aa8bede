/* Templates, expanded whether or not they pass the check. */
#include "core/mem.h"
#include "data/template.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const rk_field fields[] = {
        {"title", "{{title}}"}, {"genres", "a|| b |\xE2\x80\x8B"}, {"a", ""}};
    const rk_record r = {"B1", fields, 3};
    const rk_template_row rows[] = {{fields, 3, NULL}, {NULL, 0, &r}};
    const rk_template_list lists[] = {{"a", rows, 2}, {"title", NULL, 0}};
    const rk_template_data filled = {
        .outer = {.record = &r}, .lists = lists, .n_lists = 2};
    const char *const values[] = {"genres", NULL};
    const char *const names[] = {"a", "title", NULL};
    const rk_template_names known = {values, names};
    char *text = rk_strndup((const char *)data, size);
    rk_error err;
    rk_buf out;

    FUZZ_CHECK(text);
    rk_buf_init(&out);
    rk_template_expand(&out, text, &r);
    FUZZ_CHECK(!out.failed && strlen(rk_buf_str(&out)) == out.len);
    if (rk_template_check(text, &err))
        FUZZ_CHECK(err.code == RK_EFORMAT);
    rk_buf_reset(&out);
    if (rk_template_fill(&out, text, &filled, &err))
        FUZZ_CHECK(err.code == RK_EINVAL);
    FUZZ_CHECK(!out.failed && strlen(rk_buf_str(&out)) == out.len);
    if (rk_template_check_names(text, &known, &err))
        FUZZ_CHECK(err.code == RK_EFORMAT);
    rk_buf_clear(&out);
    free(text);
    return 0;
}

/* JSON Lines files of items, users and events; the whole as the fields of one
 * record. */
#include "fuzz_rows.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rk_record *r = NULL;
    rk_record *again = NULL;
    char *json = NULL;

    import_and_read_back(rk_import_jsonl, data, size);
    if (rk_record_parse(&r, "B1", (const char *)data, size, NULL) == RK_OK) {
        FUZZ_CHECK(rk_record_fields_json(r, &json, NULL) == RK_OK);
        FUZZ_CHECK(rk_record_parse(&again, "B1", json, strlen(json), NULL) ==
                   RK_OK);
        FUZZ_CHECK(again->n_fields == r->n_fields);
    }
    rk_record_free(again);
    rk_record_free(r);
    free(json);
    return 0;
}

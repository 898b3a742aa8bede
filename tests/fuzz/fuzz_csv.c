/* CSV files of items, users and events. */
#include "fuzz_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import_and_read_back(rk_import_csv, data, size);
    return 0;
}

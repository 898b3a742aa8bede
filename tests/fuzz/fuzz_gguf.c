/* GGUF files: one that is taken fits what it was given, and the beginning of a
 * longer file is read within its bytes. */
#include "fuzz.h"
#include "llm/gguf.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rk_gguf whole, part;

    if (rk_gguf_parse(&whole, data, size, size, NULL) == RK_OK) {
        FUZZ_CHECK(whole.needed_bytes <= size);
        FUZZ_CHECK(strlen(whole.architecture) < sizeof(whole.architecture));
        FUZZ_CHECK(whole.n_keys < size && whole.n_tensors < size);
    }
    if (rk_gguf_parse(&part, data, size, UINT64_MAX, NULL) == RK_OK)
        FUZZ_CHECK(part.needed_bytes >= 24);
    return 0;
}

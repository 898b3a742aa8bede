/* What a model wrote, read as an order of three titles. */
#include "core/mem.h"
#include "fuzz.h"
#include "paradigms/mode_permutation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char titles[3][16] = {"emma", "emma goes west", "1984"};
    char *list[3] = {titles[0], titles[1], titles[2]};
    char *text = rk_strndup((const char *)data, size);
    float places[3];

    FUZZ_CHECK(text);
    FUZZ_CHECK(rk_written_places(text, list, 3, places, NULL) == RK_OK);
    for (size_t i = 0; i < 3; i++) {
        FUZZ_CHECK(places[i] >= 0 && places[i] <= 3);
        for (size_t j = 0; j < i; j++)
            FUZZ_CHECK(places[i] == 0 || places[i] != places[j]);
    }
    free(text);
    return 0;
}

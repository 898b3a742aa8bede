/* What every fuzz target includes. A target is one function that reads bytes
 * and aborts when something is wrong; it is linked with libFuzzer to search
 *
 *     clang -fsanitize=fuzzer,address,undefined ...
 *
 * or with replay.c to run the inputs of its corpus folder as a unit test. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert, in every build. */
#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition))                                                      \
            abort();                                                           \
    } while (0)

#endif

/* For the test programs: a line that must hold, and a program that ends where it does not. */
#ifndef CHECK_H
#define CHECK_H

#include <biocore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(truth)                                                                                         \
    do {                                                                                                     \
        if (!(truth)) {                                                                                      \
            fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #truth,         \
                    biocore_last_error()->message);                                                          \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)
#define OK(call) CHECK((call) == BIOCORE_OK)
#define FAILS(call, expected) CHECK((call) == (expected) && biocore_last_error()->code == (expected))

/* Read a whole file; the caller frees it. */
static inline uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*size + 1);
    CHECK(data != NULL && fread(data, 1, *size, file) == *size);
    fclose(file);
    return data;
}

static inline biocore_sample *load(const char *path)
{
    biocore_sample *sample = NULL;
    OK(biocore_sample_load(path, BIOCORE_FINGER, 500.0, 2, &sample));
    return sample;
}

#endif

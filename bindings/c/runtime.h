/* Between the library's parts; no program sees it. */
#ifndef BIOCORE_RUNTIME_H
#define BIOCORE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Of the gates: let a call in, unless the library is not started; let it out. */
int library_enter(void);
int32_t library_leave(int32_t code);

/* For the engine: what biocore_last_error() returns, memory that biocore_free() takes. Returns the code. */
int32_t library_keep_error(int32_t code, const char *name, const char *message, const char *device, const char *state,
                           const char *hint, const char *file, int64_t offset);
void *library_new_block(size_t size);

/* Of the engine. `answered` is set to 1 by whoever answers at all. */
int32_t engine_start(uint32_t abi, const char *version, int32_t *answered);
int32_t engine_cancel(void);
int32_t engine_stop(void);

#endif

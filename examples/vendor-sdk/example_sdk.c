/* A vendor's plug-in as small as it can be: a scanner that shows a ramp, and can fail in every way a library fails.
 *
 *     cc -shared -fPIC -O2 -I DIRECTORY_OF_biocore_vendor.h -o libexample_sdk.so example_sdk.c
 *     biocore devices check vendor --device vendor:libexample_sdk.so
 *
 * Options: a fault, as in vendor:libexample_sdk.so?options=crash:2, which strikes at the second capture of a process.
 */
#define _POSIX_C_SOURCE 200809L /* nanosleep */

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "biocore_vendor.h"

enum { WIDTH = 96, HEIGHT = 128, VENDORS_CODE = 4711 };

typedef struct {
    char fault[16];
    int strikes_at;
    int captures;
    atomic_int cancelled;
} scanner;

static void rest(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int strikes(const scanner *self, const char *fault) {
    return self->captures == self->strikes_at && strcmp(self->fault, fault) == 0;
}

int32_t biocore_vendor_abi(void) { return BIOCORE_VENDOR_ABI; }

int32_t biocore_vendor_describe(biocore_vendor_info *info) {
    info->modality = BIOCORE_VENDOR_FINGER;
    info->width = WIDTH;
    info->height = HEIGHT;
    info->ppi = 500.0;
    snprintf(info->maker, sizeof info->maker, "Example");
    snprintf(info->model, sizeof info->model, "ramp");
    return BIOCORE_VENDOR_OK;
}

int32_t biocore_vendor_open(const char *options, void **device) {
    scanner *self = calloc(1, sizeof *self);
    if (self == NULL) return BIOCORE_VENDOR_ABSENT;
    if (sscanf(options, "%15[^:]:%d", self->fault, &self->strikes_at) < 2) self->strikes_at = 1;
    if (strcmp(self->fault, "busy") == 0) {
        free(self);
        return BIOCORE_VENDOR_BUSY;
    }
    if (strcmp(self->fault, "crash-open") == 0) raise(SIGSEGV);
    if (strcmp(self->fault, "hang-open") == 0)
        for (;;) rest(1000);
    *device = self;
    return BIOCORE_VENDOR_OK;
}

int32_t biocore_vendor_capture(void *device, uint32_t timeout_ms, const biocore_vendor_host *host, uint8_t *pixels,
                               uint32_t capacity, uint32_t *width, uint32_t *height) {
    scanner *self = device;
    self->captures++;
    atomic_store(&self->cancelled, 0);
    host->event(host->context, BIOCORE_VENDOR_WAITING);
    if (strikes(self, "nobody")) {
        for (uint32_t waited = 0; waited < timeout_ms; waited += 10) {
            if (atomic_load(&self->cancelled) || host->cancelled(host->context)) return BIOCORE_VENDOR_CANCELLED;
            rest(10);
        }
        return BIOCORE_VENDOR_NOBODY;
    }
    if (strikes(self, "crash")) raise(SIGSEGV);
    if (strikes(self, "exit")) exit(3);
    if (strikes(self, "error")) return VENDORS_CODE;
    if (strikes(self, "gone")) return BIOCORE_VENDOR_DISCONNECTED;
    if (strikes(self, "noise")) printf("%s\n", "a library that talks to nobody");
    while (strikes(self, "hang")) rest(1000); /* obeys nobody */
    host->event(host->context, BIOCORE_VENDOR_PRESENT);
    if (capacity < WIDTH * HEIGHT) return BIOCORE_VENDOR_PROTOCOL;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) pixels[y * WIDTH + x] = (uint8_t)(x + y);
    host->preview(host->context, pixels, WIDTH, HEIGHT);
    if (strikes(self, "overrun")) memset(pixels + capacity, 0, 16);
    if (strikes(self, "blank")) memset(pixels, 255, WIDTH * HEIGHT);
    *width = strikes(self, "size") ? WIDTH / 2 : WIDTH;
    *height = strikes(self, "huge") ? 1u << 30 : HEIGHT;
    if (atomic_load(&self->cancelled) || host->cancelled(host->context)) return BIOCORE_VENDOR_CANCELLED;
    return BIOCORE_VENDOR_OK;
}

int32_t biocore_vendor_cancel(void *device) {
    atomic_store(&((scanner *)device)->cancelled, 1);
    return BIOCORE_VENDOR_OK;
}

int32_t biocore_vendor_close(void *device) {
    while (strcmp(((scanner *)device)->fault, "hang-close") == 0) rest(1000);
    free(device);
    return BIOCORE_VENDOR_OK;
}

const char *biocore_vendor_message(int32_t code) { return code == VENDORS_CODE ? "the lens is dirty" : NULL; }

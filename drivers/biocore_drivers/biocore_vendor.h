/* The C interface between biocore and a vendor's SDK: a plug-in is a shared library that exports these functions.
 *
 * biocore loads it into a process of its own. What happens there harms nobody: a crash, an endless wait or a picture
 * written past its end is a named error of this one device, and the next capture starts the library anew. All
 * functions but biocore_vendor_cancel() are called by one thread, one after the other, in this order:
 *
 *     abi, describe, open, capture, capture, ..., close
 *
 * Standard output and standard error of the process go nowhere; no core file is written: it would hold a finger.
 */
#ifndef BIOCORE_VENDOR_H
#define BIOCORE_VENDOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BIOCORE_VENDOR_ABI 1

/* What a function returns. Values above zero are the vendor's own codes. */
enum {
    BIOCORE_VENDOR_OK = 0,
    BIOCORE_VENDOR_NOBODY = -1,       /* the time passed, and no finger or eye came */
    BIOCORE_VENDOR_CANCELLED = -2,    /* cancel() was called, or host->cancelled() said so */
    BIOCORE_VENDOR_DISCONNECTED = -3, /* unplugged */
    BIOCORE_VENDOR_ABSENT = -4,       /* no such device is attached */
    BIOCORE_VENDOR_BUSY = -5,         /* somebody else holds it */
    BIOCORE_VENDOR_FORBIDDEN = -6,    /* this user may not open it */
    BIOCORE_VENDOR_SILENT = -7,       /* the device does not answer */
    BIOCORE_VENDOR_PROTOCOL = -8,     /* the device sent nonsense */
    BIOCORE_VENDOR_UNSUPPORTED = -9   /* this model cannot give a picture */
};

enum { BIOCORE_VENDOR_FINGER = 0, BIOCORE_VENDOR_IRIS = 1 };

/* What a capture may tell while it runs. */
enum {
    BIOCORE_VENDOR_WAITING = 0, /* ready: lay the finger down. Must be told before the picture */
    BIOCORE_VENDOR_PRESENT = 1, /* a finger or eye is there */
    BIOCORE_VENDOR_REMOVED = 2  /* and gone again */
};

typedef struct {
    uint32_t size;          /* of this structure, in bytes; filled in by biocore */
    uint32_t modality;      /* BIOCORE_VENDOR_FINGER or BIOCORE_VENDOR_IRIS */
    uint32_t width, height; /* of a picture in pixels; 0 where pictures vary */
    double ppi;             /* native resolution in pixels per inch; 0 where there is none (cameras) */
    char maker[64];         /* UTF-8, ended by a zero byte */
    char model[64];
} biocore_vendor_info;

/* Given to every capture; valid until it returns. The functions may be called from the capturing thread only. */
typedef struct {
    uint32_t size; /* of this structure, in bytes */
    void *context; /* to be handed back */
    void (*event)(void *context, int32_t event);
    /* A live picture, 8-bit grey, rows without padding, ridges dark. It is copied; it may be dropped. */
    void (*preview)(void *context, const uint8_t *pixels, uint32_t width, uint32_t height);
    /* Not zero once the capture should end; ask at least twice a second unless cancel() ends it. */
    int32_t (*cancelled)(void *context);
} biocore_vendor_host;

/* Return BIOCORE_VENDOR_ABI. */
int32_t biocore_vendor_abi(void);

/* Say what the device is, without touching it. */
int32_t biocore_vendor_describe(biocore_vendor_info *info);

/* Claim the device. `options` is the text of the URI or of the manifest, "" where there is none. */
int32_t biocore_vendor_open(const char *options, void **device);

/* Wait up to `timeout_ms` for a finger or eye, and write its picture: 8-bit grey, rows without padding, ridges dark,
 * at most `capacity` bytes. `width` and `height` are filled in by the plug-in. */
int32_t biocore_vendor_capture(void *device, uint32_t timeout_ms, const biocore_vendor_host *host, uint8_t *pixels,
                               uint32_t capacity, uint32_t *width, uint32_t *height);

/* End the running capture. Called by another thread, at any moment between open and close. */
int32_t biocore_vendor_cancel(void *device);

/* Release the device, lamp off. */
int32_t biocore_vendor_close(void *device);

/* Optional: say in English what one of the vendor's own codes means; NULL where that is unknown. */
const char *biocore_vendor_message(int32_t code);

#ifdef __cplusplus
}
#endif
#endif

/* biocore: capture fingerprints and irises, check their quality, extract and compare templates.
 *
 *     biocore_sample *sample = NULL;
 *     biocore_template *finger = NULL;
 *     if (biocore_init(BIOCORE_ABI_VERSION, NULL) == BIOCORE_OK &&
 *         biocore_sample_load("right-index.png", BIOCORE_FINGER, 500.0, 2, &sample) == BIOCORE_OK &&
 *         biocore_extract(sample, BIOCORE_FAST, &finger) == BIOCORE_OK) { ... }
 *     else fprintf(stderr, "%s\n", biocore_last_error()->message);
 *
 * Results. Every function that can fail returns BIOCORE_OK or a code of `biocore_code`; biocore_last_error() tells
 * more, of the calling thread's last call alone. A function that fails leaves what it was to return as it was.
 * A bad picture is no failure: it is a report with causes and advice.
 *
 * Threads. Any thread may call any function at any time, but for biocore_init() and biocore_shutdown(), which one
 * thread calls once each. Samples, templates and records never change and may be used by many threads at once. Of one
 * device one thread captures; any may cancel or release. Long calculations run side by side. A process that has called
 * biocore_init() must not fork() and go on calling in the child.
 *
 * Memory. Three rules, and every function below says which of them it follows:
 *   1. Handles (biocore_sample, biocore_template, biocore_device, biocore_record) belong to the caller, who gives each
 *      back with its own biocore_..._release(), once. One that was released already, or is of another kind, is a named
 *      error (BIOCORE_ERROR_HANDLE), never a crash: handles are numbers that are not used again.
 *   2. Blocks (everything that a `biocore_... **` of a plain structure returns) belong to the caller, who gives each
 *      back with biocore_free(); what they point to goes with them, and nothing else does.
 *   3. Lent memory belongs to the library. Lent texts marked "constant" last as long as the process; everything else
 *      as long as the text beside it says.
 * What the caller passes in is read during the call and never kept, but for `context` of a capture.
 *
 * Versions. BIOCORE_ABI_VERSION is the library's soname and rises when a program would have to be compiled anew.
 * Structures may grow at their end without that. So each begins with `struct_size`: a caller sets it to sizeof before
 * it passes one in to be filled, and no more than that is written; the library sets it in those that it makes.
 *
 * Texts are UTF-8, ended by a zero byte; a text that does not apply is "", never NULL. Numbers that do not apply are
 * -1 for scores and NAN for everything else.
 */
#ifndef BIOCORE_H
#define BIOCORE_H

#include <stddef.h>
#include <stdint.h>

#ifndef BIOCORE_API
#define BIOCORE_API __attribute__((visibility("default"))) extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define BIOCORE_ABI_VERSION 1

/* -- errors -------------------------------------------------------------------------------------------------- */

/* Codes never change their meaning. From 100 on they are families: `code / 100 * 100` is the family's own code, which
 * a program can act on where it does not know the member. */
typedef enum {
    BIOCORE_OK = 0,

    BIOCORE_ERROR_NOT_INITIALISED = 1, /* before biocore_init(), or after biocore_shutdown() */
    BIOCORE_ERROR_ABI = 2,             /* program and library, or library and environment, are of different versions */
    BIOCORE_ERROR_START = 3,           /* the environment is missing, broken, or biocore is not installed in it */
    BIOCORE_ERROR_ARGUMENT = 4,        /* NULL where there must be something, a text that is not UTF-8, a wrong number */
    BIOCORE_ERROR_HANDLE = 5,          /* a handle that was released, or is of another kind */
    BIOCORE_ERROR_MEMORY = 6,
    BIOCORE_ERROR_RUNNING = 7,         /* shutdown while calls are running */
    BIOCORE_ERROR_INTERNAL = 8,        /* a mistake of biocore's own; please report the message */
    BIOCORE_ERROR_OTHER = 10,          /* a family that is newer than this header; the name tells */

    BIOCORE_ERROR_INVALID_SAMPLE = 100,     /* pixels, resolution or position that no algorithm can take */
    BIOCORE_ERROR_NOT_ASSESSABLE = 200,     /* a reference algorithm refuses the picture */
    BIOCORE_ERROR_EXTRACTION = 300,         /* no usable region: no template can be made */
    BIOCORE_ERROR_SLAP = 400,               /* fewer or more fingers lie there than were asked for */
    BIOCORE_ERROR_INVALID_TEMPLATE = 500,   /* templates that cannot be compared or fused with each other */
    BIOCORE_ERROR_FORMAT = 600,             /* malformed file or record; the error carries file and byte offset */
    BIOCORE_ERROR_UNSUPPORTED_FORMAT = 601, /* well formed, but nothing here reads or writes it */
    BIOCORE_ERROR_MODEL = 700,              /* a model file that is missing, altered or not what it says */
    BIOCORE_ERROR_MISSING_DEPENDENCY = 800, /* an extra or a system package is not installed; says which */
    BIOCORE_ERROR_DRIVER = 900,             /* a plug-in that is broken, or two of one name */
    BIOCORE_ERROR_DRIVER_NOT_FOUND = 901,   /* nothing installed serves the URI */

    BIOCORE_ERROR_JOURNAL = 1000,
    BIOCORE_ERROR_JOURNAL_FULL = 1001,
    BIOCORE_ERROR_JOURNAL_RESERVE = 1002,
    BIOCORE_ERROR_JOURNAL_READ_ONLY = 1003,
    BIOCORE_ERROR_JOURNAL_DEVICE = 1004,
    BIOCORE_ERROR_JOURNAL_BUSY = 1005,
    BIOCORE_ERROR_JOURNAL_CORRUPT = 1006,
    BIOCORE_ERROR_JOURNAL_VERSION = 1007,
    BIOCORE_ERROR_JOURNAL_CLOSED = 1008,
    BIOCORE_ERROR_JOURNAL_STATE = 1009,
    BIOCORE_ERROR_JOURNAL_INDEX = 1010,
    BIOCORE_ERROR_SEAL = 1100,
    BIOCORE_ERROR_CENTRE_KEY = 1101,
    BIOCORE_ERROR_UNSEAL = 1102,

    BIOCORE_ERROR_DEVICE = 1200,              /* the error carries the device's URI, its state, and a hint */
    BIOCORE_ERROR_DEVICE_NOT_FOUND = 1201,    /* the URI names nothing that is attached */
    BIOCORE_ERROR_DEVICE_PERMISSION = 1202,   /* the hint carries the rule to install */
    BIOCORE_ERROR_DEVICE_BUSY = 1203,         /* somebody else holds it */
    BIOCORE_ERROR_DEVICE_CLOSED = 1204,       /* used after close, or before open */
    BIOCORE_ERROR_DEVICE_DISCONNECTED = 1205, /* unplugged, or gone from the bus */
    BIOCORE_ERROR_DEVICE_TIMEOUT = 1206,      /* the device did not answer in time */
    BIOCORE_ERROR_SUBJECT_TIMEOUT = 1207,     /* the person did not: no finger, no eye */
    BIOCORE_ERROR_DEVICE_STALLED = 1208,
    BIOCORE_ERROR_DEVICE_PROTOCOL = 1209,     /* the device said something its protocol does not know */
    BIOCORE_ERROR_DEVICE_UNSUPPORTED = 1210,  /* recognised, and refused for a reason */
    BIOCORE_ERROR_DEVICE_UNTRUSTED = 1211,    /* its signature is wrong, or leads to nobody who is trusted */
    BIOCORE_ERROR_DEVICE_SUSPENDED = 1212,    /* it was open while the machine slept */
    BIOCORE_ERROR_DEVICE_VENDOR = 1213,       /* a vendor's own code, passed on */
    BIOCORE_ERROR_INCOMPLETE_CAPTURE = 1214,  /* fewer fingers or eyes than were asked for */
    BIOCORE_ERROR_CAPTURE_CANCELLED = 1215    /* somebody called biocore_device_cancel() */
} biocore_code;

typedef struct {
    uint32_t struct_size;
    int32_t code;        /* biocore_code */
    const char *name;    /* of the error: "DeviceBusyError"; what BIOCORE_ERROR_OTHER is told by */
    const char *message; /* one text with everything, for a log or a screen */
    const char *device;  /* URI of the device */
    const char *state;   /* what the device was doing */
    const char *hint;    /* what the operator can do now */
    const char *file;    /* that could not be read */
    int64_t offset;      /* of the byte that is wrong, -1 where there is none */
} biocore_error;

/* -- words --------------------------------------------------------------------------------------------------- */

/* Faces are captured and handed on: nothing here assesses, extracts or compares them. */
typedef enum { BIOCORE_FINGER = 0, BIOCORE_IRIS = 1, BIOCORE_FACE = 2 } biocore_modality;

/* Positions are those of ISO/IEC 19794. Fingers: 0 unknown, 1..5 right thumb to right little finger, 6..10 left thumb
 * to left little finger. Eyes: 0 unknown, 1 right, 2 left; the person's own. Faces: 0. */

typedef enum { BIOCORE_FAST = 0, BIOCORE_ROBUST = 1 } biocore_effort;

typedef enum { BIOCORE_STATUS_OK = 0, BIOCORE_STATUS_NOT_ASSESSED = 1, BIOCORE_STATUS_FAILED = 2 } biocore_status;

/* How templates are written. BIOCORE_OWN keeps every bit and takes one template of a finger or an eye; the others
 * are standard records of one or more fingers, and round. */
typedef enum {
    BIOCORE_OWN = 0,
    BIOCORE_FMR_2005 = 1, /* ISO/IEC 19794-2:2005 */
    BIOCORE_FMR_2011 = 2, /* ISO/IEC 19794-2:2011 */
    BIOCORE_ANSI_2004 = 3, /* ANSI INCITS 378 */
    BIOCORE_ANSI_2009 = 4,
    BIOCORE_ANSI_2009_AM1 = 5
} biocore_template_format;

typedef struct biocore_sample biocore_sample;     /* a picture of one finger, eye or face */
typedef struct biocore_template biocore_template; /* what is compared */
typedef struct biocore_device biocore_device;     /* an open scanner or camera */
typedef struct biocore_record biocore_record;     /* a standard record that was read */

/* 8-bit grey, rows without padding, from the top left; fingers have dark ridges on a light ground. */
typedef struct {
    uint32_t struct_size;
    int32_t modality; /* biocore_modality */
    int32_t position;
    uint32_t width, height; /* px */
    double ppi;             /* px/inch; NAN for cameras */
    const uint8_t *pixels;
    const uint8_t *colour; /* of faces: the same in colour, red, green and blue of each pixel; else NULL */
} biocore_picture;

/* -- the library --------------------------------------------------------------------------------------------- */

/* Return the ABI of the library that is loaded. May be called before biocore_init(). */
BIOCORE_API uint32_t biocore_abi_version(void);

/* Return the version of biocore that the library was built from, "0.1.0". A constant. May be called before init. */
BIOCORE_API const char *biocore_version(void);

/* Start the library.
 *   abi          BIOCORE_ABI_VERSION, as the program was compiled with.
 *   environment  folder of the environment that biocore is installed in; NULL = what the variable BIOCORE_ENVIRONMENT
 *                names, else the one that the library was built from.
 * Takes half a second. Installs no signal handlers and reads no other variables of the environment. A second call is
 * BIOCORE_OK and changes nothing; after biocore_shutdown() the library starts anew, in the same environment.
 * Errors: ABI, START. */
BIOCORE_API int32_t biocore_init(uint32_t abi, const char *environment);

/* End the library: running captures are cancelled, devices closed, lamps off, and every handle released. Blocks stay
 * the caller's. What is still open when the program ends by exit() or by returning from main() is closed then too.
 * Errors: RUNNING, where other calls do not end within five seconds or the caller is a listener; NOT_INITIALISED. */
BIOCORE_API int32_t biocore_shutdown(void);

/* Set `count` to the number of handles that are not released yet: 0 at the end of a program that forgets none. */
BIOCORE_API int32_t biocore_live_handles(uint64_t *count);

/* Return what the calling thread's last call met: code BIOCORE_OK where it went well. Lent: until that thread's next
 * call. Never NULL. */
BIOCORE_API const biocore_error *biocore_last_error(void);

/* Return the name of a code, "BIOCORE_ERROR_FORMAT"; a constant. May be called before biocore_init(). */
BIOCORE_API const char *biocore_code_name(int32_t code);

/* Give a block back. NULL is nothing to do. May be called at any time, after biocore_shutdown() too. */
BIOCORE_API void biocore_free(void *block);

/* -- samples ------------------------------------------------------------------------------------------------- */

/* Read a picture: PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, and WSQ where that is installed.
 *   ppi       px/inch; NAN or 0 = as the file says, which is believed from 490 on. Irises need none.
 *   sample    new handle: biocore_sample_release().
 * Errors: FORMAT, INVALID_SAMPLE. */
BIOCORE_API int32_t biocore_sample_load(const char *path, int32_t modality, double ppi, int32_t position,
                                        biocore_sample **sample);

/* The same of a file's bytes in memory. */
BIOCORE_API int32_t biocore_sample_decode(const uint8_t *data, size_t size, int32_t modality, double ppi,
                                          int32_t position, biocore_sample **sample);

/* Make a sample of pixels, which are copied.
 *   stride    bytes from one row to the next; 0 = width.
 *   source    where they come from, for messages and reports; NULL = "memory". */
BIOCORE_API int32_t biocore_sample_of_pixels(const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride,
                                             int32_t modality, double ppi, int32_t position, const char *source,
                                             biocore_sample **sample);

/* Say what a sample shows. The caller's `picture`; what it points to is lent: until the sample is released. */
BIOCORE_API int32_t biocore_sample_picture(const biocore_sample *sample, biocore_picture *picture);

BIOCORE_API int32_t biocore_sample_release(biocore_sample *sample);

/* -- quality ------------------------------------------------------------------------------------------------- */

/* A number with its name, in the unit that the name ends in. Names are constants. */
typedef struct {
    uint32_t struct_size;
    const char *name;
    double value;
} biocore_quantity;

typedef struct {
    uint32_t struct_size;
    const char *name;    /* "DRY"; a constant, as the texts are */
    const char *text_en; /* "The finger is too dry." */
    const char *text_id; /* Indonesian */
    double confidence;   /* 0..1 */
    uint32_t evidence_count;
    const biocore_quantity *const *evidence;
} biocore_cause;

typedef struct {
    uint32_t struct_size;
    const char *code; /* "press_harder"; a constant, as the texts are */
    const char *text_en;
    const char *text_id;
} biocore_advice;

typedef struct {
    uint32_t struct_size;
    const char *name; /* the standard's; a constant */
    double native;    /* in its own unit; NAN where there is none */
    int32_t score;    /* 0..100; -1 where there is none */
    int32_t status;   /* biocore_status */
} biocore_measure;

typedef struct {
    uint32_t struct_size;
    int32_t modality, position;
    int32_t score;         /* 0..100; -1 where the picture could not be assessed, and `reason` says why */
    int32_t status;        /* biocore_status */
    const char *algorithm; /* what made the score: "biocore.finger/1"; a constant */
    const char *reason;
    const char *source;
    uint32_t cause_count;
    const biocore_cause *const *causes; /* the most certain first */
    uint32_t advice_count;
    const biocore_advice *const *advice; /* the most useful first */
    uint32_t measure_count;
    const biocore_measure *const *measures;
} biocore_report;

/* Say how good a sample is, why it is poor, and what to do about it.
 *   own     the finger's own template, where it has been extracted already; or NULL.
 *   report  new block: biocore_free().
 * Errors: INVALID_SAMPLE (a finger outside 490..1100 px/inch), INVALID_TEMPLATE. */
BIOCORE_API int32_t biocore_assess(const biocore_sample *sample, const biocore_template *own,
                                   biocore_report **report);

/* -- templates ----------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t struct_size;
    int32_t modality, position;
    uint32_t width, height; /* px, of the picture it was made of */
    double ppi;             /* of the coordinates; NAN for irises */
    int32_t minutiae;       /* -1 for irises */
    double usable;          /* share of an iris that can be used, 0..1; NAN for fingers */
    int32_t image_quality;  /* 0..100, -1 where it is not known */
    const char *algorithm;  /* what extracted it; lent: until the template is released */
} biocore_template_info;

typedef struct {
    uint32_t struct_size;
    size_t size;
    const uint8_t *data;
} biocore_bytes;

/* Make a template of a sample. `result`: new handle, biocore_template_release().
 * Errors: EXTRACTION, INVALID_SAMPLE. */
BIOCORE_API int32_t biocore_extract(const biocore_sample *sample, int32_t effort, biocore_template **result);

/* Unite several captures of one finger or one eye. `result`: new handle; the others stay the caller's.
 * Errors: INVALID_TEMPLATE. */
BIOCORE_API int32_t biocore_fuse(const biocore_template *const *templates, size_t count, biocore_template **result);

/* Say what a template is, into the caller's `info`. */
BIOCORE_API int32_t biocore_template_describe(const biocore_template *of, biocore_template_info *info);

/* Write templates. `bytes`: new block, biocore_free(). Errors: INVALID_TEMPLATE, FORMAT. */
BIOCORE_API int32_t biocore_templates_write(const biocore_template *const *templates, size_t count, int32_t format,
                                            biocore_bytes **bytes);

/* Read templates, whichever way they are written.
 *   templates  the caller's array of `capacity` places, filled with new handles: biocore_template_release() each.
 *   count      how many the bytes hold; where that is above `capacity`, none past it is made. Capacity 0 just counts.
 * Errors: FORMAT, INVALID_TEMPLATE. */
BIOCORE_API int32_t biocore_templates_read(const uint8_t *data, size_t size, biocore_template **templates,
                                           size_t capacity, size_t *count);

BIOCORE_API int32_t biocore_template_release(biocore_template *of);

/* -- comparison ---------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t struct_size;
    double score;          /* -10 log10(FMR): 40 means one false match in 10,000 comparisons of different persons */
    double fmr;            /* the same as a rate, 0..1 */
    double rotation;       /* radians by which an iris is turned, counter-clockwise; NAN for fingers */
    uint32_t pairs;        /* minutiae that were paired; 0 for irises */
    const char *algorithm; /* a constant */
} biocore_comparison;

/* Compare two templates, into the caller's `comparison`. Errors: INVALID_TEMPLATE. */
BIOCORE_API int32_t biocore_compare(const biocore_template *probe, const biocore_template *reference,
                                    biocore_comparison *comparison);

/* Compare one with many, which is faster than one by one.
 *   threads  to use, at least 1; the result is the same for any number.
 *   scores   the caller's array of `count` places: one score a reference, in order. */
BIOCORE_API int32_t biocore_search(const biocore_template *probe, const biocore_template *const *references,
                                   size_t count, uint32_t threads, double *scores);

/* -- devices ------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t struct_size;
    const char *uri; /* to open it by */
    const char *driver, *maker, *model, *serial;
    int32_t modality;
    double ppi;             /* native; NAN where it is not fixed */
    uint32_t width, height; /* px of a picture; 0 where they vary */
    const char *unfit;      /* why its pictures must not enrol anybody; "" where they may */
    int32_t synthetic;      /* not 0: what it shows was never a finger or an eye */
} biocore_device_info;

typedef struct {
    uint32_t struct_size;
    uint32_t count;
    const biocore_device_info *const *devices;
} biocore_device_list;

typedef enum {
    BIOCORE_EVENT_STATE = 0,    /* the device's state changed; detail is the new one */
    BIOCORE_EVENT_WAITING = 1,  /* ready for the finger or eye */
    BIOCORE_EVENT_PREVIEW = 2,  /* a live frame; may be dropped, the final one never is */
    BIOCORE_EVENT_PRESENT = 3,  /* finger or eye detected */
    BIOCORE_EVENT_REMOVED = 4,  /* and gone again */
    BIOCORE_EVENT_CAPTURED = 5, /* the final frame */
    BIOCORE_EVENT_SWITCHED = 6, /* the device failed, and another goes on; detail says which, and why */
    BIOCORE_EVENT_OTHER = 99    /* one that is newer than this header */
} biocore_event_kind;

typedef struct {
    uint32_t struct_size;
    int32_t kind; /* biocore_event_kind */
    const char *device;
    const char *detail;
    const biocore_picture *picture; /* with PREVIEW and CAPTURED, else NULL */
} biocore_event;

/* Called during a capture, in the thread that causes the event: the capturing one or the device's own.
 * The event and all it points to are lent: until the listener returns. It may call every function of the library but
 * biocore_init() and biocore_shutdown(); cancelling and releasing the device are allowed. It should return soon. */
typedef void (*biocore_listener)(const biocore_event *event, void *context);

/* List what is attached. `list`: new block, biocore_free(). */
BIOCORE_API int32_t biocore_devices(biocore_device_list **list);

/* Open a device: "any:finger" for the best scanner attached, "usb:05ba:000a", "virtual:finger", ...
 *   device  new handle: biocore_device_release(), which closes it.
 * Errors: DRIVER..., DEVICE... */
BIOCORE_API int32_t biocore_device_open(const char *uri, biocore_device **device);

/* Say what an open device is. `info`: new block, biocore_free(). */
BIOCORE_API int32_t biocore_device_describe(const biocore_device *device, biocore_device_info **info);

/* Capture one picture.
 *   seconds   deadline for person and device together, above 0.
 *   position  the finger or eye that was asked for; 0 = nobody said.
 *   listener  or NULL; `context` is handed to it and to nothing else, and not kept after the call.
 *   sample    new handle: biocore_sample_release().
 * Errors: SUBJECT_TIMEOUT, DEVICE_..., CAPTURE_CANCELLED, INVALID_SAMPLE. */
BIOCORE_API int32_t biocore_device_capture(biocore_device *device, double seconds, int32_t position,
                                           biocore_listener listener, void *context, biocore_sample **sample);

/* End a running capture within a second, from any thread; nothing where none runs. */
BIOCORE_API int32_t biocore_device_cancel(biocore_device *device);

/* Close a device and release its handle, from any thread; a running capture ends as cancelled. The handle is gone
 * whatever is returned. */
BIOCORE_API int32_t biocore_device_release(biocore_device *device);

/* -- records ------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t struct_size;
    int32_t modality, position;
    const char *reason; /* "amputated", "unable to capture", "not said"; a constant */
} biocore_absence;

typedef struct {
    uint32_t struct_size;
    const char *kind; /* "fmr-2005", "fir-2011", "iir-2011", "itl", "cbeff", ...; a constant */
    uint32_t image_count, template_count;
    uint32_t absence_count; /* fingers and eyes that the record says are missing */
    const biocore_absence *const *absences;
    uint32_t remark_count; /* what is odd in the bytes */
    const char *const *remarks;
} biocore_record_info;

typedef struct {
    uint32_t struct_size;
    size_t size;
    const uint8_t *data;
    uint32_t lost_count; /* what the other format cannot say */
    const char *const *lost;
} biocore_conversion;

/* Read any record: ISO/IEC 19794-2, -4, -6, ANSI INCITS 378, ANSI/NIST-ITL, CBEFF.
 *   name    of the file, for messages; or NULL.
 *   record  new handle: biocore_record_release().
 * Errors: FORMAT, UNSUPPORTED_FORMAT. */
BIOCORE_API int32_t biocore_record_read(const uint8_t *data, size_t size, const char *name, biocore_record **record);

/* Say what a record holds. `info`: new block, biocore_free(). */
BIOCORE_API int32_t biocore_record_describe(const biocore_record *record, biocore_record_info **info);

/* Decode one picture of a record, counted from 0. `sample`: new handle. Errors: FORMAT, INVALID_SAMPLE, ARGUMENT. */
BIOCORE_API int32_t biocore_record_sample(const biocore_record *record, uint32_t index, biocore_sample **sample);

/* Return one template of a record, counted from 0. `result`: new handle. */
BIOCORE_API int32_t biocore_record_template(const biocore_record *record, uint32_t index, biocore_template **result);

/* Write what a record holds as another.
 *   target  "fmr-2005", "fmr-2011", "ansi-2004", "ansi-2009", "ansi-2009am1", "fir-2005", "fir-2011", "iir-2005",
 *           "iir-2011", "itl", "cbeff", or "png": no record, but the one picture in it.
 *   pixels  "keep", "raw", "png", "jp2", "jp2-lossy" or "wsq"; NULL = "keep".
 *   ratio   how many times smaller a lossy picture is to be; 0 = as the format's default.
 *   result  new block: biocore_free().
 * Errors: FORMAT, INVALID_SAMPLE, INVALID_TEMPLATE, MISSING_DEPENDENCY. */
BIOCORE_API int32_t biocore_record_convert(const biocore_record *record, const char *target, const char *pixels,
                                           double ratio, biocore_conversion **result);

BIOCORE_API int32_t biocore_record_release(biocore_record *record);

#ifdef __cplusplus
}
#endif
#endif

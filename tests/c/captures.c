/* Captures: events in order, deadlines, cancelled from another thread, released and shut down while they run.
 *
 *     captures            or `captures leave`: the program ends while a capture runs
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

struct heard {
    int waiting, previews, present, captured, last_state_seen;
    long sum; /* of the live frames' first pixels: they are there to be read */
    biocore_device *device;
    int act; /* in the first live frame: 1 cancel, 2 release, 3 shut down */
    int answered;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void hear(const biocore_event *event, void *context)
{
    struct heard *heard = context;
    CHECK(event->struct_size == sizeof *event && strncmp(event->device, "virtual:finger", 14) == 0);
    if (event->kind == BIOCORE_EVENT_WAITING) {
        CHECK(heard->captured == 0);
        heard->waiting++;
    }
    heard->present += event->kind == BIOCORE_EVENT_PRESENT;
    if (event->kind == BIOCORE_EVENT_PREVIEW) {
        CHECK(event->picture != NULL && event->picture->width == 400 && event->picture->height == 500);
        CHECK(event->picture->struct_size == sizeof *event->picture);
        heard->sum += event->picture->pixels[0] + event->picture->pixels[400 * 500 - 1];
        if (heard->previews++ == 0 && heard->act == 1)
            OK(biocore_device_cancel(heard->device));
        if (heard->previews == 1 && heard->act == 2)
            OK(biocore_device_release(heard->device));
        if (heard->previews == 1 && heard->act == 3)
            heard->answered = biocore_shutdown();
    }
    if (event->kind == BIOCORE_EVENT_CAPTURED) {
        CHECK(heard->waiting == 1 && heard->present == 1 && event->picture != NULL);
        heard->captured++;
    }
    if (event->kind == BIOCORE_EVENT_STATE)
        heard->last_state_seen = event->detail[0];
}

static biocore_device *opened(const char *uri)
{
    biocore_device *device = NULL;
    OK(biocore_device_open(uri, &device));
    return device;
}

static void *cancel_soon(void *device)
{
    const struct timespec moment = {0, 200000000};
    nanosleep(&moment, NULL);
    OK(biocore_device_cancel(device));
    return NULL;
}

static void *release_soon(void *device)
{
    const struct timespec moment = {0, 200000000};
    nanosleep(&moment, NULL);
    OK(biocore_device_release(device));
    return NULL;
}

static void *end_soon(void *unused)
{
    const struct timespec moment = {0, 200000000};
    (void)unused;
    nanosleep(&moment, NULL);
    OK(biocore_shutdown());
    return NULL;
}

/* A capture that nobody comes to, ended by another thread within a second and a half. */
static void ended_by(void *(*other)(void *), int lives)
{
    biocore_device *device = opened("virtual:finger?arrival=3600");
    biocore_sample *sample = NULL;
    pthread_t thread;
    double begun = seconds();
    CHECK(pthread_create(&thread, NULL, other, device) == 0);
    FAILS(biocore_device_capture(device, 3000.0, 0, NULL, NULL, &sample), BIOCORE_ERROR_CAPTURE_CANCELLED);
    CHECK(seconds() - begun < 10.0 && sample == NULL); /* not 3000: the machine may be busy */
    CHECK(pthread_join(thread, NULL) == 0);
    if (lives)
        OK(biocore_device_release(device));
}

static void print_state(const biocore_event *event, void *context)
{
    (void)context;
    if (event->kind == BIOCORE_EVENT_STATE)
        printf("%s\n", event->detail);
}

static void *wait_for_nobody(void *device)
{
    biocore_sample *sample = NULL;
    biocore_device_capture(device, 3000.0, 0, print_state, NULL, &sample);
    return NULL;
}

/* The program ends in the middle of a capture, and tells nobody. */
static int leave(void)
{
    const struct timespec moment = {0, 300000000};
    pthread_t thread;
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    CHECK(pthread_create(&thread, NULL, wait_for_nobody, opened("virtual:finger?arrival=3600")) == 0);
    nanosleep(&moment, NULL);
    return 0;
}

int main(int count, char **arguments)
{
    struct heard heard = {.act = 0};
    biocore_sample *sample = NULL;
    biocore_device_info *info = NULL;
    biocore_picture picture = {.struct_size = sizeof picture};
    uint64_t live = 99;
    if (count == 2 && strcmp(arguments[1], "leave") == 0)
        return leave();
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));

    biocore_device *device = opened("virtual:finger?previews=4");
    OK(biocore_device_describe(device, &info));
    CHECK(info->width == 400 && info->height == 500 && info->ppi == 500.0 && info->synthetic && *info->unfit == '\0');
    biocore_free(info);
    OK(biocore_device_capture(device, 60.0, 7, hear, &heard, &sample));
    CHECK(heard.waiting == 1 && heard.previews == 4 && heard.captured == 1 && heard.sum > 0);
    OK(biocore_sample_picture(sample, &picture));
    CHECK(picture.position == 7 && picture.ppi == 500.0 && picture.modality == BIOCORE_FINGER);
    OK(biocore_sample_release(sample));
    OK(biocore_device_capture(device, 60.0, 7, NULL, NULL, &sample)); /* heard by nobody, the first listener neither */
    CHECK(heard.captured == 1);
    OK(biocore_sample_release(sample));
    FAILS(biocore_device_capture(device, 0.0, 7, NULL, NULL, &sample), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_device_capture(device, 1.0, 11, NULL, NULL, &sample), BIOCORE_ERROR_ARGUMENT);
    OK(biocore_device_cancel(device)); /* nothing runs: nothing happens */
    OK(biocore_device_release(device));
    FAILS(biocore_device_release(device), BIOCORE_ERROR_HANDLE);

    device = opened("virtual:finger?fail=no_finger:1,timeout:2,disconnect:3");
    FAILS(biocore_device_capture(device, 0.2, 0, NULL, NULL, &sample), BIOCORE_ERROR_SUBJECT_TIMEOUT);
    FAILS(biocore_device_capture(device, 0.2, 0, NULL, NULL, &sample), BIOCORE_ERROR_DEVICE_TIMEOUT);
    FAILS(biocore_device_capture(device, 60.0, 0, NULL, NULL, &sample), BIOCORE_ERROR_DEVICE_DISCONNECTED);
    CHECK(*biocore_last_error()->hint != '\0' && strncmp(biocore_last_error()->device, "virtual:", 8) == 0);
    OK(biocore_device_release(device));

    heard = (struct heard){.act = 1};
    heard.device = opened("virtual:finger");
    FAILS(biocore_device_capture(heard.device, 60.0, 0, hear, &heard, &sample), BIOCORE_ERROR_CAPTURE_CANCELLED);
    CHECK(heard.previews == 1 && heard.captured == 0);
    OK(biocore_device_release(heard.device));

    heard = (struct heard){.act = 2};
    heard.device = opened("virtual:finger");
    FAILS(biocore_device_capture(heard.device, 60.0, 0, hear, &heard, &sample), BIOCORE_ERROR_CAPTURE_CANCELLED);
    FAILS(biocore_device_release(heard.device), BIOCORE_ERROR_HANDLE);

    heard = (struct heard){.act = 3};
    heard.device = opened("virtual:finger");
    OK(biocore_device_capture(heard.device, 60.0, 0, hear, &heard, &sample));
    CHECK(heard.answered == BIOCORE_ERROR_RUNNING); /* a listener cannot end what calls it */
    OK(biocore_sample_release(sample));
    OK(biocore_device_release(heard.device));

    ended_by(cancel_soon, 1);
    ended_by(release_soon, 0);
    OK(biocore_live_handles(&live));
    CHECK(live == 0);
    ended_by(end_soon, 0);
    printf("all as it should be\n");
    return 0;
}

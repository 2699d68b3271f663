/* What calls cost: CPU seconds, the least of several, and the kilobytes that one needs while it runs. Printed as NAME
 * SECONDS KILOBYTES.
 *
 *     timing PRINT IMAGE-RECORD
 */
#define _POSIX_C_SOURCE 200809L
#include <malloc.h>
#include <time.h>

#include "check.h"

#define MANY 100 /* references of a search */

static const char *print_path;
static uint8_t *image_record, *minutiae_record;
static size_t image_size, minutiae_size;
static uint8_t *pixels;
static biocore_sample *sample;
static biocore_template *finger;
static biocore_record *record;
static const biocore_template *references[MANY];

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Return a line of /proc/self/status, in kilobytes. */
static long status(const char *name)
{
    char line[256];
    long found = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            found = strtol(line + strlen(name) + 1, NULL, 10);
    fclose(file);
    CHECK(found >= 0);
    return found;
}

/* Return how far the process's memory rises above what it had before, while a call runs. */
static long peak(void (*call)(void))
{
    malloc_trim(0);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    CHECK(file != NULL && fputs("5", file) >= 0 && fclose(file) == 0); /* the highest mark is set anew */
    long before = status("VmRSS");
    call();
    return status("VmHWM") - before;
}

static void time_call(const char *name, int rounds, int times, void (*call)(void))
{
    double least = 1e9;
    for (int round = 0; round < rounds; round++) {
        double begun = cpu();
        for (int k = 0; k < times; k++)
            call();
        double took = (cpu() - begun) / times;
        least = took < least ? took : least;
    }
    printf("%s %.9f %ld\n", name, least, peak(call));
}

static void nothing(void)
{
    uint64_t live = 0;
    OK(biocore_live_handles(&live));
}

static void open_picture(void)
{
    biocore_sample *opened = NULL;
    OK(biocore_sample_load(print_path, BIOCORE_FINGER, 500.0, 2, &opened));
    OK(biocore_sample_release(opened));
}

static void take_pixels(void)
{
    biocore_sample *made = NULL;
    OK(biocore_sample_of_pixels(pixels, 400, 500, 0, BIOCORE_FINGER, 500.0, 2, NULL, &made));
    OK(biocore_sample_release(made));
}

static void picture(void)
{
    biocore_picture shown = {.struct_size = sizeof shown};
    OK(biocore_sample_picture(sample, &shown));
}

static void assess(void)
{
    biocore_report *report = NULL;
    OK(biocore_assess(sample, NULL, &report));
    biocore_free(report);
}

static void extract(void)
{
    biocore_template *made = NULL;
    OK(biocore_extract(sample, BIOCORE_FAST, &made));
    OK(biocore_template_release(made));
}

static void compare(void)
{
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    OK(biocore_compare(finger, finger, &comparison));
}

static void search(void)
{
    double scores[MANY];
    OK(biocore_search(finger, references, MANY, 1, scores));
}

static void write_template(void)
{
    const biocore_template *one = finger;
    biocore_bytes *bytes = NULL;
    OK(biocore_templates_write(&one, 1, BIOCORE_FMR_2011, &bytes));
    biocore_free(bytes);
}

static void read_template(void)
{
    biocore_template *made = NULL;
    size_t count = 0;
    OK(biocore_templates_read(minutiae_record, minutiae_size, &made, 1, &count));
    OK(biocore_template_release(made));
}

static void read_record(void)
{
    biocore_record *made = NULL;
    OK(biocore_record_read(image_record, image_size, NULL, &made));
    OK(biocore_record_release(made));
}

static void convert(void)
{
    biocore_conversion *made = NULL;
    OK(biocore_record_convert(record, "fir-2005", NULL, 0.0, &made));
    biocore_free(made);
}

static void capture(void)
{
    char uri[4096];
    biocore_device *device = NULL;
    biocore_sample *captured = NULL;
    snprintf(uri, sizeof uri, "file:%s?ppi=500", print_path);
    OK(biocore_device_open(uri, &device));
    OK(biocore_device_capture(device, 60.0, 2, NULL, NULL, &captured));
    OK(biocore_sample_release(captured));
    OK(biocore_device_release(device));
}

int main(int count, char **arguments)
{
    biocore_bytes *bytes = NULL;
    biocore_picture shown = {.struct_size = sizeof shown};
    CHECK(count == 3);
    long before = status("VmRSS");
    double begun = cpu();
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    printf("start %.9f %ld\n", cpu() - begun, status("VmRSS") - before);

    print_path = arguments[1];
    image_record = read_file(arguments[2], &image_size);
    sample = load(print_path);
    OK(biocore_sample_picture(sample, &shown));
    CHECK(shown.width == 400 && shown.height == 500);
    pixels = malloc(400 * 500);
    CHECK(pixels != NULL);
    memcpy(pixels, shown.pixels, 400 * 500);
    OK(biocore_extract(sample, BIOCORE_FAST, &finger));
    for (int k = 0; k < MANY; k++)
        references[k] = finger;
    OK(biocore_templates_write(references, 1, BIOCORE_FMR_2011, &bytes));
    minutiae_size = bytes->size;
    minutiae_record = malloc(minutiae_size);
    CHECK(minutiae_record != NULL);
    memcpy(minutiae_record, bytes->data, minutiae_size);
    biocore_free(bytes);
    OK(biocore_record_read(image_record, image_size, NULL, &record));

    time_call("nothing", 20, 1000, nothing);
    time_call("open", 30, 5, open_picture);
    time_call("pixels", 30, 20, take_pixels);
    time_call("picture", 20, 1000, picture);
    time_call("assess", 30, 1, assess);
    time_call("extract", 30, 1, extract);
    time_call("compare", 20, 50, compare);
    time_call("search", 30, 2, search);
    time_call("write", 20, 50, write_template);
    time_call("read", 20, 50, read_template);
    time_call("record", 20, 20, read_record);
    time_call("convert", 20, 20, convert);
    time_call("capture", 30, 2, capture);
    OK(biocore_shutdown());
    free(image_record);
    free(minutiae_record);
    free(pixels);
    return 0;
}

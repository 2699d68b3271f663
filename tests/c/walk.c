/* Every function once, with what it says printed for the test to compare; then every mistake a program can make.
 *
 *     walk PRINT PRINT IMAGE-RECORD       add --plant-template or --plant-report to forget one
 */
#include <math.h>

#include "check.h"

static void print_hex(const char *name, const uint8_t *data, size_t size)
{
    printf("%s ", name);
    for (size_t k = 0; k < size; k++)
        printf("%02x", data[k]);
    printf("\n");
}

static void print_report(const biocore_report *report)
{
    printf("score %d\nalgorithm %s\nsource %s\nposition %d\n", report->score, report->algorithm, report->source,
           report->position);
    for (uint32_t k = 0; k < report->cause_count; k++) {
        const biocore_cause *cause = report->causes[k];
        printf("cause %s %.17g %s / %s\n", cause->name, cause->confidence, cause->text_en, cause->text_id);
        for (uint32_t j = 0; j < cause->evidence_count; j++)
            printf("evidence %s %s %.17g\n", cause->name, cause->evidence[j]->name, cause->evidence[j]->value);
    }
    for (uint32_t k = 0; k < report->advice_count; k++)
        printf("advice %s %s / %s\n", report->advice[k]->code, report->advice[k]->text_en, report->advice[k]->text_id);
    for (uint32_t k = 0; k < report->measure_count; k++) {
        const biocore_measure *measure = report->measures[k];
        printf("measure %s %.17g %d %d\n", measure->name, measure->native, measure->score, measure->status);
    }
}

static void before_init(void)
{
    biocore_sample *sample = NULL;
    uint64_t count = 0;
    CHECK(biocore_abi_version() == BIOCORE_ABI_VERSION);
    CHECK(strchr(biocore_version(), '.') != NULL);
    CHECK(biocore_last_error()->code == BIOCORE_OK);
    FAILS(biocore_live_handles(&count), BIOCORE_ERROR_NOT_INITIALISED);
    FAILS(biocore_sample_load("x.png", BIOCORE_FINGER, 500.0, 0, &sample), BIOCORE_ERROR_NOT_INITIALISED);
    CHECK(sample == NULL);
    FAILS(biocore_shutdown(), BIOCORE_ERROR_NOT_INITIALISED);
    FAILS(biocore_init(BIOCORE_ABI_VERSION + 1, NULL), BIOCORE_ERROR_ABI);
    FAILS(biocore_init(BIOCORE_ABI_VERSION, "/nowhere"), BIOCORE_ERROR_START);
    CHECK(strstr(biocore_last_error()->message, "/nowhere") != NULL);
    CHECK(strcmp(biocore_code_name(BIOCORE_ERROR_DEVICE_BUSY), "BIOCORE_ERROR_DEVICE_BUSY") == 0);
    CHECK(strcmp(biocore_code_name(-7), "") == 0);
    biocore_free(NULL);
}

static void templates(const biocore_sample *sample, const char *other, int plant)
{
    biocore_template *finger = NULL, *fused = NULL, *again[2] = {NULL, NULL}, *second = NULL;
    biocore_sample *next = load(other);
    biocore_template_info info = {.struct_size = sizeof info};
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    biocore_bytes *bytes = NULL;
    size_t count = 0;
    double scores[2] = {-1.0, -1.0};

    OK(biocore_extract(sample, BIOCORE_FAST, &finger));
    OK(biocore_extract(next, BIOCORE_FAST, &second));
    OK(biocore_template_describe(finger, &info));
    printf("template %s %d %u %u %g %d\n", info.algorithm, info.position, info.width, info.height, info.ppi, info.minutiae);
    CHECK(isnan(info.usable));

    const biocore_template *both[2] = {finger, second};
    OK(biocore_compare(finger, second, &comparison));
    OK(biocore_search(finger, both, 2, 1, scores));
    printf("compare %.17g %.17g %u\nsearch %.17g %.17g\n", comparison.score, comparison.fmr, comparison.pairs, scores[0],
           scores[1]);
    OK(biocore_search(finger, NULL, 0, 1, NULL));
    OK(biocore_fuse(both, 2, &fused));
    OK(biocore_template_describe(fused, &info));
    printf("fused %d\n", info.minutiae);

    for (int form = BIOCORE_OWN; form <= BIOCORE_ANSI_2009_AM1; form++) {
        OK(biocore_templates_write(both, 1, form, &bytes));
        char name[16];
        snprintf(name, sizeof name, "written-%d", form);
        print_hex(name, bytes->data, bytes->size);
        OK(biocore_templates_read(bytes->data, bytes->size, again, 2, &count));
        CHECK(count == 1 && again[1] == NULL);
        if (form == BIOCORE_OWN) {
            biocore_comparison same = {.struct_size = sizeof same};
            OK(biocore_compare(again[0], second, &same));
            CHECK(same.score == comparison.score); /* no bit is lost */
        }
        biocore_free(bytes);
        OK(biocore_template_release(again[0]));
    }
    OK(biocore_templates_write(both, 2, BIOCORE_FMR_2005, &bytes));
    OK(biocore_templates_read(bytes->data, bytes->size, NULL, 0, &count));
    CHECK(count == 2);
    biocore_free(bytes);
    FAILS(biocore_templates_write(both, 2, BIOCORE_OWN, &bytes), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_templates_write(both, 1, 77, &bytes), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_templates_read((const uint8_t *)"{\"kind\":1}", 10, again, 2, &count), BIOCORE_ERROR_FORMAT);

    /* Half a structure, as an older program has it: no more than that is written. */
    struct {
        uint32_t struct_size, pad;
        double score, guard;
    } old = {.struct_size = 16, .guard = 7.0};
    OK(biocore_compare(finger, second, (biocore_comparison *)(void *)&old));
    CHECK(old.score == comparison.score && old.guard == 7.0 && old.struct_size == 16);
    old.struct_size = 0;
    FAILS(biocore_compare(finger, second, (biocore_comparison *)(void *)&old), BIOCORE_ERROR_ARGUMENT);

    OK(biocore_template_release(fused));
    OK(biocore_template_release(second));
    OK(biocore_sample_release(next));
    if (!plant)
        OK(biocore_template_release(finger));
}

static void records(const char *path)
{
    size_t size = 0;
    uint8_t *data = read_file(path, &size);
    biocore_record *record = NULL, *none = NULL;
    biocore_record_info *info = NULL;
    biocore_conversion *conversion = NULL;
    biocore_sample *sample = NULL;
    biocore_template *minutiae = NULL;
    biocore_picture picture = {.struct_size = sizeof picture};
    OK(biocore_record_read(data, size, "test.fir", &record));
    OK(biocore_record_describe(record, &info));
    printf("record %s %u %u\n", info->kind, info->image_count, info->template_count);
    for (uint32_t k = 0; k < info->absence_count; k++)
        printf("absence %d %d %s\n", info->absences[k]->modality, info->absences[k]->position, info->absences[k]->reason);
    for (uint32_t k = 0; k < info->remark_count; k++)
        printf("remark %s\n", info->remarks[k]);
    biocore_free(info);
    OK(biocore_record_sample(record, 0, &sample));
    OK(biocore_sample_picture(sample, &picture));
    printf("picture %d %d %u %u %g\n", picture.modality, picture.position, picture.width, picture.height, picture.ppi);
    print_hex("row", picture.pixels, picture.width);
    OK(biocore_sample_release(sample));
    FAILS(biocore_record_sample(record, 99, &sample), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_record_template(record, 0, &minutiae), BIOCORE_ERROR_ARGUMENT);
    OK(biocore_record_convert(record, "fir-2005", NULL, 0.0, &conversion));
    print_hex("converted", conversion->data, conversion->size);
    for (uint32_t k = 0; k < conversion->lost_count; k++)
        printf("lost %s\n", conversion->lost[k]);
    biocore_free(conversion);
    FAILS(biocore_record_convert(record, "fmr-2011", NULL, 0.0, &conversion), BIOCORE_ERROR_FORMAT);
    FAILS(biocore_record_convert(record, "docx", NULL, 0.0, &conversion), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_record_read(data, size / 2, "cut.fir", &none), BIOCORE_ERROR_FORMAT);
    CHECK(strcmp(biocore_last_error()->file, "cut.fir") == 0 && biocore_last_error()->offset >= 0);
    FAILS(biocore_record_read((const uint8_t *)"hello", 5, NULL, &none), BIOCORE_ERROR_UNSUPPORTED_FORMAT);
    OK(biocore_record_release(record));
    free(data);
}

static void mistakes(const biocore_sample *sample, const char *print)
{
    biocore_sample *other = NULL, *released = load(print);
    biocore_template *finger = NULL;
    biocore_report *report = NULL;
    biocore_device *device = NULL;
    uint8_t pixels[4] = {0, 0, 0, 0};
    OK(biocore_sample_release(released));
    FAILS(biocore_sample_release(released), BIOCORE_ERROR_HANDLE);          /* twice */
    FAILS(biocore_assess(released, NULL, &report), BIOCORE_ERROR_HANDLE);   /* after that */
    FAILS(biocore_assess(NULL, NULL, &report), BIOCORE_ERROR_ARGUMENT);     /* nothing */
    FAILS(biocore_assess(sample, NULL, NULL), BIOCORE_ERROR_ARGUMENT);      /* no place for it */
    FAILS(biocore_template_release((biocore_template *)(uintptr_t)sample), BIOCORE_ERROR_HANDLE); /* another kind */
    FAILS(biocore_assess((const biocore_sample *)(const void *)pixels, NULL, &report), BIOCORE_ERROR_HANDLE);
    FAILS(biocore_extract(sample, 9, &finger), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_load("/nowhere/x.png", BIOCORE_FINGER, 500.0, 0, &other), BIOCORE_ERROR_FORMAT);
    CHECK(strcmp(biocore_last_error()->name, "FormatError") == 0);
    CHECK(strcmp(biocore_last_error()->file, "/nowhere/x.png") == 0);
    FAILS(biocore_sample_load(NULL, BIOCORE_FINGER, 500.0, 0, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_load(print, 5, 500.0, 0, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_load(print, BIOCORE_FINGER, 500.0, 11, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_load(print, BIOCORE_FINGER, 5e9, 0, &other), BIOCORE_ERROR_INVALID_SAMPLE);
    FAILS(biocore_sample_of_pixels(pixels, 0, 4, 0, BIOCORE_FINGER, 500.0, 0, NULL, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_of_pixels(pixels, 1u << 31, 1u << 31, 0, 0, 500.0, 0, NULL, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_of_pixels(pixels, 2, 2, 1, BIOCORE_FINGER, 500.0, 0, NULL, &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_of_pixels(pixels, 2, 2, 0, BIOCORE_FINGER, 500.0, 0, "\xff\xfe", &other), BIOCORE_ERROR_ARGUMENT);
    FAILS(biocore_sample_decode((const uint8_t *)"no", 2, 0, 500.0, 0, &other), BIOCORE_ERROR_UNSUPPORTED_FORMAT);
    FAILS(biocore_device_open("nonsense:1", &device), BIOCORE_ERROR_DRIVER_NOT_FOUND);
    FAILS(biocore_device_open("virtual:foot", &device), BIOCORE_ERROR_DEVICE_NOT_FOUND);
    CHECK(strcmp(biocore_last_error()->device, "virtual:foot") == 0 && *biocore_last_error()->hint != '\0');

    /* Two rows of two pixels, four bytes apart: nothing behind the last pixel is touched. */
    uint8_t *rows = malloc(6);
    CHECK(rows != NULL);
    memcpy(rows, "\x01\x02\x09\x09\x03\x04", 6);
    biocore_picture picture = {.struct_size = sizeof picture};
    OK(biocore_sample_of_pixels(rows, 2, 2, 4, BIOCORE_IRIS, NAN, 1, "eye", &other));
    free(rows);
    OK(biocore_sample_picture(other, &picture));
    CHECK(memcmp(picture.pixels, "\x01\x02\x03\x04", 4) == 0 && isnan(picture.ppi) && picture.position == 1);
    FAILS(biocore_extract(other, BIOCORE_FAST, &finger), BIOCORE_ERROR_EXTRACTION);
    OK(biocore_sample_release(other));
}

static void hear(const biocore_event *event, void *context)
{
    int *counts = context;
    if (event->kind == BIOCORE_EVENT_PREVIEW)
        counts[0] += event->picture->pixels[event->picture->width * event->picture->height - 1] > 0;
    counts[1] += event->kind == BIOCORE_EVENT_CAPTURED;
}

static void devices(void)
{
    /* Small, and with minutes to spare: it also runs where every load and store is looked at. */
    const char *uri = "virtual:finger?width=96&height=96&previews=2";
    biocore_device *device = NULL;
    biocore_device_info *info = NULL;
    biocore_device_list *list = NULL;
    biocore_sample *sample = NULL;
    int counts[2] = {0, 0};
    OK(biocore_devices(&list));
    for (uint32_t k = 0; k < list->count; k++)
        printf("device %s %s %d\n", list->devices[k]->uri, list->devices[k]->driver, list->devices[k]->modality);
    biocore_free(list);
    OK(biocore_device_open(uri, &device));
    OK(biocore_device_describe(device, &info));
    CHECK(info->width == 96 && strcmp(info->uri, uri) == 0);
    biocore_free(info);
    for (int k = 0; k < 2; k++) {
        OK(biocore_device_capture(device, 300.0, 2, hear, counts, &sample));
        OK(biocore_sample_release(sample));
    }
    CHECK(counts[0] == 4 && counts[1] == 2);
    OK(biocore_device_cancel(device));
    OK(biocore_device_release(device));
}

int main(int count, char **arguments)
{
    uint64_t live = 99;
    biocore_report *report = NULL;
    CHECK(count >= 4);
    before_init();
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    biocore_sample *sample = load(arguments[1]);
    OK(biocore_assess(sample, NULL, &report));
    print_report(report);
    if (count < 5 || strcmp(arguments[4], "--plant-report") != 0)
        biocore_free(report);
    report = NULL;
    templates(sample, arguments[2], count == 5 && strcmp(arguments[4], "--plant-template") == 0);
    records(arguments[3]);
    mistakes(sample, arguments[1]);
    devices();
    OK(biocore_sample_release(sample));
    OK(biocore_live_handles(&live));
    printf("live %llu\n", (unsigned long long)live);

    OK(biocore_shutdown());
    FAILS(biocore_assess(sample, NULL, &report), BIOCORE_ERROR_NOT_INITIALISED);
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL)); /* again, as after a pause */
    FAILS(biocore_assess(sample, NULL, &report), BIOCORE_ERROR_HANDLE);
    sample = load(arguments[1]); /* left to the end of the program */
    return live == 0 ? 0 : 3;
}

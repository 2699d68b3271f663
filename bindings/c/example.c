/* Two prints of one finger: assessed, extracted, compared, written as a record; then a live capture.
 *
 *     cc example.c $(pkg-config --cflags --libs biocore) -o example
 *     ./example                       two captures of the virtual scanner
 *     ./example a.png b.png           two pictures at 500 px/inch
 */
#include <stdio.h>
#include <string.h>

#include <biocore.h>

/* Say what the last call met; return 0 where that was nothing. */
static int failed(const char *doing)
{
    const biocore_error *error = biocore_last_error();
    if (error->code == BIOCORE_OK)
        return 0;
    fprintf(stderr, "%s: %s (%s): %s\n", doing, biocore_code_name(error->code), error->name, error->message);
    if (error->code / 100 * 100 == BIOCORE_ERROR_DEVICE)
        fprintf(stderr, "  what to do: %s\n", error->hint);
    return 1;
}

static void heard(const biocore_event *event, void *context)
{
    int *previews = context;
    if (event->kind == BIOCORE_EVENT_WAITING)
        printf("  place a finger\n");
    if (event->kind == BIOCORE_EVENT_PREVIEW)
        printf("  live frame %d: %u x %u px\n", ++*previews, event->picture->width, event->picture->height);
}

/* Capture one print; the caller releases the sample. */
static biocore_sample *capture(const char *uri)
{
    biocore_device *scanner = NULL;
    biocore_sample *sample = NULL;
    int previews = 0;
    biocore_device_open(uri, &scanner);
    if (failed("open"))
        return NULL;
    biocore_device_capture(scanner, 10.0, 2, heard, &previews, &sample); /* 2: right index */
    failed("capture");
    biocore_device_release(scanner);
    return sample;
}

static int assess(const biocore_sample *sample)
{
    biocore_report *report = NULL;
    biocore_assess(sample, NULL, &report);
    if (failed("assess"))
        return 1;
    printf("%s: score %d (%s), %u measures\n", report->source, report->score, report->algorithm, report->measure_count);
    for (uint32_t k = 0; k < report->cause_count; k++)
        printf("  %s %.2f: %s\n", report->causes[k]->name, report->causes[k]->confidence, report->causes[k]->text_en);
    for (uint32_t k = 0; k < report->advice_count; k++)
        printf("  %s: %s / %s\n", report->advice[k]->code, report->advice[k]->text_en, report->advice[k]->text_id);
    biocore_free(report); /* with everything it points to */
    return 0;
}

static int compare(const biocore_sample *const samples[2])
{
    biocore_template *fingers[2] = {NULL, NULL};
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    biocore_bytes *record = NULL;
    int bad = 0;
    for (int k = 0; k < 2 && !bad; k++) {
        biocore_extract(samples[k], BIOCORE_FAST, &fingers[k]);
        bad = failed("extract");
    }
    if (!bad) {
        biocore_compare(fingers[0], fingers[1], &comparison);
        bad = failed("compare");
    }
    if (!bad) {
        printf("comparison: %.6f, one false match in %.0f\n", comparison.score, 1.0 / comparison.fmr);
        biocore_templates_write((const biocore_template *const *)fingers, 1, BIOCORE_FMR_2011, &record);
        bad = failed("write");
    }
    if (!bad)
        printf("record: %zu bytes, %.3s\n", record->size, (const char *)record->data);
    biocore_free(record); /* NULL is nothing to do */
    for (int k = 0; k < 2; k++)
        if (fingers[k] != NULL)
            biocore_template_release(fingers[k]);
    return bad;
}

int main(int count, char **arguments)
{
    biocore_sample *samples[2] = {NULL, NULL};
    uint64_t forgotten = 0;
    int bad = 0;
    biocore_init(BIOCORE_ABI_VERSION, NULL);
    if (failed("init"))
        return 1;
    printf("biocore %s, ABI %u\n", biocore_version(), biocore_abi_version());
    for (int k = 0; k < 2 && !bad; k++) {
        if (count == 3) {
            biocore_sample_load(arguments[k + 1], BIOCORE_FINGER, 500.0, 2, &samples[k]);
            bad = failed("load");
        } else {
            samples[k] = capture(k == 0 ? "virtual:finger?impression=1" : "virtual:finger?impression=2");
            bad = samples[k] == NULL;
        }
        bad = bad || assess(samples[k]);
    }
    bad = bad || compare((const biocore_sample *const *)samples);
    for (int k = 0; k < 2; k++)
        if (samples[k] != NULL)
            biocore_sample_release(samples[k]);
    biocore_live_handles(&forgotten);
    if (forgotten != 0)
        fprintf(stderr, "%llu handles were not released\n", (unsigned long long)forgotten);
    biocore_shutdown();
    return bad || forgotten != 0;
}

/* An eye by every door that fingers have, and what is refused of it. */
#include <math.h>

#include "check.h"

int main(void)
{
    biocore_device *camera = NULL, *scanner = NULL;
    biocore_sample *eye = NULL, *print = NULL;
    biocore_report *report = NULL;
    biocore_template *code = NULL, *again = NULL, *finger = NULL, *fused = NULL;
    biocore_template_info info = {.struct_size = sizeof info};
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    biocore_bytes *bytes = NULL;
    size_t count = 0;
    double score = 0.0;
    uint64_t live = 99;
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    OK(biocore_device_open("virtual:iris?seed=7&eye=right&sequence=GOOD", &camera));
    OK(biocore_device_capture(camera, 60.0, 1, NULL, NULL, &eye));
    OK(biocore_assess(eye, NULL, &report));
    printf("score %d %s %u\n", report->score, report->algorithm, report->measure_count);
    CHECK(report->modality == BIOCORE_IRIS && report->position == 1);
    biocore_free(report);
    OK(biocore_extract(eye, BIOCORE_FAST, &code));
    OK(biocore_template_describe(code, &info));
    CHECK(info.modality == BIOCORE_IRIS && info.minutiae == -1 && isnan(info.ppi));
    printf("usable %.17g\n", info.usable);

    const biocore_template *one = code;
    OK(biocore_templates_write(&one, 1, BIOCORE_OWN, &bytes));
    OK(biocore_templates_read(bytes->data, bytes->size, &again, 1, &count));
    CHECK(count == 1);
    biocore_free(bytes);
    FAILS(biocore_templates_write(&one, 1, BIOCORE_FMR_2011, &bytes), BIOCORE_ERROR_INVALID_TEMPLATE);
    OK(biocore_compare(code, again, &comparison));
    CHECK(comparison.rotation == 0.0 && comparison.pairs == 0);
    OK(biocore_search(again, &one, 1, 2, &score));
    CHECK(score == comparison.score);
    printf("compare %.17g\n", comparison.score);

    OK(biocore_device_open("virtual:finger", &scanner));
    OK(biocore_device_capture(scanner, 60.0, 2, NULL, NULL, &print));
    OK(biocore_extract(print, BIOCORE_FAST, &finger));
    const biocore_template *both[2] = {code, finger};
    FAILS(biocore_compare(code, finger, &comparison), BIOCORE_ERROR_INVALID_TEMPLATE);
    FAILS(biocore_search(finger, both, 2, 1, &score), BIOCORE_ERROR_INVALID_TEMPLATE);
    FAILS(biocore_fuse(both, 2, &fused), BIOCORE_ERROR_INVALID_TEMPLATE);
    FAILS(biocore_assess(eye, finger, &report), BIOCORE_ERROR_INVALID_TEMPLATE);
    CHECK(fused == NULL);
    OK(biocore_live_handles(&live));
    CHECK(live == 7);
    OK(biocore_shutdown()); /* which forgets them all */
    return 0;
}

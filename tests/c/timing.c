/* How long calls take, in CPU seconds: the least of several. Printed as NAME SECONDS.
 *
 *     timing PRINT
 */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "check.h"

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#define TIME(name, rounds, times, call)                       \
    do {                                                      \
        double least = 1e9;                                   \
        for (int round = 0; round < (rounds); round++) {      \
            double begun = cpu();                             \
            for (int k = 0; k < (times); k++)                 \
                call;                                         \
            double took = (cpu() - begun) / (times);          \
            least = took < least ? took : least;              \
        }                                                     \
        printf("%s %.9f\n", name, least);                     \
    } while (0)

static void assess(const biocore_sample *sample)
{
    biocore_report *report = NULL;
    OK(biocore_assess(sample, NULL, &report));
    biocore_free(report);
}

static void extract(const biocore_sample *sample)
{
    biocore_template *finger = NULL;
    OK(biocore_extract(sample, BIOCORE_FAST, &finger));
    OK(biocore_template_release(finger));
}

int main(int count, char **arguments)
{
    uint64_t live = 0;
    biocore_template *finger = NULL;
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    biocore_picture picture = {.struct_size = sizeof picture};
    CHECK(count == 2);
    double begun = cpu();
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    printf("init %.9f\n", cpu() - begun);
    biocore_sample *sample = load(arguments[1]);
    OK(biocore_extract(sample, BIOCORE_FAST, &finger));
    TIME("empty", 20, 1000, OK(biocore_live_handles(&live)));
    TIME("picture", 20, 1000, OK(biocore_sample_picture(sample, &picture)));
    TIME("compare", 20, 100, OK(biocore_compare(finger, finger, &comparison)));
    TIME("assess", 15, 1, assess(sample));
    TIME("extract", 15, 1, extract(sample));
    OK(biocore_template_release(finger));
    OK(biocore_sample_release(sample));
    OK(biocore_shutdown());
    return 0;
}

/* Eight threads assess, extract and compare at once, each with errors of its own: all answer as one thread alone does.
 *
 *     threads PRINT PRINT
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, ROUNDS = 3 };

static const biocore_sample *samples[2];
static int expected_score[2];
static double expected_comparison;
static pthread_barrier_t together;

static void work(int *score, double *compared, int which)
{
    biocore_report *report = NULL;
    biocore_template *fingers[2] = {NULL, NULL};
    biocore_comparison comparison = {.struct_size = sizeof comparison};
    OK(biocore_assess(samples[which], NULL, &report));
    *score = report->score;
    biocore_free(report);
    for (int k = 0; k < 2; k++)
        OK(biocore_extract(samples[k], BIOCORE_FAST, &fingers[k]));
    OK(biocore_compare(fingers[0], fingers[1], &comparison));
    *compared = comparison.score;
    for (int k = 0; k < 2; k++)
        OK(biocore_template_release(fingers[k]));
}

static void *run(void *argument)
{
    int number = *(int *)argument, score = -2;
    double compared = -1.0;
    char path[32];
    biocore_sample *none = NULL;
    pthread_barrier_wait(&together);
    for (int round = 0; round < ROUNDS; round++) {
        work(&score, &compared, (number + round) % 2);
        CHECK(score == expected_score[(number + round) % 2]);
        CHECK(compared == expected_comparison);
        snprintf(path, sizeof path, "/nowhere/%d-%d.png", number, round);
        FAILS(biocore_sample_load(path, BIOCORE_FINGER, 500.0, 0, &none), BIOCORE_ERROR_FORMAT);
        CHECK(strcmp(biocore_last_error()->file, path) == 0); /* this thread's, whatever the others met */
    }
    return NULL;
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    uint64_t live = 99;
    CHECK(count == 3);
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    for (int k = 0; k < 2; k++)
        samples[k] = load(arguments[k + 1]);
    for (int k = 0; k < 2; k++)
        work(&expected_score[k], &expected_comparison, k);
    CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
    for (int k = 0; k < THREADS; k++) {
        numbers[k] = k;
        CHECK(pthread_create(&threads[k], NULL, run, &numbers[k]) == 0);
    }
    for (int k = 0; k < THREADS; k++)
        CHECK(pthread_join(threads[k], NULL) == 0);
    OK(biocore_live_handles(&live));
    CHECK(live == 2);
    printf("scores %d %d comparison %.17g\n", expected_score[0], expected_score[1], expected_comparison);
    OK(biocore_shutdown());
    return 0;
}

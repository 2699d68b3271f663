/* Load the library as plug-ins and virtual machines do: late, and with its symbols to itself.
 *
 *     plugin LIBRARY PRINT
 */
#include <dlfcn.h>
#include <stdio.h>

#include <biocore.h>

int main(int count, char **arguments)
{
    biocore_sample *sample = NULL;
    biocore_report *report = NULL;
    void *library = count == 3 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL)
        return 1;
    int32_t (*init)(uint32_t, const char *);
    int32_t (*load)(const char *, int32_t, double, int32_t, biocore_sample **);
    int32_t (*assess)(const biocore_sample *, const biocore_template *, biocore_report **);
    int32_t (*end)(void);
    *(void **)&init = dlsym(library, "biocore_init");
    *(void **)&load = dlsym(library, "biocore_sample_load");
    *(void **)&assess = dlsym(library, "biocore_assess");
    *(void **)&end = dlsym(library, "biocore_shutdown");
    if (init(BIOCORE_ABI_VERSION, NULL) || load(arguments[2], BIOCORE_FINGER, 500.0, 2, &sample))
        return 2;
    if (assess(sample, NULL, &report))
        return 3;
    printf("score %d\n", report->score);
    if (end())
        return 4;
    dlclose(library); /* it stays, and the program ends in peace */
    return 0;
}

/* A face: captured and handed on in colour, and refused where there is no engine for it.
 *
 *     faces PICTURE RECORD
 */
#include "check.h"

int main(int count, char **arguments)
{
    char uri[2048];
    biocore_device *camera = NULL;
    biocore_device_info *info = NULL;
    biocore_sample *face = NULL, *loaded = NULL;
    biocore_report *report = NULL;
    biocore_template *none = NULL;
    biocore_picture picture = {.struct_size = sizeof picture}, again = {.struct_size = sizeof again};
    CHECK(count == 3);
    OK(biocore_init(BIOCORE_ABI_VERSION, NULL));
    snprintf(uri, sizeof uri, "file:%s?modality=face", arguments[1]);
    OK(biocore_device_open(uri, &camera));
    OK(biocore_device_describe(camera, &info));
    CHECK(info->modality == BIOCORE_FACE);
    biocore_free(info);
    FAILS(biocore_device_capture(camera, 60.0, 1, NULL, NULL, &face), BIOCORE_ERROR_ARGUMENT); /* which face? */
    OK(biocore_device_capture(camera, 60.0, 0, NULL, NULL, &face));
    OK(biocore_sample_picture(face, &picture));
    CHECK(picture.modality == BIOCORE_FACE && picture.position == 0 && picture.colour != NULL);
    printf("size %u %u\nmiddle", picture.width, picture.height);
    for (int channel = 0; channel < 3; channel++)
        printf(" %d", picture.colour[3 * (picture.height / 2 * picture.width + picture.width / 2) + channel]);
    printf("\n");

    OK(biocore_sample_load(arguments[1], BIOCORE_FACE, 0.0, 0, &loaded));
    OK(biocore_sample_picture(loaded, &again));
    CHECK(memcmp(picture.colour, again.colour, 3 * (size_t)picture.width * picture.height) == 0);
    CHECK(memcmp(picture.pixels, again.pixels, (size_t)picture.width * picture.height) == 0);
    FAILS(biocore_assess(face, NULL, &report), BIOCORE_ERROR_INVALID_SAMPLE);
    FAILS(biocore_extract(face, BIOCORE_FAST, &none), BIOCORE_ERROR_INVALID_SAMPLE);

    size_t size = 0;
    uint8_t *data = read_file(arguments[2], &size);
    biocore_record *record = NULL;
    biocore_sample *held = NULL;
    OK(biocore_record_read(data, size, NULL, &record));
    OK(biocore_record_sample(record, 0, &held));
    OK(biocore_sample_picture(held, &again));
    CHECK(again.modality == BIOCORE_FACE && again.colour != NULL);
    printf("held %u %u %d %d %d\n", again.width, again.height, again.colour[0], again.colour[1], again.colour[2]);
    OK(biocore_sample_release(held));
    OK(biocore_record_release(record));
    free(data);

    /* As a program has it that knows no colours yet: nothing is written behind its structure. */
    biocore_picture older = {.struct_size = offsetof(biocore_picture, colour), .colour = (const uint8_t *)uri};
    OK(biocore_sample_picture(face, &older));
    CHECK(older.colour == (const uint8_t *)uri && older.pixels == picture.pixels);

    OK(biocore_sample_release(loaded));
    OK(biocore_sample_release(face));
    OK(biocore_sample_load(arguments[1], BIOCORE_FINGER, 500.0, 0, &loaded));
    OK(biocore_sample_picture(loaded, &again));
    CHECK(again.colour == NULL); /* a print has none, whatever the file has */
    OK(biocore_sample_release(loaded));
    OK(biocore_device_release(camera));
    OK(biocore_shutdown());
    return 0;
}

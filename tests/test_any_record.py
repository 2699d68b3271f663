"""Any record: told by its bytes, read alike, damaged a thousand times, and written as every other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biocore.errors import BiocoreError, FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.any_record import AbsenceReason, RecordKind, kind_of, read_record
from biocore.formats.cbeff import FACE_IMAGE, ORGANIZATION, Bir, write_cbeff
from biocore.formats.conversion import How, Pixels, Target, convert
from biocore.formats.finger_image import AMPUTATED, FingerImageRecord, annotation, write_fir
from biocore.formats.images import read_colour, read_image
from biocore.types import EyePosition, FacePosition, FingerPosition, Modality
from fuzz import mutations
from portrait import portrait
from record_samples import SAMPLES, eyes, fingers, grey

# What is odd in published samples; each must be said, and nothing else.
QUIRKS = {
    "ansi378v2004-sample.dat": (
        "total length said 340, the record has 342 bytes",
        "version b'020\\x00' stands for b' 20\\x00'",
        "angles of 249 steps of 2 degrees in the minutiae at byte 198",
    ),
    "ansi378v2009-sample.dat": ("total length said 363, the record has 364 bytes",),
    "biomdi_iso19794-2_2005_AppendixC2.raw": ("total length said 340, the record has 341 bytes",),
    "fmr.ansi2004": ("2 bytes follow the last finger view",),
    "fmr.ansi2007": ("the head lacks its byte of certification",),
    "fmr.iso2005": ("extended area at byte 328 said 42 bytes, the record has 41",),
    "type9-13.an2k": (
        "field 2.034 stands 2 times in the record at byte 145",
        "a field 13.005 stands in the Type-9 record at byte 208",
    ),
    "type9-15.an2k": ("a Type-9 record listed with IDC 3 has 1",),
    "Sample-2Eyes.raw": ("version b'013\\x00' stands for b'010\\x00'",),
    "iris01.iso2011": (
        "the picture at byte 16 said 7466 bytes, it has 7471",
        "the head said 0 eyes, the pictures show 1",
    ),
}
# MOSIP's mock device says in every record that the same two fingers are missing, in those that show them too.
_THUMB = ("the right thumb finger is shown, and said to be missing (amputated)",)
_LITTLE = ("the left little finger is shown, and said to be missing (unable to capture)",)
ANNOTATED = {
    "Right_Thumb.iso": _THUMB,
    "registration_thumbs_RightThumb.iso": _THUMB,
    "Left_Little.iso": _LITTLE,
    "registration_left_slap_LeftLittleFinger.iso": _LITTLE,
}
FINGER_TARGETS = (Target.FIR_2005, Target.FIR_2011, Target.ITL, Target.CBEFF)
EYE_TARGETS = (Target.IIR_2005, Target.IIR_2011, Target.ITL, Target.CBEFF)
MINUTIAE_TARGETS = [t for t in Target if t.value.startswith(("fmr", "ansi"))]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_is_told_by_its_bytes_and_read(name: str) -> None:
    kind, data = SAMPLES[name]
    assert kind_of(data) is kind
    contents = read_record(data, "sample")
    assert contents.kind is kind
    assert contents.remarks == ()
    assert contents.images or contents.templates or kind is RecordKind.CBEFF_TLV


@pytest.mark.parametrize("name", SAMPLES)
def test_damage_of_any_kind_gives_a_record_or_a_refusal_that_names_the_file(name: str) -> None:
    ended = mutations.run(SAMPLES[name][1], 400, seed=20261122)
    assert ended["refused"] > 40
    assert sum(ended.values()) == 400


def test_what_is_no_record_is_refused_with_the_list_of_those_that_are() -> None:
    for data in (b"", b"\x89PNG\r\n", b"hello", bytes(100)):
        with pytest.raises(UnsupportedFormatError, match=r"fmr-2005.*cbeff"):
            read_record(data, "what.bin")


def test_a_face_is_read_in_its_colours_and_written_as_a_picture() -> None:
    contents = read_record(SAMPLES["fac-2011"][1], "card.fac")
    first, second = contents.images
    assert (first.modality, first.position, first.score) == (Modality.FACE, FacePosition.UNKNOWN, 80)
    assert (first.compression, second.compression) == ("JPEG", "JPEG2000_LOSSLESS")
    assert second.colour is not None
    np.testing.assert_array_equal(second.colour, portrait(2)[:40, :48])
    assert second.pixels.shape == second.colour.shape[:2]
    with pytest.raises(FormatError, match=r"holds 2 pictures.*--pictures"):
        convert(contents, Target.PNG)
    alone = replace(contents, images=(second,))
    found = convert(alone, Target.PNG)
    assert found.lost == ()
    back = read_colour(found.data)[1]
    assert back is not None
    np.testing.assert_array_equal(back, second.colour)
    assert convert(replace(contents, images=(second,)), Target.PNG, How(Pixels.PNG)).data == found.data
    with pytest.raises(InvalidSampleError, match="a PNG is no raw"):
        convert(alone, Target.PNG, How(Pixels.RAW))


def test_the_one_picture_of_any_record_is_written_as_png_with_its_resolution() -> None:
    for name in ("fir-2011", "iir-2011"):
        contents = read_record(SAMPLES[name][1])
        found = convert(replace(contents, images=contents.images[:1]), Target.PNG)
        picture = read_image(found.data)
        np.testing.assert_array_equal(picture.pixels, grey())
        assert picture.ppi_tag == contents.images[0].ppi
    with pytest.raises(FormatError, match="holds no pictures"):
        convert(read_record(SAMPLES["fmr-2005"][1]), Target.PNG)


def test_a_face_within_cbeff_is_read_and_what_cannot_hold_it_says_so() -> None:
    face = Bir("Face", (), SAMPLES["fac-2011"][1], 80, format=(ORGANIZATION, FACE_IMAGE))
    finger = Bir("Finger", ("Left", "IndexFinger"), write_fir(fingers()), 61)
    contents = read_record(write_cbeff([face, finger]), "person.xml")
    assert [image.modality for image in contents.images] == [Modality.FACE] * 2 + [Modality.FINGER] * 2
    assert contents.remarks == ()
    for target in (Target.FIR_2011, Target.ITL, Target.CBEFF):
        found = convert(contents, target)
        assert "2 pictures of faces" in found.lost
        assert {image.modality for image in read_record(found.data).images} == {Modality.FINGER}


def test_what_a_record_shows_and_says_to_be_missing_is_said() -> None:
    image = fingers().images[0]
    gone = annotation([(FingerPosition.LEFT_INDEX, AMPUTATED), (FingerPosition.RIGHT_THUMB, AMPUTATED)])
    data = write_fir(FingerImageRecord((replace(image, extensions=(gone,)),)))
    (said,) = read_record(data).remarks
    assert said == "the left index finger is shown, and said to be missing (amputated)"


def test_a_cbeff_file_lists_what_its_records_hold() -> None:
    contents = read_record(SAMPLES["cbeff"][1])
    assert [image.modality for image in contents.images] == [*[Modality.FINGER] * 2, *[Modality.IRIS] * 2]
    assert [len(template) for template in contents.templates] == [12]
    assert contents.missing == (
        (FingerPosition.RIGHT_THUMB, AbsenceReason.AMPUTATED),
        (FingerPosition.RIGHT_LITTLE, AbsenceReason.UNSAID),
    )


def test_every_published_record_is_read_with_its_pictures(shared: Path) -> None:
    seen = set()
    paths = [
        path
        for folder in ("fmr", "an2k", "iris", "iris_iir2011", "finger_fir2011")
        for path in sorted((shared / "data/formats" / folder).iterdir())
        if path.suffix != ".json"
    ]
    paths += sorted((shared / "data/mosip/sbi_traces").glob("*.iso"))
    for path in paths:
        contents = read_record(path.read_bytes(), path.name)
        seen.add(contents.kind)
        for image in contents.images:
            if image.compression != "WSQ":
                assert image.pixels.shape == (image.height, image.width)
        quirks = QUIRKS.get(path.name, ANNOTATED.get(path.name, ()))
        assert contents.remarks == quirks, path.name
    assert seen == set(RecordKind) - {RecordKind.FIR_2005, RecordKind.CBEFF}
    assert set(QUIRKS) | set(ANNOTATED) <= {path.name for path in paths}


# -- conversion --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", FINGER_TARGETS)
@pytest.mark.parametrize("source", ["fir-2005", "fir-2011"])
@pytest.mark.parametrize("pixels", [Pixels.KEEP, Pixels.RAW, Pixels.PNG, Pixels.JPEG2000])
def test_pictures_of_fingers_survive_every_way_pixel_for_pixel(source: str, target: Target, pixels: Pixels) -> None:
    found = convert(read_record(SAMPLES[source][1]), target, How(pixels))
    back = read_record(found.data)
    assert [image.position for image in back.images] == [FingerPosition.LEFT_INDEX, FingerPosition.LEFT_MIDDLE]
    assert [image.ppi for image in back.images] == [500.0, 500.0]
    assert [image.score for image in back.images] == [61, 61]
    for image in back.images:
        np.testing.assert_array_equal(image.pixels, grey())
    told = ((FingerPosition.RIGHT_THUMB, AbsenceReason.AMPUTATED),)
    if source == "fir-2011" and target is not Target.FIR_2005:
        assert found.lost == ()
        assert [position for position, _ in back.missing] == [FingerPosition.RIGHT_THUMB]
        assert target is Target.CBEFF or back.missing == told
    elif source == "fir-2011":
        assert found.lost == ("that the right thumb finger is missing (amputated)",)


@pytest.mark.parametrize("target", EYE_TARGETS)
@pytest.mark.parametrize("source", ["iir-2005", "iir-2011"])
@pytest.mark.parametrize("pixels", [Pixels.KEEP, Pixels.RAW, Pixels.JPEG2000])
def test_pictures_of_eyes_survive_every_way_pixel_for_pixel(source: str, target: Target, pixels: Pixels) -> None:
    found = convert(read_record(SAMPLES[source][1]), target, How(pixels))
    back = read_record(found.data)
    assert found.lost == ()
    assert [image.position for image in back.images] == [EyePosition.RIGHT, EyePosition.LEFT]
    assert [image.score for image in back.images] == [44, 44]
    for image in back.images:
        np.testing.assert_array_equal(image.pixels, grey())


@pytest.mark.parametrize("target", [*MINUTIAE_TARGETS, Target.ITL, Target.CBEFF])
@pytest.mark.parametrize("source", [name for name in SAMPLES if name.startswith(("fmr", "ansi"))])
def test_minutiae_survive_every_way(source: str, target: Target) -> None:
    (template,) = read_record(SAMPLES[source][1]).templates
    (back,) = read_record(convert(read_record(SAMPLES[source][1]), target).data).templates
    assert (back.width, back.height, back.ppi, back.position) == (400, 500, 500.0, FingerPosition.LEFT_RING)
    key = np.lexsort((template.points[:, 0], template.points[:, 1]))
    again = np.lexsort((back.points[:, 0], back.points[:, 1]))
    np.testing.assert_array_equal(template.points[key], back.points[again])
    turned = np.abs(template.directions[key] - back.directions[again])
    assert np.minimum(turned, 2 * np.pi - turned).max() <= np.radians(1.1)


def test_a_record_of_its_own_kind_is_written_byte_for_byte() -> None:
    for name in ("fmr-2005", "fmr-2011", "ansi-2004", "ansi-2009", "fir-2005", "fir-2011", "iir-2005", "iir-2011"):
        assert convert(read_record(SAMPLES[name][1]), Target(name)).data == SAMPLES[name][1], name


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("fir-2011", Target.FMR_2011, "biocore extract"),
        ("fir-2011", Target.IIR_2011, "no pictures of eyes"),
        ("fmr-2005", Target.FIR_2011, "no pictures of fingers"),
        ("cbeff-tlv", Target.CBEFF, "no pictures, templates"),
        ("cbeff-tlv", Target.ITL, "no pictures, templates"),
    ],
)
def test_what_a_record_does_not_hold_is_named_with_what_to_do(source: str, target: Target, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        convert(read_record(SAMPLES[source][1]), target)


def test_everything_that_is_lost_is_named() -> None:
    whole = read_record(SAMPLES["cbeff"][1])
    assert convert(whole, Target.FMR_2005).lost == (
        "2 pictures of fingers",
        "2 pictures of eyes",
        "that the right thumb finger is missing (amputated)",
        "that the right little finger is missing (not said)",
    )
    assert convert(whole, Target.IIR_2011).lost[0] == "2 pictures of fingers"
    assert convert(whole, Target.ITL).lost == ()


def test_pictures_that_cannot_share_one_record_and_wsq_of_eyes_are_refused() -> None:
    with pytest.raises(InvalidSampleError, match="WSQ"):
        convert(read_record(SAMPLES["iir-2011"][1]), Target.IIR_2011, How(Pixels.WSQ))
    with pytest.raises(BiocoreError, match="ratio"):
        convert(read_record(SAMPLES["fir-2011"][1]), Target.FIR_2011, How(Pixels.JPEG2000_LOSSY))


def test_slaps_of_a_transaction_become_finger_image_records(shared: Path) -> None:
    data = (shared / "data/formats/an2k/type4-slaps.an2k").read_bytes()
    back = read_record(convert(read_record(data), Target.FIR_2011).data)
    assert [image.place for image in back.images] == [14, 6, 1, 13]  # left four, left thumb, right thumb, right four
    assert {image.compression for image in back.images} == {"WSQ"}


def test_samples_are_what_they_say() -> None:
    assert [image.finger for image in fingers().images] == [FingerPosition.LEFT_INDEX, FingerPosition.LEFT_MIDDLE]
    assert [image.eye for image in eyes().images] == [EyePosition.RIGHT, EyePosition.LEFT]

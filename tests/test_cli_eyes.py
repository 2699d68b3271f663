"""Eyes at the command line, as fingers: assessed, extracted, compared, captured, drawn and traced."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.text import Text

from biocore.advice import cause_text
from biocore.eye_records import read_eyes
from biocore.formats.images import write_png
from biocore.formats.iris_image import ImageKind, read_iir
from biocore.hal import Event, EventKind
from biocore.iris.encode import encode
from biocore.report import CauseName
from biocore.types import Comparison, EyePosition, Frame, Modality, Sample
from biocore_bindings.cli_capture import _LiveLine
from biocore_bindings.drawing import GOOD, POOR
from biocore_bindings.drawing_iris import MASKED, iris_pairing_picture
from biocore_bindings.eyes import code_picture, look, unpacked
from biocore_bindings.report_figures_iris import drawn, tints
from biocore_bindings.terminal import ExitCode
from cli_support import run
from iris_pictures import eye
from painted_eyes import Eye, paint

PERSON = Eye(width=400, height=300, radius=85.0, centre=(205.0, 155.0), lid=0.95)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of painted eyes: two pictures of a left eye, one of the right."""
    folder = tmp_path_factory.mktemp("eyes")
    write_png(folder / "a_left.png", paint(PERSON), None)
    write_png(folder / "b_left.png", paint(PERSON.but(centre=(195.0, 150.0), roll=5.0)), None)
    write_png(folder / "c_right.png", paint(PERSON.but(seed=9)), None)
    return folder


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_folder_of_eyes_is_assessed(eyes: Path) -> None:
    document = run("assess", eyes, "--modality", "iris", "--json").document
    assert [item["position"] for item in document["results"]] == ["left", "left", "right"]
    for item in document["results"]:
        assert (item["modality"], item["algorithm"]) == ("iris", "biocore.iris/1")
        assert item["score"] > 40
        assert item["measures"]["usable_iris_area"]["status"] == "ok"
        assert item["ppi"] is None


def test_a_position_that_is_an_eyes_makes_it_an_eye(eyes: Path) -> None:
    (item,) = run("assess", eyes / "c_right.png", "--position", "left", "--json").document["results"]
    assert (item["modality"], item["position"]) == ("iris", "left")
    assert run("assess", eyes / "c_right.png", "--position", "left", "--modality", "finger").code == ExitCode.USAGE


def test_a_picture_without_an_eye_fails_the_threshold_and_says_why(tmp_path: Path) -> None:
    write_png(tmp_path / "blank.png", np.full((240, 320), 120, np.uint8), None)
    page = tmp_path / "r.html"
    result = run("assess", tmp_path, "--modality", "iris", "--min-score", "40", "--json", "--report", page)
    (item,) = result.document["results"]
    assert result.code == ExitCode.NO
    assert (item["score"], item["passed"], item["status"]) == (None, False, "failed")
    assert "could not be measured" in page.read_text()
    assert run("extract", tmp_path, "--modality", "iris").code == ExitCode.INPUT


@pytest.mark.parametrize(("language", "words"), [("en", "Usable iris area"), ("id", "Luas iris yang terpakai")])
def test_the_report_of_an_eye_shows_contours_mask_and_strip(
    language: str, words: str, eyes: Path, tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    assert run("assess", eyes, "--modality", "iris", "--report", page, "--language", language).code == 0
    html = page.read_text()
    assert words in html
    assert html.count('class="strip"') == html.count('class="seen" d="M') == 3
    assert ("Left eye" in html or "left eye" in html) if language == "en" else "mata kiri" in html
    assert "minutiae" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_every_stage_of_an_eye_is_traced_once(eyes: Path, tmp_path: Path) -> None:
    stages = ["filled", "search", "outline", "mask", "strip", "flat", "overlay", "code"]
    for command in ("assess", "extract"):
        folder = tmp_path / command
        assert run(command, eyes / "a_left.png", "--modality", "iris", "--trace", folder).code == 0
        names = [re.sub(r"^\d\d-iris\.|\.png$", "", path.name) for path in sorted(folder.glob("*.png"))]
        assert sorted(names) == sorted(stages)
        assert size_of(next(folder.glob("*-iris.code.png"))) == (256, 64)


@pytest.mark.parametrize(
    ("options", "kind"),
    [((), 3), (("--format", "iir-k1"), 1), (("--format", "iir-k2"), 2), (("--format", "iir-k7", "--ratio", "6"), 7)],
)
def test_extract_writes_eyes_as_a_record_that_compares(
    options: tuple[str, ...], kind: int, eyes: Path, tmp_path: Path
) -> None:
    record = tmp_path / "both.iir"
    result = run(
        "extract", eyes / "a_left.png", eyes / "c_right.png", "--modality", "iris", "--out", record, *options, "--json"
    )
    assert result.code == 0, result.err
    assert result.document["record"]["views"] == 2
    assert all(item["usable"] > 0.5 for item in result.document["results"])
    assert {image.kind for image in read_iir(record.read_bytes()).images} == {ImageKind(kind)}
    found = run("compare", eyes / "b_left.png", record, "--json").document
    assert found["match"] is True
    assert [item["reference"].endswith("#0") for item in found["results"]] == [True, False]
    assert found["results"][0]["score"] > 100 > 40 > found["results"][1]["score"]
    read = run("assess", record, "--json").document["results"]
    assert [item["file"] for item in read] == [f"{record}#0", f"{record}#1"]


def test_a_format_of_the_other_modality_is_wrong_usage(eyes: Path, prints: Path, tmp_path: Path) -> None:
    for arguments in (
        (eyes, "--modality", "iris", "--format", "fmr-2005"),
        (prints, "--format", "iir-k7"),
    ):
        result = run("extract", *arguments, "--out", tmp_path / "x")
        assert result.code == ExitCode.USAGE
        assert not (tmp_path / "x").exists()


def test_two_pictures_of_one_eye_match_and_are_drawn(eyes: Path, tmp_path: Path) -> None:
    picture = tmp_path / "pair.png"
    one = run("compare", eyes / "a_left.png", eyes / "b_left.png", "--modality", "iris", "--json", "--picture", picture)
    (result,) = one.document["results"]
    assert one.code == 0
    assert result["score"] > 100
    assert abs(abs(result["rotation"]) - 5.0) < 3.0
    assert size_of(picture)[0] == 1024
    other = run("compare", eyes / "a_left.png", eyes / "c_right.png", "--modality", "iris")
    assert other.code == ExitCode.NO
    assert "no match" in other.out


def test_an_eye_and_a_finger_are_refused_by_name(eyes: Path, prints: Path, tmp_path: Path) -> None:
    record = tmp_path / "f.fmr"
    assert run("extract", prints / "b1_left_thumb.png", "--out", record).code == 0
    result = run("compare", eyes / "a_left.png", record, "--modality", "iris")
    assert result.code == ExitCode.INPUT
    assert "never compared or fused with each other" in result.err


def test_a_probe_of_two_eyes_needs_to_be_told_which(eyes: Path, tmp_path: Path) -> None:
    record = tmp_path / "both.iir"
    run("extract", eyes / "a_left.png", eyes / "c_right.png", "--modality", "iris", "--out", record)
    unclear = run("compare", record, eyes / "b_left.png")
    assert unclear.code == ExitCode.INPUT
    assert "must be one eye" in unclear.err
    assert run("compare", record, eyes / "b_left.png", "--position", "left").code == 0


def test_eyes_are_captured_and_kept_as_a_record(eyes: Path, tmp_path: Path) -> None:
    record = tmp_path / "captured.iir"
    uri = f"file:{eyes}?modality=iris"
    result = run("capture", uri, "--out", tmp_path, "--count", "2", "--position", "left", "--record", record, "--json")
    assert result.code == 0, result.err
    assert [item["modality"] for item in result.document["captures"]] == ["iris", "iris"]
    kept = read_eyes(record.read_bytes())
    assert [each.position for each in kept] == [EyePosition.LEFT] * 2
    assert result.document["record"]["format"] == "iir-k3"


def test_the_live_line_follows_the_eye(eyes: Path) -> None:
    said: list[str] = []

    class Screen:
        def update(self, line: Text, refresh: bool = False) -> None:
            said.append(line.plain)

    line = _LiveLine(Screen(), Modality.IRIS, "en")  # type: ignore[arg-type]
    line(Event(EventKind.WAITING, "test:eye"))
    for pixels in (np.full((300, 400), 120, np.uint8), paint(PERSON), paint(PERSON), paint(PERSON.but(blur=0.06))):
        line(Event(EventKind.PREVIEW, "test:eye", frame=Frame(pixels)))
    assert said[0] == "Look into the camera"
    assert said[1].startswith("no eye")
    assert re.fullmatch(r"iris 1[5-9]\d px", said[2])
    assert said[3].endswith("steady")
    assert cause_text(CauseName.DEFOCUS) in said[4]


def test_fingers_are_captured_and_kept_as_a_record(tmp_path: Path) -> None:
    record = tmp_path / "captured.fmr"
    uri = "virtual:finger?finger=3&sequence=GOOD&arrival=0.05&previews=0"
    result = run("capture", uri, "--out", tmp_path, "--record", record, "--format", "fmr-2011", "--json")
    assert result.code == 0, result.err
    assert result.document["record"]["views"] == 1
    assert record.read_bytes()[:8] == b"FMR\x00030\x00"


# -- what is drawn -----------------------------------------------------------------------------------


def test_the_bits_of_a_code_are_drawn_where_they_are() -> None:
    made = encode(*eye(4, covered=0.3))
    picture = code_picture(made)
    assert picture.shape == (64, 256)
    assert ((picture != 128) == unpacked(made.mask)).all()
    assert (picture == 255).sum() == sum(int(word).bit_count() for word in made.code)
    assert (picture[5, 7] == 255) == bool(int(made.code[7]) >> 5 & 1)


def test_a_code_agrees_with_itself_turned_back_and_not_with_another() -> None:
    made = encode(*eye(4, covered=0.3))
    same = iris_pairing_picture((None, None), made, made, Comparison(300.0, "x", rotation=0.0))
    colours = {tuple(colour) for colour in same[40:150, ::8].reshape(-1, 3).tolist()}
    assert GOOD in colours
    assert MASKED in colours
    assert POOR not in colours
    other = encode(*eye(5))
    mixed = iris_pairing_picture((None, None), made, other, Comparison(0.0, "x", rotation=0.0))
    wrong, right = ((mixed == colour).all(axis=2).mean() for colour in (POOR, GOOD))
    assert 0.8 < wrong / right < 1.25


def test_the_figures_of_the_page_are_where_the_iris_is() -> None:
    seen = look(Sample(Frame(paint(PERSON)), Modality.IRIS))
    assert seen is not None
    figures = drawn(seen)
    numbers = np.array([float(value) for value in re.findall(r"[\d.]+", figures.seen)]).reshape(-1, 2)
    distance = np.hypot(*(numbers - (205.5, 155.5)).T)
    assert distance.max() == pytest.approx(85, rel=0.05)
    assert distance.min() == pytest.approx(0.42 * 85, rel=0.1)
    mask = tints(seen.found)
    assert mask.shape == (300, 400, 4)
    assert not mask[:50, :50].any()
    assert mask[155, 205 + 60, 3] > 0
    assert look(Sample(Frame(np.full((200, 200), 99, np.uint8)), Modality.IRIS)) is None

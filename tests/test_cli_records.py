"""`biocore show` and `biocore convert`, as somebody at a terminal and a program meet them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biocore.formats.any_record import read_record
from cli_support import run
from record_samples import SAMPLES, grey


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    for name, (_, data) in SAMPLES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("name", SAMPLES)
def test_every_record_is_shown_as_a_tree_and_as_json(records: Path, name: str) -> None:
    shown = run("show", str(records / name))
    assert shown.code == 0
    assert f"{name}: {SAMPLES[name][0]}" in shown.out
    document = run("show", str(records / name), "--json").document
    assert document["kind"] == SAMPLES[name][0]
    assert document["record"]
    assert document["remarks"] == []


def test_the_tree_says_degrees_missing_fingers_and_names_of_fields(records: Path) -> None:
    assert "degrees" in run("show", str(records / "ansi-2009")).out
    assert "Missing: right-thumb finger, amputated" in run("show", str(records / "fir-2011")).out
    transaction = run("show", str(records / "itl")).out
    assert "14.018 AMP" in transaction
    assert "9.136 NOM 12" in transaction


def test_all_minutiae_are_in_the_json_and_few_in_the_tree(records: Path) -> None:
    document = run("show", str(records / "fmr-2005"), "--json").document
    assert len(document["record"]["views"][0]["minutiae"]) == 12
    assert "and 7 more" in run("show", str(records / "fmr-2005")).out


def test_a_file_that_could_play_tricks_on_the_terminal_does_not(tmp_path: Path) -> None:
    data = SAMPLES["itl"][1].replace(b"14.004:X", b"14.004:\x1b")
    path = tmp_path / "trick.an2k"
    path.write_bytes(data)
    shown = run("show", str(path))
    assert shown.code == 0
    assert "\x1b]" not in shown.out.replace("\x1b[", "")
    assert "\\x1b" in shown.out


@pytest.mark.parametrize("name", ["cbeff", "itl", "fmr-2011"])
def test_pictures_and_minutiae_are_drawn(records: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "drawing.png"
    assert run("show", str(records / name), "--picture", str(path)).code == 0
    drawn = np.asarray(Image.open(path))
    assert drawn.ndim == 3
    assert drawn.min() < 128  # something is on the paper


def test_pictures_are_written_each_as_its_own(records: Path, tmp_path: Path) -> None:
    found = run("show", str(records / "cbeff"), "--pictures", str(tmp_path / "out"))
    assert found.code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "cbeff_01_left-index.png",
        "cbeff_02_left-middle.png",
        "cbeff_03_right.png",
        "cbeff_04_left.png",
    ]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / names[0])), grey())


def test_there_is_nothing_to_draw_in_a_template_of_a_card(records: Path, tmp_path: Path) -> None:
    found = run("show", str(records / "cbeff-tlv"), "--picture", str(tmp_path / "x.png"))
    assert found.code == 3
    assert "neither pictures nor minutiae" in found.err


def test_a_record_is_written_as_another_and_what_is_lost_is_said(records: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fir"
    found = run("convert", str(records / "cbeff"), str(out), "--to", "fir-2005", "--pixels", "png")
    assert found.code == 0
    assert "Not in fir-2005: 2 pictures of eyes" in found.out
    assert [image.compression for image in read_record(out.read_bytes()).images] == ["PNG", "PNG"]
    document = run("convert", str(records / "itl"), str(out), "--to", "cbeff", "--json").document
    assert document["to"] == "cbeff"
    assert document["lost"] == ["why the right thumb finger is missing (amputated)"]
    assert document["bytes"] == len(out.read_bytes())


def test_agencies_of_a_transaction_are_those_that_were_given(records: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.an2k"
    run("convert", str(records / "fmr-2005"), str(out), "--to", "itl", "--destination", "ID31", "--origin", "ID3201")
    assert b"1.007:ID31" in out.read_bytes()
    assert b"1.008:ID3201" in out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["show", "{}/nothing"], 3, "No such file"),
        (["show", "{}"], 3, "cannot be read"),
        (["convert", "{}/fir-2011", "{}/x", "--to", "fmr-2011"], 3, "biocore extract"),
        (["convert", "{}/fir-2011", "{}/no/such/folder/x", "--to", "cbeff"], 3, "cannot be written"),
        (["convert", "{}/fir-2011", "{}/x", "--to", "cbeff", "--ratio", "5"], 2, "jp2-lossy"),
        (["convert", "{}/fir-2011", "{}/x", "--to", "cbeff", "--pixels", "jp2-lossy"], 2, "jp2-lossy"),
        (["convert", "{}/iir-2011", "{}/x", "--to", "iir-2011", "--pixels", "wsq"], 3, "fingerprints"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    records: Path, arguments: list[str], code: int, says: str
) -> None:
    found = run(*[argument.format(records) for argument in arguments])
    assert found.code == code
    assert says in found.err
    assert "Traceback" not in found.err


def test_a_binary_record_of_a_finger_is_shown_field_by_field(records: Path) -> None:
    shown = run("show", str(records / "itl-older")).out
    for line in ("IMP 1", "FGP 2", "HLL 16", "VLL 12", "CGA NONE", "DATA 192 bytes"):
        assert line in shown


def test_a_face_is_drawn_in_its_colours_and_each_picture_has_a_name(records: Path, tmp_path: Path) -> None:
    path = tmp_path / "faces.png"
    result = run("show", str(records / "fac-2011"), "--picture", str(path), "--pictures", str(tmp_path / "all"))
    assert result.code == 0
    drawn = np.asarray(Image.open(path)).astype(int)
    assert np.ptp(drawn, axis=2).max() > 60  # skin is not grey
    assert (drawn[122:146, :160].min(axis=2) < 80).any()  # the name below the first
    names = [found.name for found in sorted((tmp_path / "all").iterdir())]
    assert names == ["fac-2011_01_face.png", "fac-2011_02_face.png"]
    with Image.open(tmp_path / "all" / names[1]) as second:
        assert second.mode == "RGB"


def test_a_record_of_one_picture_becomes_a_png(records: Path, tmp_path: Path) -> None:
    one = tmp_path / "irex.png"
    result = run("convert", str(records / "irex"), str(one), "--to", "png", "--json")
    assert result.document["to"] == "png"
    assert result.document["lost"] == []
    np.testing.assert_array_equal(np.asarray(Image.open(one)), grey())
    several = run("convert", str(records / "fac-2011"), str(tmp_path / "no.png"), "--to", "png")
    assert several.code == 3
    assert "--pictures" in several.err
    assert not (tmp_path / "no.png").exists()

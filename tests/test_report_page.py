"""The report page: everything in itself, worst first, in two languages, and safe whatever a file is called."""

from __future__ import annotations

import base64
import io
import math
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biocore.advice import LANGUAGES, Language, advice_text, cause_text
from biocore.fingerprint import block_maps, synth
from biocore.formats.images import read_image
from biocore.report import Advice, Cause, CauseName, Measure, QualityReport, Status
from biocore.types import FingerPosition, FingerTemplate, Modality
from biocore_bindings import report_page
from biocore_bindings.report_figures import histograms, minutiae_paths, ridge_strokes
from biocore_bindings.report_page import Entry, Unread
from biocore_bindings.report_words import FINGERS, WORDS, measure_name, word
from cli_support import run

HOSTILE = "<script>alert('x')</script>\"&{{ 7*7 }}.png"
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@dataclass
class Page(HTMLParser):
    """What a reader of the page sees."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


def make_entry(
    name: str = "a.png", score: int | None = 60, causes: tuple[Cause, ...] = (), advice: tuple[Advice, ...] = ()
) -> Entry:
    rng = np.random.default_rng(0)
    template = FingerTemplate(
        "test/1",
        40,
        50,
        FingerPosition.UNKNOWN,
        500.0,
        np.array([[10, 20], [30, 40]], np.float32),
        np.array([0.0, np.pi / 2], np.float32),
        np.array([1, 2], np.uint8),
        np.array([90, 80], np.uint8),
    )
    measures = {
        "OCL_Bin10_Mean": Measure("OCL_Bin10_Mean", 0.71234, 71),
        "MMB": Measure("MMB", 181.25, None),
        "odd<b>": Measure("odd<b>", None, None, Status.FAILED),
        **{f"FDA_Bin10_{k}": Measure(f"FDA_Bin10_{k}", float(k)) for k in range(10)},
    }
    report = QualityReport(
        Modality.FINGER,
        FingerPosition.RIGHT_RING if name == "a.png" else FingerPosition.UNKNOWN,
        name,
        score,
        "biocore.finger/1",
        Status.OK if score is not None else Status.FAILED,
        "" if score is not None else "blank <i>picture</i>",
        measures,
        causes,
        advice,
    )
    return Entry(name, rng.integers(0, 256, (50, 40), np.uint8), report, template)


def test_a_page_says_score_causes_advice_and_measures() -> None:
    entry = make_entry(
        causes=(Cause(CauseName.DRY, 0.83, {"ridge_contrast_grey": 31.0}),),
        advice=(Advice.MOISTEN, Advice.PRESS_HARDER),
    )
    page = parse(report_page.render([entry], min_score=45, made_at=WHEN))
    for expected in (
        "right ring finger",
        "60",
        "meets the threshold of 45",
        "83 % confidence",
        "ridge contrast grey 31",
        cause_text(CauseName.DRY, "en"),
        advice_text(Advice.MOISTEN, "en"),
        advice_text(Advice.PRESS_HARDER, "en"),
        "Orientation certainty, mean",
        "0.712",
        "181",
        "odd<b>",
        "2 minutiae",
        "2026-01-02 03:04 UTC",
        "biocore.finger/1",
    ):
        assert expected in page.text, expected


@pytest.mark.parametrize(("score", "min_score"), [(39, None), (69, 70), (None, None)])
def test_a_poor_picture_without_a_cause_is_never_called_usable(score: int | None, min_score: int | None) -> None:
    poor = parse(report_page.render([make_entry(score=score)], min_score=min_score, made_at=WHEN)).text
    assert "No cause was recognised. What to do Capture again" in poor
    assert "can be used" not in poor
    assert "can be used as it is" in parse(report_page.render([make_entry(score=71)], min_score=70, made_at=WHEN)).text


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    html = report_page.render([make_entry(), make_entry("b.png")], made_at=WHEN)
    page = parse(html)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "embed", "base", "form"}
    targets = [a[key] or "" for _, a in page.elements for key in ("src", "href") if key in a]
    assert targets
    assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)
    assert not [a for _, a in page.elements for key in a if key.startswith("on")]
    (policy,) = [a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert "url(" not in html
    assert "@import" not in html


def test_every_figure_refers_to_a_picture_that_is_there_once() -> None:
    entries = [make_entry(), make_entry("b.png", 20)]
    page = parse(report_page.render(entries, made_at=WHEN))
    pictures = {a["id"]: a["href"] for a in page.named("image")}
    assert len(pictures) == 2
    assert {a["href"] for a in page.named("use")} == {f"#{name}" for name in pictures}
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    shown = pictures["p1-picture"]
    assert shown is not None
    decoded = Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2])))
    assert np.array_equal(np.asarray(decoded), entries[1].pixels)  # the worse one is first


def test_worst_come_first_and_the_unassessed_before_them() -> None:
    entries = [make_entry(f"{score}.png", score) for score in (70, None, 20, 90)]
    page = parse(report_page.render(entries, made_at=WHEN))
    headings = [w for w in page.words if w in ("70.png", "None.png", "20.png", "90.png")]
    assert headings == ["None.png", "20.png", "70.png", "90.png"] * 2  # overview, then details
    kept = parse(report_page.render(entries, made_at=WHEN, in_order=True))
    assert [w for w in kept.words if w.endswith(".png")][:4] == ["70.png", "None.png", "20.png", "90.png"]


def test_a_remark_on_a_score_is_shown_beside_it() -> None:
    entry = make_entry()
    remarked = replace(entry, report=replace(entry.report, reason="58 instead of 65"))
    assert "58 instead of 65" in parse(report_page.render([remarked], made_at=WHEN)).text


def test_the_overview_counts_what_is_there() -> None:
    entries = [make_entry(f"{score}.png", score) for score in (70, None, 20, 90, 100)]
    unread = [Unread("broken.png", "is empty")]
    page = parse(report_page.render(entries, unread, min_score=45, made_at=WHEN))
    summary = page.text.partition("All pictures")[0]
    assert "5 pictures 80 median score 20 lowest score 1 below 45 1 not assessed" in summary
    assert "broken.png is empty" in page.text
    assert "blank <i>picture</i>" in page.text


def test_hostile_names_are_text_and_nothing_else() -> None:
    page = parse(report_page.render([make_entry(HOSTILE)], [Unread(HOSTILE, HOSTILE)], made_at=WHEN, title=HOSTILE))
    assert not page.named("script")
    assert page.text.count(HOSTILE) >= 5
    assert not [tag for tag, _ in page.elements if tag in ("b", "i") and HOSTILE in tag]


def test_hostile_file_names_go_safely_through_the_command(prints: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>'\"&\x1b[2J.png"
    (tmp_path / name).write_bytes((prints / "a3_dry.png").read_bytes())
    (tmp_path / f"{name}.tif").write_text("no picture")
    result = run("assess", tmp_path, "--report", tmp_path / "report.html")
    assert result.code == 3
    html = (tmp_path / "report.html").read_text()
    page = parse(html)
    assert not page.named("img")
    assert "\x1b" not in html
    assert "<img src=x onerror=alert(1)>'\"&\\x1b[2J.png" in page.text


def test_a_report_of_a_folder_shows_every_print(prints: Path, tmp_path: Path) -> None:
    assert run("assess", prints, "--report", tmp_path / "report.html", "--min-score", "45").code == 1
    page = parse((tmp_path / "report.html").read_text())
    assert len(page.named("article")) == 4
    assert len(page.named("image")) == 4
    assert page.words.index("a3_dry.png") < page.words.index("right index finger")
    assert len(page.named("rect")) > 4 * 30  # the blocks of the quality maps
    assert {a.get("class") for a in page.named("path")} >= {"ending", "bifurcation"}
    assert "is below the threshold of 45" in page.text


def test_one_picture_needs_no_overview() -> None:
    page = parse(report_page.render([make_entry()], made_at=WHEN))
    assert len(page.named("article")) == 1
    assert not [a for a in page.named("section") if a.get("class") == "overview"]


def test_a_report_of_nothing_but_broken_files_is_written() -> None:
    page = parse(report_page.render([], [Unread("x.png", "is empty")], made_at=WHEN))
    assert "x.png is empty" in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_language_asked_for(language: Language) -> None:
    entry = make_entry(advice=(Advice.MOISTEN,))
    html = report_page.render([entry, make_entry("b.png", None)], language=language, made_at=WHEN)
    page = parse(html)
    assert page.named("html")[0]["lang"] == language
    for key in ("title_finger", "causes", "advice", "measures", "worst_first", "no_score"):
        assert word(key, language) in page.text, key
    other: Language = "id" if language == "en" else "en"
    assert word("causes", other) not in page.text


def test_every_word_is_there_in_both_languages_and_every_finger_has_a_name() -> None:
    for key, (english, indonesian) in {**WORDS, **FINGERS}.items():
        assert english, key
        assert indonesian, key
    for position in FingerPosition:
        assert word(position.name.lower().replace("_", "-"), "id")
    assert measure_name("unheard_of", "en") == "unheard_of"
    assert measure_name("RVUP_Bin10_StdDev", "en") == "Ridge-valley uniformity, spread"


def test_minutiae_are_drawn_where_they_are_with_their_tails() -> None:
    template = make_entry().template
    assert template is not None
    paths = minutiae_paths(template)
    assert paths["ending"].startswith("M7.5 20.5a3.0 3.0")  # left of its ring
    assert paths["ending"].endswith("M13.5 20.5L19.5 20.5")  # direction 0: to the right
    assert paths["bifurcation"].endswith("M30.5 37.5L30.5 31.5")  # a quarter turn counter-clockwise: up
    assert "other" not in paths


def test_strokes_run_along_the_ridges() -> None:
    truth = synth.render(5, 1, synth.Conditions())
    path = ridge_strokes(block_maps(truth.pixels))
    ends = [[float(n) for n in re.split("[ L]", stroke)] for stroke in path.split("M")[1:]]
    errors = []
    for x0, y0, x1, y1 in ends:
        row, column = round((y0 + y1) / 2 - 0.5), round((x0 + x1) / 2 - 0.5)
        if truth.mask[row, column]:
            drawn = math.atan2(y0 - y1, x1 - x0)
            errors.append(abs((drawn - truth.orientation[row, column] + math.pi / 2) % math.pi - math.pi / 2))
    assert len(errors) > 50
    assert np.median(errors) < math.radians(10)  # a block holds three ridges, which bend


def test_histograms_are_scaled_to_their_highest_bar() -> None:
    found = histograms(make_entry().report.measures)
    assert list(found) == ["FDA"]
    assert found["FDA"] == pytest.approx([k / 9 for k in range(10)])


def test_real_prints_make_a_report(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "fp" / "fvc2002_db1b"
    files = [folder / f"10{n}_1.tif" for n in range(1, 5)]
    assert run("assess", *files, "--report", tmp_path / "r.html").code == 0
    page = parse((tmp_path / "r.html").read_text())
    assert len(page.named("article")) == len(files)
    assert {(a["width"], a["height"]) for a in page.named("image")} == {
        tuple(str(side) for side in reversed(read_image(files[0]).pixels.shape))
    }

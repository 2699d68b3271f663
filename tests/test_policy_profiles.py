"""Profiles are whole, name their sources, and one that is wrong says where and what is allowed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import ProfileError
from biocore.station.ladder import ladder_of
from biocore.station.looks import FULL_PLAN
from biocore.station.profile import FingerKind, SlapChoice, Stage
from biocore.station.profile_file import REAL, SHIPPED, WHOLE, load_profile
from biocore.types import EyePosition, FingerPosition

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "biocore" / "station" / "profiles"
OWN = 'layout = 1\nbased_on = "ektp"\ntitle = "A village"\n'


def write(folder: Path, text: str, name: str = "village.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# -- those that are shipped --------------------------------------------------------------------------------


def test_the_shipped_profiles_are_those_in_the_folder() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_shipped_profile_has_a_source_of_its_own(name: str) -> None:
    profile = load_profile(name)
    lowered = {"lower.attempts", "lower.iris_attempts"}
    expected = {key for key in (*WHOLE, *REAL) if not key.startswith("finger.thresholds.")} | {"finger.thresholds"}
    assert set(profile.sources) == (expected if profile.lower else expected - lowered)
    assert all(re.match(r"(BSI TR-03121-3|MOSIP|ours)", source) for source in profile.sources.values())


def test_the_thresholds_are_those_of_their_sources() -> None:
    bsi = dict(zip(FingerKind, (30, 30, 20, 10, 10), strict=True))
    assert load_profile("bsi-enrolment").finger.thresholds == bsi
    assert set(load_profile("mosip-registration").finger.thresholds.values()) == {40}
    assert load_profile("mosip-registration").iris.threshold == 60
    assert load_profile("bsi-enrolment").finger.choice is SlapChoice.LEXICOGRAPHIC
    assert load_profile("mosip-registration").finger.choice is SlapChoice.AVERAGE


def test_the_default_is_for_the_id_card() -> None:
    profile = load_profile()
    assert profile.name == "ektp"
    assert profile.lower is not None
    assert profile.lower.profile == "elderly"
    assert {each.profile.name for each in profile.select} == {"elderly"}
    assert [each.age_from for each in profile.select if each.age_from] == [62]


def test_the_elderly_get_more_attempts_and_easier_proof_but_no_lower_threshold_for_fingers() -> None:
    ektp, elderly = load_profile("ektp"), load_profile("elderly")
    assert elderly.finger.thresholds == ektp.finger.thresholds
    assert elderly.finger.fuse_match < ektp.finger.fuse_match
    for position in FULL_PLAN:
        assert ladder_of(elderly, position).attempts > ladder_of(ektp, position).attempts
    assert elderly.limits.extra_captures > ektp.limits.extra_captures


def test_the_id_card_profile_stays_within_five_minutes_where_slaps_are_taken() -> None:
    assert load_profile("ektp").longest_s(first_looks=5) <= 5 * 60


def test_every_group_of_a_shipped_sequence_is_in_the_full_plan_once() -> None:
    for name in SHIPPED:
        groups = load_profile(name).sequence
        assert sorted(repr(p) for group in groups for p in group) == sorted(map(repr, FULL_PLAN))


def test_finger_kinds_follow_the_codes_of_both_hands() -> None:
    kinds = [FingerKind.of(position) for position in FingerPosition if position.value]
    assert kinds == [*FingerKind, *FingerKind]
    assert load_profile().threshold(EyePosition.LEFT) == load_profile().iris.threshold


# -- a programme's own -------------------------------------------------------------------------------------


def test_a_profile_of_ones_own_is_laid_over_a_shipped_one(tmp_path: Path) -> None:
    text = OWN + '[finger.thresholds]\nthumb = 35\n[sources]\n"finger.thresholds.thumb" = "ours"\n'
    own, base = load_profile(write(tmp_path, text)), load_profile("ektp")
    assert own.finger.thresholds[FingerKind.THUMB] == 35
    assert own.finger.thresholds[FingerKind.INDEX] == base.finger.thresholds[FingerKind.INDEX]
    assert (own.name, own.title) == ("village", "A village")
    assert own.sources["finger.thresholds.thumb"] == "ours"
    assert own.digest != base.digest
    assert load_profile(str(tmp_path / "village.toml")) == own


def test_a_lower_profile_of_ones_own_is_found_beside_the_file(tmp_path: Path) -> None:
    below = (
        OWN.replace("ektp", "elderly") + '[finger.thresholds]\nthumb = 12\n[sources]\n"finger.thresholds" = "ours"\n'
    )
    write(tmp_path, below, "last.toml")
    own = load_profile(write(tmp_path, OWN + '[lower]\nprofile = "last.toml"\n'))
    assert own.lower is not None
    assert own.lower.thresholds[FingerKind.THUMB] == 12
    assert own.lower.profile == "last"


def test_a_profile_based_on_another_can_do_without_its_lower_one(tmp_path: Path) -> None:
    own = load_profile(write(tmp_path, OWN + '[finger]\nladder = ["single"]\n[lower]\nprofile = ""\n'))
    assert own.lower is None
    assert [part for part, _ in ladder_of(own, FULL_PLAN[0]).parts] == ["try", "single"]
    assert [part for part, _ in ladder_of(own, EyePosition.LEFT).parts] == ["try", "burst", "fuse"]


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_a_whole_number_out_of_its_range_is_named_with_line_and_range(tmp_path: Path, key: str) -> None:
    section, _, name = key.rpartition(".")
    low, high = WHOLE[key]
    for value in (low - 1, high + 1, 1.5, '"3"', "true"):
        text = f'{OWN}[{section}]\n{name} = {value}\n[sources]\n"{key}" = "ours"\n'
        with pytest.raises(ProfileError, match=f"from {low} to {high}") as caught:
            load_profile(write(tmp_path, text))
        assert (caught.value.key, caught.value.line) == (key, 5)
        assert "village.toml, line 5" in str(caught.value)


@pytest.mark.parametrize("key", sorted(REAL))
def test_a_number_out_of_its_range_is_named_with_line_and_range(tmp_path: Path, key: str) -> None:
    section, _, name = key.rpartition(".")
    for value in (REAL[key][0] - 0.5, REAL[key][1] + 0.5, "nan", "inf", '"10"', "true"):
        text = f'{OWN}[{section}]\n{name} = {value}\n[sources]\n"{key}" = "ours"\n'
        with pytest.raises(ProfileError, match="must be a number from") as caught:
            load_profile(write(tmp_path, text))
        assert (caught.value.key, caught.value.line) == (key, 5)


SOURCED = '[sources]\n"lower.attempts" = "ours"\n'


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (OWN + "[finger.thresholds]\nthumb = 35\n", "finger.thresholds.thumb", "has no source"),
        (OWN + '[sources]\n"finger.attempts" = ""\n', "sources.finger.attempts", "in words"),
        (OWN + "[finger]\nattemps = 3\n", "finger.attemps", "is no key"),
        (OWN.replace("layout = 1", "layout = 2"), "layout", "must be 1"),
        (OWN.replace("ektp", "indonesia"), "based_on", "must be one of bsi-enrolment"),
        ('layout = 1\ntitle = "x"\n', "finger.thresholds.thumb", "is missing"),
        (OWN + '[finger]\nladder = ["fuse", "luck"]\n', "finger.ladder", "'luck' is none of single, fuse, lower"),
        (OWN + '[finger]\nladder = ["fuse"]\n', "finger.ladder", "exactly where there is a section"),
        (OWN + '[finger]\nladder = ["fuse", "fuse"]\n', "finger.ladder", "names something twice"),
        (OWN + '[finger]\nchoice = "any"\n', "finger.choice", "none of lexicographic"),
        (OWN + "[finger]\nchoice = 3\n", "finger.choice", "must be a text of one line"),
        (OWN + "[veto]\nrestart = 1\n", "veto.restart", "true or false"),
        (OWN + '[chip]\nfingers = ["right_indx"]\n', "chip.fingers", "'right_indx' is none of right_thumb"),
        (OWN + '[chip]\nfingers = ["right_eye"]\n', "chip.fingers", "not eyes"),
        (OWN + '[chip]\nfingers = "right_index"\n', "chip.fingers", "list of texts"),
        (OWN + '[sequence]\ngroups = [["right_index"], ["right_index"]]\n', "sequence.groups", "once at most"),
        (OWN + '[sequence]\ngroups = [["right_index", "left_eye"]]\n', "sequence.groups", "not shown together"),
        (OWN + "[sequence]\ngroups = [[]]\n", "sequence.groups", "list of lists"),
        (OWN + '[lower]\nprofile = "mosip-registration"\n', "lower.profile", "asks more, not less"),
        (OWN + '[lower]\nprofile = "bsi-enrolment"\n' + SOURCED, "", ""),
        (OWN + '[[select]]\nprofile = "elderly"\nsource = "ours"\n', "select", "selected for nobody"),
        (OWN + '[[select]]\nprofile = "elderly"\nage_from = 200\nsource = "x"\n', "select", "from 0 to 130"),
        (OWN + '[[select]]\nprofile = "elderly"\nage_from = 70\n', "select", "has no source"),
        (OWN + '[[select]]\nprofile = "elderly"\noccupations = "x"\nsource = "x"\n', "select", "list of texts"),
        (OWN + '[exceptions]\nsupervisor_for = ["lazy"]\n', "exceptions.supervisor_for", "'lazy' is none of"),
        ("layout = ", "", "is no TOML"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said_with_file_and_key(tmp_path: Path, text: str, key: str, says: str) -> None:
    path = write(tmp_path, text)
    if not says:
        assert load_profile(path).lower is not None  # equal thresholds are not more
        return
    with pytest.raises(ProfileError, match=re.escape(says)) as caught:
        load_profile(path)
    assert caught.value.key == key
    assert str(path) in str(caught.value)


def test_a_profile_that_is_not_there_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="bsi-enrolment, ektp, elderly, mosip-registration"):
        load_profile("ekpt")
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "latin.toml")


LINES = st.sampled_from([line for path in FOLDER.glob("*.toml") for line in path.read_text().splitlines()])


@given(st.lists(st.one_of(LINES, st.text(max_size=20)), max_size=12))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(OWN + "\n".join(lines), "utf-8", errors="replace")
    said, profile = "", None
    try:
        profile = load_profile(path)
    except ProfileError as error:
        said = str(error)
    if profile is None:
        assert str(path) in said
        return
    assert set(profile.finger.thresholds) == set(FingerKind)
    assert all(a is not b for a, b in pairwise(profile.finger.ladder))
    assert all(isinstance(stage, Stage) for stage in profile.finger.ladder)


def test_the_example_of_the_page_is_a_profile(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "policy.md").read_text(), re.DOTALL)
    assert example is not None
    assert load_profile(write(tmp_path, example[1])).finger.thresholds[FingerKind.THUMB] == 35

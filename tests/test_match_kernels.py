"""The comparator's kernels: equal to the plain twin to the last bit, and safe behind their gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference_match as twin
from biocore.errors import InvalidSampleError, InvalidTemplateError
from biocore.fingerprint.compare import RULES
from biocore.fingerprint.packing import NEIGHBOURHOOD, views
from biocore.kernels import match
from biocore.types import FingerTemplate
from finger_sets import chosen, finger, impression


def packed(t: FingerTemplate) -> match.Packed:
    (pack,) = views(t)
    return pack


def plain(pack: match.Packed) -> twin.Rows:
    rows: twin.Rows = pack.rows[:, :5].astype(int).tolist()
    return rows


def check(probe: match.Packed, reference: match.Packed, rules: match.Rules = RULES) -> int:
    hood = probe.neighbourhood
    expected = twin.match(plain(probe), plain(reference), hood, rules)
    evidence, partners = match.match(match.index(probe), [reference], rules)
    assert evidence[0].tolist() == expected[0].tolist()
    assert np.array_equal(partners, expected[1])
    return int(evidence[0, match.Evidence.PAIRS])


@pytest.mark.parametrize("seed", range(4))
def test_mated_pairs_are_weighed_as_by_the_twin(seed: int) -> None:
    assert check(packed(finger(seed)), packed(impression(finger(seed), seed))) > 30


@pytest.mark.parametrize("seed", range(4))
def test_non_mated_pairs_are_weighed_as_by_the_twin(seed: int) -> None:
    check(packed(finger(seed, 30)), packed(finger(seed + 50, 38)))


def test_more_than_one_word_of_minutiae_is_weighed_as_by_the_twin() -> None:
    assert check(packed(finger(7, 140)), packed(impression(finger(7, 140), 3, missing=30, spurious=20))) > 64


@pytest.mark.parametrize(
    "change",
    [
        {"rounds": 1},
        {"roots": 1},
        {"roots": 6, "keep": 0.1, "support": 2.0, "promise": 0.0},
        {"promise": 9.0},
        {"turn": 127},
        {"far": 0.0},
    ],
    ids=str,
)
def test_other_rules_are_followed_as_by_the_twin(change: dict[str, float]) -> None:
    check(packed(finger(8, 30)), packed(impression(finger(8, 30), 2)), replace(RULES, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_few_minutiae_are_weighed_as_by_the_twin(n: int) -> None:
    few = packed(chosen(finger(9), np.arange(n)))
    for probe, reference in [(few, packed(finger(9))), (packed(finger(9)), few), (few, few)]:
        check(probe, reference)


def minutiae(draw_count: int) -> st.SearchStrategy[match.Packed]:
    """Minutiae on a coarse grid, so that coincidences of place and direction are common."""

    def make(values: np.ndarray) -> match.Packed:
        return match.pack(
            values[:, :2] * 9.0,
            values[:, 2] * (np.pi / 8),
            (values[:, 3] % 3).astype(np.uint8),
            (values[:, 3] * 6).astype(np.uint8),
            NEIGHBOURHOOD,
        )

    shape = st.integers(0, draw_count).map(lambda n: (n, 4))
    return shape.flatmap(lambda s: hnp.arrays(np.int64, s, elements=st.integers(0, 15))).map(make)


@settings(max_examples=40, deadline=None)
@given(minutiae(14), minutiae(14))
def test_any_two_sets_are_weighed_as_by_the_twin(probe: match.Packed, reference: match.Packed) -> None:
    check(probe, reference, replace(RULES, support=2.0, promise=0.0))


def test_cells_and_table_are_the_twins() -> None:
    pack = packed(finger(10))
    around = twin.neighbours(plain(pack), NEIGHBOURHOOD)
    padded = [[*map(twin.number, cells), *[-1] * (match.NEIGHBOURS - len(cells))] for cells in around]
    assert np.array_equal(pack.rows[:, 5:], padded)
    index = match.index(pack)
    marks = (index.table[:, 0, None] >> np.arange(len(around), dtype=np.uint64)) & np.uint64(1)
    for turn, ring, sector in [(0, 0, 0), (31, 15, 63), *around[0], *around[7], *around[30]]:
        cell = turn, ring, sector
        expected = [any(twin.alike(cell, own) for own in cells) for cells in around]
        assert marks[twin.number(cell)].astype(bool).tolist() == expected
        places = index.alike[:, sector], index.alike[:, match.SECTORS + ring]
        both = places[0] & places[1] & index.alike[:, match.SECTORS + match.RINGS + turn]
        assert (both != 0).tolist() == expected


@pytest.mark.parametrize("x", [-1, 0, 1])
@pytest.mark.parametrize("y", [-1, 0, 1])
def test_neighbours_on_an_axis_are_in_the_twins_cells(x: int, y: int) -> None:
    points = np.array([[100.0, 100.0], [100.0 + 40 * x, 100.0 + 40 * y]])
    pack = match.pack(points, np.array([0.0, 1.0]), np.ones(2, np.uint8), np.ones(2, np.uint8), NEIGHBOURHOOD)
    expected = [twin.number(cells[0]) for cells in twin.neighbours(plain(pack), NEIGHBOURHOOD)]
    assert pack.rows[:, 5].tolist() == expected


@settings(max_examples=60, deadline=None)
@given(minutiae(30), minutiae(30))
def test_evidence_and_pairs_do_not_depend_on_which_is_the_probe(one: match.Packed, other: match.Packed) -> None:
    rules = replace(RULES, support=2.0, promise=0.0)
    evidence, partners = match.match(match.index(one), [other], rules)
    back, partners_back = match.match(match.index(other), [one], rules)
    assert back.tolist() == evidence.tolist()
    pairs = {(int(i), j) for j, i in enumerate(partners) if i >= 0}
    assert {(i, int(j)) for i, j in enumerate(partners_back) if j >= 0} == pairs


def test_packing_sorts_and_remembers_the_order() -> None:
    t = finger(11)
    pack = packed(t)
    assert (np.diff(pack.rows[:, 0]) >= 0).all()
    assert np.array_equal(pack.rows[:, :2], np.rint(t.points[pack.order]).astype(np.int16))
    assert packed(t) is pack
    assert not pack.rows.flags.writeable


def raw(t: FingerTemplate) -> dict[str, np.ndarray]:
    return {
        "points": t.points.astype(np.float64),
        "directions": t.directions.astype(np.float64),
        "kinds": t.kinds,
        "qualities": t.qualities,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points", np.zeros((3, 2), np.float32)),
        ("points", np.zeros((3, 3))),
        ("points", np.full((3, 2), np.nan)),
        ("points", np.zeros(3)),
        ("directions", np.full(3, np.inf)),
        ("directions", np.zeros(2)),
        ("kinds", np.zeros(3, np.int64)),
        ("qualities", [1, 2, 3]),
    ],
)
def test_the_gate_refuses_what_a_kernel_could_not_take(name: str, value: object) -> None:
    arguments = {**raw(chosen(finger(1), np.arange(3))), name: value}
    with pytest.raises(InvalidSampleError, match=name):
        match.pack(**arguments, neighbourhood=NEIGHBOURHOOD)  # type: ignore[arg-type]


def test_the_gate_takes_arrays_laid_out_otherwise() -> None:
    t = finger(2)
    columns = np.asfortranarray(t.points.astype(np.float64))
    every_other = np.repeat(t.kinds, 2)[::2]
    pack = match.pack(columns, t.directions.astype(np.float64), every_other, t.qualities, NEIGHBOURHOOD)
    assert np.array_equal(pack.rows, packed(t).rows)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 260), st.just(3)),
        elements=st.floats(-1e300, 1e300) | st.floats(0, 300),
    )
)
def test_no_finite_numbers_leave_the_room_they_have(values: np.ndarray) -> None:
    n = len(values)
    pack = match.pack(values[:, :2], values[:, 2], np.ones(n, np.uint8), np.full(n, 50, np.uint8), NEIGHBOURHOOD)
    assert len(pack.rows) == min(n, 255)
    assert np.abs(pack.rows[:, :2]).max(initial=0) <= match.FARTHEST
    assert ((pack.rows[:, 2] >= 0) & (pack.rows[:, 2] < 256)).all()
    assert ((pack.rows[:, 5:] >= -1) & (pack.rows[:, 5:] < match.CELLS)).all()
    evidence, partners = match.match(match.index(pack), [pack, packed(finger(3))], RULES)
    assert np.isfinite(evidence).all()
    assert ((partners >= -1) & (partners < max(1, n))).all()


@pytest.mark.parametrize(("column", "value"), [(0, 9000), (1, -9000), (2, 256), (2, -1), (5, -2), (19, -2)])
def test_rows_that_no_template_has_are_refused(column: int, value: int) -> None:
    rows = packed(finger(4)).rows.copy()
    rows[7, column] = value
    with pytest.raises(InvalidTemplateError, match="pack"):
        match.Packed(rows, packed(finger(4)).order, NEIGHBOURHOOD)


def test_an_index_that_does_not_fit_its_probe_is_refused() -> None:
    index = match.index(packed(finger(4)))
    with pytest.raises(InvalidSampleError, match="table"):
        replace(index, table=index.table[1:])
    with pytest.raises(InvalidSampleError, match="alike"):
        replace(index, alike=index.alike[1:])


def test_rows_in_another_order_stay_within_the_map() -> None:
    """A packed template may be made by hand; only its numbers are checked, not their order."""
    pack = packed(finger(4))
    rows = pack.rows[::-1].copy()
    rows[20] = [-8191, 8191, *rows[20, 2:]]
    odd = match.Packed(rows, pack.order, NEIGHBOURHOOD)
    for probe, reference in [(odd, pack), (pack, odd), (odd, odd)]:
        evidence, partners = match.match(match.index(probe), [reference], RULES)
        assert np.isfinite(evidence).all()
        assert (partners < len(probe.rows)).all()


def test_packs_of_different_neighbourhoods_are_not_mixed() -> None:
    other = match.pack(**raw(finger(4)), neighbourhood=replace(NEIGHBOURHOOD, core=13.0))
    with pytest.raises(InvalidTemplateError, match="different neighbourhoods"):
        match.match(match.index(other), [packed(finger(4))], RULES)


@pytest.mark.parametrize(
    "change",
    [
        {"core": 0.0},
        {"width": 0.5},
        {"growth": -0.1},
        {"growth": float("nan")},
        {"core": float("inf")},
        {"growth": 3.0},
    ],
    ids=str,
)
def test_impossible_neighbourhoods_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="neighbourhood"):
        replace(NEIGHBOURHOOD, **change)


@pytest.mark.parametrize(
    "change",
    [{"smooth": 0.0}, {"near": float("nan")}, {"far": 1e9}, {"rounds": 0}, {"turn": 200}, {"keep": -1.0}],
    ids=str,
)
def test_impossible_rules_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rules|finger"):
        replace(RULES, **change)  # type: ignore[arg-type]


def test_comparing_with_nothing_gives_nothing() -> None:
    evidence, partners = match.match(match.index(packed(finger(5))), [], RULES)
    assert evidence.shape == (0, len(match.Evidence))
    assert len(partners) == 0

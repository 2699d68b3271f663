"""Every error is a BiocoreError, says what and where, and the tree drawn in the module is the real one."""

from __future__ import annotations

import ast
import builtins
import inspect
import pickle
import re
from pathlib import Path

import pytest

from biocore import errors
from biocore.errors import BiocoreError, DeviceError, FormatError

CLASSES = {
    name: member
    for name, member in vars(errors).items()
    if inspect.isclass(member) and issubclass(member, Exception) and not name.startswith("_")
}
LINE = re.compile(r"^ {4}(?P<branch>[│├└─ ]*)(?P<name>\w+Error|BiocoreError)(?: \((?P<builtin>\w+)\))?(?P<meaning>.*)$")


def drawn() -> dict[str, tuple[str | None, str | None, str]]:
    """Read the tree of the module's text: name -> parent, builtin parent, meaning."""
    tree: dict[str, tuple[str | None, str | None, str]] = {}
    path: list[str] = []  # the names from the root down to the line before
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.match(line):
            depth = len(match["branch"]) // 4
            path[depth:] = [match["name"]]
            tree[match["name"]] = (path[depth - 1] if depth else None, match["builtin"], match["meaning"].strip())
    return tree


def test_the_drawn_tree_is_the_real_one() -> None:
    real = {}
    for name, error in CLASSES.items():
        parents = [parent.__name__ for parent in error.__bases__]
        ours = [parent for parent in parents if parent in CLASSES]
        theirs = [parent for parent in parents if hasattr(builtins, parent) and parent != "Exception"]
        assert len(ours) <= 1, name
        assert len(theirs) <= 1, name
        real[name] = (ours[0] if ours else None, theirs[0] if theirs else None)
    assert {name: (parent, builtin) for name, (parent, builtin, _) in drawn().items()} == real


def test_every_leaf_of_the_tree_says_what_it_means() -> None:
    parents = {parent for parent, _, _ in drawn().values()}
    for name, (_, _, meaning) in drawn().items():
        assert meaning or name in parents, name


@pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES.keys())
def test_every_error_is_caught_by_the_base_and_documented(error: type[BiocoreError]) -> None:
    assert issubclass(error, BiocoreError)
    assert error.__name__.endswith("Error")
    assert error.__doc__
    with pytest.raises(BiocoreError, match="what is wrong"):
        raise error("what is wrong")


@pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES.keys())
def test_every_error_survives_the_way_to_another_process(error: type[BiocoreError]) -> None:
    told = error("what is wrong")
    again = pickle.loads(pickle.dumps(told))
    assert type(again) is error
    assert str(again) == str(told)
    assert str(again).startswith("what is wrong")


DEVICE = {name: kind for name, kind in CLASSES.items() if issubclass(kind, DeviceError)}


@pytest.mark.parametrize("error", DEVICE.values(), ids=DEVICE.keys())
def test_every_device_error_says_what_the_operator_can_do(error: type[DeviceError]) -> None:
    told = error("went wrong", uri="usb:05ba:000a", state="capturing")
    if error in (DeviceError, errors.CaptureCancelledError):  # nobody need do anything
        assert told.hint is None
        return
    assert told.hint
    assert str(told) == f"usb:05ba:000a: went wrong (while capturing). {told.hint}"
    assert str(error("went wrong", hint="Pray")) == "went wrong. Pray"  # who knows better says better


def test_a_format_error_names_file_and_offset() -> None:
    assert str(FormatError("record too short")) == "record too short"
    assert str(FormatError("record too short", file="a.fmr")) == "a.fmr: record too short"
    error = FormatError("record too short", file="a.fmr", offset=0)
    assert str(error) == "a.fmr: at byte 0: record too short"
    assert (error.file, error.offset) == ("a.fmr", 0)


def test_a_device_error_names_device_state_and_remedy() -> None:
    assert str(DeviceError("is gone")) == "is gone"
    error = DeviceError("is gone", uri="usb:05ba:000a", state="capturing", hint="Plug it in again")
    assert str(error) == "usb:05ba:000a: is gone (while capturing). Plug it in again"
    assert (error.uri, error.state, error.hint) == ("usb:05ba:000a", "capturing", "Plug it in again")


@pytest.mark.parametrize(
    "error",
    [
        FormatError("record too short", file="a.fmr", offset=7),
        DeviceError("is gone", uri="usb:05ba:000a", state="capturing", hint="Plug it in again"),
        errors.DevicePermissionError("may not be opened", uri="usb:05ba:000a", hint="Install the udev rule"),
        errors.DeviceDisconnectedError("is gone", uri="usb:05ba:000a"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_error_carries_survives_the_way_to_another_process(error: BiocoreError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_the_errors_import_nothing_of_the_library() -> None:
    tree = ast.parse(Path(errors.__file__).read_text())
    found = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == ["__future__"]

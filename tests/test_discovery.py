"""Plug-ins: loaded when used, refused when doubled, listed with their fault when broken."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from biocore import discovery
from biocore.discovery import GROUP, Registry
from biocore.errors import DeviceNotFoundError, DriverError, DriverNotFoundError
from biocore.hal import split_uri

GOOD = EntryPoint("virtual", "biocore_drivers.virtual:driver", GROUP)
PLUGIN = '''
from collections.abc import Iterable
IMPORTS = []

class Driver:
    """Lists and claims as told."""
    def devices(self):
        raise RuntimeError("the vendor's library crashed")
    def claims(self, uri):
        raise RuntimeError("the vendor's library crashed again")
    def open(self, uri):
        raise LookupError

driver = Driver()
lacking = object()
'''


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a folder of plug-ins on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "plugin_bad_manners.py").write_text(PLUGIN)
    (tmp_path / "plugin_syntax.py").write_text("this is no Python")
    (tmp_path / "plugin_exits.py").write_text("import sys; sys.exit(3)")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("plugin_")]:
        del sys.modules[name]


def test_nothing_is_imported_before_it_is_used(plugins: Path) -> None:
    registry = Registry([EntryPoint("bad", "plugin_bad_manners:driver", GROUP), GOOD])
    assert registry.names == ("bad", "virtual")
    assert "plugin_bad_manners" not in sys.modules
    registry.open("virtual:finger").close()
    assert "plugin_bad_manners" not in sys.modules
    registry.load("bad")
    assert "plugin_bad_manners" in sys.modules


def test_a_driver_is_loaded_once() -> None:
    registry = Registry([GOOD])
    assert registry.load("virtual") is registry.load("virtual")


def test_two_of_one_name_are_refused_and_the_others_work() -> None:
    twin = EntryPoint("twin", "biocore_drivers.virtual:driver", GROUP)
    other = EntryPoint("twin", "biocore_drivers.file:driver", GROUP)
    registry = Registry([twin, other, GOOD])
    with pytest.raises(DriverError, match=r"claimed by .*file.* and by .*virtual.*uninstall all but one"):
        registry.load("twin")
    assert {info.name: bool(info.fault) for info in registry.drivers()} == {"twin": True, "virtual": False}
    assert [info.uri for info in registry.devices()] == ["virtual:finger", "virtual:iris"]


def test_the_same_entry_point_seen_twice_is_one() -> None:
    assert not Registry([GOOD, EntryPoint(GOOD.name, GOOD.value, GOOD.group)]).drivers()[0].fault


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("plugin_absent:driver", "No module named"),
        ("plugin_syntax:driver", "does not load"),
        ("plugin_exits:driver", "does not load: 3"),
        ("plugin_bad_manners:nothing", "has no attribute"),
        ("plugin_bad_manners:lacking", "lacks devices, claims, open"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_fault_and_harms_nobody(plugins: Path, value: str, fault: str) -> None:
    registry = Registry([EntryPoint("broken", value, GROUP), GOOD])
    found = {info.name: info for info in registry.drivers()}
    assert fault in found["broken"].fault
    assert value in found["broken"].origin
    assert not found["virtual"].fault
    assert {info.driver for info in registry.devices()} == {"virtual"}
    for _ in range(2):
        with pytest.raises(DriverError, match="broken"):
            registry.open("broken:1")
    registry.open("virtual:finger").close()


def test_a_plugin_that_crashes_when_asked_is_passed_over(plugins: Path, caplog: pytest.LogCaptureFixture) -> None:
    registry = Registry([EntryPoint("bad", "plugin_bad_manners:driver", GROUP), GOOD])
    assert [info.driver for info in registry.devices()] == ["virtual", "virtual"]
    assert "the vendor's library crashed" in caplog.text
    with pytest.raises(DriverNotFoundError, match="no driver serves"):
        registry.open("usb:1234:5678")
    assert "crashed again" in caplog.text


@pytest.mark.parametrize("uri", ["", "virtual", "finger7", ":", "nobody:1"])
def test_a_uri_that_nobody_serves_is_named(uri: str) -> None:
    with pytest.raises(DriverNotFoundError):
        Registry([GOOD]).open(uri)
    with pytest.raises(LookupError):
        Registry([]).open(uri)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(DriverNotFoundError, match="there are: virtual"):
        Registry([GOOD]).load("laser")


def test_the_library_s_own_drivers_are_found_through_their_entry_points() -> None:
    assert {"virtual", "file"} <= {info.name for info in discovery.list_drivers()}
    assert "virtual:finger" in [info.uri for info in discovery.list_devices()]
    with discovery.open_device("virtual:finger?width=32&height=32&previews=0") as device:
        assert device.capture().pixels.shape == (32, 32)
    assert discovery.registry() is discovery.registry()


def test_uris_are_taken_apart() -> None:
    assert split_uri("file:/a%3Fb/c?ppi=500&x=1%262") == ("file", "/a?b/c", {"ppi": "500", "x": "1&2"})
    assert split_uri("usb:05ba:000a") == ("usb", "05ba:000a", {})


@pytest.mark.parametrize("uri", ["virtual:", "virtual:finger?x", "virtual:finger?x=1&x=2", "virtual", ":a", "v:?x=1"])
def test_a_malformed_uri_is_named(uri: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        split_uri(uri)

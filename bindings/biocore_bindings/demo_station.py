"""The demo's station: an old woman at the desk, a power cut in the middle, no line until the end, the centre's view.

Nothing is played but the person, the scanner, the camera and the hand at the mains switch: the recordings are processes
of `biocore enrol`, the first of which is killed; the record travels by HTTP to a `biocore centre` on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from biocore.errors import FormatError
from biocore.formats.images import read_image
from biocore.station.entry import EntryKind, position_of
from biocore.station.handover import FOLDER as RECEIPTS
from biocore.station.handover import read_kept, receipt_path
from biocore.station.journal import Journal
from biocore.station.outbox import Outbox
from biocore.station.outbox_status import OutboxStatus
from biocore.station.payloads import read_template
from biocore.station.reader import Opened, read_record
from biocore.station.receipt import Receipt
from biocore.station.record_file import record_path
from biocore.station.session_heads import BURST, FUSED, ROBUST
from biocore.types import EyePosition, FingerPosition, FingerTemplate, Frame, IrisTemplate, Modality, Sample
from biocore_bindings import demo
from biocore_bindings.centre_keys import PUBLIC, create_centre_keys, read_opener, read_signer
from biocore_bindings.centre_store import CentreStore
from biocore_bindings.demo import RESIDENT, Finger
from biocore_bindings.demo_eyes import CAMERA, CLOUDY, Eye
from biocore_bindings.eyes import iris_template
from biocore_bindings.inputs import finger_template, position_name
from biocore_bindings.outputs import make_folder, writing
from biocore_bindings.station_place import StationPlace

AGE, TICKET = 71, 24
AMPUTATED = FingerPosition.RIGHT_RING
FAINT = (FingerPosition.LEFT_INDEX, FingerPosition.RIGHT_THUMB)
KEY_DAYS = 365
MARK = "made-by-biocore-demo"  # an empty file: this folder may be made anew
PERSON = {"name": "Mbah Sumini", "number": "3403000000000000"}  # nobody's; sealed, and printed nowhere by the station
SUPERVISOR = "Ibu Kartini"

# What happens at the desk. In the first slap the little and the middle finger are mixed up. The left index finger
# hardly touches; when it is to be shown once more, in the fifth capture, the lights go out.
_SCANNER = f"virtual:finger?finger={RESIDENT}&slap=yes&sequence=GOOD&arrival=0.05&previews=0"
CUT_AT = 5
BEFORE = f"{_SCANNER}&swap=right_little:right_middle&poor=left_index:LIGHT:1&fail=no_finger:{CUT_AT}"
AFTER = f"{_SCANNER}&impression=50&poor=" + ",".join(["right_thumb:LIGHT:0.88"] * 3)
EYES = f"{CAMERA}?seed={RESIDENT}&eye=both&sequence=GOOD&arrival=0.05&poor=left:{CLOUDY}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo's station and its centre lie."""

    folder: Path

    @property
    def station(self) -> StationPlace:
        """The station."""
        return StationPlace(self.folder / "station")

    @property
    def keys(self) -> Path:
        """The centre's keys."""
        return self.folder / "centre" / "keys"

    @property
    def data(self) -> Path:
        """What the centre received."""
        return self.folder / "centre" / "data"


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording process ended.

    Attributes
    ----------
    code : int
        Its exit code; -9: killed.
    asked : tuple of str
        What it asked for last, by `position_name` of the station.
    events : tuple of dict
    """

    code: int
    asked: tuple[str, ...]
    events: tuple[dict[str, Any], ...]

    @property
    def resumed(self) -> dict[str, Any] | None:
        """How it went on, where it did."""
        return next((event for event in self.events if event["event"] == "resumed"), None)

    def done(self) -> int:
        """Return how many fingers and eyes had their outcome."""
        return sum(event["event"] in ("accepted", "excepted") for event in self.events)


def prepare(folder: Path) -> Place:
    """Make the keys of a centre and an empty station; those of an earlier demo are replaced.

    Raises
    ------
    FormatError
        There is something else of that name.
    """
    place = Place(folder)
    for each in (folder / "station", folder / "centre"):
        if each.exists() and not (each / MARK).exists():
            raise FormatError("is there already, and no earlier demo's; choose another --out", file=str(each))
        with writing(each):
            if each.exists():
                shutil.rmtree(each)
            make_folder(each)
            (each / MARK).touch()
    create_centre_keys(place.keys, datetime.now(UTC) + timedelta(days=KEY_DAYS))
    shutil.copy(place.keys / PUBLIC, place.station.key)
    with place.station.day_book() as book:
        for _ in range(TICKET):
            book.issue(day=book.today)
        book.call(number=TICKET)
    return place


def begin(place: Place, language: str, told: Callable[[str], None], columns: int, *, colour: bool) -> Recorded:
    """Record until the power goes: the process is killed while it waits for the finger."""
    who = place.folder / "station" / "who.json"
    who.write_text(json.dumps(PERSON))
    options = ["--identity", str(who), "--ticket", str(TICKET), "--age", str(AGE)]
    options += ["--missing", f"{position_name(AMPUTATED)}:amputated"]
    try:
        return _enrol(place, BEFORE, language, options, told, columns, colour=colour, cut=True)
    finally:
        who.unlink()


def go_on(place: Place, language: str, told: Callable[[str], None], columns: int, *, colour: bool) -> Recorded:
    """Record the rest in another process."""
    return _enrol(place, AFTER, language, ["--resume", "last"], told, columns, colour=colour, cut=False)


def _enrol(
    place: Place,
    scanner: str,
    language: str,
    options: list[str],
    told: Callable[[str], None],
    columns: int,
    *,
    colour: bool,
    cut: bool,
) -> Recorded:
    command = [sys.executable, "-m", "biocore_bindings.cli", "enrol", "--station", str(place.station.folder)]
    command += ["--finger", scanner, "--iris", EYES, "--language", language, "--yes", "--supervisor", SUPERVISOR]
    paths = os.pathsep.join(path for path in sys.path if path)
    looks = {"FORCE_COLOR": "1"} if colour else {"NO_COLOR": "1"}
    known = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    environment = {**known, **looks, "COLUMNS": str(columns), "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [*command, *options, "--events"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    heard: list[dict[str, Any]] = []
    listener = threading.Thread(target=_listen, args=(process, heard, cut), daemon=True)
    listener.start()
    try:
        for line in process.stderr:
            told(line.rstrip("\n"))
        code = process.wait()
        listener.join()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    asked = next((event["request"]["wanted"] for event in reversed(heard) if event["event"] == "asked"), ())
    return Recorded(code, tuple(asked), tuple(heard))


def _listen(process: subprocess.Popen[str], heard: list[dict[str, Any]], cut: bool) -> None:
    """Take the events in; pull the plug while the process waits for the finger that is not going to come."""
    assert process.stdout is not None
    asked = 0
    for line in process.stdout:
        event = json.loads(line)
        heard.append(event)
        asked += event["event"] == "asked"
        if cut and asked == CUT_AT and event["event"] == "device_said":
            process.kill()  # SIGKILL: nothing of it gets to say a word
            return


# -- the line --------------------------------------------------------------------------------------


@contextmanager
def no_line(place: Place) -> Iterator[socket.socket]:
    """Give the station an address where nobody answers: a port that is taken, and not listened on."""
    with CentreStoreOf(place) as store, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as closed:
        closed.bind(("127.0.0.1", 0))
        _point(place, f"http://127.0.0.1:{closed.getsockname()[1]}/", store.issue_token("demo"))
        yield closed


def send(place: Place) -> OutboxStatus:
    """Send what waits.

    Raises
    ------
    MissingDependencyError
        httpx is not installed.
    """
    with Journal(place.station.journal, None) as journal, closing(place.station.link()) as link:
        return Outbox(journal, link, zone=place.station.office().zone).drain()


@contextmanager
def centre(place: Place) -> Iterator[str]:
    """Receive on this machine, opening each record before it is signed for; yield the address.

    Raises
    ------
    MissingDependencyError
        FastAPI or uvicorn are not installed.
    """
    from biocore_bindings.centre_server import CentreServer

    with CentreStoreOf(place) as store, CentreServer(store) as server:
        _point(place, server.url, store.issue_token("demo"))
        yield server.url


class CentreStoreOf:
    """The centre's store while it is used."""

    def __init__(self, place: Place) -> None:
        self._store = CentreStore(place.data, read_signer(place.keys), opener=read_opener(place.keys))

    def __enter__(self) -> CentreStore:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _point(place: Place, url: str, token: str) -> None:
    path = place.station.centre
    path.write_text(f'url = "{url}"\ntoken = "{token}"\n')
    path.chmod(0o600)


def receipt(place: Place, resident: str) -> Receipt:
    """Return the centre's signed receipt, as the station keeps it.

    Raises
    ------
    JournalCorruptError
    """
    return read_kept(receipt_path(place.station.journal / RECEIPTS, resident)).handed.receipt


# -- what the centre reads ---------------------------------------------------------------------------


def opened(place: Place, resident: str) -> list[Opened]:
    """Open the record with the centre's private key: the centre's copy, or, where nothing was sent, the station's."""
    here = record_path(place.station.journal / "records", resident)
    if here.exists():
        return read_record(here, read_opener(place.keys))
    with CentreStoreOf(place) as store, Journal(place.station.journal, None) as journal:
        return read_record(store.path(journal.journal_id, resident), read_opener(place.keys))


def summary_of(entries: list[Opened]) -> dict[str, Any]:
    """Return the closing words of a record."""
    found = json.loads(entries[-1].payload)
    assert isinstance(found, dict)
    return found


def decisions(entries: list[Opened]) -> dict[str, dict[str, Any]]:
    """Return the last decision about each finger and eye."""
    return {e.head.position: json.loads(e.payload) for e in entries if e.head.kind is EntryKind.DECISION}


def person(entries: list[Opened], folder: Path) -> tuple[list[Finger], list[Eye], list[Path]]:
    """Return the fingers and eyes of a record, with every picture that was taken, written into a folder too.

    Raises
    ------
    FormatError
    """
    fingers: dict[int, Finger] = {}
    eyes: dict[int, Eye] = {}
    written = []
    for entry in entries:
        position = position_of(entry.head.position) if entry.head.position else None
        if not isinstance(position, FingerPosition | EyePosition) or entry.head.kind is not EntryKind.FRAME:
            continue
        path = make_folder(folder) / f"{_file_name(position)}-{entry.head.attempt}.png"
        with writing(path):
            path.write_bytes(entry.payload)
        written.append(path)
        image = read_image(path)
        if isinstance(position, FingerPosition):
            sample = Sample(Frame(image.pixels, image.ppi_tag, path.name), Modality.FINGER, position)
            finger = fingers.setdefault(position.value, Finger(position, position_name(position)))
            finger.attempts.append(demo.examined(sample, finger_template))
        else:
            sample = Sample(Frame(image.pixels, None, path.name), Modality.IRIS, position)
            eyes.setdefault(position.value, Eye(position)).attempts.append(demo.examined(sample, iris_template))
    for finger in fingers.values():
        template = _template(entries, finger.position)
        finger.kept = template if isinstance(template, FingerTemplate) else None
    for eye in eyes.values():
        made = _template(entries, eye.position)
        eye.kept = made if isinstance(made, IrisTemplate) else None
    return [fingers[key] for key in sorted(fingers)], [eyes[key] for key in sorted(eyes)], written


def _template(entries: list[Opened], position: FingerPosition | EyePosition) -> FingerTemplate | IrisTemplate | None:
    """Return the template that is kept: of several attempts or pictures, else the robust one of the kept attempt."""
    mine = [entry for entry in entries if entry.head.position and _is(entry, position)]
    templates = [entry for entry in mine if entry.head.kind is EntryKind.TEMPLATE]
    kept = next((e.head.attempt for e in reversed(mine) if e.head.kind is EntryKind.DECISION), None)
    order = (FUSED, BURST, ROBUST)
    for code in order:
        found = [e for e in templates if e.head.code == code and (code == FUSED or e.head.attempt == kept)]
        if found:
            return read_template(found[-1].payload)
    found = [entry for entry in templates if entry.head.attempt == kept]
    return read_template(found[-1].payload) if found else None


def _is(entry: Opened, position: FingerPosition | EyePosition) -> bool:
    other = position_of(entry.head.position or "")
    return other is not None and type(other) is type(position) and other == position


def _file_name(position: FingerPosition | EyePosition) -> str:
    name = position_name(position)
    return name if isinstance(position, FingerPosition) else f"{name}-eye"

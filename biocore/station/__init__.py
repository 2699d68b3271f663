"""The station: what is captured is on disk, sealed to the centre, before anybody is told that it is.

>>> from biocore.station import EntryKind, Item, Journal
"""

from biocore.station.centre_key import CentreKey, issue_centre_key, read_centre_key
from biocore.station.entry import EntryKind, Head, Item
from biocore.station.journal import Journal
from biocore.station.progress import PositionProgress, Progress
from biocore.station.reader import Opened, read_record
from biocore.station.recording import Recording
from biocore.station.recovery import Flaw, Recovery
from biocore.station.sealing import Opener
from biocore.station.space import DAY, MONTH, Plan, SpaceLevel, SpaceStatus

__all__ = [
    "DAY",
    "MONTH",
    "CentreKey",
    "EntryKind",
    "Flaw",
    "Head",
    "Item",
    "Journal",
    "Opened",
    "Opener",
    "Plan",
    "PositionProgress",
    "Progress",
    "Recording",
    "Recovery",
    "SpaceLevel",
    "SpaceStatus",
    "issue_centre_key",
    "read_centre_key",
    "read_record",
]

"""The station: what is captured is on disk, sealed to the centre, before anybody is told that it is.

>>> from biocore.station import EntryKind, Item, Journal
"""

from biocore.station.centre_key import CentreKey, issue_centre_key, read_centre_key
from biocore.station.conclusion import Conclusion, conclude
from biocore.station.day import DayBook, DayView, Moved
from biocore.station.devices import Devices
from biocore.station.entry import EntryKind, Head, Item
from biocore.station.exceptions import Absence, ExceptionKind, ExceptionRecord, Permanence
from biocore.station.forecast import Forecast, Pace, Wait
from biocore.station.handover import Way
from biocore.station.journal import Journal
from biocore.station.ledger import JournalKeeper
from biocore.station.live import Captured, How, Live
from biocore.station.looks import FULL_PLAN, Doubt, DoubtKind, Ended, Look, Situation, Veto, VetoKind, as_json
from biocore.station.office import Office, read_office
from biocore.station.office_status import OfficeStatus, Stop, publish
from biocore.station.outbox import Order, Outbox
from biocore.station.outbox_status import OutboxState, OutboxStatus, Problem
from biocore.station.overview import Overview
from biocore.station.policy import decide, next_capture, profile_for
from biocore.station.profile import Profile
from biocore.station.profile_file import load_profile
from biocore.station.progress import PositionProgress, Progress
from biocore.station.queue import Priority, Ticket, TicketState
from biocore.station.reader import Opened, read_record
from biocore.station.receipt import Receipt, issue_receipt, read_receipt
from biocore.station.recording import Recording
from biocore.station.recovery import Flaw, Recovery
from biocore.station.rungs import PlacementMode, Request, Rung, Step
from biocore.station.sealing import Opener
from biocore.station.session import Session
from biocore.station.session_begin import Desk, Subject
from biocore.station.space import DAY, MONTH, Plan, SpaceLevel, SpaceStatus
from biocore.station.stick import Exported, Fetched, export_records, import_receipts
from biocore.station.telling import Teller
from biocore.station.upload import CentreLink, Hello
from biocore.station.words import message_text, position_text

__all__ = [
    "DAY",
    "FULL_PLAN",
    "MONTH",
    "Absence",
    "Captured",
    "CentreKey",
    "CentreLink",
    "Conclusion",
    "DayBook",
    "DayView",
    "Desk",
    "Devices",
    "Doubt",
    "DoubtKind",
    "Ended",
    "EntryKind",
    "ExceptionKind",
    "ExceptionRecord",
    "Exported",
    "Fetched",
    "Flaw",
    "Forecast",
    "Head",
    "Hello",
    "How",
    "Item",
    "Journal",
    "JournalKeeper",
    "Live",
    "Look",
    "Moved",
    "Office",
    "OfficeStatus",
    "Opened",
    "Opener",
    "Order",
    "Outbox",
    "OutboxState",
    "OutboxStatus",
    "Overview",
    "Pace",
    "Permanence",
    "PlacementMode",
    "Plan",
    "PositionProgress",
    "Priority",
    "Problem",
    "Profile",
    "Progress",
    "Receipt",
    "Recording",
    "Recovery",
    "Request",
    "Rung",
    "Session",
    "Situation",
    "SpaceLevel",
    "SpaceStatus",
    "Step",
    "Stop",
    "Subject",
    "Teller",
    "Ticket",
    "TicketState",
    "Veto",
    "VetoKind",
    "Wait",
    "Way",
    "as_json",
    "conclude",
    "decide",
    "export_records",
    "import_receipts",
    "issue_centre_key",
    "issue_receipt",
    "load_profile",
    "message_text",
    "next_capture",
    "position_text",
    "profile_for",
    "publish",
    "read_centre_key",
    "read_office",
    "read_receipt",
    "read_record",
]

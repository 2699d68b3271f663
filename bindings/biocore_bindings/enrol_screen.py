"""What the clerk sees while a resident is recorded: a board of fingers and eyes, and a line for what happened.

`Board.hear` takes an event, and returns the lines that stay; `Board.show` draws the rest, for 80 columns and more. What
is drawn knows no name: positions, scores, causes and advice, and a ticket's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from biocore.advice import Language, advice_text, cause_text
from biocore.device_info import EventKind
from biocore.report import Advice, CauseName, Outcome
from biocore.station import session_events as events
from biocore.station.entry import position_name
from biocore.station.live import LiveView
from biocore.station.looks import Ended, Look
from biocore.station.rungs import PlacementMode, Request
from biocore.station.session_state import State
from biocore.station.words import message_text, position_text
from biocore.types import EyePosition, FingerPosition, Position
from biocore_bindings.cli_assess import score_bar, score_text
from biocore_bindings.enrol_acts import eye_or_finger
from biocore_bindings.enrol_words import say
from biocore_bindings.terminal import shown

KINDS = ("thumb", "index", "middle", "ring", "little", "eye")
SIDES = ("right", "left")
BAR = 24  # columns of the live score
ENDED_KEYS = {Ended.TIMEOUT: "not_seen", Ended.DEVICE_LOST: "lost"}
LOUD = frozenset({State.PAUSED, State.NO_DEVICE, State.BLOCKED})
_MARKS = {"done": "✓", "now": "▶", "gone": "✗", "open": "·"}
_PLAIN_MARKS = {"done": "ok", "now": ">", "gone": "x", "open": "."}  # where the terminal has no more than ASCII


@dataclass(slots=True)
class Board:
    """What is known of the resident who is being recorded.

    Attributes
    ----------
    language : "en" or "id"
    plan : tuple of Position
    title : str
        Profile and ticket.
    ascii : bool
        Draw no more than ASCII marks.
    """

    language: Language
    plan: tuple[Position, ...] = ()
    title: str = ""
    ascii: bool = False
    state: State = State.READY
    mode: PlacementMode = PlacementMode.SLAP
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # of exceptions
    scores: dict[str, int | None] = field(default_factory=dict)
    unsigned: Sequence[Position] = ()
    _request: Request | None = None
    _thresholds: dict[str, int] = field(default_factory=dict)
    _view: LiveView | None = None
    _looks: dict[str, Look] = field(default_factory=dict)  # told with the decision, or by themselves where none follows

    # -- hearing -------------------------------------------------------------------------------------

    def hear(self, event: events.SessionEvent) -> list[Text]:
        """Take an event in, and return what is to be said of it in lines that stay."""
        match event:
            case events.StateChanged(state, _):
                self.state = state
                if state is State.READY:
                    self._view = None
                return self._rest()
            case events.Asked(request):
                self._request, self._view = request, None
                self._thresholds |= request.thresholds
                return [*self._rest(), self._asked(request)]
            case events.Viewed(view=view):
                self._view = view
            case events.DeviceSaid(kind=EventKind.SWITCHED, detail=detail):
                return [self._warn(self.say("another_device", device=shown(detail)))]
            case events.Looked(look, _):
                name = position_name(look.position)
                self.scores[name] = look.score
                self._looks[name] = look
            case events.Decided():
                return self._decided(event)
            case events.Excepted(position, kind, _):
                self.kinds[position_name(position)] = str(kind)
            case events.Reopened(position):
                self._open(position)
                return [self._warn(self.say("reopened", fingers=self.names([position])))]
            case events.Doubted(position, _, doubts):
                key = f"doubt_{doubts[0].kind}"
                return [self._warn(message_text(key, self.language, finger=self.names([position])))]
            case events.SlapWarned(warnings):
                return [self._warn("; ".join(map(shown, warnings)))]
            case events.ModeSwitched(mode):
                self.mode = mode
                return [Text(self.say(f"switched_{mode}"))]
            case events.CaptureCancelled():
                return [Text(self.say("cancelled"), style="dim")]
            case events.DeviceTrouble(message=message) | events.ReserveInUse(message=message):
                return [self._warn(shown(message))]
            case events.JournalTrouble(message=message, recovered=recovered):
                return [self._warn(self.say("mended") if recovered else shown(message))]
            case events.ChecksIncomplete(positions):
                return [Text(self.say("not_compared", number=len(positions)), style="dim")]
            case events.Resumed(_, done, following):
                return [self._resumed(event.resident, done, following)]
        return []

    def _rest(self) -> list[Text]:
        """Return the attempts that nothing was decided of."""
        lines = [self._looked(look) for look in self._looks.values()]
        self._looks.clear()
        return lines

    def know(self, outcomes: Mapping[str, Outcome], scores: Mapping[str, int | None]) -> None:
        """Take in what was decided before a resumption."""
        self.outcomes |= outcomes
        self.scores |= scores

    def _open(self, position: Position) -> None:
        self.outcomes.pop(position_name(position), None)

    def _asked(self, request: Request) -> Text:
        wanted = self.names(request.wanted)
        look = request.wanted[0]
        message = message_text(
            request.message_key,
            self.language,
            finger=wanted,
            score=self.scores.get(position_name(look)),
            threshold=request.thresholds[position_name(look)],
        )
        line = Text(message, style="bold")
        for advice in request.advice[:1]:
            line.append(f" {advice_text(advice, self.language)}", style="not bold italic")
        return line

    def _looked(self, look: Look) -> Text:
        line = Text(f"  {position_text(look.position, self.language)}: ")
        key = ENDED_KEYS.get(look.ended)
        if key is not None:
            return line.append(self.say(key), style="yellow")
        if look.score is None:
            line.append(self.say("no_score"), style="yellow")
        else:
            line.append(f"{self.say('quality')} ").append_text(score_text(look.score))
        for cause in look.causes[:1]:
            line.append(f"  {cause_text(cause.name, self.language)}", style="yellow")
        return line

    def _decided(self, event: events.Decided) -> list[Text]:
        name = position_name(event.position)
        look = self._looks.pop(name, None)
        if event.outcome not in (Outcome.ACCEPT, Outcome.EXCEPTION):
            self._open(event.position)
            return [self._looked(look)] if look is not None else []
        self.outcomes[name] = event.outcome
        if event.outcome is Outcome.EXCEPTION:
            self.kinds.setdefault(name, event.message_key.removeprefix("exception_"))
        text = message_text(
            event.message_key,
            self.language,
            finger=position_text(event.position, self.language),
            score=self.scores.get(name),
            threshold=self._thresholds.get(name),
        )
        style = "yellow" if event.lowered or event.outcome is Outcome.EXCEPTION else "green"
        line = Text(f"  {self._mark('done' if event.outcome is Outcome.ACCEPT else 'gone')} {text}", style=style)
        for cause in look.causes[:1] if look is not None else ():
            line.append(f" {cause_text(cause.name, self.language)}", style="yellow")
        return [line]

    def _resumed(self, resident: str, done: Sequence[Position], following: Sequence[Position]) -> Text:
        fingers = self.names(following) or self.say("nothing_next")
        return Text(self.say("resumed", resident=resident[:8], done=len(done), fingers=fingers), style="bold")

    def _warn(self, text: str) -> Text:
        return Text(f"  ! {text}", style="yellow")

    # -- showing -------------------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the clerk's language."""
        return say(key, self.language, **values)

    def names(self, positions: Iterable[Position]) -> str:
        """Return fingers and eyes as a sentence has them."""
        several = list(positions)
        sides = {_side(position) for position in several}
        if len(several) > 2 and len(sides) == 1 and all(isinstance(p, FingerPosition) for p in several):
            fingers = ", ".join(self.say(eye_or_finger(position)) for position in several)
            return f"{self.say(f'{sides.pop()}_hand')} ({fingers})"
        texts = [position_text(position, self.language) for position in several]
        if len(texts) < 2:
            return "".join(texts)
        return f"{', '.join(texts[:-1])} {self.say('and')} {texts[-1]}"

    def show(self, below: Sequence[Text] = ()) -> RenderableType:
        """Draw the board; `below` is what the keys do, or a question."""
        done = sum(position_name(position) in self.outcomes for position in self.plan)
        count = self.say("done_of", done=done, all=len(self.plan))
        # Always as many lines, or the board would jump.
        parts: list[RenderableType] = [self._grid(), Text(), *self._now(), Text(), *below]
        return Panel(
            Group(*parts),
            title=Text(self.title),
            title_align="left",
            subtitle=Text(count),
            subtitle_align="right",
            border_style="yellow" if self.state in LOUD else "cyan",
            box=box.ASCII if self.ascii else box.ROUNDED,
            padding=(0, 1),
        )

    def _grid(self) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="dim")
        table.add_column(no_wrap=True)
        for kind in KINDS:
            table.add_column(self.say(kind), no_wrap=True, ratio=1, overflow="ellipsis")
        for side in SIDES:
            table.add_row(Text(self.say(side), style="dim"), *(self._cell(side, kind) for kind in KINDS))
        return table

    def _cell(self, side: str, kind: str) -> Text:
        position = next((p for p in self.plan if _side(p) == side and eye_or_finger(p) == kind), None)
        if position is None:
            return Text()
        name = position_name(position)
        outcome, score = self.outcomes.get(name), self.scores.get(name)
        number = "" if score is None else f" {score}"
        if outcome is Outcome.ACCEPT:
            return Text(self._mark("done") + number, style="green")
        if outcome is Outcome.EXCEPTION:
            return Text(self.say(self.kinds.get(name, "exception")), style="yellow")
        if self._request is not None and position in self._request.wanted and self._same_kind(position):
            return Text(self._mark("now") + number, style="bold reverse")
        return Text(self._mark("open") + number, style="" if number else "dim")

    def _same_kind(self, position: Position) -> bool:
        """Tell fingers from eyes: the right thumb and the right eye are both 1, and equal as numbers."""
        return self._request is not None and isinstance(position, type(self._request.wanted[0]))

    def _now(self) -> list[Text]:
        """Return three lines: what is asked, how good it looks, what to do; or what is waited for."""
        if self.state in LOUD or self.state is State.COMPLETE or self._request is None:
            style = "bold yellow" if self.state in LOUD else "bold green"
            lines = [Text(self.say(self.state), style=style)]
            if self.state is State.COMPLETE and self.unsigned:
                lines = [Text(self.say("unsigned", fingers=self.names(self.unsigned)), style="bold yellow")]
            return _three(lines)
        lines = [self._asked(self._request)]
        lines[0].truncate(200)
        if self.state is State.CAPTURING and self._view is not None:
            lines += self._live(self._view, min(self._request.thresholds.values()))
        else:
            lines.append(Text(self.say(self.state), style="dim"))
        return _three(lines)

    def _live(self, view: LiveView, threshold: int) -> list[Text]:
        seen = view.glance
        line = Text(f"{self.say('quality')} ")
        score = seen.score if seen.present else None
        if score is not None:
            line.append_text(score_bar(score, BAR)).append(" ").append_text(score_text(score))
        line.append(f"  {self.say('needed', threshold=threshold)}", style="dim")
        return [line, _advice(seen.cause, seen.advice, self.language) or self._hold(view)]

    def _hold(self, view: LiveView) -> Text:
        return Text(self.say("hold"), style="green") if view.held else Text()

    def _mark(self, kind: str) -> str:
        return (_PLAIN_MARKS if self.ascii else _MARKS)[kind]


def _advice(cause: CauseName | None, advice: Sequence[Advice], language: Language) -> Text | None:
    if cause is None:
        return None
    line = Text(cause_text(cause, language), style="yellow")
    for step in advice[:1]:
        line.append(f" {advice_text(step, language)}", style="italic")
    return line


def _side(position: Position) -> str:
    if isinstance(position, EyePosition):
        return position.name.lower()
    assert isinstance(position, FingerPosition)
    return position.name.lower().partition("_")[0]


def _three(lines: list[Text]) -> list[Text]:
    return [*lines, Text(), Text(), Text()][:3]

"""Between C and the engine: handles, blocks of memory, texts, and errors as codes."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from biocore.errors import BiocoreError

C = Any  # a value of C's, as cffi gives it
_T = TypeVar("_T")

POINTER_BYTES = 8
# Handles look like no address: on 64-bit machines none has these upper bits, and following one stops at once.
FIRST_HANDLE = 0xB10C << 48
MAX_BYTES = 1 << 31  # bytes of one record or picture; more is a length that was never meant


class CallError(Exception):
    """A call that makes no sense.

    Parameters
    ----------
    code : str
        Last part of the code's name: `ARGUMENT`.
    message : str
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def name(self) -> str:
        """What C is told that it is called."""
        return f"{self.code.title()}Error"


def wrong(message: str) -> CallError:
    """Return the error of an argument."""
    return CallError("ARGUMENT", message)


@dataclass
class Held:
    """What a handle stands for, and C's copies of its texts, which last as long."""

    thing: object
    texts: dict[str, C] = field(default_factory=dict)


class Handles:
    """What programs hold, by numbers that are never used again."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: dict[int, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def add(self, thing: object, offset: int) -> int:
        """Return a new handle."""
        number = offset + next(self._numbers)
        self._held[number] = Held(thing)
        return number

    def find(self, number: int, kind: type[_T]) -> tuple[_T, Held]:
        """Return what a handle stands for.

        Raises
        ------
        CallError
        """
        held = self._held.get(number)
        if held is None or not isinstance(held.thing, kind):
            raise _no_handle(number, kind)
        return held.thing, held

    def release(self, number: int, kind: type[_T]) -> _T:
        """Forget a handle; return what it stood for."""
        thing, _ = self.find(number, kind)
        if self._held.pop(number, None) is None:  # another thread was faster
            raise _no_handle(number, kind)
        return thing

    def all_of(self, kind: type[_T]) -> Iterator[_T]:
        """Go through everything of a kind."""
        return (held.thing for held in tuple(self._held.values()) if isinstance(held.thing, kind))

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()


def _no_handle(number: int, kind: type) -> CallError:
    if number == 0:
        return wrong(f"there must be a {kind.__name__.lower()}, not NULL")
    return CallError("HANDLE", f"{number:#x} is no {kind.__name__.lower()}: released already, or of another kind")


class Door:
    """cffi's objects, and what is done with them.

    Parameters
    ----------
    ffi, lib : object
        Of the library that called.
    """

    def __init__(self, ffi: C, lib: C) -> None:
        self.ffi = ffi
        self.lib = lib
        self.handles = Handles()
        self._constants: dict[str, C] = {}
        self._codes: dict[type[BaseException], int] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._offset = FIRST_HANDLE if ffi.sizeof("void *") == POINTER_BYTES else 0

    # -- what comes in -----------------------------------------------------------------------------

    def held(self, pointer: C, kind: type[_T]) -> _T:
        """Return what a handle stands for; a CallError where it is none of that kind."""
        return self.handles.find(self.number(pointer), kind)[0]

    def number(self, pointer: C) -> int:
        """Return a handle's number."""
        return int(self.ffi.cast("uintptr_t", pointer))

    def all_held(self, pointers: C, count: int, kind: type[_T]) -> list[_T]:
        """Return what an array of handles stands for."""
        if count and pointers == self.ffi.NULL:
            raise wrong(f"there must be an array of {count}, not NULL")
        return [self.held(pointers[k], kind) for k in range(count)]

    def text(self, pointer: C, what: str, default: str | None = None) -> str:
        """Return a text; NULL is the default, where there is one."""
        if pointer == self.ffi.NULL:
            if default is None:
                raise wrong(f"{what} must not be NULL")
            return default
        try:
            return bytes(self.ffi.string(pointer)).decode()
        except UnicodeDecodeError as error:
            raise wrong(f"{what} is not UTF-8: {error}") from None

    def data(self, pointer: C, size: int) -> bytes:
        """Return a copy of bytes."""
        if pointer == self.ffi.NULL:
            raise wrong("data must not be NULL")
        if size > MAX_BYTES:
            raise wrong(f"{size} bytes are more than the {MAX_BYTES} that one record or picture may have")
        return bytes(self.ffi.buffer(pointer, size))

    def place(self, pointer: C, what: str) -> C:
        """Return a pointer that something is to be written through; a CallError where it is NULL."""
        if pointer == self.ffi.NULL:
            raise wrong(f"{what} must not be NULL")
        return pointer

    # -- what goes out -----------------------------------------------------------------------------

    def hand(self, out: C, thing: object, kind: str) -> None:
        """Write a new handle through a pointer."""
        out[0] = self.ffi.cast(f"{kind} *", self.handles.add(thing, self._offset))

    def constant(self, text: str) -> C:
        """Return a text that lasts as long as the process: for words of a fixed list."""
        found = self._constants.get(text)
        if found is None:
            found = self._constants.setdefault(text, self.ffi.new("char[]", text.encode()))
        return found

    def fill(self, out: C, kind: str, **values: object) -> None:
        """Write into a structure of the caller's as much of it as the caller knows."""
        ffi, place = self.ffi, self.place(out, kind)
        whole = ffi.new(f"{kind} *")
        known = min(place.struct_size, ffi.sizeof(kind))
        if known <= ffi.sizeof("uint32_t"):
            raise wrong(f"struct_size of {kind} is {place.struct_size}: set it to sizeof before the call")
        put(whole, self.known(kind, values))
        whole.struct_size = place.struct_size
        ffi.memmove(place, whole, known)

    def known(self, kind: str, values: dict[str, object]) -> dict[str, object]:
        """Return those members that the library's structure has: it may be older than the engine it starts."""
        if kind not in self._members:
            self._members[kind] = frozenset(name for name, _ in self.ffi.typeof(kind).fields)
        members = self._members[kind]
        return {name: value for name, value in values.items() if name in members}

    def block(self, *parts: tuple[str, int] | str | bytes) -> list[C]:
        """Return new memory for C, in parts.

        Parameters
        ----------
        parts : (type, count), str or bytes
            What each part is to hold; a text or bytes are copied in.

        Returns
        -------
        list of pointers
            One a part, the first to be handed out: `biocore_free` takes it, and all goes.

        Raises
        ------
        MemoryError
        """
        ffi = self.ffi
        ready = [part.encode() + b"\0" if isinstance(part, str) else part for part in parts]
        sizes = [len(part) if isinstance(part, bytes) else ffi.sizeof(part[0]) * part[1] for part in ready]
        offsets = list(itertools.accumulate((-(-size // POINTER_BYTES) * POINTER_BYTES for size in sizes), initial=0))
        base = self.lib.library_new_block(offsets[-1])
        if base == ffi.NULL:
            raise MemoryError(f"{offsets[-1]} bytes")
        start, made = ffi.cast("char *", base), []
        for part, offset in zip(ready, offsets, strict=False):
            if isinstance(part, bytes):
                ffi.memmove(start + offset, part, len(part))
                made.append(start + offset)
            else:
                made.append(ffi.cast(f"{part[0]} *", start + offset))
                _sign(ffi, made[-1], *part)
        return made

    def rows(self, kind: str, count: int) -> tuple[tuple[str, int], tuple[str, int]]:
        """Return the two parts of an array: its pointers, which a newer structure does not move, and its items."""
        return (f"{kind} *", count), (kind, count)

    # -- errors ------------------------------------------------------------------------------------

    def answer(self, function: Callable[..., None]) -> Callable[..., int]:
        """Return a function for C: it answers a code, and keeps what went wrong for biocore_last_error()."""

        def answering(*arguments: C) -> int:
            try:
                function(self, *arguments)
            except BaseException as error:  # whatever it is, C learns of it by a code
                return self.keep(error)
            return 0

        return answering

    def keep(self, error: BaseException) -> int:
        """Keep an error for the calling thread; return its code."""
        code = self.code_of(error)
        name, message = type(error).__name__, str(error)
        if isinstance(error, CallError):
            name = error.name
        elif not isinstance(error, BiocoreError):
            message = f"{name}: {message}"
        offset = getattr(error, "offset", None)
        file = getattr(error, "file", None) or getattr(error, "path", None)
        said = (name, message, *(getattr(error, part, None) for part in ("uri", "state", "hint")), file)
        texts = [str(text or "").encode(errors="replace") for text in said]
        self.lib.library_keep_error(code, *texts, -1 if offset is None else int(offset))
        return code

    def code_of(self, error: BaseException) -> int:
        """Return the code of an error: its own, else that of the nearest it descends from."""
        if isinstance(error, CallError):
            return int(getattr(self.lib, f"BIOCORE_ERROR_{error.code}"))
        kind = type(error)
        if kind not in self._codes:
            self._codes[kind] = self._find_code(kind)
        return self._codes[kind]

    def _find_code(self, kind: type[BaseException]) -> int:
        if issubclass(kind, MemoryError):
            return int(self.lib.BIOCORE_ERROR_MEMORY)
        if not issubclass(kind, BiocoreError):
            return int(self.lib.BIOCORE_ERROR_INTERNAL)
        for parent in kind.__mro__:
            code = getattr(self.lib, code_name(parent.__name__), None)
            if code is not None and issubclass(parent, BiocoreError):
                return int(code)
        return int(self.lib.BIOCORE_ERROR_OTHER)


def code_name(error: str) -> str:
    """Return the name of an error's code: `DeviceBusyError` has `BIOCORE_ERROR_DEVICE_BUSY`."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", error.removesuffix("Error"))
    return f"BIOCORE_ERROR_{words.upper()}"


def put(struct: C, values: dict[str, object]) -> None:
    """Set members of a structure."""
    for name, value in values.items():
        setattr(struct, name, value)


def number_or_nan(value: float | None) -> float:
    """Return a number as C has it: NAN for none."""
    return math.nan if value is None else float(value)


def score_or_none(value: float | None) -> int:
    """Return a score as C has it: -1 for none."""
    return -1 if value is None else int(value)


def _sign(ffi: C, items: C, kind: str, count: int) -> None:
    """Write its size into each structure."""
    if kind.endswith("*"):
        return
    size = ffi.sizeof(kind)
    for k in range(count):
        items[k].struct_size = size

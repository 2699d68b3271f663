"""XML as a tree whose elements know at which byte of the file they begin; read without entities.

What XML can do to its reader (entities that unfold, files that are fetched) needs a document type, and that is refused
before anything is unfolded. Comments and processing instructions are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from biocore.errors import FormatError, UnsupportedFormatError

MAX_DEPTH = 64  # of elements in elements
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BUFFER = 1 << 16  # bytes of text that come at once


@dataclass(slots=True)
class Element:
    """An element.

    Attributes
    ----------
    tag : str
        `{namespace}name`, or the name alone.
    attributes : dict
    offset : int
        Byte of the file at which it begins.
    children : list of Element
    pieces : list of str
        The text before its first child.
    """

    tag: str
    attributes: dict[str, str]
    offset: int
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text before its first child, without white space around it."""
        return "".join(self.pieces).strip()


def read_xml(data: bytes, file: str | None = None) -> Element:
    """Read the tree of a file.

    Raises
    ------
    FormatError
        No XML, or too deep; carries the byte offset.
    UnsupportedFormatError
        XML with a document type, or in UTF-16 or UTF-32.
    """
    if data[:2] in _UTF_16 or b"\0" in data[:4]:
        raise UnsupportedFormatError("XML that is not in UTF-8", file=file, offset=0)
    builder = _Builder(file)
    try:
        builder.parser.Parse(data, True)
    except FormatError:  # a ValueError too
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        at = min(max(builder.parser.ErrorByteIndex, 0), len(data))
        raise FormatError(f"no XML that can be read: {error}", file=file, offset=at) from None
    finally:
        builder.release()
    return builder.root.children[0]


class _Builder:
    """Puts elements together as the parser tells of them."""

    def __init__(self, file: str | None) -> None:
        self.root = Element("", {}, 0)
        self._file = file
        self._open = [self.root]
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.buffer_size = _BUFFER
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def release(self) -> None:
        """Let go of the parser's hold on this object, so that both are freed at once."""
        self.parser.StartDoctypeDeclHandler = None
        self.parser.StartElementHandler = None
        self.parser.EndElementHandler = None
        self.parser.CharacterDataHandler = None

    def _refuse(self, *_: object) -> None:
        at = self.parser.CurrentByteIndex
        raise UnsupportedFormatError("XML with a document type; CBEFF has none", file=self._file, offset=at)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        if len(self._open) > MAX_DEPTH:
            raise FormatError(f"elements in elements, deeper than {MAX_DEPTH}", file=self._file, offset=at)
        element = Element("{" + name if "}" in name else name, attributes, at)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if not self._open[-1].children:
            self._open[-1].pieces.append(text)

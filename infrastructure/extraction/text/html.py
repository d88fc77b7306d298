"""HTML by selectolax (Lexbor, an HTML5 parser), walked without recursion: deep nesting does no harm."""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from infrastructure.extraction.pieces import CELL_SEPARATOR, Block, PieceReading
from infrastructure.extraction.text.encoding import SAMPLE_BYTES, decode, encoding_of
from infrastructure.extraction.text.encoding_labels import known_encoding
from infrastructure.extraction.text.xhtml import as_html, is_xhtml

# fmt: off
DROPPED = {
    "head", "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio",
    "video", "datalist", "select",
}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p",
    "pre", "search", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
}
# fmt: on
MAX_DEPTH = 500
MAX_HEAD_BYTES = 4096  # within which the encoding is named
_NESTING = re.compile(  # tags that may hold themselves and must be closed
    r"<(/?)(?:div|span|ul|ol|dl|table|section|article|blockquote|center|font|form|main|nav|b|i|u|em|strong)\b[^<>]*>",
    re.IGNORECASE,
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
LAYOUT_SIGNS = "table, h1, h2, h3, h4, h5, h6, section, article, form"
_NO_MARKUP = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|title|textarea|xmp|template)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL
)
_META = re.compile(rb"<meta[\s/]((?:[^>\"']|\"[^\"]{0,500}\"|'[^']{0,500}'){0,500})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"([^\s=/\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SPACES = re.compile(r"[ \t\n\f\r]+")


def open_html(path: Path, encoding: str) -> PieceReading:
    """Open HTML; `encoding` is the guess from its bytes, which its own declaration overrules."""
    return PieceReading(media_type="text/html", blocks=html_blocks(markup_of(path.read_bytes(), encoding)))


def html_blocks(markup: str) -> Iterator[Block]:
    """Parse at once, and return the blocks, which are made as they are asked for."""
    root = parsed(markup).root
    return iter(()) if root is None else _Walker().blocks(root)


def markup_of(data: bytes, encoding: str) -> str:
    """Decode a page by its own declaration, else by the guess; XHTML is made HTML."""
    markup = decode(data, declared_encoding(data) or encoding)
    return as_html(markup) if is_xhtml(markup) else markup


def parsed(markup: str) -> LexborHTMLParser:
    """Parse HTML. A byte order mark would be text to the parser, and end the head."""
    return LexborHTMLParser(flattened(markup.removeprefix("\ufeff")))


def flattened(markup: str) -> str:
    """Leave out tags nested deeper than anybody writes: the parser's time grows with the square of the depth."""
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        depth = max(depth + (-1 if tag[1] else 1), 0)
        return " " if depth + bool(tag[1]) > MAX_DEPTH else tag[0]

    return _NESTING.sub(keep, markup)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that the markup names, None where it names none that is known or the bytes say better."""
    sample = data[:SAMPLE_BYTES]
    if sample.startswith(_MARKS) or (encoding_of(sample) or "").startswith("utf-16"):
        return None
    if _is_utf8(data):  # old declarations outlive the encoding, and no other text looks like it
        return "utf-8"
    names = (_named(meta[1]) for meta in _META.finditer(_NO_MARKUP.sub(b"", sample), 0, MAX_HEAD_BYTES))
    name = next(filter(None, map(known_encoding, filter(None, names))), None)
    return "utf-8" if name and name.startswith("utf-16") else name  # the declaration could be read, so it is not


def _is_utf8(data: bytes) -> bool:
    """Tell by the first character that is not ASCII and those that follow."""
    found = _BEYOND_ASCII.search(data)
    return found is not None and encoding_of(data[found.start() : found.start() + SAMPLE_BYTES]) == "utf-8"


def _named(attributes: bytes) -> str | None:
    """Return the encoding that a meta tag names."""
    found = {name.lower(): b"".join(value).decode("latin-1") for name, *value in _ATTRIBUTE.findall(attributes)}
    if found.get(b"http-equiv", "").strip().lower() == "content-type" and b"charset" not in found:
        content = _CHARSET.search(found.get(b"content", ""))
        return content[1] if content else None
    return found.get(b"charset")


class _Walker:
    """Collects the text of one block after the other."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._marker = ""  # of the list item whose first words are awaited
        self._items = 0
        self._pre = 0
        self._data_table = 0  # how deep within tables of data, whose rows are lines
        self._tables: list[bool] = []

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        """Walk the tree and yield its blocks."""
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            inner = None
            if tag == "-text":
                self._text(node)
            elif tag not in DROPPED:
                yield from self._enter(node, tag)
                inner = node.child
                if inner is None:
                    yield from self._leave(tag)
            if inner is None:
                yield from self._leave_finished(node)
                inner = _after(node)
            node = inner
        yield from self._flush()

    def _leave_finished(self, node: LexborNode) -> Iterator[Block]:
        """Leave every element that ends with this node."""
        last: LexborNode | None = node
        while last is not None and last.next is None:
            last = last.parent
            if last is not None:
                yield from self._leave(last.tag or "")

    def _text(self, node: LexborNode) -> None:
        text = node.text_content or ""
        self._parts.append(text if self._pre and not self._data_table else _SPACES.sub(" ", text))

    def _enter(self, node: LexborNode, tag: str) -> Iterator[Block]:
        if tag == "table":
            yield from self._flush()
            data = bool(self._data_table) or not _lays_out(node)
            self._tables.append(data)
            self._data_table += data
        elif tag in {"td", "th"} and not self._data_table:
            yield from self._flush()
        elif tag == "br":
            self._parts.append(" " if self._data_table else "\n")
        elif tag in BLOCKS and not self._data_table:
            yield from self._flush()
            self._pre += tag == "pre"
            if tag == "li":
                self._marker = "- "
                self._items += 1

    def _leave(self, tag: str) -> Iterator[Block]:
        if tag == "table":
            yield from self._flush(tight=bool(self._data_table))
            self._data_table -= self._tables.pop() if self._tables else 0
        elif self._data_table:
            if tag in {"td", "th"}:
                self._parts.append("\x1f")
            elif tag in {"tr", "caption"}:
                yield from self._flush(tight=True)
            elif tag in BLOCKS:
                self._parts.append(" ")
        elif tag in {"td", "th"} or tag in BLOCKS:
            yield from self._flush(level=HEADINGS.get(tag))
            self._pre -= tag == "pre"
            if tag == "li":
                self._marker = ""
                self._items -= 1

    def _flush(self, *, level: int | None = None, tight: bool = False) -> Iterator[Block]:
        text = "".join(self._parts)
        self._parts.clear()
        if self._data_table:
            cells = [" ".join(cell.split()) for cell in text.rstrip(" \n").removesuffix("\x1f").split("\x1f")]
            text = CELL_SEPARATOR.join(cells) if any(cells) else ""
        elif not self._pre:
            text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
        if text.strip():
            yield Block(text=self._marker + text, level=level, tight=tight or self._items > 0)
            self._marker = ""


def _after(node: LexborNode) -> LexborNode | None:
    """Return the node that follows a node and all that is in it."""
    found: LexborNode | None = node
    while found is not None and found.next is None:
        found = found.parent
    return None if found is None else found.next


def _lays_out(table: LexborNode) -> bool:
    """Tell a table that arranges parts of a page from one that holds data."""
    part = table.child
    while part is not None:
        if part.tag != "-text" and part.css_first(LAYOUT_SIGNS) is not None:
            return True
        part = part.next
    return False

"""What OpenDocument files (OASIS OpenDocument 1.3) share: the package, paragraphs, tables."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import elements, local, value

CONTENT = "content.xml"
MANIFEST = "META-INF/manifest.xml"
_SPACE = "urn:oasis:names:tc:opendocument:xmlns"
# With their namespaces: the title of a drawing is not to be read, the document's title within a sentence is.
_SKIPPED = {
    *(f"{{{_SPACE}:office:1.0}}{name}" for name in ("annotation", "forms")),
    *(f"{{{_SPACE}:text:1.0}}{name}" for name in ("tracked-changes", "ruby-text")),
    *(f"{{{_SPACE}:svg-compatible:1.0}}{name}" for name in ("title", "desc")),
    *(f"{{http://purl.org/dc/elements/1.1/}}{name}" for name in ("creator", "date")),
}
# Text boxes hang on a paragraph and notes stand within it: blocks of their own.
ASIDE = {"frame", "custom-shape", "rect", "ellipse", "circle", "g", "note"}
LITERAL = {"tab": "\t", "line-break": "\n", "soft-page-break": ""}
MAX_SPACES = 100
MAX_REPEATED = 100


def open_package(path: Path, limits: ExtractionLimits) -> Archive:
    """Open an OpenDocument file. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted."""
    archive = Archive(path, limits)
    archive.check_directory()
    if MANIFEST in archive.names and next(elements(archive.open(MANIFEST), "encryption-data"), None) is not None:
        raise DocumentUnreadable(FailureCode.ENCRYPTED)
    return archive


def skipped(element: etree._Element) -> bool:
    """Tell what is no text of the document: comments, deletions, pronunciations, descriptions of drawings."""
    return element.tag in _SKIPPED


def text_of(element: etree._Element, aside: list[etree._Element] | None = None) -> str:
    """Return a paragraph's text; what stands apart from it is left out, and put into `aside`."""
    parts = [element.text or ""]
    for inner in element:
        name = local(inner)
        if name == "s":
            parts.append(" " * repeated(inner, "c", most=MAX_SPACES))
        elif name in LITERAL:
            parts.append(LITERAL[name])
        elif name in ASIDE:
            if aside is not None:
                aside.append(inner)
        elif not skipped(inner):
            parts.append(text_of(inner, aside))
        parts.append(inner.tail or "")
    return "".join(parts)


def paragraphs(element: etree._Element) -> Iterator[str]:
    """Yield the text of all paragraphs and headings within an element, also of those within lists."""
    for inner in element:
        if local(inner) in {"p", "h"}:
            yield text_of(inner)
        elif not skipped(inner):
            yield from paragraphs(inner)


def rows_in(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, also those within groups."""
    for inner in element:
        if local(inner) == "table-row":
            yield inner
        elif local(inner).startswith("table-"):
            yield from rows_in(inner)


def cells_in(row: etree._Element) -> Iterator[etree._Element]:
    """Yield the cells of a row, those that a merged one covers too."""
    yield from row.iterchildren("{*}table-cell", "{*}covered-table-cell")


def table_lines(table: etree._Element) -> Iterator[list[str]]:
    """Yield the rows of a table in a text, cell by cell."""
    for row in rows_in(table):
        yield [one_line(" ".join(paragraphs(cell))) for cell in cells_in(row)]


def repeated(element: etree._Element, name: str, *, most: int = MAX_REPEATED) -> int:
    """Return how often an element stands for itself: files say so of millions of empty cells."""
    count = value(element, name) or "1"
    return min(int(count), most) if count.isdecimal() and len(count) < 10 else most  # noqa: PLR2004

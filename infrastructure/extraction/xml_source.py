"""XML from a hostile ZIP entry: streamed, no entities, DTD or network, limited depth and text size (libxml2's own)."""

from collections.abc import Iterator

from lxml import etree

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import LimitedFile

PORTION_BYTES = 64 * 1024


def events(source: LimitedFile) -> Iterator[tuple[str, etree._Element]]:
    """Yield (`start` or `end`, element) as the entry is read. Raises DocumentUnreadable: corrupt.

    A document type declaration is refused: Office never writes one, and only attacks need it.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        while data := source.read(PORTION_BYTES):
            parser.feed(data)
            yield from _without_dtd(parser.read_events())
        parser.close()
        yield from _without_dtd(parser.read_events())
    except etree.LxmlError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc


def _without_dtd(found: Iterator[tuple[str, etree._Element]]) -> Iterator[tuple[str, etree._Element]]:
    for event, element in found:
        if event == "start" and element.getparent() is None and element.getroottree().docinfo.internalDTD is not None:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        yield event, element


def local(element: etree._Element) -> str:
    """Return the name without its namespace, which is another in strict documents."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def value(element: etree._Element, name: str = "val") -> str | None:
    """Return an attribute by its local name."""
    for key, content in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(content)
    return None


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """Return the first descendant on a path of local names."""
    found: etree._Element | None = element
    for name in path:
        if found is None:
            return None
        found = next((inner for inner in found if local(inner) == name), None)
    return found

"""XML from a hostile source: streamed, no entities, DTD or network, limited depth and text size (libxml2's own)."""

from collections.abc import Iterator
from typing import Protocol

from lxml import etree

from domain.failure import DocumentUnreadable, FailureCode

PORTION_BYTES = 64 * 1024


class Source(Protocol):
    """A file or an entry of an archive."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        ...


def events(source: Source, *, allow_doctype: bool = False) -> Iterator[tuple[str, etree._Element]]:
    """Yield (`start` or `end`, element) as the source is read. Raises DocumentUnreadable: corrupt.

    A document type declaration is refused: Office never writes one, and only attacks need it. Where others do write
    it, one that declares entities is refused.
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
            yield from _checked(parser.read_events(), allow_doctype=allow_doctype)
        parser.close()
        yield from _checked(parser.read_events(), allow_doctype=allow_doctype)
    except etree.LxmlError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc


def _checked(
    found: Iterator[tuple[str, etree._Element]], *, allow_doctype: bool
) -> Iterator[tuple[str, etree._Element]]:
    for event, element in found:
        if event == "start" and element.getparent() is None:
            doctype = element.getroottree().docinfo.internalDTD
            if doctype is not None and not (allow_doctype and next(doctype.iterentities(), None) is None):
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

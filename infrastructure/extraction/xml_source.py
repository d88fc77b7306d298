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


def events(source: Source, *names: str, allow_doctype: bool = False) -> Iterator[tuple[str, etree._Element]]:
    """Yield (`start` or `end`, element) as the source is read, of these local names or of all.

    Raises DocumentUnreadable: corrupt, also for a document type declaration: Office never writes one, only attacks do.
    Where others do write it (`allow_doctype`), one that declares entities is refused.
    """
    return _events(source, ("start", "end"), names, allow_doctype=allow_doctype)


def elements(source: Source, *names: str) -> Iterator[etree._Element]:
    """Yield each element of these local names when it was read, and free it and all before it afterwards.

    Far quicker than `events` where most elements are of no interest. Raises DocumentUnreadable: corrupt.
    """
    for _, element in _events(source, ("end",), names):
        yield element
        free(element)


def root_of(source: Source) -> etree._Element:
    """Read a part that is small enough to be held as a whole. Raises DocumentUnreadable: corrupt."""
    parser = _parser((), ())
    try:
        while data := source.read(PORTION_BYTES):
            parser.feed(data)
        root = parser.close()
    except etree.LxmlError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentUnreadable(FailureCode.CORRUPT)
    return root


def free(element: etree._Element) -> None:
    """Forget an element's content and the elements before it, so that memory does not grow with the file."""
    element.clear()
    parent = element.getparent()
    while (previous := element.getprevious()) is not None and parent is not None:
        parent.remove(previous)


def _events(
    source: Source, kinds: tuple[str, ...], names: tuple[str, ...], *, allow_doctype: bool = False
) -> Iterator[tuple[str, etree._Element]]:
    parser = _parser(kinds, names)
    try:
        while data := source.read(PORTION_BYTES):
            parser.feed(data)
            yield from _checked(parser.read_events(), allow_doctype=allow_doctype)
        parser.close()
        yield from _checked(parser.read_events(), allow_doctype=allow_doctype)
    except etree.LxmlError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc


def _parser(kinds: tuple[str, ...], names: tuple[str, ...]) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=kinds,
        tag=[f"{{*}}{name}" for name in names] or None,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _checked(
    found: Iterator[tuple[str, etree._Element]], *, allow_doctype: bool
) -> Iterator[tuple[str, etree._Element]]:
    for number, (event, element) in enumerate(found):
        if not number:
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

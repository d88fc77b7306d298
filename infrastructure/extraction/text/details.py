"""What HTML and EPUB say of themselves: title and meta elements, and the package's metadata."""

from pathlib import Path

from domain.document_details import DocumentDetails
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.details import instant_of, said
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.text.epub import package_path
from infrastructure.extraction.text.html import markup_of, parsed
from infrastructure.extraction.xml_source import events, local, value

# Nobody's head is longer.
HEAD_BYTES = 1024 * 1024
AUTHOR = ("author", "dc.creator", "dcterms.creator", "article:author")
CREATED = ("dcterms.created", "article:published_time", "dcterms.date", "dc.date", "date")
MODIFIED = ("dcterms.modified", "article:modified_time", "last-modified")


def html_details(path: Path, encoding: str) -> DocumentDetails:
    """Read the head of a page; `encoding` is the guess from its bytes."""
    with path.open("rb") as file:
        data = file.read(HEAD_BYTES)
    tree = parsed(markup_of(data, encoding))
    title = tree.css_first("head > title")
    stated: dict[str, str] = {}
    for meta in tree.css("meta[content]"):
        name = meta.attributes.get("name") or meta.attributes.get("property") or ""
        stated.setdefault(name.lower(), meta.attributes.get("content") or "")
    return DocumentDetails(
        title=said(title.text() if title else None),
        author=next(filter(None, (said(stated.get(name)) for name in AUTHOR)), None),
        created_at=next(filter(None, (instant_of(stated.get(name)) for name in CREATED)), None),
        modified_at=next(filter(None, (instant_of(stated.get(name)) for name in MODIFIED)), None),
    )


def epub_details(path: Path, limits: ExtractionLimits) -> DocumentDetails:
    """Read the package document of a book. Raises DocumentUnreadable: corrupt, too_large_unpacked."""
    archive = Archive(path, limits)
    archive.check_directory()
    titles, creators, dates, changes = list[str](), list[str](), list[str](), list[str]()
    kinds = {"title": titles, "creator": creators, "date": dates}
    for event, element in events(archive.open(package_path(archive)), allow_doctype=True):
        if event == "end" and local(element) in kinds:
            kinds[local(element)].append(element.text or "")
        elif event == "end" and local(element) == "meta" and value(element, "property") == "dcterms:modified":
            changes.append(element.text or "")
    return DocumentDetails(
        title=next(filter(None, map(said, titles)), None),
        author=said(", ".join(filter(None, map(said, creators)))),
        created_at=next(filter(None, map(instant_of, dates)), None),
        modified_at=next(filter(None, map(instant_of, changes)), None),
    )

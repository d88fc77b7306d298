"""What Office files say of themselves: core properties (ECMA-376 part 2), and the `meta.xml` of OpenDocument."""

from collections.abc import Collection, Mapping
from pathlib import Path

from domain.document_details import DocumentDetails
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.details import instant_of, said
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.odf import open_package
from infrastructure.extraction.office.package import related
from infrastructure.extraction.xml_source import elements, local

CORE = "docProps/core.xml"
META = "meta.xml"


def office_details(path: Path, limits: ExtractionLimits) -> DocumentDetails:
    """Read DOCX, PPTX and XLSX. Raises DocumentUnreadable: corrupt, too_large_unpacked."""
    archive = Archive(path, limits)
    archive.check_directory()
    named = (each.part for each in related(archive, "") if each.kind == "core-properties")
    stated = _stated(archive, next(named, CORE), ("title", "creator", "created", "modified"))
    return DocumentDetails(
        title=said(stated.get("title")),
        author=said(stated.get("creator")),
        created_at=instant_of(stated.get("created")),
        modified_at=instant_of(stated.get("modified")),
    )


def opendocument_details(path: Path, limits: ExtractionLimits) -> DocumentDetails:
    """Read ODT, ODS and ODP. Raises DocumentUnreadable: encrypted, corrupt, too_large_unpacked."""
    archive = open_package(path, limits)
    stated = _stated(archive, META, ("title", "initial-creator", "creator", "creation-date", "date"))
    return DocumentDetails(
        title=said(stated.get("title")),
        author=said(stated.get("initial-creator")) or said(stated.get("creator")),
        created_at=instant_of(stated.get("creation-date")),
        modified_at=instant_of(stated.get("date")),
    )


def _stated(archive: Archive, part: str, names: Collection[str]) -> Mapping[str, str]:
    """Return the first text of each element, none where there is no such part."""
    found: dict[str, str] = {}
    if part in archive.names:
        for element in elements(archive.open(part), *names):
            found.setdefault(local(element), element.text or "")
    return found

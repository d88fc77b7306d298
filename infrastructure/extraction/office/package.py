"""Office packages (OPC, ECMA-376 part 2): which part is the main one, and which parts a part refers to."""

import posixpath
import re
from dataclasses import dataclass

from lxml import etree

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.archive import Archive
from infrastructure.extraction.xml_source import events, local, value

CONTENT_TYPES = "[Content_Types].xml"
# Templates, shows and files with macros are read as what they are based on.
WORD_MAIN = re.compile(r"(?:wordprocessingml|ms-word)\.(?:document|template)[a-zA-Z.]*\.main\+xml")
SLIDES_MAIN = re.compile(r"(?:presentationml|ms-powerpoint)\.[a-zA-Z]+(?:\.macroEnabled)?\.main\+xml")
SHEETS_MAIN = re.compile(r"(?:spreadsheetml|ms-excel)\.(?:sheet|template)(?:\.macroEnabled)?\.main\+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A part that another refers to; `kind` is the last word of the relationship's type, such as `slide`."""

    id: str
    kind: str
    part: str


def main_part(archive: Archive, kind: re.Pattern[str], *, usual: str) -> str:
    """Return the part of that content type, else the usual one. Raises DocumentUnreadable."""
    for event, element in events(archive.open(CONTENT_TYPES)):
        if event == "start" and local(element) == "Override" and kind.search(value(element, "ContentType") or ""):
            part = (value(element, "PartName") or "").lstrip("/")
            if part in archive.names:
                return part
    if usual in archive.names:
        return usual
    raise DocumentUnreadable(FailureCode.CORRUPT)


def related(archive: Archive, part: str) -> list[Related]:
    """Return what a part refers to, as far as it lies in the package: nothing outside is ever opened."""
    folder, _, name = part.rpartition("/")
    source = f"{folder}/_rels/{name}.rels".lstrip("/")
    if source not in archive.names:
        return []
    found = []
    for event, element in events(archive.open(source)):
        if event == "start" and local(element) == "Relationship":
            target = posixpath.normpath(posixpath.join(f"/{folder}", value(element, "Target") or "")).lstrip("/")
            if value(element, "TargetMode") != "External" and target in archive.names:
                kind = (value(element, "Type") or "").rpartition("/")[2]
                found.append(Related(id=value(element, "Id") or "", kind=kind, part=target))
    return found


def reference(element: etree._Element, name: str = "id") -> str:
    """Return the id of the relationship that an element names."""
    return next((str(text) for key, text in element.attrib.items() if str(key).endswith(f"/relationships}}{name}")), "")

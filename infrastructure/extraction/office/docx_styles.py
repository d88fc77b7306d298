"""Which paragraphs of a DOCX are headings or list items: by their own properties, else by the chain of their styles."""

import re
from dataclasses import dataclass

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.pieces import MAX_LEVEL
from infrastructure.extraction.xml_source import child, events, local, value

BODY_LEVEL = 9
MAX_CHAIN = 12
# Word keeps the English names of its own styles in every language; only the ids are translated.
_HEADING_NAME = re.compile(r"heading ([1-9])$", re.IGNORECASE)
_TITLE_NAMES = {"title"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a paragraph style says by itself."""

    based_on: str | None
    level: int | None
    listed: bool | None


class Styles:
    """The paragraph styles by id."""

    def __init__(self, styles: dict[str, Style]) -> None:
        self._styles = styles

    def of_paragraph(self, paragraph: etree._Element) -> tuple[int | None, bool]:
        """Return the heading's level, None where it is none, and whether it is a list item."""
        properties = child(paragraph, "pPr")
        if properties is None:
            return None, False
        level, listed = own_properties(properties)
        style = child(properties, "pStyle")
        style_id = value(style) if style is not None else None
        for _ in range(MAX_CHAIN):
            found = self._styles.get(style_id or "")
            if found is None:
                break
            level = found.level if level is None else level
            listed = found.listed if listed is None else listed
            style_id = found.based_on
        return (min(level, MAX_LEVEL) if level and level <= BODY_LEVEL else None), bool(listed)


def own_properties(properties: etree._Element) -> tuple[int | None, bool | None]:
    """Return the level (from 1; 10 is body text) and whether it is a list item, as far as properties say so."""
    outline, numbering = child(properties, "outlineLvl"), child(properties, "numPr", "numId")
    digits = (value(outline) or "") if outline is not None else ""
    level = int(digits) + 1 if digits.isdecimal() and len(digits) == 1 else None
    return level, None if numbering is None else value(numbering) != "0"


def read_styles(archive: Archive, part: str) -> Styles:
    """Read the styles; a package without any has none."""
    styles: dict[str, Style] = {}
    if part in archive.names:
        for event, element in events(archive.open(part)):
            if event == "end" and local(element) == "style":
                styles[value(element, "styleId") or ""] = _style(element)
                element.clear()
    return Styles(styles)


def _style(element: etree._Element) -> Style:
    properties, based_on, name = child(element, "pPr"), child(element, "basedOn"), child(element, "name")
    level, listed = own_properties(properties) if properties is not None else (None, None)
    title = ((value(name) or "") if name is not None else "").strip()
    if match := _HEADING_NAME.match(title):
        level = int(match[1])
    elif title.lower() in _TITLE_NAMES:
        level = 1
    return Style(based_on=value(based_on) if based_on is not None else None, level=level, listed=listed)

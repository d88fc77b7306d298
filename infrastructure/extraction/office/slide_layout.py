"""Where a PPTX shape is: its own place, else that of the placeholder which it fills in the slide's layout or master."""

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.office.package import related
from infrastructure.extraction.office.reading_order import Box
from infrastructure.extraction.xml_source import child, root_of, value

Places = dict[tuple[str, str], Box]


class Layouts:
    """The places of placeholders, read once a layout."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._places: dict[str, Places] = {}

    def box_of(self, shape: etree._Element, layout: str | None) -> Box | None:
        """Return the place that a placeholder inherits, None where it does not."""
        placeholder = _placeholder(shape)
        if placeholder is None or layout is None:
            return None
        kind, index = placeholder
        places = self._places_of(layout)
        return places.get(("", index)) or places.get((kind, ""))

    def _places_of(self, part: str) -> Places:
        """Return places by index (of the layout alone) and by type (of the layout, else of its master)."""
        if part not in self._places:
            self._places[part] = {}
            masters = [found.part for found in related(self._archive, part) if found.kind == "slideMaster"]
            inherited = self._places_of(masters[0]) if masters else {}
            places = {(kind, index): box for (kind, index), box in inherited.items() if kind}
            for shape in root_of(self._archive.open(part)).iterfind(".//{*}sp"):
                placeholder, box = _placeholder(shape), box_of(shape)
                if placeholder and (box := box or inherited.get((placeholder[0], ""))):
                    places[(placeholder[0], "")] = places[("", placeholder[1])] = box
            self._places[part] = places
        return self._places[part]


def box_of(shape: etree._Element) -> Box | None:
    """Return the place that a shape states itself."""
    for path in (("spPr", "xfrm"), ("grpSpPr", "xfrm"), ("xfrm",)):
        transform = child(shape, *path)
        if transform is not None:
            return _box(transform)
    return None


def placeholder_type(shape: etree._Element) -> str | None:
    """Return the type of the placeholder that a shape fills, None where it is no placeholder."""
    placeholder = _placeholder(shape)
    return placeholder[0] if placeholder else None


def _placeholder(shape: etree._Element) -> tuple[str, str] | None:
    found = next(shape.iterfind("./*/{*}nvPr/{*}ph"), None)
    return None if found is None else (value(found, "type") or "obj", value(found, "idx") or "0")


def _box(transform: etree._Element) -> Box | None:
    offset, extent = child(transform, "off"), child(transform, "ext")
    if offset is None or extent is None:
        return None
    try:
        left, top = (float(value(offset, name) or 0) for name in "xy")
        width, height = (float(value(extent, name) or 0) for name in ("cx", "cy"))
    except ValueError:
        return None
    return Box(left=left, top=top, width=width, height=height)

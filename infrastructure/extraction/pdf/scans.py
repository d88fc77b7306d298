"""Pages of a PDF that are pictures: which they are, and the picture."""

from typing import Any

import pypdfium2.raw as pdfium

from infrastructure.extraction.pictures.tesseract import MAX_PIXELS, GrayPicture

MAX_FORM_DEPTH = 5
POINTS_AN_INCH = 72
DOTS_AN_INCH = 300
# A stamp or a page number over a scan is no whole text layer.
STAMP_CHARACTERS = 60
MOST_OF_PAGE = 0.5


def shows_a_picture(page: Any) -> bool:  # noqa: ANN401 - pypdfium2 is untyped
    """Tell whether there is a picture on the page."""
    return next(iter(page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=MAX_FORM_DEPTH)), None) is not None


def is_drawn_on(page: Any) -> bool:  # noqa: ANN401
    """Tell whether there is anything on the page: letters may also be drawn as lines."""
    return next(iter(page.get_objects(max_depth=1)), None) is not None


def is_stamped_scan(page: Any, text: str) -> bool:  # noqa: ANN401
    """Tell whether a page with hardly any text is, for the most part, one picture."""
    if len(text) > STAMP_CHARACTERS:
        return False
    left, bottom, right, top = page.get_cropbox()
    pictures = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=1)
    areas = [float((x1 - x0) * (y1 - y0)) for x0, y0, x1, y1 in (picture.get_bounds() for picture in pictures)]
    return max(areas, default=0.0) > MOST_OF_PAGE * float((right - left) * (top - bottom))


def with_layer(layer: str, seen: str) -> str:
    """Return what was seen in the picture of a page, after its text layer unless that was seen, too."""
    if not layer.strip() or _letters(layer) in _letters(seen):
        return seen
    return f"{layer.rstrip()}\n\n{seen}"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def picture_of(page: Any) -> GrayPicture:  # noqa: ANN401
    """Draw the page at 300 dots an inch, or coarser where it is huge."""
    width, height = page.get_size()
    scale = DOTS_AN_INCH / POINTS_AN_INCH
    scale *= min(1, (MAX_PIXELS / max(width * height * scale * scale, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        rows = memoryview(bitmap.buffer).cast("B")
        starts = range(0, bitmap.height * bitmap.stride, bitmap.stride)
        pixels = b"".join(rows[start : start + bitmap.width] for start in starts)
        return GrayPicture(width=bitmap.width, height=bitmap.height, pixels=pixels)
    finally:
        bitmap.close()

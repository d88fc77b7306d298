"""How pictures of pages come from the child, which may write no file, into a folder of the parent."""

import base64
from collections.abc import Iterator
from pathlib import Path

from application.ports.page_painter import DrawnPage, DrawnPicture
from domain.extracted_page import UnreadablePage
from domain.failure import DocumentUnreadable
from domain.page_picture import LONGER_SIDE_PIXELS, PictureSize
from infrastructure.extraction.drawing import Drawing
from infrastructure.extraction.sandbox.answers import code_of, text_of, within
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

# Noise of that many pixels has a third of it.
MAX_PICTURE_BYTES = 8 * 1024 * 1024


def page_message(drawing: Drawing, number: int) -> Message:
    """Return what the child says of a page: drawn once, at the largest size, and made smaller for the others."""
    from infrastructure.extraction.pictures.webp import shrunk, webp_of  # noqa: PLC0415 - a child may never draw

    largest = max(LONGER_SIDE_PIXELS.values())
    try:
        image = drawing.draw(number, longer_side=largest)
    except DocumentUnreadable as unreadable:
        return {"type": "unreadable", "number": number, "code": unreadable.failure_code}
    pictures = []
    for size, longer_side in LONGER_SIDE_PIXELS.items():
        picture = shrunk(image, longer_side)
        data = base64.b64encode(webp_of(picture)).decode()
        pictures.append({"size": size, "width": picture.width, "height": picture.height, "data": data})
    return {"type": "drawn", "number": number, "pictures": pictures}


def drawn_page_of(message: Message, number: int, into: Path) -> DrawnPage | UnreadablePage:
    """Return the page of that number, its pictures written into a folder. Raises ProtocolError."""
    if message.get("number") != number:
        raise ProtocolError("another page was due")
    if message["type"] == "unreadable":
        return UnreadablePage(number=number, code=code_of(message.get("code")).value)
    pictures = message.get("pictures")
    if message["type"] != "drawn" or not isinstance(pictures, list):
        raise ProtocolError("a page was due")
    found = tuple(_pictures(pictures, number, into))
    if [picture.size for picture in found] != list(LONGER_SIDE_PIXELS):
        raise ProtocolError("each size is due once")
    return DrawnPage(number=number, pictures=found)


def _pictures(messages: list[object], number: int, into: Path) -> Iterator[DrawnPicture]:
    for message, size in zip(messages, LONGER_SIDE_PIXELS, strict=False):
        if not isinstance(message, dict) or message.get("size") != size:
            raise ProtocolError("another size was due")
        data = _webp_of(message.get("data"))
        path = into / f"{number}-{size}"
        path.write_bytes(data)
        yield DrawnPicture(
            path=path,
            size=PictureSize(size),
            width=within(message.get("width"), 1, LONGER_SIDE_PIXELS[size]),
            height=within(message.get("height"), 1, LONGER_SIDE_PIXELS[size]),
            size_bytes=len(data),
        )


def _webp_of(value: object) -> bytes:
    """Return the bytes, which readers get as a picture. Raises ProtocolError."""
    try:
        data = base64.b64decode(text_of(value), validate=True)
    except ValueError as exc:
        raise ProtocolError("bytes are Base64") from exc
    if len(data) > MAX_PICTURE_BYTES or (data[:4], data[8:12]) != (b"RIFF", b"WEBP"):
        raise ProtocolError("this is no picture")
    return data

"""Old Word and PowerPoint files (DOC, PPT): the child only looks if they are locked; LibreOffice converts the rest."""

import struct
from pathlib import Path
from typing import NoReturn

import olefile

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format

WORD_STREAM = "WordDocument"
FLAGS_AT = 10
ENCRYPTED = 0x0100  # [MS-DOC] 2.5.2, fEncrypted
DAMAGE = (OSError, ValueError, IndexError, struct.error)  # what olefile lets escape, its own errors included
CONVERTED_TO = {Format.DOC: Format.DOCX, Format.PPT: Format.PPTX}


class ConversionNeeded(Exception):
    """Only LibreOffice can read this: it is to be made a file of type `to` first."""

    def __init__(self, media_type: Format) -> None:
        super().__init__(media_type)
        self.media_type = media_type
        self.to = CONVERTED_TO[media_type]


def open_old_office(path: Path, media_type: Format) -> NoReturn:
    """Raise ConversionNeeded, or DocumentUnreadable: corrupt, encrypted."""
    if media_type is Format.DOC and _is_locked(path):
        raise DocumentUnreadable(FailureCode.ENCRYPTED)
    raise ConversionNeeded(media_type)


def _is_locked(path: Path) -> bool:
    try:
        with olefile.OleFileIO(path) as container:
            start = container.openstream(WORD_STREAM).read(FLAGS_AT + 2)
    except DAMAGE as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    return bool(int.from_bytes(start[FLAGS_AT:], "little") & ENCRYPTED)

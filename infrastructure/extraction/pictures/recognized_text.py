"""What Tesseract writes, made like the text of a page: words joined at line ends, one blank line between paragraphs."""

import re

from domain.failure import FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pdf.hyphens import KnownWords
from infrastructure.extraction.pdf.text import tidy
from infrastructure.extraction.pictures.tesseract import GrayPicture, RecognitionFailed, recognized_text
from infrastructure.extraction.reading import ReadPage

_LINE_END = re.compile(r"(?<=\w)[-\u2010\u00ac]\n(?=\w)")
_BLANK_LINE = re.compile(r"\n[ \t]+(?=\n)")


def recognize_page(picture: GrayPicture, number: int, known: KnownWords, limits: ExtractionLimits) -> ReadPage:
    """Read a page from its picture: without text where there is none to see, unreadable where Tesseract fails."""
    try:
        raw = recognized_text(picture, limits)
    except RecognitionFailed as failed:
        return ReadPage(number=number, unreadable=failed.code)
    text = tidy(_LINE_END.sub("\ufffe\n", _BLANK_LINE.sub("\n", raw.replace("\f", ""))), known)
    known.learn(text)
    if not any(map(str.isalnum, text)):
        return ReadPage(number=number, blank=FailureCode.NO_TEXT)
    return ReadPage(number=number, text=text, recognized=True)

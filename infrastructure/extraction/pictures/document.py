"""Pictures as documents: PNG, JPEG, TIFF, WebP, BMP, GIF. Each frame is a page, read by OCR."""

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageOps

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pdf.hyphens import KnownWords
from infrastructure.extraction.pictures.recognized_text import recognize_page
from infrastructure.extraction.pictures.tesseract import MAX_PIXELS, GrayPicture, can_recognize
from infrastructure.extraction.reading import ReadPage

# ruff: noqa: BLE001 - Pillow raises whatever a damaged file leads it into

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
# Letters on a screen are too small for Tesseract; twice the size is read far better.
SMALL_SIDE = 1500


def open_picture(path: Path, media_type: str, limits: ExtractionLimits) -> "PictureReading":
    """Open a picture, of which nothing is decoded yet. Raises as `opened_picture` does."""
    image, frames = opened_picture(path, limits)
    return PictureReading(image, media_type, frames, limits)


def opened_picture(path: Path, limits: ExtractionLimits) -> tuple[Image.Image, int]:
    """Open a picture, and count its frames.

    Raises DocumentUnreadable: corrupt, too_large_unpacked, too_many_pages.
    """
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        image = Image.open(path, formats=FORMATS)
        frames = int(getattr(image, "n_frames", 1))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise too_many_pixels(limits) from exc
    except MemoryError:
        raise
    except Exception as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    if frames > limits.max_pages:
        raise DocumentUnreadable(FailureCode.TOO_MANY_PAGES)
    return image, frames


def too_many_pixels(limits: ExtractionLimits) -> DocumentUnreadable:
    """Return the error for a picture that is not even decoded."""
    most = f"{limits.max_pixels // 1_000_000} million"
    return DocumentUnreadable(
        FailureCode.TOO_LARGE_UNPACKED, f"The picture has more than {most} pixels. Make it smaller, or cut it up."
    )


class PictureReading:
    """A picture that Pillow has opened."""

    def __init__(self, image: Image.Image, media_type: str, frames: int, limits: ExtractionLimits) -> None:
        self.media_type = media_type
        self.page_count = frames
        self._image = image
        self._limits = limits
        self._known = KnownWords()

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading. Raises DocumentUnreadable: too_large_unpacked."""
        with self._image:
            for number in range(first, (last or self.page_count) + 1):
                yield replace(self._page(number), memory=json.dumps(self._known.news()))

    def recall(self, memories: Sequence[str]) -> None:
        """See Remembers."""
        for news in map(json.loads, memories):
            self._known.recall(news)

    def _page(self, number: int) -> ReadPage:
        if not can_recognize(self._limits):
            return ReadPage(number=number, blank=FailureCode.NEEDS_OCR)
        try:
            self._image.seek(number - 1)
            picture = _gray(self._image, self._limits)
        except (MemoryError, DocumentUnreadable):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise too_many_pixels(self._limits) from exc
        except Exception:
            return ReadPage(number=number, unreadable=FailureCode.CORRUPT)
        return recognize_page(picture, number, self._known, self._limits)


def _gray(image: Image.Image, limits: ExtractionLimits) -> GrayPicture:
    """Decode: upright, on white, at a size that Tesseract reads well. Raises DocumentUnreadable, or as Pillow does."""
    if image.width * image.height > limits.max_pixels:  # a later frame may be larger than the first
        raise too_many_pixels(limits)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode == "I":
        upright = upright.convert("I").point(lambda value: value / 256)
    if upright.has_transparency_data:
        colours = upright.convert("RGBA")
        upright = Image.new("RGBA", colours.size, "white")
        upright.alpha_composite(colours)
    gray = upright.convert("L")
    if (share := MAX_PIXELS / (gray.width * gray.height)) < 1:
        gray = gray.resize((max(int(gray.width * share**0.5), 1), max(int(gray.height * share**0.5), 1)))
    elif max(gray.size) < SMALL_SIDE:
        gray = gray.resize((gray.width * 2, gray.height * 2), Image.Resampling.LANCZOS)
    return GrayPicture(width=gray.width, height=gray.height, pixels=gray.tobytes())

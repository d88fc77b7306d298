"""Draws pictures as documents: upright, on white, made smaller where they are large."""

from pathlib import Path

from PIL import Image, ImageOps

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pictures.document import opened_picture, too_many_pixels


def open_picture_drawing(path: Path, media_type: str, limits: ExtractionLimits) -> "PictureDrawing":
    """Open a picture. Raises DocumentUnreadable: corrupt, too_large_unpacked, too_many_pages."""
    image, frames = opened_picture(path, limits)
    return PictureDrawing(image, media_type, frames, limits)


class PictureDrawing:
    """A picture that Pillow has opened; each frame is a page."""

    def __init__(self, image: Image.Image, media_type: str, frames: int, limits: ExtractionLimits) -> None:
        self.media_type = media_type
        self.page_count = frames
        self._image = image
        self._limits = limits

    def draw(self, number: int, *, longer_side: int) -> Image.Image:
        """See Drawing."""
        try:
            self._seek(number)
            self._image.draft("RGB", (longer_side, longer_side))  # a JPEG is decoded at no more than is needed
            return ImageOps.exif_transpose(_on_white(_smaller(_coloured(self._image), longer_side)))
        except (MemoryError, DocumentUnreadable):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise too_many_pixels(self._limits) from exc
        except Exception as exc:  # Pillow raises whatever a damaged file leads it into
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc

    def _seek(self, number: int) -> None:
        self._image.seek(number - 1)
        if self._image.width * self._image.height > self._limits.max_pixels:  # a later frame may be larger
            raise too_many_pixels(self._limits)


def _coloured(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _smaller(image: Image.Image, longer_side: int) -> Image.Image:
    share = longer_side / max(image.size)
    if share >= 1:
        return image
    size = (max(round(image.width * share), 1), max(round(image.height * share), 1))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.info = image.info  # which way is up
    white.alpha_composite(image)
    return white.convert("RGB")

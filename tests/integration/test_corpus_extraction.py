"""Every file of the shared corpus ends in text or in a code, and none of them takes the parent along."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage
from domain.failure import DocumentUnreadable
from infrastructure.extraction.sandbox.conversion import libreoffice
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.unhurried import unhurried

CORPUS = next(
    (found for parent in Path(__file__).resolve().parents if (found := parent / "shared" / "corpus").is_dir()), None
)
FILES = (
    sorted(path for name in ("documents", "bench") for path in (CORPUS / name).rglob("*") if path.is_file())
    if CORPUS
    else []
)
EXPECTED = {
    "2206.01062_pg3.pdf": "encrypted",
    "DeepSeek.pdf": "no_text",  # a logo drawn with lines
    "aes-128-m.pdf": "encrypted",
    "aes-128.pdf": "encrypted",
    "empty.eml": "no_text",
    "git.pdf": "needs_ocr",
    "grayscale-image.pdf": "needs_ocr",
    "imagemagick-CCITTFaxDecode.pdf": "needs_ocr",
    "imagemagick-lzw.pdf": "needs_ocr",
    "loremipsum-flat.pdf": "needs_ocr",
    "password_protected.xlsx": "encrypted",
    "patchelf.pdf": "no_text",  # a plot drawn with lines
    "r2-user-password.pdf": "encrypted",
    "r4-user-password.pdf": "encrypted",
    "rc4-128.pdf": "encrypted",
    "test-image-jpg-mime.pptx": "no_text",  # a picture
    "unreadablemetadata.pdf": "corrupt",
}
UNSUPPORTED: set[str] = set()
BY_LIBREOFFICE = {".doc", ".ppt"}


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as extractor:
        yield extractor


def test_the_corpus_is_here() -> None:
    if not CORPUS:
        pytest.skip("THE SHARED CORPUS IS NOT HERE: real documents are not tested")
    assert len(FILES) > 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_document_ends_in_text_or_a_code(extractor: SandboxedExtractor, path: Path) -> None:
    outcome = "text"
    try:
        with extractor.open(path, filename=path.name, check=unhurried) as stream:
            pages = list(stream)
            assert all(isinstance(page, ExtractedPage) for page in pages)
            count = stream.opened.page_count
            assert [page.number for page in pages] == (
                [None] * len(pages) if count is None else list(range(1, count + 1))
            )
    except DocumentUnreadable as exc:
        outcome = exc.failure_code.value
        if outcome == "unsupported_type":
            assert "Supported are" in exc.detail  # noqa: PT017 - it may as well be read
    default = "unsupported_type" if path.suffix in UNSUPPORTED else "text"
    if path.suffix in BY_LIBREOFFICE and not libreoffice():
        default = "needs_libreoffice"
    assert outcome == EXPECTED.get(path.name, default)

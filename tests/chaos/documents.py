"""What is ingested in a soak: the samples, the shared corpus where it is, made ones, and a few that must fail."""

import os
import random
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interface.cli.upload import guess_content_type
from tests.support.odd_files import encrypted_pdf, garbage_pdf, png, small_pdf

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples" / "documents"
CORPUS_VARIABLE = "ESTEIRA_TEST_CORPUS"
# All that is read, but mails: their attachments become documents that nobody here has asked for.
CORPUS_SUFFIXES = {
    *(".pdf", ".docx", ".pptx", ".xlsx", ".doc", ".ppt", ".xls", ".odt", ".ods", ".odp", ".rtf"),
    *(".csv", ".epub", ".html", ".htm", ".md", ".txt", ".json", ".xml"),
}
MOST_BYTES = 2_000_000
VOCABULARY = (
    "apiary belt bobbin cargo cedar chisel cistern copper cradle dowel ember fathom flange gable gasket girder harbour "
    "hinge ingot jetty keel lantern lathe ledger loom mallet mortar nozzle oakum orchard pulley quarry rafter rivet "
    "saddle sextant shingle sluice spindle tallow thimble timber trellis turbine valve vellum weir winch yoke zephyr"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A file. `code` is set where it must fail, and how."""

    name: str
    content: bytes
    code: str | None = None

    @property
    def weight(self) -> int:
        """How often it is ingested beside others: what takes a while meets more faults."""
        return 1 if self.code else 6 if self.name.startswith("made-") else 3

    @property
    def content_type(self) -> str:
        """What a client would call it."""
        return guess_content_type(self.name) or "application/octet-stream"


def short_samples(seed: int) -> Sequence[Sample]:
    """Return the repository's own documents and made ones."""
    return [*(_read(path) for path in sorted(SAMPLES.iterdir())), *_made(seed, pages=(4, 25, 40)), *_failing()]


def long_samples(seed: int) -> Sequence[Sample]:
    """Return those, more made ones, and the shared corpus."""
    corpus = find_corpus()
    if corpus is None:
        print("THE SHARED CORPUS IS NOT HERE: the soak has the repository's own documents only", file=sys.stderr)
    files = sorted(path for path in corpus.rglob("*") if path.suffix.lower() in CORPUS_SUFFIXES) if corpus else []
    real = [_read(path) for path in files if 0 < path.stat().st_size < MOST_BYTES]
    return [*short_samples(seed), *_made(seed + 1, pages=(80, 120, 200, 10, 20, 40)), *real]


def find_corpus() -> Path | None:
    """Look where the environment says, then beside the repository."""
    if named := os.environ.get(CORPUS_VARIABLE):
        return Path(named)
    nearby = (parent / "shared" / "corpus" / "documents" for parent in ROOT.parents)
    return next((folder for folder in nearby if folder.is_dir()), None)


def _read(path: Path) -> Sample:
    return Sample(name=path.name, content=path.read_bytes())


def _made(seed: int, *, pages: Sequence[int]) -> list[Sample]:
    """Make PDFs of so many pages and a long Markdown file; no two seeds share a passage, so nothing is cached."""
    chance = random.Random(seed)
    made = [
        Sample(name=f"made-{seed}-{count}.pdf", content=small_pdf([_prose(chance, 220) for _ in range(count)]))
        for count in pages
    ]
    sections = "\n\n".join(f"# Part {number}\n\n{_prose(chance, 400)}" for number in range(12))
    return [*made, Sample(name=f"made-{seed}.md", content=sections.encode())]


def _prose(chance: random.Random, count: int) -> str:
    vocabulary = VOCABULARY.split()
    words = [chance.choice(vocabulary) for _ in range(count)]
    return " ".join(word.capitalize() + "." if index % 12 == 11 else word for index, word in enumerate(words))


def _failing() -> list[Sample]:
    return [
        Sample(name="locked.pdf", content=encrypted_pdf("secret"), code="encrypted"),
        Sample(name="noise.pdf", content=garbage_pdf(), code="corrupt"),
        Sample(name="picture.png", content=png(), code="no_text" if shutil.which("tesseract") else "needs_ocr"),
    ]

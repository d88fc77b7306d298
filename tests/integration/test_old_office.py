"""Old Word and PowerPoint files by the real LibreOffice, where it is installed."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import docx as python_docx
import pptx
import psutil
import pytest

from domain.errors import RunCancelled
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.conversion import libreoffice
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.extraction import DocumentReading
from tests.support.program import ROOT
from tests.support.unhurried import unhurried

Make = Callable[[str, bytes], bytes]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
needs_libreoffice = pytest.mark.skipif(
    libreoffice() is None, reason="LIBREOFFICE IS NOT INSTALLED: no old files to read"
)
LIMITS = ExtractionLimits(memory_bytes=400 * MIB)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def extractor(scratch: Path) -> Iterator[SandboxedExtractor]:
    before = psutil.Process().children()
    with SandboxedExtractor(LIMITS, scratch=scratch) as extractor:
        yield extractor
    assert list(scratch.iterdir()) == []
    assert psutil.Process().children() == before


@pytest.fixture
def reading(extractor: SandboxedExtractor, tmp_path: Path) -> DocumentReading:
    return DocumentReading(extractor, tmp_path)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("old")

    def old(ending: str, data: bytes) -> bytes:
        source = folder / "new"
        source.write_bytes(data)
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        command = [str(shutil.which("soffice")), profile, "--headless", "--convert-to", ending, "--outdir", str(folder)]
        subprocess.run([*command, str(source)], check=True, capture_output=True)
        return (folder / f"new.{ending}").read_bytes()

    return old


@pytest.fixture(scope="module")
def doc(old: Make) -> bytes:
    document = python_docx.Document()
    document.add_heading("Mill race", 1)
    document.add_paragraph("Água e pão. 日本語 وثيقة")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    document.add_paragraph("The end.")
    out = BytesIO()
    document.save(out)
    return old("doc", out.getvalue())


@needs_libreoffice
def test_an_old_word_file_is_read_like_a_new_one(reading: DocumentReading, doc: bytes) -> None:
    assert reading.text(doc, "a.doc") == "Mill race\n\nÁgua e pão. 日本語 وثيقة\n\na | b\n\nThe end."
    assert reading.titles(doc) == [(1, "Mill race")]


@needs_libreoffice
def test_an_old_presentation_is_read_like_a_new_one(old: Make, extractor: SandboxedExtractor, tmp_path: Path) -> None:
    presentation = pptx.Presentation()
    for number in (1, 2):
        presentation.slides.add_slide(presentation.slide_layouts[0]).shapes.title.text = f"Slide {number}"
    out = BytesIO()
    presentation.save(out)
    path = tmp_path / "a"
    path.write_bytes(old("ppt", out.getvalue()))
    with extractor.open(path, filename="a.ppt", check=unhurried) as stream:
        assert [(page.number, page.text) for page in stream] == [(1, "Slide 1"), (2, "Slide 2")]
        assert stream.opened.media_type == "application/vnd.ms-powerpoint"


def test_where_libreoffice_is_not_installed_the_code_says_so(
    reading: DocumentReading, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if libreoffice():
        pytest.skip("LIBREOFFICE IS FOUND WITHOUT A PATH: its absence cannot be tested")
    assert reading.code(OLE + bytes(600) + "PowerPoint Document".encode("utf-16-le")) == "needs_libreoffice"


@needs_libreoffice
def test_a_locked_word_file_is_encrypted(reading: DocumentReading, doc: bytes) -> None:
    start = doc.index(b"\xec\xa5", 512)
    locked = bytearray(doc)
    locked[start + 11] |= 0x01
    assert reading.code(bytes(locked)) == "encrypted"


def test_a_locked_presentation_is_encrypted(reading: DocumentReading) -> None:
    names = "PowerPoint Document".encode("utf-16-le") + "EncryptedSummary".encode("utf-16-le")
    assert reading.code(OLE + bytes(600) + names) == "encrypted"


@needs_libreoffice
def test_an_old_file_of_noise_is_corrupt(reading: DocumentReading) -> None:
    assert reading.code(OLE + bytes(600) + "WordDocument".encode("utf-16-le")) == "corrupt"
    assert reading.code(OLE + bytes(600) + "PowerPoint Document".encode("utf-16-le")) == "corrupt"


@needs_libreoffice
def test_a_conversion_that_takes_too_long_is_ended_with_all_its_processes(
    scratch: Path, tmp_path: Path, doc: bytes
) -> None:
    path = tmp_path / "a"
    path.write_bytes(doc)
    before = psutil.Process().children()
    hurried = ExtractionLimits(convert_seconds=0.3)
    with (
        SandboxedExtractor(hurried, scratch=scratch) as extractor,
        pytest.raises(DocumentUnreadable) as caught,
        extractor.open(path, filename="a.doc", check=unhurried),
    ):
        pass
    assert caught.value.failure_code is FailureCode.PARSER_TIMEOUT
    assert psutil.Process().children() == before
    assert list(scratch.iterdir()) == []
    assert offices_in(scratch) == []


@needs_libreoffice
def test_a_cancel_ends_libreoffice_and_removes_its_files(
    extractor: SandboxedExtractor, scratch: Path, tmp_path: Path, doc: bytes
) -> None:
    path = tmp_path / "a"
    path.write_bytes(doc)

    def cancel_once_it_runs() -> None:
        if offices_in(scratch):
            raise RunCancelled

    began_at = time.monotonic()
    with pytest.raises(RunCancelled), extractor.open(path, filename="a.doc", check=cancel_once_it_runs):
        pass
    assert time.monotonic() - began_at < 20
    assert offices_in(scratch) == []


PARENT = """
import sys
from pathlib import Path
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
extractor = SandboxedExtractor(scratch=Path(sys.argv[2]))
with extractor.open(Path(sys.argv[1]), filename="a.doc", check=lambda: None):
    pass
"""


@needs_libreoffice
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_libreoffice_dies_with_the_worker(scratch: Path, tmp_path: Path, doc: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(doc)
    with subprocess.Popen([sys.executable, "-c", PARENT, str(path), str(scratch)], cwd=ROOT) as worker:
        while not (running := offices_in(scratch)):
            assert worker.poll() is None
        for process in running:
            process.suspend()  # so that it cannot end by itself
        worker.kill()
    gone, alive = psutil.wait_procs(running, timeout=10)
    assert gone or all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


def offices_in(scratch: Path) -> list[psutil.Process]:
    """Return the LibreOffice processes that work in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if line and "soffice" in line[0] and any(str(scratch) in word for word in line):
            found.append(process)
    return found

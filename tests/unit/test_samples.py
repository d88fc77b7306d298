"""The sample documents are what their sources say, and the demo's searches have an answer in them."""

import io
import json
import zipfile
from pathlib import Path

import docx
import pypdf
import pytest

from scripts import make_samples

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SEARCHES = json.loads((SAMPLES / "queries.json").read_text("utf-8"))["searches"]


def parts(built: bytes) -> dict[str, bytes]:
    """Return what must not differ: a ZIP's members (compressors may), else the bytes."""
    if not built.startswith(b"PK"):
        return {"": built}
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def page_texts(path: Path) -> list[str]:
    """Return a sample's text with its white space made single: one string a page, or one in all."""
    if path.suffix == ".pdf":
        texts = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    elif path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        texts = [" ".join([*(paragraph.text for paragraph in document.paragraphs), *cells])]
    else:
        texts = [path.read_text("utf-8")]
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize("name", make_samples.BUILDERS)
def test_a_committed_sample_equals_its_rebuild(name: str) -> None:
    assert parts(make_samples.build(name)) == parts((SAMPLES / "documents" / name).read_bytes())


def test_every_source_has_a_builder_and_every_document_a_source() -> None:
    assert {path.stem for path in (SAMPLES / "sources").iterdir()} == {
        Path(name).stem for name in make_samples.BUILDERS
    }
    by_hand = {path.suffix for path in (SAMPLES / "documents").iterdir() if path.name not in make_samples.BUILDERS}
    assert by_hand == {".html", ".md", ".txt"}


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 400_000


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search["query"])
def test_the_answer_to_a_demo_search_is_in_its_document_and_nowhere_else(search: dict[str, str | int | None]) -> None:
    hits = [
        (path.name, number if path.suffix == ".pdf" else None)
        for path in sorted((SAMPLES / "documents").iterdir())
        for number, text in enumerate(page_texts(path), start=1)
        if str(search["passage"]) in text
    ]
    assert hits == [(search["document"], search["page"])]


def test_portuguese_keeps_its_accents_in_every_format() -> None:
    expected = {
        "manual-de-conservacao-de-acervos.pdf": "Ações de conservação",
        "regimento-da-biblioteca-comunitaria.docx": "Da inscrição",
        "receitas-da-padaria.html": "Pão da casa, de fermentação natural",
        "calendario-do-apiario.md": "Calendário do apiário",
        "plano-de-emergencia.txt": "PLANO DE EMERGÊNCIA",
    }
    for name, words in expected.items():
        assert any(words in text for text in page_texts(SAMPLES / "documents" / name)), name

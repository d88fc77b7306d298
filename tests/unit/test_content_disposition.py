import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.storage.content_disposition import disposition, safe_filename


@pytest.mark.parametrize(
    ("filename", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("relatório  final.pdf", "relatório final.pdf"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("C:\\Windows\\system.ini", "C__Windows_system.ini"),
        ("a\r\nb\x00.pdf", "a b.pdf"),
        ("fdp\u202eexe.pdf", "fdpexe.pdf"),
        ("👩\u200d💻.pdf", "👩\u200d💻.pdf"),
        (".profile", "profile"),
        ("", "document"),
        ("...", "document"),
        ("no suffix", "no suffix"),
        ("l" * 4000 + ".pdf", "l" * 176 + ".pdf"),
    ],
    ids=range(12),
)
def test_a_name_is_made_safe_and_stays_readable(filename: str, safe: str) -> None:
    assert safe_filename(filename) == safe


def test_old_clients_get_a_name_without_accents() -> None:
    assert disposition("Ação 100%.pdf") == (
        "attachment; filename=\"Acao 100_.pdf\"; filename*=UTF-8''A%C3%A7%C3%A3o%20100%25.pdf"
    )


def test_what_was_made_here_is_shown_in_its_place() -> None:
    assert disposition("a.webp", is_shown=True) == "inline; filename=\"a.webp\"; filename*=UTF-8''a.webp"


@given(st.text(st.characters(codec=None), max_size=300))
def test_whatever_the_name_the_header_is_one_short_line(filename: str) -> None:
    header = disposition(filename)

    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert len(header) < 1000
    name = unquote(header.partition("UTF-8''")[2])
    assert name == safe_filename(filename) == safe_filename(name)
    assert 0 < len(name.encode()) <= 180
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} or c in "/\\" for c in name)

"""Names that people, or attackers, give to files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.document import MAX_FILENAME_CHARACTERS, clean_filename


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\relatório.docx", "relatório.docx"),
        ("a\x00b\r\nc\u202etxt.pdf", "abctxt.pdf"),
        ("two\u2028lines\u2029.txt", "twolines.txt"),
        ("..", "document"),
        ("///", "document"),
        (" .pdf", "pdf"),
        ("x" * 4000 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_a_name_is_shown_without_path_and_control_characters(given_name: str, shown: str) -> None:
    assert clean_filename(given_name) == shown


@given(st.text())
def test_any_text_gives_a_usable_name_that_stays_as_it_is(name: str) -> None:
    shown = clean_filename(name)
    assert 0 < len(shown) <= MAX_FILENAME_CHARACTERS
    assert "/" not in shown
    assert clean_filename(shown) == shown

import pytest

from interface.cli.passages import around, matches, tidy


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("brake rotor bolt torque", "Brake rotor to hub, six bolts", ["Brake", "rotor", "bolts"]),
        ("acoes de conservacao", "As ações para conservar", ["ações", "conservar"]),
        ("the and or", "the and or", []),
        ("EN 60204", "as in EN 60204-1", ["60204"]),
        ("cart", "carton cartography cart", ["cart"]),
    ],
)
def test_words_are_found_whatever_accents_case_and_ending(query: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in matches(text, query)] == expected


def test_an_excerpt_is_cut_at_spaces_around_its_part() -> None:
    text = "before " * 200 + "pull the cord at once " + "after " * 200
    excerpt = around(text, "pull the cord at once")
    assert "pull the cord at once" in excerpt
    assert excerpt.startswith("… before ")
    assert excerpt.endswith(" after …")
    assert len(excerpt) < 400


def test_a_short_text_is_its_own_excerpt() -> None:
    assert around("short", "not in it") == "short"


def test_line_ends_of_a_page_are_joined_and_paragraphs_kept() -> None:
    assert tidy("one\ntwo\n\n three \x1b[31m") == "one two\nthree \ufffd[31m"

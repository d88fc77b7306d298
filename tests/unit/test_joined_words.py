import pytest

from infrastructure.extraction.pdf_text import joined_words, tidy

BREAK = "\ufffe"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the infor{BREAK}mation is information", "the information is information"),
        (f"touch{BREAK}and and touch", "touch-and and touch"),
        (f"a post{BREAK}natal and a post-natal", "a post-natal and a post-natal"),
        (f"the IO{BREAK}470 engine", "the IO-470 engine"),
        (f"some\nlines\nof{BREAK}\ntext", "some\nlines\noftext"),
        (f"{BREAK} alone", "- alone"),
    ],
)
def test_a_word_broken_at_a_line_end_is_judged_by_its_page(text: str, expected: str) -> None:
    assert joined_words(text) == expected


def test_a_page_that_breaks_few_words_keeps_their_hyphens() -> None:
    assert joined_words(f"cyclin{BREAK}dependent kinase\n" + "other lines\n" * 30).startswith("cyclin-dependent")


def test_a_page_that_breaks_many_words_joins_them() -> None:
    assert joined_words(f"discov{BREAK}ered\nmur{BREAK}ders\n") == "discovered\nmurders\n"


def test_ligatures_become_letters() -> None:
    assert tidy("ﬁnd the ﬂow of eﬃciency") == "find the flow of efficiency"

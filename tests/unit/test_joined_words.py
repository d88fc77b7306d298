import pytest

from infrastructure.extraction.pdf.hyphens import KnownWords, joined_words
from infrastructure.extraction.pdf.text import tidy

BREAK = "\ufffe"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the infor{BREAK}mation is information", "the information is information"),
        (f"touch{BREAK}and and touch", "touch-and and touch"),
        (f"a post{BREAK}natal and a post-natal", "a post-natal and a post-natal"),
        (f"the TGF{BREAK}beta protein", "the TGF-beta protein"),
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


def test_pages_before_tell_which_words_are_whole() -> None:
    known = KnownWords()
    known.learn("mechanisms of diet-related disease and of information")
    assert joined_words(f"infor{BREAK}mation" + "\nline" * 30, known).startswith("information")
    assert joined_words(f"diet{BREAK}related" + "\nline" * 30, known).startswith("diet-related")


def test_parts_that_are_no_words_are_joined_once_the_document_has_broken_others() -> None:
    known = KnownWords()
    known.learn("information")
    assert joined_words(f"reg{BREAK}ulation" + "\nline" * 30, known).startswith("reg-ulation")
    assert joined_words(f"infor{BREAK}mation" + "\nline" * 30, known).startswith("information")
    assert joined_words(f"reg{BREAK}ulation" + "\nline" * 30, known).startswith("regulation")


def test_soft_hyphens_never_stay() -> None:
    assert tidy("infor\u00admation") == "information"


def test_arabic_presentation_forms_become_letters_in_the_order_of_reading() -> None:
    assert tidy("\ufeed\ufefb") == "\u0648\u0644\u0627"


def test_ligatures_become_letters() -> None:
    assert tidy("ﬁnd the ﬂow of eﬃciency") == "find the flow of efficiency"
